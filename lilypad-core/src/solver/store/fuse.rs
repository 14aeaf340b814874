//! A store that stops at its first failure.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::{Batch, Saved, Store, Write, failed};
use crate::error::{Result, Retry};
use crate::rt::{CancelReason, CancelToken, Stopwatch};
use crate::settlement::{Entry, Journal};
use crate::solver::figures::Histogram;

/// When to try again where another process takes over.
const CHANGE_OVER: Duration = Duration::from_secs(1);

/// Nothing is begun after a failure: what came later could rest on what is not there. What was under way beside it goes on:
/// who depends on a save has waited for it.
#[derive(Debug)]
pub(in crate::solver) struct Fuse {
    store: Arc<dyn Store>,
    why: OnceLock<String>,
    blown: CancelToken,
    lost: Option<CancelToken>,
    times: Mutex<Histogram>,
}

impl Fuse {
    pub(in crate::solver) fn new(store: Arc<dyn Store>) -> Self {
        let lost = store.lost();
        Self { store, why: OnceLock::new(), blown: CancelToken::new(), lost, times: Mutex::default() }
    }

    /// How long it took until batches were safe.
    pub(in crate::solver) fn times(&self) -> Histogram {
        self.times.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Passes while everything could be saved.
    pub(in crate::solver) fn check(&self) -> Result<()> {
        if let Some(why) = self.why.get() {
            return Err(failed(why));
        }
        if self.lost.as_ref().is_some_and(CancelToken::is_cancelled) {
            // Another process may lead by now.
            return Err(failed("it is out of reach")
                .with_retry(Retry::After(CHANGE_OVER))
                .with_hint("try again in a moment: another process of this solver takes over"));
        }
        Ok(())
    }

    /// Waits until nothing can be saved any more.
    pub(in crate::solver) async fn blown(&self) {
        match &self.lost {
            Some(lost) => {
                tokio::select! {
                    _ = lost.cancelled() => {}
                    _ = self.blown.cancelled() => {}
                }
            }
            None => drop(self.blown.cancelled().await),
        }
    }
}

impl Store for Fuse {
    fn load(&self) -> Result<Saved> {
        self.store.load()
    }

    fn save(&self, batch: Batch) -> Result<()> {
        self.check()?;
        let since = Stopwatch::start();
        let saved = self.store.save(batch);
        self.times.lock().unwrap_or_else(PoisonError::into_inner).add(since.elapsed());
        saved.inspect_err(|error| {
            tracing::error!(%error, "the solver stops: its store does not take what it must not forget");
            let _ = self.why.set(error.message().to_owned());
            self.blown.cancel(CancelReason::Shutdown);
        })
    }
}

impl Journal for Fuse {
    fn write(&self, entry: &Entry) -> Result<()> {
        self.save(Write::Command(*entry).into())
    }
}
