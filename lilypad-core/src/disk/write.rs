//! Writing: a folder or a file, whole or not at all.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::io_error;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{FileSet, ReadPiece};

/// Bytes that are read and written at once.
const PIECE: usize = 1 << 20;

/// Writes a set of files as a folder. The files are written and synced under another name beside `path`, which then
/// becomes `path` in one step: a reader sees all of it or nothing, and a failure leaves nothing behind.
///
/// Folders above `path` are made where they are missing; an empty folder at `path` is replaced. Files get mode 0644,
/// folders 0755.
///
/// # Errors
/// `Conflict` (`E_TARGET_EXISTS`) where `path` holds something already; `ExecutionFailed` (`E_DISK_FULL`, fault User);
/// `InvalidInput` (`E_PERMISSION`, `E_FILE_PATH`); `Unavailable` (`E_IO`).
pub fn write_folder(files: &FileSet, path: &Path) -> Result<()> {
    let lengths: Vec<_> = files.iter().map(|(path, bytes)| (path, bytes.len() as u64)).collect();
    write_folder_of(&lengths, &mut |path, _, _| Ok(files.get(path).cloned().unwrap_or_default()), path)
}

/// The same for files of these paths and lengths, which are read in pieces: at most so many bytes of a path from a place on.
///
/// # Errors
/// Those of [`write_folder`]; `Unexpected` where a file is shorter; what reading says.
pub(crate) fn write_folder_of(files: &[(&str, u64)], read: &mut ReadPiece<'_>, path: &Path) -> Result<()> {
    check_target(path)?;
    let parent = make_parent(path)?;
    let partial = Partial::new(parent, path, Kind::Folder)?;
    let mut folders = BTreeSet::from([partial.path.clone()]);
    for (relative, length) in files {
        let target = partial.path.join(relative);
        make_folders(&partial.path, &target, &mut folders)?;
        let said = |error| io_error("write", &path.join(relative), error);
        let mut file = File::create_new(&target).map_err(said)?;
        let mut at = 0;
        while at < *length {
            let piece = read(relative, at, PIECE)?;
            if piece.is_empty() {
                return Err(Error::unexpected("a file is shorter than it was said to be"));
            }
            file.write_all(&piece).map_err(said)?;
            at += piece.len() as u64;
        }
        set_mode(&target, 0o644).and_then(|()| file.sync_all()).map_err(said)?;
    }
    for folder in folders.iter().rev() {
        sync_folder(folder).map_err(|error| io_error("write", path, error))?;
    }
    partial.become_whole(path)?;
    sync_folder(parent).map_err(|error| io_error("write", parent, error))
}

/// Writes one file, in place of one that may be there: a reader sees the old one or the new one, and a failure leaves
/// nothing behind. The file is synced and gets mode 0644.
///
/// # Errors
/// Those of [`write_folder`]; `Conflict` (`E_TARGET_EXISTS`) where `path` is a folder.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        return Err(taken(path, "a folder"));
    }
    let parent = make_parent(path)?;
    let partial = Partial::new(parent, path, Kind::File)?;
    fill_file(&partial.path, bytes, 0o644).map_err(|error| io_error("write", path, error))?;
    partial.become_whole(path)?;
    sync_folder(parent).map_err(|error| io_error("write", parent, error))
}

/// Writes one new file that only its owner may read: mode 0600 from the first byte on, in a folder that is made
/// where it is missing and narrowed to mode 0700: name a folder that holds nothing for others. A reader sees all of it or nothing, and what is at `path` already is never replaced.
///
/// # Errors
/// Those of [`write_folder`]; `Conflict` (`E_TARGET_EXISTS`) where something is at `path`, a link too.
pub fn create_private_file(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(taken(path, "there"));
    }
    let parent = parent_of(path);
    make_private_folder(parent).map_err(|error| io_error("create", parent, error))?;
    let partial = Partial::new(parent, path, Kind::PrivateFile)?;
    fill_file(&partial.path, bytes, 0o600).map_err(|error| io_error("write", path, error))?;
    partial.become_new(path)?;
    sync_folder(parent).map_err(|error| io_error("write", parent, error))
}

/// The folder above `path`, made where it is missing.
fn make_parent(path: &Path) -> Result<&Path> {
    let parent = parent_of(path);
    fs::create_dir_all(parent).map_err(|error| io_error("create", parent, error))?;
    Ok(parent)
}

fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Checks that files can be made in `folder`, making it where it is missing.
///
/// # Errors
/// Those of [`write_file`].
pub fn check_writable(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| io_error("create", folder, error))?;
    Partial::new(folder, &folder.join("probe"), Kind::File).map(drop)
}

/// Checks that [`write_folder`] may write to `path`: nothing is there, or an empty folder.
///
/// # Errors
/// `Conflict` (`E_TARGET_EXISTS`) where something is there; what the system says where it cannot be looked at.
pub fn check_target(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io_error("write", path, error)),
        Ok(metadata) if metadata.is_dir() => {
            let mut entries = fs::read_dir(path).map_err(|error| io_error("read", path, error))?;
            if entries.next().is_none() { Ok(()) } else { Err(taken(path, "a folder that is not empty")) }
        }
        Ok(metadata) if metadata.is_symlink() => Err(taken(path, "a symbolic link")),
        Ok(_) => Err(taken(path, "a file")),
    }
}

fn taken(path: &Path, what: &str) -> Error {
    let message = format!("{} is {what} already", path.display());
    Error::new(ErrorKind::Conflict, "E_TARGET_EXISTS", message)
        .with_hint("choose another folder or remove it first")
        .with("path", path.display())
}

/// What is being written under another name, removed unless it becomes whole.
struct Partial {
    path: PathBuf,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    File,
    PrivateFile,
    Folder,
}

impl Kind {
    fn create(self, path: &Path) -> io::Result<()> {
        match self {
            Self::File => File::create_new(path).map(drop),
            Self::PrivateFile => create_private(path),
            Self::Folder => make_folder(path),
        }
    }
}

impl Partial {
    fn new(parent: &Path, target: &Path, kind: Kind) -> Result<Self> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let name = target.file_name().ok_or_else(|| {
            Error::invalid("E_FILE_PATH", format!("{} does not name a place to write to", target.display()))
        })?;
        // A long name leaves no room for more.
        let name: String = name.to_string_lossy().chars().take(40).collect();
        loop {
            let count = COUNTER.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!(".{name}.{}-{count}.partial", std::process::id()));
            match kind.create(&path) {
                Ok(()) => return Ok(Self { path, kind }),
                // Left by a killed program that had the same process id.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && count < 1_000_000 => {}
                Err(error) => return Err(io_error("create", target, error)),
            }
        }
    }

    fn become_whole(self, target: &Path) -> Result<()> {
        // Where a folder cannot be renamed onto an empty one, the empty one goes first; elsewhere this changes nothing.
        if cfg!(windows) && matches!(self.kind, Kind::Folder) {
            let _ = fs::remove_dir(target);
        }
        fs::rename(&self.path, target).map_err(|error| match error.kind() {
            io::ErrorKind::DirectoryNotEmpty
            | io::ErrorKind::AlreadyExists
            | io::ErrorKind::NotADirectory => taken(target, "taken"),
            _ => io_error("write", target, error),
        })
    }

    /// The same for a file, where nothing may be at `target`.
    fn become_new(self, target: &Path) -> Result<()> {
        match fs::hard_link(&self.path, target) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(taken(target, "there")),
            // A disk without hard links: the name is taken first, then filled in one step.
            Err(_) => {
                create_private(target).map_err(|error| match error.kind() {
                    io::ErrorKind::AlreadyExists => taken(target, "there"),
                    _ => io_error("create", target, error),
                })?;
                self.become_whole(target)
            }
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After the rename there is nothing at this path any more.
        let _ = match self.kind {
            Kind::File | Kind::PrivateFile => fs::remove_file(&self.path),
            Kind::Folder => fs::remove_dir_all(&self.path),
        };
    }
}

/// Makes the folders between `root` and a file.
fn make_folders(root: &Path, file: &Path, made: &mut BTreeSet<PathBuf>) -> Result<()> {
    let Some(folder) = file.parent() else { return Ok(()) };
    if made.contains(folder) || folder == root {
        return Ok(());
    }
    make_folders(root, folder, made)?;
    make_folder(folder).map_err(|error| io_error("create", folder, error))?;
    made.insert(folder.to_owned());
    Ok(())
}

fn make_folder(path: &Path) -> io::Result<()> {
    fs::create_dir(path)?;
    set_mode(path, 0o755)
}

/// Fills a file that was just made.
fn fill_file(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(bytes)?;
    set_mode(path, mode)?;
    file.sync_all()
}

/// Makes an empty file that only its owner may open; its folder stays as it is.
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Makes a folder and those above it where they are missing; the folder itself is its owner's alone from then on.
pub(crate) fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    set_mode(path, 0o700)
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

/// Makes the names in a folder survive a crash, where the system can.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}
