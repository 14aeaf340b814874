//! Archives in this process: for networks in one process and for tests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::{FileStore, Parcel, failed};
use crate::error::Result;
use crate::rt::BoxFuture;
use crate::wire::{ArchiveId, ReadAt};

/// Archives in this process's memory. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles(Arc<Mutex<BTreeMap<ArchiveId, Bytes>>>);

impl MemoryFiles {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<ArchiveId, Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FileStore for MemoryFiles {
    fn put<'a>(&'a self, id: ArchiveId, archive: &'a Parcel) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let length = usize::try_from(archive.length()).unwrap_or(usize::MAX);
            self.files().insert(id, archive.read_at(0, length)?);
            Ok(())
        })
    }

    fn read<'a>(&'a self, id: ArchiveId, at: u64, length: usize) -> BoxFuture<'a, Result<Bytes>> {
        Box::pin(async move {
            let bytes = match self.files().get(&id) {
                Some(bytes) => bytes.read_at(at, length)?,
                None => return Err(failed(format!("archive {id} is not there"))),
            };
            if bytes.len() == length { Ok(bytes) } else { Err(failed(format!("archive {id} is too short"))) }
        })
    }

    fn remove<'a>(&'a self, id: ArchiveId) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.files().remove(&id);
            Ok(())
        })
    }

    fn list<'a>(&'a self) -> BoxFuture<'a, Result<Vec<(ArchiveId, u64)>>> {
        Box::pin(async move { Ok(self.files().iter().map(|(id, bytes)| (*id, bytes.length())).collect()) })
    }
}
