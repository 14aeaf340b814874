//! Which characters are letters, and which print as they are: Go's answers, from a pinned version of Unicode.

mod tables;

use std::cmp::Ordering;

fn contains(table: &[(u32, u32)], c: u32) -> bool {
    table
        .binary_search_by(|&(first, last)| match (c < first, c > last) {
            (true, _) => Ordering::Greater,
            (_, true) => Ordering::Less,
            _ => Ordering::Equal,
        })
        .is_ok()
}

/// True for what Go's `%q`, `%#U` and `js` write as it is.
pub(super) fn is_printable(c: char) -> bool {
    if c.is_ascii() { (' '..='~').contains(&c) } else { contains(tables::PRINTABLE, u32::from(c)) }
}

/// True for what may stand in the name of a field, a variable or a function.
pub(super) fn is_alphanumeric(c: char) -> bool {
    if c.is_ascii() {
        c == '_' || c.is_ascii_alphanumeric()
    } else {
        contains(tables::ALPHANUMERIC, u32::from(c))
    }
}

/// One step through bytes that may not be UTF-8, as Go takes it: the character and its width. A byte that starts no
/// valid sequence is `None`, one byte wide.
pub(super) fn decode(bytes: &[u8]) -> (Option<char>, usize) {
    let longest = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(longest) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&longest[..error.valid_up_to()]).unwrap_or_default(),
    };
    match valid.chars().next() {
        Some(c) => (Some(c), c.len_utf8()),
        None => (None, 1),
    }
}

/// Text from bytes; every byte that is not part of valid UTF-8 becomes U+FFFD, as Go's decoders do.
pub(super) fn to_text(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let mut rest = error.as_bytes();
            let mut text = String::with_capacity(rest.len());
            while !rest.is_empty() {
                let (c, width) = decode(rest);
                text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
                rest = rest.get(width..).unwrap_or_default();
            }
            text
        }
    }
}

/// The number of characters, counting each invalid byte as one.
pub(super) fn count(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.chars().count(),
        Err(_) => Chars(bytes).count(),
    }
}

/// The characters of bytes that may not be UTF-8, each with its own bytes.
pub(super) struct Chars<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Chars<'a> {
    type Item = (Option<char>, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let (c, width) = decode(self.0);
        let (own, rest) = self.0.split_at_checked(width)?;
        self.0 = rest;
        Some((c, own))
    }
}
