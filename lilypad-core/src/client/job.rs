//! The live handle on a job.

use tokio::sync::watch;

use crate::error::{Error, Result};
use crate::model::JobId;
use crate::wire::{EventStream, JobStatus};

use super::{Inner, JobResult};
use std::sync::Arc;

/// A job in flight. Clones speak of the same job. Dropping the handle does not stop the job: see [`Job::cancel`].
#[derive(Clone, Debug)]
#[must_use = "call `wait` for the result, or `cancel`"]
pub struct Job {
    id: JobId,
    client: Arc<Inner>,
    end: watch::Receiver<Option<End>>,
}

/// How a job ended, shared by all who wait for it.
pub(super) type End = Arc<Result<JobResult>>;

impl Job {
    pub(super) fn new(id: JobId, client: Arc<Inner>, end: watch::Receiver<Option<End>>) -> Self {
        Self { id, client, end }
    }

    /// The id, fixed before anything was sent.
    #[must_use]
    pub fn id(&self) -> JobId {
        self.id
    }

    /// Where the job stands now.
    ///
    /// # Errors
    /// `NotFound` where the network has forgotten the job.
    pub async fn status(&self) -> Result<JobStatus> {
        self.client.solver.status(self.id).await
    }

    /// Everything that happens to the job, from the first event to the final one.
    ///
    /// # Errors
    /// `NotFound` where the network has forgotten the job.
    pub async fn events(&self) -> Result<EventStream> {
        self.client.solver.watch(self.id).await
    }

    /// Asks to cancel the job and returns at once; [`Job::wait`] tells when it has ended. What the program did until
    /// then is paid, the rest of the escrow comes back. A job that has ended stays as it is.
    ///
    /// # Errors
    /// `NotFound` where the network has forgotten the job.
    pub async fn cancel(&self) -> Result<()> {
        self.client.solver.cancel(self.id).await
    }

    /// Waits until the job has ended and its result, where there is one, is verified.
    ///
    /// A program that failed, trapped, hit a limit or was stopped is a result too: see [`JobResult::error`].
    ///
    /// # Cancel safety
    /// Dropping the future stops the waiting, not the job.
    ///
    /// # Errors
    /// Only where there is no result: `NoMatch`, `Timeout` (with whose fault it is), `Cancelled` before it ran,
    /// `Rejected`, `InsufficientFunds`, `Settlement`, `VerificationFailed`.
    pub async fn wait(&self) -> Result<JobResult> {
        let mut end = self.end.clone();
        let ended = end.wait_for(Option::is_some).await.map(|end| end.clone());
        match ended {
            Ok(Some(end)) => match end.as_ref() {
                Ok(result) => Ok(result.clone()),
                Err(error) => Err(error.duplicate()),
            },
            _ => Err(Error::unexpected("the job's driver stopped before the job did")),
        }
    }
}
