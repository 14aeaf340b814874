//! Sets of files as one run of bytes: a strict profile of tar.
//!
//! The same set gives the same bytes: ustar, files in the order of their paths, mode 0644, owner and time zero, no entries
//! for folders, a PAX `path` record where a path does not fit. Read is what this, GNU tar, Python's tarfile, Go's archive/tar
//! and through it v2's peers write of plain files and folders; whatever two readers could understand in two ways is refused.
//!
//! Own code and not a tar library: a library's worth is what it can read beside this (links, devices, sparse files, four
//! dialects of long names and sizes), and each of these is a way to make two readers see two sets of files in one archive.
//!
//! Layout: `header` the block before each entry; `pax` the records that extend it; `write` and `read`; `error` what is said
//! of an entry that is refused; `id` the name of an archive; `laid` archives
//! that are not loaded, `on_disk` where such a one can be; `roll` one that is not in one piece.

mod error;
mod header;
mod id;
mod laid;
#[cfg(not(target_family = "wasm"))]
mod on_disk;
mod pax;
mod read;
mod roll;
mod write;

pub use id::ArchiveId;
pub(crate) use laid::Laid;
pub use laid::ReadAt;
#[cfg(not(target_family = "wasm"))]
pub(crate) use on_disk::ArchiveFile;
pub(super) use read::lay_out;
pub use read::read_archive;
#[cfg(test)]
pub(super) use read::read_parts;
pub(crate) use roll::Roll;
pub(super) use write::roll_parts;
pub use write::write_archive;

use crate::model::FileLimits;

/// Most bytes of the records that extend one entry.
const PAX_BYTES: u64 = 64 << 10;

/// Most bytes of zeros after the end of an archive: writers fill their last record, which has 10 KiB unless asked otherwise.
const PADDING: usize = 64 << 10;

/// Most bytes of anything after those. A solver of v2 sends `{}` and a line end there. Less than a block, so that no reader
/// finds another entry in them.
const JUNK: usize = 16;

/// The most bytes that [`write_archive`] makes of a set within `limits`: what a server that takes such archives allows.
///
/// An entry takes up to 3.5 KiB beside its bytes: its own block, the padding, and the path in a record of its own.
#[must_use]
pub fn archive_limit(limits: &FileLimits) -> u64 {
    let per_file = 7 * header::BLOCK as u64;
    let entries = u64::try_from(limits.files).unwrap_or(u64::MAX).saturating_mul(per_file);
    limits.bytes.saturating_add(entries).saturating_add((PADDING + JUNK) as u64)
}

#[cfg(test)]
mod tests;
