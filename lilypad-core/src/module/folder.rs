//! A module in a folder on disk. Links are never followed.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::Tree;
use crate::disk::read_file_beneath;
use crate::error::{Error, ErrorKind, Result};

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
        read_file_beneath(&self.root, path, limit).map_err(|error| {
            let code = match error.code() {
                "E_FILE_SYMLINK" => "E_MODULE_SYMLINK",
                "E_FILE_SPECIAL" | "E_FILE_PATH" => "E_MODULE_PATH",
                "E_FILE_TOO_LARGE" => "E_MODULE_TOO_LARGE",
                _ => return error,
            };
            Error::invalid(code, error.message().to_owned()).with("path", path).with_source(error)
        })
    }
}
