//! The block of 512 bytes before each entry.

use std::ops::Range;

/// Bytes of a block: headers are one, contents fill up to whole ones.
pub(super) const BLOCK: usize = 512;

const NAME: Range<usize> = 0..100;
const MODE: Range<usize> = 100..108;
const UID: Range<usize> = 108..116;
const GID: Range<usize> = 116..124;
const SIZE: Range<usize> = 124..136;
const MTIME: Range<usize> = 136..148;
const CHECKSUM: Range<usize> = 148..156;
const KIND: usize = 156;
const LINK: Range<usize> = 157..257;
const MAGIC: Range<usize> = 257..265;
const DEVICE_MAJOR: Range<usize> = 329..337;
const DEVICE_MINOR: Range<usize> = 337..345;
const PREFIX: Range<usize> = 345..500;
/// Where GNU's dialect keeps the parts of sparse files and more times.
const GNU_EXTRA: Range<usize> = 345..512;

/// Bytes of a name that fit, without and with a prefix.
pub(super) const NAME_BYTES: usize = 100;
pub(super) const PREFIX_BYTES: usize = 155;
/// The largest size that eleven octal digits hold: 8 GiB less one byte.
pub(super) const MOST_BYTES: u64 = 0o77_777_777_777;

/// A regular file.
pub(super) const FILE: u8 = b'0';
/// A folder.
pub(super) const FOLDER: u8 = b'5';
/// Records that extend the next entry.
pub(super) const PAX: u8 = b'x';

const USTAR: &[u8] = b"ustar\x0000";
const GNU: &[u8] = b"ustar  \0";

/// A header as it came.
pub(super) struct Header<'a>(pub(super) &'a [u8; BLOCK]);

impl<'a> Header<'a> {
    pub(super) fn kind(&self) -> u8 {
        self.0[KIND]
    }

    /// The whole name, prefix and all.
    pub(super) fn name(&self) -> Vec<u8> {
        let (name, prefix) = (until_nul(&self.0[NAME]), until_nul(&self.0[PREFIX]));
        if self.is_gnu() || prefix.is_empty() { name.to_vec() } else { [prefix, name].join(&b'/') }
    }

    /// Bytes of content behind the header; `None` where the field is not plain octal.
    pub(super) fn size(&self) -> Option<u64> {
        octal(&self.0[SIZE])
    }

    /// Why no reader should trust this header, whatever kind of entry it is.
    pub(super) fn fault(&self) -> Option<&'static str> {
        if octal(&self.0[CHECKSUM]) != Some(checksum(self.0)) {
            return Some("has a wrong checksum");
        }
        if !self.is_gnu() && &self.0[MAGIC] != USTAR {
            return Some("is not in the format ustar, pax or gnu");
        }
        if self.is_gnu() && self.0[GNU_EXTRA].iter().any(|byte| *byte != 0) {
            return Some("uses fields of the format gnu");
        }
        if hides(&self.0[NAME]) || hides(&self.0[PREFIX]) {
            return Some("has bytes behind a NUL in its name");
        }
        None
    }

    /// True where it says what it links to.
    pub(super) fn has_link(&self) -> bool {
        self.0[LINK].iter().any(|byte| *byte != 0)
    }

    fn is_gnu(&self) -> bool {
        &self.0[MAGIC] == GNU
    }
}

/// The header of an entry that nothing but its kind, name and size distinguishes from others.
///
/// `name` and `prefix` are cut where they are longer than their fields, and `size` above [`MOST_BYTES`] loses its upper
/// digits: the caller looks first.
pub(super) fn header(kind: u8, prefix: &str, name: &str, size: u64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    put(&mut block[NAME], name.as_bytes());
    put(&mut block[PREFIX], prefix.as_bytes());
    for (field, number) in [(MODE, 0o644), (UID, 0), (GID, 0), (DEVICE_MAJOR, 0), (DEVICE_MINOR, 0)] {
        put(&mut block[field], format!("{number:07o}").as_bytes());
    }
    for (field, number) in [(SIZE, size & MOST_BYTES), (MTIME, 0)] {
        put(&mut block[field], format!("{number:011o}").as_bytes());
    }
    block[KIND] = kind;
    put(&mut block[MAGIC], USTAR);
    let sum = checksum(&block);
    put(&mut block[CHECKSUM], format!("{sum:06o}\0 ").as_bytes());
    block
}

/// Writes the right sum over a header that was changed.
#[cfg(test)]
pub(super) fn sum_again(block: &mut [u8; BLOCK]) {
    let sum = checksum(block);
    put(&mut block[CHECKSUM], format!("{sum:06o}\0 ").as_bytes());
}

/// The sum of all bytes, those of the sum itself counted as blanks.
fn checksum(block: &[u8; BLOCK]) -> u64 {
    let all: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    let own: u64 = block[CHECKSUM].iter().map(|byte| u64::from(*byte)).sum();
    all - own + 8 * u64::from(b' ')
}

fn put(field: &mut [u8], bytes: &[u8]) {
    field.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
}

fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// True where something stands behind the first NUL.
fn hides(field: &[u8]) -> bool {
    field.get(until_nul(field).len()..).is_some_and(|rest| rest.iter().any(|byte| *byte != 0))
}

/// Octal digits with blanks before and blanks or NUL behind; nothing else, so that no two readers see two numbers.
fn octal(field: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(field).ok()?.trim_start_matches(' ').trim_end_matches([' ', '\0']);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    if plain { u64::from_str_radix(digits, 8).ok() } else { None }
}
