//! Files that people write by hand: read within bounds, and a place in them by line and column.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Why a file is not read.
pub(super) enum Unread {
    Io(io::Error),
    /// It is a folder, or not UTF-8.
    NoText(&'static str),
    TooLong,
}

/// A file of at most so many bytes.
pub(super) fn read_text(path: &Path, most: u64) -> Result<String, Unread> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(most.saturating_add(1)).read_to_string(&mut text));
    match read {
        Ok(bytes) if bytes as u64 > most => Err(Unread::TooLong),
        Ok(_) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(Unread::NoText("it is not UTF-8 text"))
        }
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => Err(Unread::NoText("it is a folder")),
        Err(error) => Err(Unread::Io(error)),
    }
}

/// Line and column of a byte, both from 1.
pub(super) fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
    (before.matches('\n').count().saturating_add(1), column.saturating_add(1))
}
