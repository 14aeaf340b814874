//! Quotes and escapes text the ways that templates can ask for.

use std::fmt::Write as _;

use crate::model::json::{self, Value};

use super::unicode::{Chars, decode, is_printable};

/// A Go literal between `quote`s.
pub(super) fn go(text: &[u8], quote: char, ascii: bool) -> Vec<u8> {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for (c, own) in Chars(text) {
        match c {
            Some(c) => go_char(&mut out, c, quote, ascii),
            None => {
                for byte in own {
                    let _ = write!(out, "\\x{byte:02x}");
                }
            }
        }
    }
    out.push(quote);
    out.into_bytes()
}

fn go_char(out: &mut String, c: char, quote: char, ascii: bool) {
    if c == quote || c == '\\' {
        out.push('\\');
        out.push(c);
        return;
    }
    if is_printable(c) && (c.is_ascii() || !ascii) {
        out.push(c);
        return;
    }
    let code = u32::from(c);
    let _ = match c {
        '\u{7}' => out.write_str("\\a"),
        '\u{8}' => out.write_str("\\b"),
        '\u{c}' => out.write_str("\\f"),
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        '\u{b}' => out.write_str("\\v"),
        '\0'..='\u{1f}' | '\u{7f}' => write!(out, "\\x{code:02x}"),
        '\0'..='\u{ffff}' => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

/// True where `%#q` may print the text between backquotes.
pub(super) fn can_backquote(text: &[u8]) -> bool {
    Chars(text).all(|(c, _)| match c {
        None => false,
        Some('\t') => true,
        Some(c) => c >= ' ' && !matches!(c, '`' | '\u{7f}' | '\u{feff}'),
    })
}

/// `html`.
pub(super) fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        let escaped = match byte {
            0 => "\u{fffd}",
            b'"' => "&#34;",
            b'\'' => "&#39;",
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => {
                out.push(byte);
                continue;
            }
        };
        out.extend_from_slice(escaped.as_bytes());
    }
    out
}

/// `js`.
pub(super) fn js(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(&byte) = rest.first() {
        let (c, width) = if byte < 0x80 { (Some(char::from(byte)), 1) } else { decode(rest) };
        let (own, tail) = rest.split_at_checked(width).unwrap_or((rest, &[]));
        rest = tail;
        match c.unwrap_or(char::REPLACEMENT_CHARACTER) {
            quoted @ ('\\' | '\'' | '"') => out.extend([b'\\', quoted as u8]),
            special @ ('<' | '>' | '&' | '=' | '\0'..='\u{1f}') => escape_unit(&mut out, special),
            ascii if ascii.is_ascii() => out.extend_from_slice(own),
            printable if is_printable(printable) => out.extend_from_slice(own),
            other => escape_unit(&mut out, other),
        }
    }
    out
}

/// Upper-case hexadecimal, at least as many digits as asked for.
fn push_hex(out: &mut Vec<u8>, value: u32, digits: u32) {
    let digits = digits.max((35 - value.leading_zeros()) / 4);
    for digit in (0..digits).rev() {
        let nibble = value >> (4 * digit) & 0xf;
        let c = char::from_digit(nibble, 16).unwrap_or_default();
        out.push(c.to_ascii_uppercase() as u8);
    }
}

fn escape_unit(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(b"\\u");
    push_hex(out, u32::from(c), 4);
}

/// `urlquery`.
pub(super) fn url_query(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte),
            b' ' => out.push(b'+'),
            _ => {
                out.push(b'%');
                push_hex(&mut out, u32::from(byte), 2);
            }
        }
    }
    out
}

/// The text of a JSON string, as Go's `json.Unmarshal` into a string gives it: `null` is empty. `None` for anything else.
pub(super) fn from_json(bytes: &[u8]) -> Option<String> {
    match json::parse(bytes) {
        Ok(Value::String(text)) => Some(text),
        Ok(Value::Null) => Some(String::new()),
        _ => None,
    }
}
