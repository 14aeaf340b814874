//! Reading: a folder or one file of it.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::io_error;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{FileLimits, FileSet};

/// Folders that may be walked beside as many as there may be files.
const SPARE_FOLDERS: usize = 1_000;

/// Reads all files below a folder: hidden ones too, empty folders not. Links and special files are errors, never
/// followed; only `path` itself may be a link to a folder.
///
/// # Errors
/// `NotFound` (`E_PATH_NOT_FOUND`); `InvalidInput` (`E_FILE_SYMLINK`, `E_FILE_SPECIAL`, `E_FILE_PATH`, `E_FILE_LIMIT`,
/// `E_PERMISSION`) that names the entry; `Unavailable` (`E_IO`).
pub fn read_folder(path: &Path, limits: &FileLimits) -> Result<FileSet> {
    let metadata = fs::metadata(path).map_err(|error| io_error("read", path, error))?;
    if !metadata.is_dir() {
        return Err(Error::invalid("E_NOT_A_FOLDER", format!("{} is not a folder", path.display())));
    }
    let mut walk =
        Walk { limits, files: FileSet::new(), bytes: 0, folders: vec![(path.to_owned(), String::new())] };
    let mut walked = 0_usize;
    while let Some((folder, relative)) = walk.folders.pop() {
        walked += 1;
        if walked > limits.files.saturating_add(SPARE_FOLDERS) {
            return Err(Error::invalid("E_FILE_LIMIT", format!("more than {} folders", walked - 1)));
        }
        walk.folder(&folder, &relative)?;
    }
    Ok(walk.files)
}

/// Exactly so many bytes of a file from a place on.
#[cfg(unix)]
#[cfg_attr(
    not(any(feature = "solver", feature = "http")),
    allow(dead_code, reason = "only archives are read in parts")
)]
pub(crate) fn read_exactly(file: &File, at: u64, length: usize) -> std::io::Result<Bytes> {
    use std::os::unix::fs::FileExt as _;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes.into())
}

/// Exactly so many bytes of a file from a place on.
#[cfg(not(unix))]
#[cfg_attr(
    not(any(feature = "solver", feature = "http")),
    allow(dead_code, reason = "only archives are read in parts")
)]
pub(crate) fn read_exactly(file: &File, at: u64, length: usize) -> std::io::Result<Bytes> {
    use std::io::Seek as _;
    let mut file = file.try_clone()?;
    let mut bytes = vec![0; length];
    file.seek(std::io::SeekFrom::Start(at))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes.into())
}

struct Walk<'a> {
    limits: &'a FileLimits,
    files: FileSet,
    bytes: u64,
    folders: Vec<(PathBuf, String)>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, relative: &str) -> Result<()> {
        let entries = fs::read_dir(folder).map_err(|error| io_error("read", folder, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| io_error("read", folder, error))?;
            let path = entry.path();
            let relative = join(relative, &entry.file_name())?;
            let metadata = fs::symlink_metadata(&path).map_err(|error| io_error("read", &path, error))?;
            if metadata.is_dir() {
                FileSet::check_path(&relative)?;
                self.folders.push((path, relative));
            } else {
                check_kind(&metadata, &relative)?;
                self.file(&path, relative, &metadata)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, relative: String, metadata: &Metadata) -> Result<()> {
        if self.files.len() >= self.limits.files {
            return Err(self.limits.too_many_files(self.files.len().saturating_add(1)));
        }
        let left = self.limits.bytes.saturating_sub(self.bytes);
        let Some(bytes) = read_at_most(path, metadata, left)? else {
            return Err(self.limits.too_many_bytes(self.bytes.saturating_add(metadata.len().max(left + 1))));
        };
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        self.files.insert(relative, bytes)
    }
}

fn join(folder: &str, name: &OsStr) -> Result<String> {
    let Some(name) = name.to_str() else {
        let shown = name.to_string_lossy();
        return Err(Error::invalid("E_FILE_PATH", format!("the name of {shown:?} is not UTF-8")));
    };
    Ok(if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") })
}

/// Refuses what is not a regular file.
fn check_kind(metadata: &Metadata, shown: &str) -> Result<()> {
    if metadata.is_symlink() {
        return Err(Error::invalid("E_FILE_SYMLINK", format!("{shown:?} is a symbolic link"))
            .with_hint("put the file itself in its place")
            .with("path", shown));
    }
    if !metadata.is_file() {
        return Err(Error::invalid("E_FILE_SPECIAL", format!("{shown:?} is not a regular file"))
            .with_hint("devices, pipes and sockets are not read")
            .with("path", shown));
    }
    Ok(())
}

/// Reads one regular file below `root`, without following a link anywhere on the way; `None` where there is none.
///
/// `relative` uses `/` and follows the rules of [`FileSet`]. Only `root` itself may be a link.
///
/// # Errors
/// `InvalidInput`: `E_FILE_PATH` for a path that could leave the folder, `E_FILE_SYMLINK`, `E_FILE_SPECIAL` (a folder too),
/// `E_FILE_TOO_LARGE` above `limit` bytes, `E_PERMISSION`; `Unavailable` (`E_IO`).
pub fn read_file_beneath(root: &Path, relative: &str, limit: u64) -> Result<Option<Bytes>> {
    FileSet::check_path(relative)?;
    let mut path = root.to_owned();
    let mut parts = relative.split('/').peekable();
    while let Some(part) = parts.next() {
        path.push(part);
        let metadata = match fs::symlink_metadata(&path).map_err(|error| io_error("read", &path, error)) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if parts.peek().is_some() {
            if metadata.is_dir() {
                continue;
            }
            check_kind(&metadata, relative)?;
            // A file where a folder would have to be: nothing lies below it.
            return Ok(None);
        }
        check_kind(&metadata, relative)?;
        let bytes = read_at_most(&path, &metadata, limit)?;
        return bytes.map(Some).ok_or_else(|| {
            Error::invalid("E_FILE_TOO_LARGE", format!("{relative:?} has more than {limit} bytes"))
                .with("path", relative)
                .with("limit", limit)
        });
    }
    Ok(None)
}

/// Reads a file that was seen to be regular; `None` above `limit` bytes, however large it was said to be.
fn read_at_most(path: &Path, seen: &Metadata, limit: u64) -> Result<Option<Bytes>> {
    if seen.len() > limit {
        return Ok(None);
    }
    let failed = |error| io_error("read", path, error);
    let file = File::open(path).map_err(failed)?;
    if !is_same_file(seen, &file.metadata().map_err(failed)?) {
        let message = format!("{} was replaced while it was read", path.display());
        return Err(Error::invalid("E_FILE_SYMLINK", message));
    }
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    Ok((bytes.len() as u64 <= limit).then(|| bytes.into()))
}

/// True where both describe one regular file: what was looked at is what was opened.
#[cfg(unix)]
fn is_same_file(seen: &Metadata, opened: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    opened.is_file() && (seen.dev(), seen.ino()) == (opened.dev(), opened.ino())
}

#[cfg(not(unix))]
fn is_same_file(_seen: &Metadata, opened: &Metadata) -> bool {
    opened.is_file()
}
