//! A large archive to the solver, in parts: a break costs the part that it broke.

use bytes::Bytes;
use reqwest::Method;

use super::HttpSolver;
use super::retry::Tries;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::{ArchiveId, Body, ReadAt as _, Roll, UPLOAD_PART, UploadState, Uploaded, routes};

/// An archive of at most so many bytes goes as one body.
const SMALL: u64 = UPLOAD_PART as u64;

/// How often an archive is uploaded for one request: it may be forgotten between its last part and that.
const UPLOADS: usize = 2;

/// No part that takes too long is made smaller than this.
const LEAST_PART: usize = 16 << 10;

/// True where a body did not get there in its time.
fn is_slow(error: &Error) -> bool {
    error.code() == "E_BODY_SLOW" || error.kind() == ErrorKind::Timeout
}

/// The next smaller part.
fn less(bytes: usize) -> usize {
    (bytes / 4).max(LEAST_PART)
}

impl HttpSolver {
    /// Hands in an archive: a small one as a body, a large one, or one that takes too long, in parts that the request then names.
    pub(super) async fn hand_in<T: Body>(&self, path: &str, archive: Roll) -> Result<T> {
        let mut most = UPLOAD_PART;
        if archive.length() <= SMALL {
            let body = archive.whole();
            match self.post(path, body.clone(), "application/x-tar").await {
                Err(error) if is_slow(&error) => most = less(body.len()),
                answer => return answer,
            }
        }
        let id = archive.id();
        let named: Bytes = Uploaded { archive: id }.to_body()?.into();
        // Where it was taken before, and the answer was lost, its name is enough.
        for _ in 0..UPLOADS {
            match self.name(path, &named).await {
                Err(error) if error.code() == "E_UPLOAD_UNKNOWN" => self.upload(id, &archive, most).await?,
                answer => return answer,
            }
        }
        self.name(path, &named).await
    }

    /// Names an archive that is there. The name cannot be made smaller: where it takes too long, it is sent again.
    async fn name<T: Body>(&self, path: &str, named: &Bytes) -> Result<T> {
        let mut tries = Tries::new(&self.0.options);
        loop {
            match self.post(path, named.clone(), "application/json").await {
                Err(error) if is_slow(&error) => tries.wait_for(std::time::Duration::ZERO, error).await?,
                answer => return answer,
            }
        }
    }

    /// Sends what the solver does not have yet, in parts of at most `most` bytes, and in smaller ones where they take too long.
    async fn upload(&self, id: ArchiveId, archive: &Roll, mut most: usize) -> Result<()> {
        let (mut tries, mut at) = (Tries::new(&self.0.options), 0);
        loop {
            let before = at;
            let Err(error) = self.upload_rest(id, archive, most, &mut at).await else { return Ok(()) };
            if at > before {
                tries.progress();
            }
            if is_slow(&error) && most > LEAST_PART {
                most = less(most);
                continue;
            }
            // Somebody else sends the same, or it was forgotten: how much is there is asked again. So it is of the smallest part that
            // did not get there in its time.
            let again = matches!(error.code(), "E_UPLOAD_OFFSET" | "E_UPLOAD_UNKNOWN") || is_slow(&error);
            if again && !error.retry().is_retryable() {
                tries.wait_for(std::time::Duration::ZERO, error).await?;
            } else {
                tries.wait(error).await?;
            }
        }
    }

    /// Goes on from what is there until something breaks; `at` says how far it came.
    async fn upload_rest(&self, id: ArchiveId, archive: &Roll, most: usize, at: &mut u64) -> Result<()> {
        let length = archive.length();
        let there: Result<UploadState> = self.get(&routes::upload(id)).await;
        *at = match there {
            Ok(state) => state.offset,
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        while *at < length {
            let part = archive.read_at(*at, most)?;
            let state: UploadState = self.send_part(&routes::upload_part(id, *at, length), part).await?;
            if state.offset <= *at {
                return Err(Error::new(
                    ErrorKind::Protocol,
                    "E_UPLOAD",
                    "the solver took a part and does not have it",
                )
                .with_fault(crate::error::Fault::Solver));
            }
            *at = state.offset;
        }
        Ok(())
    }

    async fn send_part(&self, path: &str, part: Bytes) -> Result<UploadState> {
        self.once(Method::PUT, path, part, "application/octet-stream").await
    }
}
