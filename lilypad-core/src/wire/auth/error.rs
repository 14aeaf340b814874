//! Errors that several files of this module make.

use crate::error::{Error, ErrorKind};

/// A request that its headers do not allow.
pub(super) fn refused(code: &'static str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unauthorized, code, message)
}

/// A signature that was made for something else; `part` is what differs.
pub(super) fn out_of_scope(part: &'static str, message: impl Into<String>) -> Error {
    refused("E_SIGNATURE_SCOPE", message).with("part", part)
}

/// The start of what somebody sent, escaped, for an error.
pub(super) fn shown(text: &str) -> String {
    let start: String = text.chars().take(60).collect();
    format!("{start:?}{}", if start.len() < text.len() { "…" } else { "" })
}
