//! A store that stops at its first failure, and small changes that wait for the next save to take them along.

use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::{Batch, Done, Saved, Store, Write, failed};
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
    wire: Arc<Wire>,
    lost: Option<CancelToken>,
    line: Mutex<Line>,
}

/// What is known when a batch has come to its end.
#[derive(Debug)]
struct Wire {
    why: OnceLock<String>,
    blown: CancelToken,
    times: Mutex<Histogram>,
    /// Every change up to this place in the line is safe.
    safe: watch::Sender<u64>,
}

/// Changes that nobody saves by themselves.
#[derive(Debug, Default)]
struct Line {
    waiting: Vec<Write>,
    /// The place of the last one that came.
    last: u64,
    /// The place of the last one that a batch took along.
    taken: u64,
}

impl Fuse {
    pub(in crate::solver) fn new(store: Arc<dyn Store>) -> Self {
        let lost = store.lost();
        let wire = Wire {
            why: OnceLock::new(),
            blown: CancelToken::new(),
            times: Mutex::default(),
            safe: watch::Sender::new(0),
        };
        Self { store, wire: Arc::new(wire), lost, line: Mutex::default() }
    }

    /// How long it took until batches were safe.
    pub(in crate::solver) fn times(&self) -> Histogram {
        lock(&self.wire.times).clone()
    }

    /// Passes while everything could be saved.
    pub(in crate::solver) fn check(&self) -> Result<()> {
        if let Some(why) = self.wire.why.get() {
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
                    _ = self.wire.blown.cancelled() => {}
                }
            }
            None => drop(self.wire.blown.cancelled().await),
        }
    }

    /// Lets a change wait for the next save, which is whole with it: whatever is saved from now on is safe no sooner than the
    /// change. Gives its place in the line, for [`Fuse::safe`].
    pub(in crate::solver) fn put_in_line(&self, change: Write) -> u64 {
        let mut line = lock(&self.line);
        // After a failure nobody takes it along.
        if self.check().is_ok() {
            line.waiting.push(change);
        }
        line.last = line.last.saturating_add(1);
        line.last
    }

    /// Waits until the change with this place is safe; saves what is in line where nobody has.
    ///
    /// # Errors
    /// `Unavailable` (`E_STORE`).
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: what was begun goes on.
    pub(in crate::solver) async fn safe(&self, place: u64) -> Result<()> {
        let mut safe = self.wire.safe.subscribe();
        while *safe.borrow_and_update() < place {
            self.check()?;
            if lock(&self.line).taken < place {
                self.begin_with_line(Batch::default(), Box::new(drop));
            }
            tokio::select! {
                changed = safe.changed() => changed.map_err(failed)?,
                () = self.blown() => {}
            }
        }
        Ok(())
    }

    /// Begins to save a batch behind what waits in line, in one; gives back what it took along.
    ///
    /// The line is closed until the store has the batch in its order: what came later is never safe before what came earlier.
    fn begin_with_line(&self, batch: Batch, done: Done) -> Vec<Write> {
        let mut line = lock(&self.line);
        let taken = std::mem::take(&mut line.waiting);
        line.taken = line.last;
        let all = taken.iter().cloned().chain(batch.into_writes()).collect();
        let (wire, place, since) = (Arc::clone(&self.wire), line.last, Stopwatch::start());
        let done = move |saved: Result<()>| {
            wire.ended(&saved, place, since);
            done(saved);
        };
        self.store.begin(all, Box::new(done));
        taken
    }
}

impl Wire {
    /// A batch has come to its end, after all that were begun before it.
    fn ended(&self, saved: &Result<()>, place: u64, since: Stopwatch) {
        lock(&self.times).add(since.elapsed());
        match saved {
            Ok(()) if self.why.get().is_none() => {
                self.safe.send_modify(|safe| *safe = place.max(*safe));
            }
            Ok(()) => {}
            Err(error) => {
                tracing::error!(%error, "the solver stops: its store does not take what it must not forget");
                let _ = self.why.set(error.message().to_owned());
                self.blown.cancel(CancelReason::Shutdown);
            }
        }
    }
}

impl Store for Fuse {
    fn load(&self) -> Result<Saved> {
        self.store.load()
    }

    fn save(&self, batch: Batch) -> Result<()> {
        self.check()?;
        let (answer, answered) = sync_channel(1);
        let done = move |saved| drop(answer.send(saved));
        let taken = self.begin_with_line(batch, Box::new(done));
        let saved = answered.recv().map_err(|_| failed("it gave no answer"))?;
        if saved.is_err() && !taken.is_empty() {
            // A batch that does not fit must not take along what others may have built on meanwhile. They hear of the failure all
            // the same.
            drop(self.store.save(taken.into_iter().collect()));
        }
        saved
    }
}

impl Journal for Fuse {
    fn write(&self, entry: &Entry) -> Result<()> {
        self.save(Write::Command(*entry).into())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
