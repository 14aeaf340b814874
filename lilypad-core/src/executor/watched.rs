//! An executor that tells its owner what it runs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{EventSink, Executor, RunOutcome, RunRequest};
use crate::error::Result;
use crate::model::{Outcome, RunSpec, Usage};
use crate::rt::{BoxFuture, CancelToken, Stopwatch};

/// Something that happened on a machine that runs jobs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RunEvent {
    /// A job was begun.
    Started {
        /// The job.
        job_id: String,
        /// What runs it (`wasm`).
        executor: &'static str,
    },
    /// It came to its end, whatever that was.
    Ended {
        /// The job.
        job_id: String,
        /// How it ended.
        outcome: Outcome,
        /// What it used.
        usage: Usage,
        /// How long it took.
        took: Duration,
    },
    /// It could not be run.
    Failed {
        /// The job.
        job_id: String,
        /// Why, in one line.
        message: String,
    },
}

/// Who is told; must not block.
pub type RunWatcher = Arc<dyn Fn(RunEvent) + Send + Sync>;

/// An executor whose runs are told to a watcher.
#[derive(Clone)]
pub struct Watched {
    inner: Arc<dyn Executor>,
    watcher: RunWatcher,
}

impl Watched {
    /// The same executor, watched.
    #[must_use]
    pub fn new(inner: Arc<dyn Executor>, watcher: RunWatcher) -> Self {
        Self { inner, watcher }
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watched").field(&self.inner).finish()
    }
}

impl Executor for Watched {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn accepts(&self, run: &RunSpec) -> bool {
        self.inner.accepts(run)
    }

    fn run<'a>(
        &'a self,
        request: RunRequest,
        events: EventSink,
        cancel: CancelToken,
    ) -> BoxFuture<'a, Result<RunOutcome>> {
        Box::pin(async move {
            let job_id = request.job_id.clone();
            (self.watcher)(RunEvent::Started { job_id: job_id.clone(), executor: self.name() });
            let watch = Stopwatch::start();
            let ran = self.inner.run(request, events, cancel).await;
            (self.watcher)(match &ran {
                Ok(ran) => RunEvent::Ended {
                    job_id,
                    outcome: ran.stop.outcome(),
                    usage: ran.usage,
                    took: watch.elapsed(),
                },
                Err(error) => RunEvent::Failed { job_id, message: error.to_string() },
            });
            ran
        })
    }
}
