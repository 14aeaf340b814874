//! A module in a folder on disk. Links are never followed.

use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::Tree;
use super::tree::too_large;
use crate::error::{Error, ErrorKind, Result};
use crate::model::FileSet;

/// A folder on disk as a [`Tree`].
#[derive(Clone, Debug)]
pub struct FolderTree {
    root: PathBuf,
}

/// Reads a module's files from a folder on disk.
///
/// # Errors
/// `NotFound` (`E_MODULE_FOLDER`) where `path` is not a folder that can be read.
pub fn folder_tree(path: impl AsRef<Path>) -> Result<FolderTree> {
    let root = path.as_ref();
    let failed = |why: String| {
        Error::new(ErrorKind::NotFound, "E_MODULE_FOLDER", format!("`{}` {why}", root.display()))
            .with("path", root.display())
    };
    let meta = std::fs::metadata(root).map_err(|error| failed(format!("cannot be read: {error}")))?;
    if !meta.is_dir() {
        return Err(failed("is not a folder".to_owned()));
    }
    std::fs::read_dir(root).map_err(|error| failed(format!("cannot be read: {error}")))?;
    Ok(FolderTree { root: root.to_owned() })
}

impl Tree for FolderTree {
    fn read(&self, path: &str, limit: u64) -> Result<Option<Bytes>> {
        FileSet::new().insert(path, Bytes::new()).map_err(|error| {
            Error::invalid("E_MODULE_PATH", error.message().to_owned()).with("path", path)
        })?;
        let mut place = self.root.clone();
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            place.push(part);
            let meta = match std::fs::symlink_metadata(&place) {
                Ok(meta) => meta,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(unreadable(path, error)),
            };
            if meta.file_type().is_symlink() {
                return Err(refused("E_MODULE_SYMLINK", path, "is a link or lies behind one"));
            }
            let last = parts.peek().is_none();
            if last && !meta.is_file() {
                return Err(refused("E_MODULE_PATH", path, "is not a regular file"));
            }
            if last && meta.len() > limit {
                return Err(too_large(path, limit, meta.len()));
            }
            if !last && !meta.is_dir() {
                return Ok(None);
            }
        }
        read_file(&place, path, limit).map(Some)
    }
}

fn read_file(place: &Path, path: &str, limit: u64) -> Result<Bytes> {
    let file = std::fs::File::open(place).map_err(|error| unreadable(path, error))?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| unreadable(path, error))?;
    if bytes.len() as u64 > limit {
        return Err(too_large(path, limit, bytes.len() as u64));
    }
    Ok(bytes.into())
}

fn refused(code: &'static str, path: &str, why: &str) -> Error {
    Error::invalid(code, format!("`{path}` {why}")).with("path", path)
}

fn unreadable(path: &str, error: std::io::Error) -> Error {
    Error::invalid("E_MODULE_READ", format!("`{path}` cannot be read: {error}"))
        .with("path", path)
        .with_source(error)
}
