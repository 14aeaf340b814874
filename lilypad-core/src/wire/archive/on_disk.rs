//! An archive in a file that nobody else sees: while it comes, and until what is in it is where it belongs.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::laid::ReadAt;
use crate::disk::{create_private, io_error, read_exactly};
use crate::error::Result;
use crate::rt::Random;

/// An archive on disk, gone when it is dropped.
#[derive(Debug)]
#[cfg_attr(not(feature = "http"), allow(dead_code, reason = "only what comes from elsewhere is put on disk"))]
pub(crate) struct ArchiveFile {
    file: File,
    path: PathBuf,
    length: u64,
}

#[cfg_attr(not(feature = "http"), allow(dead_code, reason = "only what comes from elsewhere is put on disk"))]
impl ArchiveFile {
    /// An empty one in a folder that is there, which only its owner can read.
    ///
    /// # Errors
    /// `ExecutionFailed` (`E_DISK_FULL`, fault User); `InvalidInput` (`E_PERMISSION`); `Unavailable` (`E_IO`).
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        let name = hex::encode(&Random::system().bytes()?[..8]);
        let path = folder.join(format!(".{name}.download"));
        let opened =
            create_private(&path).and_then(|()| OpenOptions::new().read(true).write(true).open(&path));
        let file = opened.map_err(|error| io_error("create", &path, error))?;
        // What has no name is gone with the process, however it ends.
        #[cfg(unix)]
        let _ = fs::remove_file(&path);
        Ok(Self { file, path, length: 0 })
    }

    /// # Errors
    /// Those of [`ArchiveFile::create`].
    pub(crate) fn add(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|error| io_error("write", &self.path, error))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Begins anew.
    ///
    /// # Errors
    /// Those of [`ArchiveFile::create`].
    pub(crate) fn clear(&mut self) -> Result<()> {
        let cleared = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        cleared.map_err(|error| io_error("write", &self.path, error))?;
        self.length = 0;
        Ok(())
    }
}

impl ReadAt for ArchiveFile {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, at: u64, length: usize) -> Result<Bytes> {
        read_exactly(&self.file, at, length).map_err(|error| io_error("read", &self.path, error))
    }
}

#[cfg(not(unix))]
impl Drop for ArchiveFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
