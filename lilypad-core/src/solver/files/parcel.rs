//! An archive that has come and is not put away yet.

use std::fmt;

use bytes::Bytes;

#[cfg(not(target_family = "wasm"))]
use crate::disk::read_exactly;
use crate::error::Result;
use crate::wire::ReadAt;

/// The bytes of an archive, in memory or in a file of their own.
#[derive(Clone)]
pub struct Parcel(Inner);

#[derive(Clone)]
enum Inner {
    Memory(Bytes),
    #[cfg(not(target_family = "wasm"))]
    File(std::sync::Arc<OnDisk>),
}

#[cfg(not(target_family = "wasm"))]
struct OnDisk {
    path: std::path::PathBuf,
    file: std::fs::File,
    length: u64,
}

impl From<Bytes> for Parcel {
    fn from(bytes: Bytes) -> Self {
        Self(Inner::Memory(bytes))
    }
}

impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parcel").field("length", &self.length()).finish_non_exhaustive()
    }
}

#[cfg(not(target_family = "wasm"))]
impl Parcel {
    /// What is in a file, which nobody changes from now on.
    ///
    /// # Errors
    /// `Unavailable` (`E_FILES`) where it cannot be opened.
    pub fn file(path: &std::path::Path) -> Result<Self> {
        let read = || {
            let file = std::fs::File::open(path)?;
            let length = file.metadata()?.len();
            Ok::<_, std::io::Error>(OnDisk { path: path.to_owned(), file, length })
        };
        read().map(|file| Self(Inner::File(file.into()))).map_err(super::failed)
    }

    /// The file, where it is one.
    #[must_use]
    pub fn path(&self) -> Option<&std::path::Path> {
        match &self.0 {
            Inner::Memory(_) => None,
            Inner::File(file) => Some(&file.path),
        }
    }
}

impl ReadAt for Parcel {
    fn length(&self) -> u64 {
        match &self.0 {
            Inner::Memory(bytes) => bytes.length(),
            #[cfg(not(target_family = "wasm"))]
            Inner::File(file) => file.length,
        }
    }

    fn read_at(&self, at: u64, length: usize) -> Result<Bytes> {
        match &self.0 {
            Inner::Memory(bytes) => bytes.read_at(at, length),
            #[cfg(not(target_family = "wasm"))]
            Inner::File(file) => read_exactly(&file.file, at, length).map_err(super::failed),
        }
    }
}
