//! JSON byte for byte as Go's `json.Marshal` writes it.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

use crate::error::{Error, Result};

/// Writes a value as Go's `json.Marshal` does: compact, fields in order, `<`, `>`, `&`, U+2028 and U+2029 escaped.
///
/// Maps must be ordered ones (`BTreeMap`): Go sorts keys by their bytes.
///
/// # Errors
/// `Unexpected` where the type cannot be JSON (a map with keys that are no strings, a float that is no number).
///
/// ```
/// use lilypad_core::model::json;
/// assert_eq!(json::to_string("<a> & b")?, r#""\u003ca\u003e \u0026 b""#);
/// # Ok::<(), lilypad_core::Error>(())
/// ```
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    let mut text = Vec::with_capacity(256);
    let written = value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, GoFormatter));
    written.map_err(|source| Error::unexpected("a value cannot be written as JSON").with_source(source))?;
    String::from_utf8(text).map_err(|source| Error::unexpected("JSON is not UTF-8").with_source(source))
}

struct GoFormatter;

impl Formatter for GoFormatter {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut plain = fragment;
        while let Some((at, found)) = plain.char_indices().find(|(_, found)| is_escaped(*found)) {
            let (before, after) = plain.split_at(at);
            writer.write_all(before.as_bytes())?;
            write!(writer, "\\u{:04x}", u32::from(found))?;
            plain = after.get(found.len_utf8()..).unwrap_or_default();
        }
        writer.write_all(plain.as_bytes())
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, number: f64) -> io::Result<()> {
        writer.write_all(float(number).as_bytes())
    }
}

/// What Go escapes beside what every writer must.
fn is_escaped(found: char) -> bool {
    matches!(found, '<' | '>' | '&' | '\u{2028}' | '\u{2029}')
}

/// The shortest digits; with an exponent below 10^-6 and from 10^21 on.
pub(super) fn float(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    if size >= 1e21 { text.replace('e', "e+") } else { text }
}
