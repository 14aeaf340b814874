//! Saving jobs: whole, before anybody sees what happened to them.

use std::sync::PoisonError;

use super::Solver;
use super::book::Book;
use super::open::Visitors;
use super::record;
use super::store::{Batch, Store, Write};
use crate::error::Result;
use crate::model::JobId;

impl Solver {
    /// Saves these jobs as they are now, then shows their new events. Called with the lock on the book, so that nobody sees
    /// what is not safe yet.
    ///
    /// # Errors
    /// `Unavailable` (`E_STORE`): the solver takes no more requests then, and shows nothing more.
    pub(super) fn save(&self, book: &mut Book, jobs: &[JobId]) -> Result<()> {
        if let Some(store) = &self.0.store {
            let mut batch = Batch::default();
            for id in jobs {
                if let Some(job) = book.jobs.get_mut(id) {
                    record::changes(job, &mut batch)?;
                }
            }
            for (created, id) in book.dropped.drain(..) {
                batch.push(Write::ForgetJob(id));
                batch.push(Write::Ended { id, created });
            }
            if let Some(moment) = book.forgotten_to.take() {
                batch.push(Write::ForgetEnded(moment));
            }
            if !batch.writes().is_empty() {
                store.save(batch)?;
            }
        } else {
            book.dropped.clear();
            book.forgotten_to = None;
        }
        book.unnamed.drain(..).for_each(|archive| self.0.shelf.drop(archive));
        jobs.iter().filter_map(|id| book.jobs.get(id)).for_each(|job| job.log.show());
        Ok(())
    }

    /// Lets a change that belongs to no job wait for the next save: whatever is saved from now on is safe no sooner. Gives its
    /// place, for [`Solver::safe`].
    #[cfg_attr(not(feature = "server"), allow(dead_code, reason = "only a server has such changes"))]
    pub(super) fn keep(&self, change: Write) -> u64 {
        self.0.store.as_ref().map_or(0, |store| store.put_in_line(change))
    }

    /// Waits until the change with this place is safe.
    ///
    /// # Errors
    /// `Unavailable` (`E_STORE`).
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    #[cfg_attr(not(feature = "server"), allow(dead_code, reason = "only a server has such changes"))]
    pub(super) async fn safe(&self, place: u64) -> Result<()> {
        match &self.0.store {
            Some(store) => store.safe(place).await,
            None => Ok(()),
        }
    }

    /// Who asked before the restart; once.
    #[cfg_attr(not(feature = "server"), allow(dead_code, reason = "only a server asks who came before"))]
    pub(super) fn visitors(&self) -> Visitors {
        std::mem::take(&mut *self.0.visitors.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Passes while everything could be saved.
    ///
    /// # Errors
    /// `Unavailable` (`E_STORE`).
    pub(super) fn is_sound(&self) -> Result<()> {
        self.0.store.as_ref().map_or(Ok(()), |store| store.check())
    }

    /// Waits until nothing can be saved any more: every request is refused from then on. Never ends for a solver without a
    /// store.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn stopped(&self) {
        match &self.0.store {
            Some(store) => store.blown().await,
            None => std::future::pending().await,
        }
    }
}
