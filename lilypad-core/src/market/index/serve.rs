//! Who is served next, and with what.

use super::profile::{Demand, Supply};
use super::special::Special;
use super::tree::Summary;
use super::{Index, JobState, Match, Offered, Wanted, place, search};
use crate::market::free::Taken;
use crate::market::order::Age;
use crate::market::select::{is_target, precedence, takes_market_price, verdict_now};
use crate::market::sides::Request;

/// So many offers are always looked at one by one.
const FEW: usize = 32;

impl<O: Offered, J: Wanted> Index<O, J> {
    /// Serves the oldest job that can be served now and takes what it needs from the offer; `None` where no waiting job
    /// fits any offer.
    pub fn next_match(&mut self) -> Option<Match> {
        loop {
            self.propose();
            let unserved = self.unserved.first().copied();
            let proposal = self.proposals.first().copied();
            let (job, offer) = match (unserved, proposal) {
                (None, None) => return None,
                (Some((age, job)), Some((proposed, ..))) if age <= proposed => (job, None),
                (Some((_, job)), None) => (job, None),
                (_, Some((age, job, offer))) => (job, Some((offer, age))),
            };
            if let Some((offer, age)) = offer {
                // Whatever comes of it, the next job that this offer fits is a younger one.
                self.unpropose(offer);
                self.fresh.insert(offer, Some(age));
                // The job may have gone since, and another, whose turn it is not, may stand in its place.
                if !self.is_waiting(job, age) {
                    continue;
                }
            }
            if let Some(found) = self.serve(job) {
                return Some(found);
            }
        }
    }

    /// True where [`Index::next_match`] has something to look at.
    #[must_use]
    pub fn is_unsettled(&self) -> bool {
        !(self.unserved.is_empty() && self.fresh.is_empty() && self.proposals.is_empty())
    }

    fn serve(&mut self, slot: u32) -> Option<Match> {
        let job = self.jobs.get(slot)?;
        let (id, state, request) = (job.id, job.state, job.request());
        if matches!(state, JobState::Matched { .. }) {
            return None;
        }
        let demand = Demand::of(&request);
        let (age, place) = (request.age(), place::of_job(&request, slot));
        let search::Search { found: best, looked } = self.best(&request, &demand);
        self.looked = self.looked.saturating_add(looked);
        self.unserved.remove(&(age, slot));
        let Some((offer, taken)) = best else {
            if state == JobState::Unserved {
                self.demand.insert(place, demand);
                self.set_state(slot, JobState::Waiting);
            }
            return None;
        };
        if state == JobState::Waiting {
            self.demand.remove(&place);
        }
        self.set_state(slot, JobState::Matched { offer, taken, until: None });
        self.take(offer, slot, &taken);
        let offer = self.offers.get(offer)?.id;
        Some(Match { job: id, offer, taken })
    }

    fn is_waiting(&self, slot: u32, age: Age) -> bool {
        let job = self.jobs.get(slot).filter(|job| job.state == JobState::Waiting);
        job.is_some_and(|job| job.request().age() == age)
    }

    fn set_state(&mut self, slot: u32, state: JobState) {
        if let Some(job) = self.jobs.get_mut(slot) {
            job.state = state;
        }
    }

    /// The offer that comes first for a job, and what the job takes of it.
    pub(super) fn best(&self, job: &Request<'_>, demand: &Demand) -> search::Search<(u32, Taken)> {
        let fits = |slot: u32| {
            let offer = self.offers.get(slot)?;
            let candidate = offer.candidate();
            let fits = is_target(job, &candidate) && verdict_now(job, &candidate, &offer.free).is_match();
            fits.then(|| precedence(job, &candidate))
        };
        let search::Search { found, looked } = if let Some(own) = self.few_of(&job.offer.target.address) {
            let looked = u64::try_from(own.len()).unwrap_or(u64::MAX);
            let found = own.into_iter().filter_map(|slot| Some((fits(slot)?, slot))).min();
            search::Search { found: found.map(|(_, slot)| slot), looked }
        } else {
            let special = Special::of(job);
            let trees = special.iter().filter_map(|special| self.special.get(special));
            let trees = std::iter::once(&self.supply).chain(trees);
            search::first_offer(trees, demand, takes_market_price(job), fits)
        };
        let taken = |slot| {
            let offer = self.offers.get(slot)?;
            Some((slot, offer.free.fit(job, offer.item.offer())?))
        };
        search::Search { found: found.and_then(taken), looked }
    }

    /// The offers of a provider that a job names; `None` where it names none, or one with so many that a search among all
    /// offers is the shorter way.
    fn few_of(&self, provider: &str) -> Option<Vec<u32>> {
        if provider.is_empty() {
            return None;
        }
        let few = self.offer_ids.len().isqrt().max(FEW);
        let own: Vec<u32> = self.slots_of(provider).take(few.saturating_add(1)).collect();
        (own.len() <= few).then_some(own)
    }

    /// Finds, for each offer on which more fits than before, the oldest waiting job that it fits.
    fn propose(&mut self) {
        if self.demand.is_empty() {
            self.fresh.clear();
        }
        while let Some((slot, after)) = self.fresh.pop_first() {
            let Some(offer) = self.offers.get(slot).filter(|offer| !offer.withdrawn) else { continue };
            let candidate = offer.candidate();
            let Some(supply) = widest(offer) else { continue };
            let exact = |job: u32| {
                let request = self.jobs.get(job)?.request();
                let age = request.age();
                if after.is_some_and(|after| age <= after) || !is_target(&request, &candidate) {
                    return None;
                }
                verdict_now(&request, &candidate, &offer.free).is_match().then_some(age)
            };
            let search::Search { found, looked } = search::oldest_job(&self.demand, &supply, exact);
            self.looked = self.looked.saturating_add(looked);
            if let Some((age, job)) = found {
                self.proposals.insert((age, job, slot));
                self.proposed.insert(slot, (age, job));
            }
        }
    }
}

/// What an offer has, at the lowest of its prices.
fn widest<O: Offered>(offer: &super::OfferSlot<O>) -> Option<Supply> {
    let supply = offer.supply()?;
    Some(offer.prices.own.iter().fold(supply, |mut sum, (_, price)| {
        sum.join(&supply.at(*price));
        sum
    }))
}
