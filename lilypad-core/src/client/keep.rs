//! Where results are put before anything is said to be accepted.

use std::fmt;

use crate::error::Result;
use crate::model::{FileSet, JobId};
use crate::signer::Receipt;

/// Where a client puts the results of its jobs: see [`Client::keep_with`](super::Client::keep_with).
pub trait ResultKeeper: Send + Sync + fmt::Debug {
    /// Puts verified results where they outlast this process. The receipt has both signatures already. Called before the
    /// solver hears that they are accepted: where it fails the results stay at the solver, and the job can be resumed. May
    /// be called again with the same.
    ///
    /// # Errors
    /// Whatever keeps them from being kept; the error is that of the job.
    fn keep(&self, job: JobId, results: &FileSet, receipt: &Receipt) -> Result<()>;

    /// The results of a job that were kept before, where they are at hand. They are checked again.
    fn kept(&self, job: JobId) -> Option<FileSet>;
}
