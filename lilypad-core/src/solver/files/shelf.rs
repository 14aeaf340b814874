//! Which archives the solver's jobs name, how much they take, and when one can go.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use super::{FileStore, Parcel, failed, full};
use crate::error::{Error, ErrorKind, Fault, Result, Retry};
use crate::rt::spawn;
use crate::wire::{ArchiveId, ReadAt};

/// Bytes that are read at once.
const PIECE: usize = 1 << 20;

/// An archive that a job names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::solver) struct Kept {
    pub(in crate::solver) id: ArchiveId,
    pub(in crate::solver) length: u64,
}

/// The archives of one solver. Clones share them.
#[derive(Clone, Debug)]
pub(in crate::solver) struct Shelf {
    files: Arc<dyn FileStore>,
    most: u64,
    places: Arc<Mutex<Places>>,
}

#[derive(Debug, Default)]
struct Places {
    /// How often each archive is named, and its length.
    named: HashMap<ArchiveId, (usize, u64)>,
    /// Archives that are being taken away.
    going: HashMap<ArchiveId, u64>,
}

impl Places {
    fn bytes(&self) -> u64 {
        let named = self.named.values().map(|(_, length)| *length);
        named.chain(self.going.values().copied()).fold(0, u64::saturating_add)
    }
}

impl Shelf {
    pub(in crate::solver) fn new(files: Arc<dyn FileStore>, most: u64) -> Self {
        Self { files, most, places: Arc::default() }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an archive, which is then named once.
    ///
    /// # Errors
    /// Those of [`FileStore::put`]; `Unavailable` (`E_FILES_FULL`) beyond the bound of all archives; `Conflict`
    /// (`E_FILES_BUSY`) while the same archive is being taken away.
    pub(in crate::solver) async fn put(&self, id: ArchiveId, archive: &Parcel) -> Result<Kept> {
        let kept = Kept { id, length: archive.length() };
        {
            let mut places = self.places();
            if places.going.contains_key(&id) {
                return Err(busy());
            }
            let bytes = places.bytes().saturating_add(kept.length);
            if bytes > self.most && !places.named.contains_key(&id) {
                return Err(full(format!("at most {} bytes are kept", self.most)).with("limit", self.most));
            }
            places.named.entry(id).or_insert((0, kept.length)).0 += 1;
        }
        // Where the caller is gone before it is told, the archive is given up with it.
        let mut guard = Guard { shelf: self, kept: Some(kept) };
        self.files.put(id, archive).await?;
        guard.kept = None;
        Ok(kept)
    }

    /// Names an archive that is there already once more.
    pub(in crate::solver) fn name(&self, kept: Kept) {
        self.places().named.entry(kept.id).or_insert((0, kept.length)).0 += 1;
    }

    /// Gives up one name of an archive; with the last one it is taken away, behind the caller's back.
    pub(in crate::solver) fn drop(&self, kept: Kept) {
        {
            let mut places = self.places();
            let Some((names, _)) = places.named.get_mut(&kept.id) else { return };
            *names -= 1;
            if *names > 0 {
                return;
            }
            places.named.remove(&kept.id);
            places.going.insert(kept.id, kept.length);
        }
        let shelf = self.clone();
        spawn(async move {
            if let Err(error) = shelf.files.remove(kept.id).await {
                tracing::warn!(%error, id = %kept.id, "an archive stays until the next start");
            }
            shelf.places().going.remove(&kept.id);
        });
    }

    /// Everything that is there.
    pub(in crate::solver) async fn list(&self) -> Result<Vec<(ArchiveId, u64)>> {
        self.files.list().await
    }

    /// Takes away what no job names.
    pub(in crate::solver) async fn sweep(&self) -> Result<()> {
        for (id, _) in self.files.list().await? {
            if !self.places().named.contains_key(&id) {
                tracing::info!(%id, "an archive that no job names is taken away");
                self.files.remove(id).await?;
            }
        }
        Ok(())
    }

    /// The whole archive, in memory: for peers in this process.
    pub(in crate::solver) async fn load(&self, kept: Kept) -> Result<Bytes> {
        let mut bytes = BytesMut::with_capacity(usize::try_from(kept.length).unwrap_or_default());
        let mut at = 0;
        while at < kept.length {
            let piece = self.piece(kept, at..kept.length).await?;
            at += piece.length();
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes.freeze())
    }

    /// The first bytes of a part that is not empty.
    pub(in crate::solver) async fn piece(&self, kept: Kept, part: Range<u64>) -> Result<Bytes> {
        let left = part.end.min(kept.length).saturating_sub(part.start);
        if left == 0 {
            return Err(failed(format!("archive {} ends at {}", kept.id, kept.length)));
        }
        self.files
            .read(kept.id, part.start, usize::try_from(left).map_or(PIECE, |left| left.min(PIECE)))
            .await
    }
}

struct Guard<'a> {
    shelf: &'a Shelf,
    kept: Option<Kept>,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if let Some(kept) = self.kept {
            self.shelf.drop(kept);
        }
    }
}

fn busy() -> Error {
    Error::new(ErrorKind::Conflict, "E_FILES_BUSY", "the same archive is being taken away")
        .with_fault(Fault::Solver)
        .with_retry(Retry::After(std::time::Duration::from_millis(200)))
        .with_hint("try again")
}
