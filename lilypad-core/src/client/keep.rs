//! Where results are put before anything is said to be accepted.

use std::fmt;
use std::path::PathBuf;

use crate::error::Result;
use crate::model::{FileSet, JobId};
use crate::signer::Receipt;
use crate::wire::StoredFiles;

/// Where a client puts the results of its jobs: see [`Client::keep_with`](super::Client::keep_with).
pub trait ResultKeeper: Send + Sync + fmt::Debug {
    /// Puts verified results where they outlast this process. The receipt has both signatures already. Called before the
    /// solver hears that they are accepted: where it fails the results stay at the solver, and the job can be resumed. May
    /// be called again with the same.
    ///
    /// # Errors
    /// Whatever keeps them from being kept; the error is that of the job.
    fn keep(&self, job: JobId, results: &StoredFiles, receipt: &Receipt) -> Result<()>;

    /// A folder that is there, for results on their way from elsewhere to where they are kept: however large they are, they are
    /// not held in memory, and [`JobResult::files`](super::JobResult::files) has only what the program printed. `None` holds them
    /// in memory.
    fn on_the_way(&self) -> Option<PathBuf> {
        None
    }

    /// The results of a job that were kept before, where they are at hand. They are checked again.
    fn kept(&self, job: JobId) -> Option<FileSet>;
}
