//! The files of a result, wherever they are.

#[cfg(not(target_family = "wasm"))]
use std::sync::Arc;

use bytes::Bytes;

#[cfg(not(target_family = "wasm"))]
use super::archive::Laid;
use super::archive::ReadAt;
use crate::error::Result;
use crate::model::{ContentId, FileSet};

/// The files of a result: in memory, or in an archive on disk that is gone with the last clone of this.
#[derive(Clone, Debug)]
pub struct StoredFiles(Inner);

#[derive(Clone, Debug)]
enum Inner {
    Memory(FileSet),
    #[cfg(not(target_family = "wasm"))]
    #[cfg_attr(
        not(feature = "http"),
        allow(dead_code, reason = "only what comes from elsewhere is put on disk")
    )]
    Archive(Arc<(super::archive::ArchiveFile, Laid)>),
}

impl From<FileSet> for StoredFiles {
    fn from(files: FileSet) -> Self {
        Self(Inner::Memory(files))
    }
}

impl StoredFiles {
    #[cfg(not(target_family = "wasm"))]
    #[cfg_attr(
        not(feature = "http"),
        allow(dead_code, reason = "only what comes from elsewhere is put on disk")
    )]
    pub(crate) fn in_archive(archive: super::archive::ArchiveFile, laid: Laid) -> Self {
        Self(Inner::Archive(Arc::new((archive, laid))))
    }

    /// All files, where they are in memory.
    #[must_use]
    pub fn in_memory(&self) -> Option<&FileSet> {
        match &self.0 {
            Inner::Memory(files) => Some(files),
            #[cfg(not(target_family = "wasm"))]
            Inner::Archive(_) => None,
        }
    }

    /// Paths and lengths, in the order of the paths.
    #[must_use]
    pub fn lengths(&self) -> Vec<(&str, u64)> {
        match &self.0 {
            Inner::Memory(files) => files.iter().map(|(path, bytes)| (path, bytes.len() as u64)).collect(),
            #[cfg(not(target_family = "wasm"))]
            Inner::Archive(archive) => archive.1.lengths().collect(),
        }
    }

    /// At most so many bytes of a file from this place on; none where there is no such file.
    ///
    /// # Errors
    /// Where they cannot be read from the disk.
    pub fn read(&self, path: &str, at: u64, length: usize) -> Result<Bytes> {
        match &self.0 {
            Inner::Memory(files) => {
                files.get(path).map_or_else(|| Ok(Bytes::new()), |bytes| bytes.read_at(at, length))
            }
            #[cfg(not(target_family = "wasm"))]
            Inner::Archive(archive) => archive.1.read_some(&archive.0, path, at, length),
        }
    }

    /// The content id of the set, with no more of it in memory than a few pieces.
    ///
    /// # Errors
    /// Those of [`FileSet::content_id`]; where the files cannot be read from the disk.
    pub fn content_id(&self) -> Result<ContentId> {
        match &self.0 {
            Inner::Memory(files) => files.content_id(),
            #[cfg(not(target_family = "wasm"))]
            Inner::Archive(archive) => archive.1.content_id(&archive.0),
        }
    }

    /// What [`FileSet::check_visible`] checks.
    ///
    /// # Errors
    /// `InvalidInput` (`E_FILE_HIDDEN`).
    pub fn check_visible(&self) -> Result<()> {
        match &self.0 {
            Inner::Memory(files) => files.check_visible(),
            #[cfg(not(target_family = "wasm"))]
            Inner::Archive(archive) => archive.1.shape().check_visible(),
        }
    }

    /// All files, in memory.
    ///
    /// # Errors
    /// Where they cannot be read from the disk.
    pub fn load(&self) -> Result<FileSet> {
        match &self.0 {
            Inner::Memory(files) => Ok(files.clone()),
            #[cfg(not(target_family = "wasm"))]
            Inner::Archive(archive) => archive.1.load(&archive.0),
        }
    }

    /// Writes them as [`disk::write_folder`](crate::disk::write_folder) does, with no more of them in memory than a piece.
    ///
    /// # Errors
    /// Those of `write_folder`.
    #[cfg(not(target_family = "wasm"))]
    pub fn write_folder(&self, path: &std::path::Path) -> Result<()> {
        crate::disk::write_folder_of(
            &self.lengths(),
            &mut |file, at, length| self.read(file, at, length),
            path,
        )
    }
}
