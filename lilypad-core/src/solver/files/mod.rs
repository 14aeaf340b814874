//! The archives of a solver's jobs, outside of its memory and of its store: named by what is in them, whole or not there.
//!
//! The store keeps an archive's name and length. An archive is put here before the row that names it is saved, and taken away
//! after the row that does not name it any more is: a crash in between leaves an archive that nobody names, which the next
//! start takes away.
//!
//! Layout: `parcel` an archive that is about to be put; `memory`, `folder` and `s3` where they are kept; `shelf` which of
//! them the solver's jobs name, and how much they take.

#[cfg(not(target_family = "wasm"))]
mod folder;
mod memory;
mod parcel;
#[cfg(all(feature = "store-s3", not(target_family = "wasm")))]
pub mod s3;
mod shelf;

use std::fmt;

use bytes::Bytes;

#[cfg(not(target_family = "wasm"))]
pub use folder::FolderFiles;
#[cfg(all(feature = "server", not(target_family = "wasm")))]
pub(super) use folder::said;
pub use memory::MemoryFiles;
pub use parcel::Parcel;
#[cfg(all(feature = "store-s3", not(target_family = "wasm")))]
pub use s3::S3Files;
pub(super) use shelf::{Kept, Shelf};

use crate::error::{Error, ErrorKind, Fault, Result, Retry};
use crate::rt::BoxFuture;
use crate::wire::ArchiveId;

/// Where a solver keeps archives.
///
/// One process at a time uses what is kept at one place.
pub trait FileStore: Send + Sync + fmt::Debug {
    /// Puts an archive under its name: whole or not at all, and safe when this returns. What is there under this name already
    /// is the same.
    ///
    /// # Errors
    /// `Unavailable`: `E_FILES_FULL` where there is no room, `E_FILES` where it cannot be kept for another reason.
    fn put<'a>(&'a self, id: ArchiveId, archive: &'a Parcel) -> BoxFuture<'a, Result<()>>;

    /// Reads so many bytes of an archive from this place on.
    ///
    /// # Errors
    /// `Unavailable` (`E_FILES`) where they cannot be read, or are not there.
    fn read<'a>(&'a self, id: ArchiveId, at: u64, length: usize) -> BoxFuture<'a, Result<Bytes>>;

    /// Takes an archive away; it may be gone already.
    ///
    /// # Errors
    /// `Unavailable` (`E_FILES`).
    fn remove<'a>(&'a self, id: ArchiveId) -> BoxFuture<'a, Result<()>>;

    /// Everything that is kept whole, with its length. What was left half done is taken away.
    ///
    /// # Errors
    /// `Unavailable` (`E_FILES`).
    fn list<'a>(&'a self) -> BoxFuture<'a, Result<Vec<(ArchiveId, u64)>>>;
}

/// Files that cannot be kept or read.
fn failed(why: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Unavailable, "E_FILES", format!("the solver cannot use its files: {why}"))
        .with_fault(Fault::Solver)
        .with_hint("try again later; the solver's operator must see to where its files are")
}

/// No room for more files.
pub(super) fn full(why: impl fmt::Display) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "E_FILES_FULL",
        format!("the solver has no room for more files: {why}"),
    )
    .with_fault(Fault::Solver)
    .with_retry(Retry::After(std::time::Duration::from_secs(5)))
    .with_hint("try again later or on another network; the solver's operator must make room")
}

#[cfg(test)]
pub(super) mod tests;
