//! Where and why a text is refused.

use std::fmt;

use crate::error::Error;

/// Where and why a text is not the wanted JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// `E_JSON` for what is not JSON, `E_JSON_DEPTH` for what nests too deep, `E_JSON_TYPE` for JSON of another shape
    /// than the wanted one.
    pub code: &'static str,
    /// What Go's decoder would say (`invalid character '}' looking for beginning of object key string`); for
    /// `E_JSON_TYPE` the path, the wanted type and what was got.
    pub message: String,
    /// Line of the offending byte, from 1.
    pub line: usize,
    /// Column of the offending byte, from 1, in characters.
    pub column: usize,
}

impl JsonError {
    /// An error at a byte of `text`; a place behind its end means the end.
    #[cold]
    pub(super) fn at(code: &'static str, message: String, text: &[u8], offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before
            .get(start..)
            .unwrap_or_default()
            .utf8_chunks()
            .map(|chunk| chunk.valid().chars().count() + chunk.invalid().len())
            .sum::<usize>()
            + 1;
        Self { code, message, line, column }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for JsonError {}

impl From<JsonError> for Error {
    /// Bad input of whoever wrote the text; the context holds `line` and `column`.
    fn from(error: JsonError) -> Self {
        Self::invalid(error.code, error.to_string()).with("line", error.line).with("column", error.column)
    }
}
