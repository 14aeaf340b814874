//! Where uploads wait until they are whole: a folder, or memory.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use crate::disk::{create_private, make_private_folder};
use crate::error::{Error, ErrorKind, Fault, Result, Retry};
use crate::model::Address;
use crate::rt::{Timestamp, blocking};
use crate::solver::files::{Parcel, full, said};
use crate::solver::intake::{digest, on_its_own_thread};
use crate::wire::{ArchiveId, UploadState};

/// Most uploads at once.
const MOST: usize = 10_000;

/// Who uploads what.
pub(super) type Key = (Address, ArchiveId);

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Most bytes of one upload.
    pub(super) one: u64,
    /// Most bytes of an account's uploads.
    pub(super) account: u64,
    /// Most bytes of all.
    pub(super) all: u64,
    /// How long one waits for its next part.
    pub(super) age: Duration,
}

/// A part that has come.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) at: u64,
    /// How many bytes the upload has in all.
    pub(super) length: u64,
    pub(super) bytes: Bytes,
}

/// The uploads of one server. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Spool {
    folder: Option<PathBuf>,
    limits: Limits,
    uploads: Arc<Mutex<HashMap<Key, Upload>>>,
}

#[derive(Debug)]
struct Upload {
    length: u64,
    got: u64,
    touched: Timestamp,
    /// A part of it is being written or it is being checked.
    busy: bool,
    /// It hashes to its name.
    checked: bool,
    bytes: BytesMut,
}

impl Spool {
    /// Uploads in a folder, made where there is none, with those that are there already; without one, in memory.
    pub(super) fn open(folder: Option<PathBuf>, limits: Limits, now: Timestamp) -> Result<Self> {
        let mut uploads = HashMap::new();
        if let Some(folder) = &folder {
            let found = make_private_folder(folder).and_then(|()| found(folder, now));
            let found = found.map_err(|error| said(folder, &error))?;
            uploads.extend(found.into_iter().take(MOST));
        }
        Ok(Self { folder, limits, uploads: Arc::new(Mutex::new(uploads)) })
    }

    fn uploads(&self) -> MutexGuard<'_, HashMap<Key, Upload>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much of an upload is there; `None` for one that is not known.
    pub(super) fn state(&self, key: Key, now: Timestamp) -> Option<UploadState> {
        self.forget_old(now);
        self.uploads().get(&key).map(|upload| UploadState { offset: upload.got, length: upload.length })
    }

    /// Takes a part, which must be the next one.
    ///
    /// # Errors
    /// `InvalidInput` (`E_UPLOAD`) for one that cannot be; `Conflict`: `E_UPLOAD_OFFSET` where another part comes next,
    /// `E_UPLOAD_BUSY` where another one is being taken; `Unavailable` (`E_UPLOADS_FULL`, `E_FILES_FULL`);
    /// `VerificationFailed` (`E_UPLOAD_HASH`) where the whole does not hash to its name: it must be sent anew.
    pub(super) async fn add(&self, key: Key, part: Part, now: Timestamp) -> Result<UploadState> {
        self.forget_old(now);
        let end = part.at.saturating_add(part.bytes.len() as u64);
        if part.length == 0 || part.length > self.limits.one || end > part.length || part.bytes.is_empty() {
            let message = format!("a part up to byte {end} of {} cannot be taken", part.length);
            return Err(Error::invalid("E_UPLOAD", message)
                .with_hint("an upload has its bytes in order and an end within the limit")
                .with("limit", self.limits.one)
                .with("got", part.length));
        }
        let busy = self.begin(key, &part, now)?;
        self.write(key, &part).await?;
        let state = {
            let mut uploads = self.uploads();
            let Some(upload) = uploads.get_mut(&key) else { return Err(super::uploads::unknown(key.1)) };
            upload.got = end;
            UploadState { offset: upload.got, length: upload.length }
        };
        if state.offset == state.length {
            self.check(key).await?;
        }
        drop(busy);
        Ok(state)
    }

    /// A whole upload, checked; `None` where it is not there whole.
    pub(super) async fn parcel(&self, key: Key, now: Timestamp) -> Result<Option<Parcel>> {
        self.forget_old(now);
        let checked = match self.uploads().get_mut(&key) {
            Some(upload) if upload.got == upload.length => {
                upload.touched = now;
                upload.checked
            }
            _ => return Ok(None),
        };
        if !checked {
            self.check(key).await?;
        }
        self.whole(key).map(Some)
    }

    /// Gives an upload up.
    pub(super) fn remove(&self, key: Key) {
        if let Some(upload) = self.uploads().remove(&key) {
            self.delete(key, &upload);
        }
    }

    /// Opens the next part's place; the guard closes it.
    fn begin(&self, key: Key, part: &Part, now: Timestamp) -> Result<Busy> {
        let mut uploads = self.uploads();
        if !uploads.contains_key(&key) {
            if part.at != 0 {
                return Err(offset(0));
            }
            self.has_room(&uploads, key.0, part.length)?;
            let upload = Upload {
                length: part.length,
                got: 0,
                touched: now,
                busy: false,
                checked: false,
                bytes: BytesMut::new(),
            };
            uploads.insert(key, upload);
        }
        let Some(upload) = uploads.get_mut(&key) else { return Err(super::uploads::unknown(key.1)) };
        if upload.busy {
            return Err(Error::new(
                ErrorKind::Conflict,
                "E_UPLOAD_BUSY",
                "another part of it is being taken",
            )
            .with_retry(Retry::After(Duration::from_millis(200)))
            .with_hint("send one part after the other"));
        }
        if upload.length != part.length || upload.got != part.at {
            return Err(offset(upload.got));
        }
        (upload.busy, upload.touched) = (true, now);
        Ok(Busy { spool: self.clone(), key })
    }

    fn has_room(&self, uploads: &HashMap<Key, Upload>, account: Address, length: u64) -> Result<()> {
        let sum = |own: bool| {
            let uploads = uploads.iter().filter(|((owner, _), _)| !own || *owner == account);
            uploads.map(|(_, upload)| upload.length).fold(length, u64::saturating_add)
        };
        let (limits, retry) = (&self.limits, Retry::After(Duration::from_secs(5)));
        if sum(true) > limits.account {
            let message =
                format!("the uploads of account {account} would have more than {} bytes", limits.account);
            return Err(Error::new(ErrorKind::RateLimited, "E_UPLOADS_FULL", message)
                .with_hint("hand in what was uploaded, or wait until it is forgotten")
                .with("limit", limits.account));
        }
        if sum(false) > limits.all || uploads.len() >= MOST {
            return Err(full("too much is being uploaded").with_retry(retry).with("limit", limits.all));
        }
        Ok(())
    }

    async fn write(&self, key: Key, part: &Part) -> Result<()> {
        let Some(path) = self.path(key, part.length) else {
            if let Some(upload) = self.uploads().get_mut(&key) {
                upload.bytes.extend_from_slice(&part.bytes);
            }
            return Ok(());
        };
        let (at, bytes) = (part.at, part.bytes.clone());
        blocking(move || write(&path, at, &bytes).map_err(|error| said(&path, &error))).await
    }

    /// Compares a whole upload with its name; one that is another is given up.
    async fn check(&self, key: Key) -> Result<()> {
        let parcel = self.whole(key)?;
        if on_its_own_thread(parcel, |parcel| digest(&parcel)).await? == key.1 {
            if let Some(upload) = self.uploads().get_mut(&key) {
                upload.checked = true;
            }
            return Ok(());
        }
        self.remove(key);
        Err(Error::new(
            ErrorKind::VerificationFailed,
            "E_UPLOAD_HASH",
            format!("what was uploaded does not hash to its name {}", key.1),
        )
        .with_fault(Fault::User)
        .with_hint("send it again from its first byte"))
    }

    fn whole(&self, key: Key) -> Result<Parcel> {
        let mut uploads = self.uploads();
        let Some(upload) = uploads.get_mut(&key) else { return Err(super::uploads::unknown(key.1)) };
        match self.path(key, upload.length) {
            Some(path) => Parcel::file(&path),
            None => {
                let bytes = upload.bytes.split().freeze();
                upload.bytes = BytesMut::from(bytes.clone());
                Ok(bytes.into())
            }
        }
    }

    fn path(&self, (account, id): Key, length: u64) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{account}-{id}-{length}")))
    }

    fn delete(&self, key: Key, upload: &Upload) {
        if let Some(path) = self.path(key, upload.length)
            && let Err(error) = fs::remove_file(&path)
        {
            tracing::warn!(%error, path = %path.display(), "an upload that is not needed any more stays");
        }
    }

    fn forget_old(&self, now: Timestamp) {
        let mut uploads = self.uploads();
        let old: Vec<Key> = uploads
            .iter()
            .filter(|(_, upload)| !upload.busy && now.since(upload.touched) > self.limits.age)
            .map(|(key, _)| *key)
            .collect();
        for key in old {
            if let Some(upload) = uploads.remove(&key) {
                self.delete(key, &upload);
            }
        }
    }
}

/// Lets the next part in, however this one ended.
struct Busy {
    spool: Spool,
    key: Key,
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(upload) = self.spool.uploads().get_mut(&self.key) {
            upload.busy = false;
        }
    }
}

fn offset(got: u64) -> Error {
    let message = format!("the next part of this upload begins at byte {got}");
    Error::new(ErrorKind::Conflict, "E_UPLOAD_OFFSET", message)
        .with_hint("ask how much is there, and go on from it")
        .with("offset", got)
}

/// Writes a part at its place; what a part that was cut off has left behind it is overwritten.
fn write(path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
    if at == 0 {
        // Never the file of an upload that was whole once: it may be kept under another name.
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => create_private(path)?,
        }
    }
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.set_len(at)?;
    io::Seek::seek(&mut file, io::SeekFrom::Start(at))?;
    file.write_all(bytes)
}

/// The uploads that a server left behind. Their last part may not be whole: it is sent again.
fn found(folder: &Path, now: Timestamp) -> io::Result<Vec<(Key, Upload)>> {
    let mut uploads = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some((key, length)) = key(&name) else {
            tracing::warn!(name, "the folder of uploads holds a file that is none");
            continue;
        };
        let got = entry.metadata()?.len().min(length);
        let upload =
            Upload { length, got, touched: now, busy: false, checked: false, bytes: BytesMut::new() };
        uploads.push((key, upload));
    }
    Ok(uploads)
}

fn key(name: &str) -> Option<(Key, u64)> {
    let mut parts = name.split('-');
    let (account, id, length) = (parts.next()?, parts.next()?, parts.next()?);
    let key = (account.parse().ok()?, id.parse().ok()?);
    parts.next().is_none().then_some((key, length.parse().ok()?))
}
