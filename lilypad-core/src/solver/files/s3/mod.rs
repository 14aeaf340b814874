//! Archives in a bucket of an S3-compatible object store: one object each, named by its digest.
//!
//! The store takes an object whole or not at all, and its answer means that the object is safe. What is sent is signed with
//! its digest, so the store refuses what was changed on the way.
//!
//! Layout: `place` where the bucket is; `keys` who asks, and other settings of the environment; `parts` large archives;
//! `failure` what the store says, in words.

mod failure;
mod keys;
mod parts;
mod place;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3;
use object_store::{ObjectStore as _, ObjectStoreExt as _, PutPayload};

pub use place::is_address;

use self::failure::Trouble;
use self::keys::Settings;
use self::parts::PART;
use self::place::Place;
use super::{FileStore, Parcel, failed};
use crate::error::Result;
use crate::rt::{BoxFuture, Random, blocking};
use crate::wire::{ArchiveId, ReadAt as _};

/// Archives in a bucket of an S3-compatible object store. Clones share connections.
#[derive(Clone)]
pub struct S3Files(Arc<Inner>);

struct Inner {
    store: AmazonS3,
    place: Place,
}

impl fmt::Debug for S3Files {
    /// No keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("S3Files").field(&self.0.place.to_string()).finish()
    }
}

impl S3Files {
    /// Uses what begins with `url` (`s3://BUCKET/PREFIX`) in a bucket that is there. Tries first whether it may list, write and take
    /// away.
    ///
    /// Keys, region and endpoint come from where other programs for S3 have them: `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_ENDPOINT_URL` and their like, the files that `AWS_PROFILE`
    /// speaks of, a web identity, or the machine itself on Amazon's. `endpoint` comes before what is said there.
    ///
    /// # Errors
    /// `InvalidInput`: `E_FILES_PLACE` for what is no such address, `E_FILES_BUCKET` where the bucket is not there; `Unauthorized`
    /// (`E_FILES_KEYS`) where there are no keys, or they are refused; `Unavailable` (`E_FILES`) where nobody answers.
    pub async fn open(url: &str, endpoint: Option<&str>) -> Result<Self> {
        let place = Place::read(url)?;
        let settings = Settings::of_environment(&place, endpoint)?;
        Self::begin(place, settings).await
    }

    async fn begin(mut place: Place, settings: Settings) -> Result<Self> {
        let store = settings.connect(&mut place)?;
        let files = Self(Arc::new(Inner { store, place }));
        files.try_out().await?;
        Ok(files)
    }

    /// Lists, writes and takes away something small.
    async fn try_out(&self) -> Result<()> {
        let Inner { store, place } = self.0.as_ref();
        let tried = async {
            let _: Option<_> = store.list(Some(&place.kept())).next().await.transpose()?;
            let path = place.upload(&format!("try-{}", nonce().map_err(parts::other)?));
            store.put(&path, PutPayload::from_static(b"")).await?;
            store.delete(&path).await
        };
        tried.await.map_err(|error| Trouble::of(&error).at_start(place))
    }

    async fn put_now(&self, id: ArchiveId, archive: &Parcel) -> Result<()> {
        let Inner { store, place } = self.0.as_ref();
        let path = place.archive(id);
        match store.head(&path).await {
            Ok(known) if known.size == archive.length() => return Ok(()),
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(self.said(&error)),
        }
        if archive.length() > PART {
            return parts::put(self, id, archive).await;
        }
        let bytes = part(archive, 0, archive.length()).await?;
        store.put(&path, bytes.into()).await.map(drop).map_err(|error| self.said(&error))
    }

    async fn read_now(&self, id: ArchiveId, at: u64, length: usize) -> Result<Bytes> {
        let Inner { store, place } = self.0.as_ref();
        let end = at.saturating_add(length as u64);
        match store.get_range(&place.archive(id), at..end).await {
            Ok(bytes) if bytes.len() == length => Ok(bytes),
            Ok(_) => Err(failed(format!("archive {id} is too short"))),
            Err(object_store::Error::NotFound { .. }) => Err(failed(format!("archive {id} is not there"))),
            Err(error) => Err(self.said(&error)),
        }
    }

    async fn list_now(&self) -> Result<Vec<(ArchiveId, u64)>> {
        parts::give_up_what_was_left(self).await?;
        let Inner { store, place } = self.0.as_ref();
        let (folder, mut kept) = (place.kept(), Vec::new());
        let mut found = store.list(Some(&folder));
        while let Some(object) = found.try_next().await.map_err(|error| self.said(&error))? {
            match object.location.filename().unwrap_or_default().parse() {
                Ok(id) if object.location == place.archive(id) => kept.push((id, object.size)),
                _ => {
                    tracing::warn!(name = %object.location, "the solver's files hold one that is not its own");
                }
            }
        }
        kept.sort_unstable();
        Ok(kept)
    }

    /// What the store says while the solver runs.
    fn said(&self, error: &object_store::Error) -> crate::error::Error {
        tracing::warn!(place = %self.0.place, %error, "the object store with the solver's files fails");
        Trouble::of(error).while_running(&self.0.place)
    }
}

impl FileStore for S3Files {
    fn put<'a>(&'a self, id: ArchiveId, archive: &'a Parcel) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.put_now(id, archive))
    }

    fn read<'a>(&'a self, id: ArchiveId, at: u64, length: usize) -> BoxFuture<'a, Result<Bytes>> {
        Box::pin(self.read_now(id, at, length))
    }

    fn remove<'a>(&'a self, id: ArchiveId) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            match self.0.store.delete(&self.0.place.archive(id)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(self.said(&error)),
            }
        })
    }

    fn list<'a>(&'a self) -> BoxFuture<'a, Result<Vec<(ArchiveId, u64)>>> {
        Box::pin(self.list_now())
    }
}

/// A part of an archive, read where reading may block.
async fn part(archive: &Parcel, at: u64, length: u64) -> Result<Bytes> {
    let (archive, length) = (archive.clone(), usize::try_from(length).unwrap_or(usize::MAX));
    blocking(move || archive.read_at(at, length)).await
}

/// A word that no other process takes.
fn nonce() -> Result<String> {
    Ok(hex::encode(&Random::system().bytes()?[..8]))
}

#[cfg(test)]
impl S3Files {
    /// The same with keys that are not the environment's.
    pub(in crate::solver) async fn open_as(
        url: &str,
        endpoint: &str,
        key: &str,
        secret: &str,
    ) -> Result<Self> {
        let builder = object_store::aws::AmazonS3Builder::new();
        let builder = builder.with_access_key_id(key).with_secret_access_key(secret);
        Self::begin(Place::read(url)?, Settings::of(builder, Some(endpoint))?).await
    }

    /// Changes one byte of an archive behind the solver's back.
    pub(in crate::solver) async fn flip(&self, id: ArchiveId, at: usize) {
        let Inner { store, place } = self.0.as_ref();
        let path = place.archive(id);
        let mut bytes = store.get(&path).await.unwrap().bytes().await.unwrap().to_vec();
        bytes[at] ^= 1;
        store.put(&path, bytes.into()).await.unwrap();
    }

    /// Begins to send an archive and says nothing of it any more, as a process that is killed.
    pub(in crate::solver) async fn begin_and_die(&self, id: ArchiveId, bytes: Bytes) {
        parts::begin_and_die(self, id, bytes).await;
    }
}
