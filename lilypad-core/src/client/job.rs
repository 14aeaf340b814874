//! The live handle on a job.

use std::pin::pin;

use futures_util::future::{Either, select};
use tokio::sync::watch;

use crate::error::{Error, Result};
use crate::model::JobId;
use crate::wire::{EventStream, JobStatus};

use super::limits::{Phase, WaitLimits, Waiting};
use super::{Inner, JobResult};
use std::sync::Arc;

/// A job in flight. Clones speak of the same job. Dropping the handle does not stop the job: see [`Job::cancel`].
#[derive(Clone, Debug)]
#[must_use = "call `wait` for the result, or `cancel`"]
pub struct Job {
    id: JobId,
    client: Arc<Inner>,
    end: watch::Receiver<Option<End>>,
    phase: watch::Receiver<Phase>,
}

/// How a job ended, shared by all who wait for it.
pub(super) type End = Arc<Result<JobResult>>;

impl Job {
    pub(super) fn new(
        id: JobId,
        client: Arc<Inner>,
        end: watch::Receiver<Option<End>>,
        phase: watch::Receiver<Phase>,
    ) -> Self {
        Self { id, client, end, phase }
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

    /// Waits until the job has ended and its result, where there is one, is verified; no longer than [`WaitLimits`] usually allow.
    ///
    /// A program that failed, trapped, hit a limit or was stopped is a result too: see [`JobResult::error`].
    ///
    /// # Cancel safety
    /// Dropping the future stops the waiting, not the job.
    ///
    /// # Errors
    /// Only where there is no result: `NoMatch`, `Timeout` (with whose fault it is), `Cancelled` before it ran,
    /// `Rejected`, `InsufficientFunds`, `Settlement`, `VerificationFailed`; and as [`Job::wait_within`].
    pub async fn wait(&self) -> Result<JobResult> {
        self.wait_within(WaitLimits::default()).await
    }

    /// The same, within limits of the caller's. Where one is met the waiting ends and nothing else: the job goes on, and can be
    /// waited for again.
    ///
    /// # Cancel safety
    /// As [`Job::wait`].
    ///
    /// # Errors
    /// As [`Job::wait`]; `Timeout` where a limit is met (`E_WAIT_MATCH`, `E_WAIT_EXECUTION`, `E_WAIT_DOWNLOAD`, `E_WAIT_TOTAL`).
    pub async fn wait_within(&self, limits: WaitLimits) -> Result<JobResult> {
        let (mut end, mut phase) = (self.end.clone(), self.phase.clone());
        let mut waiting = Waiting::new(limits, *phase.borrow(), self.client.clock.clone());
        loop {
            waiting.comes_to(*phase.borrow_and_update());
            let (left, limit) = waiting.left();
            let ended = pin!(async { end.wait_for(Option::is_some).await.ok().and_then(|end| end.clone()) });
            let changed = pin!(async {
                if phase.changed().await.is_err() {
                    // It has ended: that is told first.
                    std::future::pending::<()>().await;
                }
            });
            let over = pin!(self.client.clock.sleep(left));
            match select(ended, select(changed, over)).await {
                Either::Left((end, _)) => return result(end),
                Either::Right((Either::Left(_), _)) => {}
                Either::Right((Either::Right(_), _)) => return Err(waiting.over(limit, self.id)),
            }
        }
    }
}

fn result(end: Option<End>) -> Result<JobResult> {
    match end.as_deref() {
        Some(Ok(result)) => Ok(result.clone()),
        Some(Err(error)) => Err(error.duplicate()),
        None => Err(Error::unexpected("the job's driver stopped before the job did")),
    }
}
