//! Reasons and snapshots: what is read of a book without changing it.

use super::{Index, JobState, Offered, Wanted};
use crate::market::free::Free;
use crate::market::no_match::NoMatch;
use crate::market::quote::Change;
use crate::market::sides::{Candidate, Request};
use crate::model::{JobId, ResourceOfferId};
use crate::rt::Timestamp;

/// An offer of the book, as a quote sees it.
#[derive(Clone, Copy, Debug)]
pub(in crate::market) struct Standing<'a> {
    pub(in crate::market) candidate: Candidate<'a>,
    pub(in crate::market) free: &'a Free,
}

impl<O: Offered, J: Wanted> Index<O, J> {
    /// Rises whenever an offer comes, goes, or has more or less free.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How many offers, jobs and groups of them the searches of [`Index::next_match`] have looked at since the book was made:
    /// what matching costs, whatever the machine's caches make of it.
    #[must_use]
    pub fn looked_at(&self) -> u64 {
        self.looked
    }

    /// How many offers take jobs, busy ones included.
    #[must_use]
    pub fn offers(&self) -> usize {
        self.offer_ids.len()
    }

    /// How many jobs there are, matched ones included.
    #[must_use]
    pub fn jobs(&self) -> usize {
        self.job_ids.len()
    }

    /// The offer with this id, where it still takes jobs.
    #[must_use]
    pub fn offer(&self, id: &ResourceOfferId) -> Option<&O> {
        Some(&self.offers.get(*self.offer_ids.get(id)?)?.item)
    }

    /// [`Index::explain`] for a job that waits; `None` for a job that is matched or unknown.
    #[must_use]
    pub fn why_waiting(&self, id: &JobId) -> Option<(NoMatch, Option<Change>)> {
        let job = self.jobs.get(*self.job_ids.get(id)?)?;
        if matches!(job.state, JobState::Matched { .. }) {
            return None;
        }
        Some(self.explain(&job.request()))
    }

    /// The offers of a provider that take jobs.
    #[must_use]
    pub fn offers_of(&self, provider: &str) -> Vec<ResourceOfferId> {
        self.slots_of(provider).filter_map(|slot| Some(self.offers.get(slot)?.id)).collect()
    }

    pub(in crate::market) fn standing(&self) -> impl Iterator<Item = Standing<'_>> {
        let open = self.offers.values().filter(|offer| !offer.withdrawn);
        open.map(|offer| Standing { candidate: offer.candidate(), free: &offer.free })
    }

    /// When a busy offer will have room for this job at the latest, where the deadlines of its jobs are known.
    pub(in crate::market) fn free_at(&self, id: &ResourceOfferId, job: &Request<'_>) -> Option<Timestamp> {
        let offer = self.offers.get(*self.offer_ids.get(id)?)?;
        let mut ends: Vec<_> = offer.running.iter().filter_map(|slot| self.end_of(*slot)).collect();
        ends.sort_unstable_by_key(|(until, _)| *until);
        let mut free = offer.free;
        ends.into_iter().find_map(|(until, taken)| {
            free.give_back(&taken, offer.item.offer());
            free.fit(job, offer.item.offer()).map(|_| until)
        })
    }

    fn end_of(&self, job: u32) -> Option<(Timestamp, crate::market::free::Taken)> {
        match self.jobs.get(job)?.state {
            JobState::Matched { taken, until: Some(until), .. } => Some((until, taken)),
            _ => None,
        }
    }
}
