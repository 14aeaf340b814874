//! Fetched commits on disk, safe under concurrency and sudden death.
//!
//! One file per commit, `<host>/<owner>/<repo>/<commit>`, written aside, flushed and renamed, so that it is whole or
//! not there; every object in it is hashed again when it is read. Locks are the operating system's and end with the
//! process that holds them; they lie in a fixed number of files, so nothing piles up.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use bytes::{Buf, Bytes};

use crate::error::Result;
use crate::module::{CommitId, GitRef};

use super::commit::verify;
use super::object::{Kind, Objects};
use super::site::Site;

const MAGIC: &[u8] = b"lilypad git 1\n";
/// Beside the objects a file holds this much at most: nine bytes for each object.
const OVERHEAD: u64 = 16 << 20;

#[derive(Clone, Debug)]
pub(super) struct Cache {
    root: PathBuf,
}

/// The right to fetch one commit; ends with the value, or with the process.
#[derive(Debug)]
pub(super) struct Guard {
    _lock: File,
    temporary: PathBuf,
}

impl Cache {
    pub(super) fn new(cache_dir: &Path) -> Self {
        Self { root: cache_dir.join("modules").join("git") }
    }

    fn folder(&self, git: &GitRef) -> PathBuf {
        // A colon stands before a port and in IPv6 addresses, and some systems do not allow it in names.
        self.root.join(git.authority().replace(':', "_")).join(git.owner()).join(git.repo())
    }

    fn path(&self, git: &GitRef, commit: CommitId) -> PathBuf {
        self.folder(git).join(commit.to_string())
    }

    /// A commit that is whole on disk; `None` where it is not there or not what its name says.
    pub(super) fn load(
        &self,
        git: &GitRef,
        commit: CommitId,
        max_bytes: u64,
        site: &Site,
    ) -> Option<Objects> {
        let limit = max_bytes.saturating_add(OVERHEAD);
        let path = self.path(git, commit);
        let mut data = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(limit).read_to_end(&mut data));
        match read {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "cannot read a cached module; fetching it again");
                return None;
            }
        }
        let loaded = decode(Bytes::from(data)).and_then(|(mut objects, partial)| {
            verify(&mut objects, commit, partial, site).ok().map(|()| objects)
        });
        if loaded.is_none() {
            tracing::warn!(path = %path.display(), "a cached module is damaged; fetching it again");
        }
        loaded
    }

    /// Waits for the right to fetch a commit; `None` where this file system has no locks.
    pub(super) fn lock(&self, commit: CommitId, site: &Site) -> Result<Option<Guard>> {
        let slot = format!("{:02x}", commit.as_bytes().first().unwrap_or(&0));
        let opened = [".locks", ".temporary"]
            .iter()
            .try_for_each(|name| fs::create_dir_all(self.root.join(name)))
            .and_then(|()| {
                File::options().create(true).append(true).open(self.root.join(".locks").join(&slot))
            });
        let lock = match opened {
            Ok(lock) => lock,
            Err(error) => return Ok(self.without_lock(&error)),
        };
        loop {
            site.budget.check().map_err(|stop| site.stopped(stop))?;
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => std::thread::park_timeout(site.budget.tick()),
                Err(TryLockError::Error(error)) => return Ok(self.without_lock(&error)),
            }
        }
        let temporary = self.root.join(".temporary").join(slot);
        // Who holds the lock is the only one to write there: what lies there is of a process that died.
        if let Err(error) = fs::remove_file(&temporary)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Ok(self.without_lock(&error));
        }
        Ok(Some(Guard { _lock: lock, temporary }))
    }

    fn without_lock(&self, error: &io::Error) -> Option<Guard> {
        tracing::warn!(cache = %self.root.display(), %error, "cannot use the module cache");
        None
    }

    /// Keeps a verified commit. A disk that is full or read-only costs the cache, not the fetch.
    pub(super) fn store(
        &self,
        guard: &Guard,
        git: &GitRef,
        commit: CommitId,
        objects: &Objects,
        partial: bool,
    ) {
        let path = self.path(git, commit);
        let stored =
            write(&guard.temporary, objects, partial).and_then(|()| publish(&guard.temporary, &path));
        if let Err(error) = stored {
            // The temporary file may not exist; there is nothing else to do about it here.
            let _ = fs::remove_file(&guard.temporary);
            tracing::warn!(path = %path.display(), %error, "cannot keep a module in the cache");
        }
    }

    /// Commits of a repository that are on disk, the latest first.
    pub(super) fn commits(&self, git: &GitRef) -> Vec<CommitId> {
        let Ok(folder) = fs::read_dir(self.folder(git)) else { return Vec::new() };
        let mut commits: Vec<_> = folder
            .flatten()
            .filter_map(|entry| {
                let commit: CommitId = entry.file_name().to_str()?.parse().ok()?;
                Some((entry.metadata().and_then(|data| data.modified()).ok()?, commit))
            })
            .collect();
        commits.sort_by(|a, b| b.cmp(a));
        commits.into_iter().map(|(_, commit)| commit).collect()
    }
}

fn write(path: &Path, objects: &Objects, partial: bool) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(MAGIC)?;
    file.write_all(&[u8::from(partial)])?;
    for (kind, data) in objects.iter() {
        file.write_all(&[kind as u8])?;
        file.write_all(&(data.len() as u64).to_le_bytes())?;
        file.write_all(data)?;
    }
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

fn publish(from: &Path, to: &Path) -> io::Result<()> {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder)?;
    fs::rename(from, to)?;
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn decode(mut data: Bytes) -> Option<(Objects, bool)> {
    if !data.starts_with(MAGIC) {
        return None;
    }
    data.advance(MAGIC.len());
    let partial = data.try_get_u8().ok()? != 0;
    let mut objects = Objects::default();
    while data.has_remaining() {
        let kind = Kind::from_code(data.try_get_u8().ok()?)?;
        let length = usize::try_from(data.try_get_u64_le().ok()?).ok()?;
        if length > data.remaining() {
            return None;
        }
        objects.add(kind, data.split_to(length))?;
    }
    Some((objects, partial))
}
