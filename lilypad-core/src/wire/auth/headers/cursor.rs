//! A reader of one header's value: exactly the serialisations of RFC 8941 that we write, nothing else.

use crate::error::{Error, Result};

use super::super::base64::{Alphabet, decode};
use super::super::envelope::MAX_INTEGER;
use super::super::error::{refused, shown};

/// A place in the value of one header.
pub(super) struct Cursor<'a> {
    header: &'static str,
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(header: &'static str, text: &'a str) -> Self {
        Self { header, text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    /// An error at this place.
    pub(super) fn expected(&self, what: &str) -> Error {
        let got = match self.rest() {
            "" => "the end".to_owned(),
            rest => shown(rest),
        };
        let why = format!("{}: expected {what} at byte {}, got {got}", self.header, self.at);
        refused("E_AUTH_HEADER", why)
            .with_hint("write the header exactly as docs/requests.md shows")
            .with("header", self.header)
    }

    /// Exactly this text.
    pub(super) fn literal(&mut self, text: &str) -> Result<()> {
        if !self.rest().starts_with(text) {
            return Err(self.expected(&format!("`{text}`")));
        }
        self.skip(text.len());
        Ok(())
    }

    /// True, and past it, where this text comes next.
    pub(super) fn optional(&mut self, text: &str) -> bool {
        self.literal(text).is_ok()
    }

    /// An integer of at most 15 digits, without leading zeros.
    pub(super) fn integer(&mut self) -> Result<i64> {
        let end = self.rest().find(|found: char| found != '-' && !found.is_ascii_digit());
        let digits = self.rest().get(..end.unwrap_or(self.rest().len())).unwrap_or_default();
        let number = digits
            .parse::<i64>()
            .ok()
            .filter(|number| number.unsigned_abs() <= MAX_INTEGER && number.to_string() == digits);
        let number = number.ok_or_else(|| self.expected("a number of at most 15 digits"))?;
        self.skip(digits.len());
        Ok(number)
    }

    /// A string in double quotes, without escapes: none of ours needs one.
    pub(super) fn quoted(&mut self) -> Result<&'a str> {
        let inner = self.rest().strip_prefix('"').and_then(|rest| rest.split_once('"'));
        let Some((inner, _)) = inner.filter(|(inner, _)| !inner.contains('\\')) else {
            return Err(self.expected("a string in double quotes"));
        };
        self.skip(inner.len() + 2);
        Ok(inner)
    }

    /// Bytes in base64 between colons.
    pub(super) fn bytes(&mut self) -> Result<Vec<u8>> {
        let inner = self.rest().strip_prefix(':').and_then(|rest| rest.split_once(':'));
        let read = inner.and_then(|(inner, _)| Some((inner, decode(inner, Alphabet::Standard)?)));
        let Some((inner, bytes)) = read else {
            return Err(self.expected("padded base64 between colons"));
        };
        self.skip(inner.len() + 2);
        Ok(bytes)
    }

    /// Nothing more.
    pub(super) fn end(&self) -> Result<()> {
        if self.rest().is_empty() { Ok(()) } else { Err(self.expected("the end")) }
    }
}
