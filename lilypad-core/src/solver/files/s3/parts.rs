//! Large archives, which are sent in parts that become an object all at once.
//!
//! The store keeps the parts of an upload that was cut off for ever. So each upload is noted in an object of its own before its
//! first part is sent: the next start gives up those that are still noted.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use object_store::multipart::MultipartStore as _;
use object_store::path::Path;
use object_store::{MultipartId, ObjectStore as _, ObjectStoreExt as _, PutPayload};

use super::{Inner, S3Files, nonce, part};
use crate::error::{Error, Result};
use crate::rt::spawn;
use crate::solver::files::Parcel;
use crate::wire::{ArchiveId, ReadAt as _};

/// Bytes of a part, which are in memory while they are sent. S3 takes no smaller ones than 5 MiB.
pub(super) const PART: u64 = 8 << 20;
/// Most parts of an upload, as S3 has it.
const MOST_PARTS: u64 = 10_000;
/// Most bytes of the name that a store gives to an upload.
const MOST_ID: u64 = 4 << 10;

/// Puts an archive of several parts.
pub(super) async fn put(files: &S3Files, id: ArchiveId, archive: &Parcel) -> Result<()> {
    let Inner { store, .. } = files.0.as_ref();
    let said = |error| files.said(&error);
    let mut open = Open::begin(files, id).await?;
    let size = PART.max(archive.length().div_ceil(MOST_PARTS));
    let (mut at, mut sent) = (0, Vec::new());
    while at < archive.length() {
        let length = size.min(archive.length() - at);
        let bytes = part(archive, at, length).await?;
        let number = sent.len();
        sent.push(store.put_part(&open.object, &open.upload, number, bytes.into()).await.map_err(said)?);
        at += length;
    }
    store.complete_multipart(&open.object, &open.upload, sent).await.map_err(said)?;
    open.done = true;
    store.delete(&open.note).await.map_err(said)
}

/// An upload that is given up unless it comes to its end: also where nobody waits for it any more.
struct Open {
    files: S3Files,
    object: Path,
    note: Path,
    upload: MultipartId,
    done: bool,
}

impl Open {
    async fn begin(files: &S3Files, id: ArchiveId) -> Result<Self> {
        let Inner { store, place } = files.0.as_ref();
        let (object, note) = (place.archive(id), place.upload(&format!("{id}-{}", nonce()?)));
        let upload = store.create_multipart(&object).await.map_err(|error| files.said(&error))?;
        let open = Self { files: files.clone(), object, note, upload, done: false };
        let named = PutPayload::from(open.upload.clone().into_bytes());
        store.put(&open.note, named).await.map_err(|error| files.said(&error))?;
        Ok(open)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let (files, object, note) = (self.files.clone(), self.object.clone(), self.note.clone());
        let upload = std::mem::take(&mut self.upload);
        spawn(async move {
            if let Err(error) = give_up(&files.0, &object, &note, &upload).await {
                tracing::warn!(%error, "an upload that was cut off stays until the next start");
            }
        });
    }
}

/// Gives up what a process left behind that was killed.
pub(super) async fn give_up_what_was_left(files: &S3Files) -> Result<()> {
    let Inner { store, place } = files.0.as_ref();
    let said = |error: object_store::Error| files.said(&error);
    let folder = place.uploads();
    let mut notes = store.list(Some(&folder));
    while let Some(note) = notes.try_next().await.map_err(said)? {
        let name = note.location.filename().unwrap_or_default();
        let id = name.split_once('-').and_then(|(id, _)| id.parse::<ArchiveId>().ok());
        let Some(id) = id.filter(|_| note.size <= MOST_ID) else {
            // What was tried out, and not taken away.
            store.delete(&note.location).await.map_err(said)?;
            continue;
        };
        let upload = match store.get_range(&note.location, 0..note.size).await {
            Ok(upload) => String::from_utf8_lossy(&upload).into_owned(),
            Err(object_store::Error::NotFound { .. }) => continue,
            Err(error) => return Err(said(error)),
        };
        tracing::info!(%id, "an upload that was cut off is given up");
        give_up(&files.0, &place.archive(id), &note.location, &upload).await.map_err(said)?;
    }
    Ok(())
}

async fn give_up(
    inner: &Arc<Inner>,
    object: &Path,
    note: &Path,
    upload: &MultipartId,
) -> object_store::Result<()> {
    match inner.store.abort_multipart(object, upload).await {
        // It came to its end, or was given up before.
        Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
        Err(error) => return Err(error),
    }
    inner.store.delete(note).await
}

/// An error of ours as one of the store's.
pub(super) fn other(error: Error) -> object_store::Error {
    object_store::Error::Generic { store: "S3", source: Box::new(error) }
}

#[cfg(test)]
pub(super) async fn begin_and_die(files: &S3Files, id: ArchiveId, bytes: bytes::Bytes) {
    let open = Open::begin(files, id).await.unwrap();
    files.0.store.put_part(&open.object, &open.upload, 0, bytes.into()).await.unwrap();
    std::mem::forget(open);
}
