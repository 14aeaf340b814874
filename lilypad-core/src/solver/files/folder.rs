//! Archives in a folder: one file each, named by its digest, complete from the moment at which it has that name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::{FileStore, Parcel, failed, full};
use crate::disk::{create_private, make_private_folder, read_exactly, sync_folder};
use crate::error::{Error, Result};
use crate::rt::{BoxFuture, blocking};
use crate::wire::{ArchiveId, ReadAt};

/// The end of the name of a file that is not whole.
const PARTIAL: &str = ".partial";
/// Bytes that are copied at once.
const PIECE: usize = 1 << 20;

/// Archives in a folder of this machine, which nobody but its owner may read.
#[derive(Clone, Debug)]
pub struct FolderFiles {
    kept: PathBuf,
    uploads: PathBuf,
}

impl FolderFiles {
    /// Uses a folder; makes it where there is none.
    ///
    /// # Errors
    /// `Unavailable` (`E_FILES`) where it cannot be used.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let files = Self { kept: folder.join("kept"), uploads: folder.join("uploads") };
        for folder in [folder, &files.kept, &files.uploads] {
            make_private_folder(folder).map_err(|error| said(folder, &error))?;
        }
        Ok(files)
    }

    /// The folder for what is still being uploaded, on the same disk: what is whole is then kept without a copy.
    #[must_use]
    pub fn uploads(&self) -> &Path {
        &self.uploads
    }

    fn path(&self, id: ArchiveId) -> PathBuf {
        self.kept.join(id.to_string())
    }

    fn put_now(&self, id: ArchiveId, archive: &Parcel) -> io::Result<()> {
        let path = self.path(id);
        if fs::metadata(&path).is_ok_and(|known| known.len() == archive.length()) {
            return Ok(());
        }
        let linked = archive.path().is_some_and(|from| {
            File::open(from).and_then(|file| file.sync_all()).is_ok() && fs::hard_link(from, &path).is_ok()
        });
        if !linked {
            let partial = Partial::new(&path)?;
            copy(archive, &partial.0)?;
            fs::rename(&partial.0, &path)?;
        }
        sync_folder(&self.kept)
    }

    fn list_now(&self) -> io::Result<Vec<(ArchiveId, u64)>> {
        let mut kept = Vec::new();
        for entry in fs::read_dir(&self.kept)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            match name.parse() {
                Ok(id) => match entry.metadata() {
                    Ok(metadata) => kept.push((id, metadata.len())),
                    // Taken away meanwhile.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                },
                Err(_) if name.ends_with(PARTIAL) => fs::remove_file(entry.path())?,
                Err(_) => tracing::warn!(name, "the solver's files hold one that is not its own"),
            }
        }
        kept.sort_unstable();
        Ok(kept)
    }
}

impl FileStore for FolderFiles {
    fn put<'a>(&'a self, id: ArchiveId, archive: &'a Parcel) -> BoxFuture<'a, Result<()>> {
        let (files, archive) = (self.clone(), archive.clone());
        Box::pin(blocking(move || files.put_now(id, &archive).map_err(|error| said(&files.kept, &error))))
    }

    fn read<'a>(&'a self, id: ArchiveId, at: u64, length: usize) -> BoxFuture<'a, Result<Bytes>> {
        let path = self.path(id);
        Box::pin(blocking(move || {
            let bytes = File::open(&path).and_then(|file| read_exactly(&file, at, length));
            bytes.map_err(|error| said(&path, &error))
        }))
    }

    fn remove<'a>(&'a self, id: ArchiveId) -> BoxFuture<'a, Result<()>> {
        let path = self.path(id);
        Box::pin(blocking(move || match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(said(&path, &error)),
            _ => Ok(()),
        }))
    }

    fn list<'a>(&'a self) -> BoxFuture<'a, Result<Vec<(ArchiveId, u64)>>> {
        let files = self.clone();
        Box::pin(blocking(move || files.list_now().map_err(|error| said(&files.kept, &error))))
    }
}

/// What the system says, in one line.
pub(in crate::solver) fn said(path: &Path, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => full("its disk is full"),
        _ => failed(format!("{}: {error}", path.display())),
    }
}

/// A file that is being written beside its place, removed unless it gets there.
struct Partial(PathBuf);

impl Partial {
    fn new(path: &Path) -> io::Result<Self> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let partial = path.with_extension(format!("{}-{count}{PARTIAL}", std::process::id()));
        // One of that name was left by a process that was killed: there is no other of this id now.
        let _ = fs::remove_file(&partial);
        create_private(&partial)?;
        Ok(Self(partial))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After the rename there is nothing at this path any more.
        let _ = fs::remove_file(&self.0);
    }
}

fn copy(archive: &Parcel, to: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(to)?;
    let mut at = 0;
    while at < archive.length() {
        let piece = usize::try_from(archive.length() - at).map_or(PIECE, |left| left.min(PIECE));
        let bytes =
            archive.read_at(at, piece).map_err(|error| io::Error::other(error.message().to_owned()))?;
        file.write_all(&bytes)?;
        at += piece as u64;
    }
    file.sync_all()
}
