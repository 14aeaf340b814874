//! An archive that is not in one piece: headers lie between the bytes of files, which stay where they are.

use bytes::{BufMut, Bytes, BytesMut};
use sha2::{Digest, Sha256};

use super::id::ArchiveId;
use super::laid::ReadAt;
use crate::error::Result;

/// Bytes of which there are fewer are copied: a piece of their own would cost more.
const SMALL: usize = 4 << 10;

/// An archive in pieces, in the order in which they follow each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roll {
    /// Each piece with the place at which it begins.
    pieces: Vec<(u64, Bytes)>,
    length: u64,
    /// What is not a piece yet.
    open: BytesMut,
}

impl Roll {
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.open.put_slice(bytes);
    }

    pub(super) fn put_zeros(&mut self, count: usize) {
        self.open.put_bytes(0, count);
    }

    /// The bytes of a file, which are shared and not copied.
    pub(super) fn put_file(&mut self, bytes: &Bytes) {
        if bytes.len() < SMALL {
            return self.put(bytes);
        }
        self.close();
        self.push(bytes.clone());
    }

    /// Nothing more will be put.
    pub(super) fn close(&mut self) {
        if !self.open.is_empty() {
            let bytes = self.open.split().freeze();
            self.push(bytes);
        }
    }

    fn push(&mut self, bytes: Bytes) {
        let at = self.length;
        self.length += bytes.len() as u64;
        self.pieces.push((at, bytes));
    }

    /// The archive in one piece.
    pub(crate) fn whole(&self) -> Bytes {
        if let [(_, all)] = self.pieces.as_slice() {
            return all.clone();
        }
        let mut whole = BytesMut::with_capacity(usize::try_from(self.length).unwrap_or_default());
        self.pieces.iter().for_each(|(_, piece)| whole.put_slice(piece));
        whole.freeze()
    }

    /// Its name.
    #[cfg_attr(not(feature = "http"), allow(dead_code, reason = "only what is uploaded is named in pieces"))]
    pub(crate) fn id(&self) -> ArchiveId {
        let mut hash = Sha256::new();
        self.pieces.iter().for_each(|(_, piece)| hash.update(piece));
        ArchiveId::new(hash.finalize().into())
    }
}

impl ReadAt for Roll {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, at: u64, length: usize) -> Result<Bytes> {
        let first = self.pieces.partition_point(|(start, piece)| start + piece.len() as u64 <= at);
        let (mut at, mut left) = (at, length);
        let mut read = BytesMut::new();
        for (start, piece) in self.pieces.get(first..).unwrap_or_default() {
            let skip = usize::try_from(at - start).unwrap_or(usize::MAX).min(piece.len());
            let part = piece.slice(skip..skip.saturating_add(left).min(piece.len()));
            if part.len() == length {
                return Ok(part);
            }
            read.extend_from_slice(&part);
            at += part.len() as u64;
            left -= part.len();
            if left == 0 {
                break;
            }
        }
        Ok(read.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_that_of_the_whole() {
        let mut roll = Roll::default();
        let file =
            |length: usize| Bytes::from((0..length).map(|at| (at ^ (at >> 8)) as u8).collect::<Vec<_>>());
        roll.put(b"head");
        roll.put_file(&file(3));
        roll.put_zeros(5);
        roll.put_file(&file(9_000));
        roll.put_file(&file(0));
        roll.put_file(&file(5_000));
        roll.put_zeros(7);
        roll.close();
        let whole = [b"head", &file(3)[..], &[0; 5], &file(9_000), &file(5_000), &[0; 7]].concat();
        assert_eq!(roll.whole(), whole);
        assert_eq!((roll.length(), roll.id()), (whole.len() as u64, ArchiveId::of(&whole)));
        for start in [0, 1, 4, 11, 12, 13, 9_000, 9_011, 9_012, 14_011, 14_012, 14_018, 14_019] {
            for length in [0, 1, 2, 13, 9_000, 9_001, 14_019, 20_000] {
                let end = (start + length).min(whole.len());
                assert_eq!(
                    roll.read_at(start as u64, length).unwrap(),
                    whole[start..end],
                    "{start} {length}"
                );
            }
        }
    }
}
