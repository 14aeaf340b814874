//! An archive from the solver: read as it comes, checked while it comes, and gone on with where a connection broke.

use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_RANGE, RANGE};
use reqwest::{Method, Response, StatusCode};
use sha2::{Digest, Sha256};

use std::path::Path;

use super::HttpSolver;
use super::failure::{cut_off, damaged, not_a_solver, unanswered};
use super::request::{all, refused, retry_after};
use super::retry::Tries;
use crate::error::{Error, Result};
use crate::rt::within;
use crate::wire::{ArchiveFile, ArchiveId, ReadAt as _};

/// So many new bytes make a try one that was worth it: it does not count against those that are allowed.
const PROGRESS: u64 = 4 << 10;
/// Most bytes of the answer that says why there is nothing.
const MOST_REFUSAL: usize = 1 << 20;

/// Where an archive goes.
enum Target {
    Memory(Vec<u8>),
    File(ArchiveFile),
}

/// What has come of an archive so far.
struct Download {
    target: Target,
    /// The digest of what has come.
    hash: Sha256,
    tag: Option<ArchiveId>,
    /// How many bytes it has in all, as the solver says.
    length: Option<u64>,
    most: u64,
}

impl HttpSolver {
    /// Fetches an archive of at most `most` bytes. A connection that breaks is made again and asked for the rest; what came
    /// before is not fetched twice. The bytes are those that the solver's digest names, or there is an error.
    pub(super) async fn download(&self, path: &str, most: u64) -> Result<Bytes> {
        match self.fetch(path, most, Target::Memory(Vec::new())).await? {
            Target::Memory(bytes) => Ok(bytes.into()),
            Target::File(archive) => {
                archive.read_at(0, usize::try_from(archive.length()).unwrap_or(usize::MAX))
            }
        }
    }

    /// The same into a file in a folder.
    pub(super) async fn download_to(&self, folder: &Path, path: &str, most: u64) -> Result<ArchiveFile> {
        match self.fetch(path, most, Target::File(ArchiveFile::create(folder)?)).await? {
            Target::File(archive) => Ok(archive),
            Target::Memory(_) => Err(Error::unexpected("a download went to another place")),
        }
    }

    async fn fetch(&self, path: &str, most: u64, target: Target) -> Result<Target> {
        let mut download = Download { target, hash: Sha256::new(), tag: None, length: None, most };
        let (mut tries, mut worth) = (Tries::new(&self.0.options), 0);
        loop {
            let error = match self.download_more(path, &mut download).await {
                Ok(()) => return Ok(download.target),
                Err(error) => error,
            };
            if download.got() >= worth + PROGRESS {
                tries.progress();
                worth = download.got();
            }
            worth = worth.min(download.got());
            tries.wait(error).await?;
        }
    }

    /// One connection: the rest of the archive, or as much of it as comes.
    async fn download_more(&self, path: &str, download: &mut Download) -> Result<()> {
        let (base, patience) = (&self.0.base, self.0.options.request_timeout);
        let mut request = self.signed(&Method::GET, path, b"").await?;
        if let (Some(tag), false) = (&download.tag, download.got() == 0) {
            request =
                request.header(RANGE, format!("bytes={}-", download.got())).header(IF_RANGE, tag.etag());
        }
        let sent = within(patience, request.send()).await.ok_or_else(|| cut_off(base))?;
        let mut response = sent.map_err(|error| unanswered(base, error))?;
        let status = response.status();
        if !status.is_success() {
            let pause = retry_after(&response);
            return Err(refused(base, status, &all(base, response, MOST_REFUSAL).await?, pause));
        }
        download.begin(&response).map_err(|why| not_a_solver(base, &why))?;
        if status != StatusCode::PARTIAL_CONTENT {
            download.make_room()?;
        }
        loop {
            let piece = within(patience, response.chunk()).await.ok_or_else(|| cut_off(base))?;
            let Some(piece) = piece.map_err(|_| cut_off(base))? else { break };
            download.check(&piece).map_err(|why| not_a_solver(base, &why))?;
            download.take(&piece)?;
        }
        if download.length.is_some_and(|length| length > download.got()) {
            return Err(cut_off(base));
        }
        if download.is_whole() {
            return Ok(());
        }
        download.restart();
        download.make_room()?;
        Err(damaged(base))
    }
}

impl Download {
    fn got(&self) -> u64 {
        match &self.target {
            Target::Memory(bytes) => bytes.len() as u64,
            Target::File(archive) => archive.length(),
        }
    }

    /// Reads what the answer says of itself; where it is not the rest of what is there, all begins anew.
    fn begin(&mut self, response: &Response) -> std::result::Result<(), String> {
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let tag = text(ETAG).and_then(ArchiveId::from_etag);
        if response.status() == StatusCode::PARTIAL_CONTENT {
            let range = text(CONTENT_RANGE).and_then(content_range);
            if range != Some((self.got(), self.length.unwrap_or_default())) || tag != self.tag {
                return Err("it answers with another part than was asked for".to_owned());
            }
            return Ok(());
        }
        self.restart();
        self.tag = tag;
        self.length = text(CONTENT_LENGTH).and_then(|length| length.parse().ok());
        match self.length {
            Some(length) if length > self.most => {
                Err(format!("its answer has {length} bytes; at most {} are taken", self.most))
            }
            _ => Ok(()),
        }
    }

    /// Drops what came before, and makes room for what comes.
    fn make_room(&mut self) -> Result<()> {
        match &mut self.target {
            Target::Memory(bytes) => {
                let length = self.length.unwrap_or_default();
                *bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
                Ok(())
            }
            Target::File(archive) => archive.clear(),
        }
    }

    /// Checks that a piece is not too much.
    fn check(&self, piece: &[u8]) -> std::result::Result<(), String> {
        let most = self.length.unwrap_or(self.most).min(self.most);
        if self.got().saturating_add(piece.len() as u64) > most {
            return Err(format!("its answer has more than {most} bytes"));
        }
        Ok(())
    }

    fn take(&mut self, piece: &[u8]) -> Result<()> {
        match &mut self.target {
            Target::Memory(bytes) => bytes.extend_from_slice(piece),
            Target::File(archive) => archive.add(piece)?,
        }
        self.hash.update(piece);
        Ok(())
    }

    /// True where the bytes are those that the solver named. One that names none is believed: what was signed is checked
    /// by whoever reads the archive.
    fn is_whole(&self) -> bool {
        self.tag.is_none_or(|tag| tag == ArchiveId::new(self.hash.clone().finalize().into()))
    }

    fn restart(&mut self) {
        self.hash = Sha256::new();
        (self.tag, self.length) = (None, None);
    }
}

/// `bytes 5-9/10` as the first byte and the whole length, where it reaches to the end.
fn content_range(text: &str) -> Option<(u64, u64)> {
    let (range, length) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, length): (u64, u64, u64) =
        (first.parse().ok()?, last.parse().ok()?, length.parse().ok()?);
    (last.checked_add(1)? == length).then_some((first, length))
}
