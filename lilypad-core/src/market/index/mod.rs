//! Live resource offers and waiting jobs, matched without looking at every pair.
//!
//! # What is promised
//! [`Index::next_match`] serves jobs in the order of their age, each with the offer that [`choose`](super::choose) would
//! give it on the same book; the index only finds it sooner. Between two changes of the book, calling it until it gives
//! `None` leaves no waiting job that a free offer fits. No more of a machine is given away than it has.
//!
//! # Layout
//! `attach` jobs that run already; `profile` few numbers that say what an offer has and a job needs; `tree` where they are
//! kept, with the sum of each subtree; `place` which stand beside each other; `search` best first; `serve` who is served
//! next; `look` reasons and snapshots; `special` prices of single modules; `slab` small numbers for values.

mod attach;
mod look;
mod place;
mod profile;
mod search;
mod serve;
mod slab;
mod special;
mod tree;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

pub(super) use look::Standing;
use profile::{Demand, Supply};
use slab::Slab;
use special::{Prices, Special};
use tree::Tree;

use super::free::{Free, Taken};
use super::order::{Age, Price};
use super::sides::{Candidate, Request, module_id};
use super::{JobTerms, OfferTerms};
use crate::error::{Error, Result};
use crate::model::{Amount, JobId, JobOffer, ModulePin, ResourceOffer, ResourceOfferId};
use crate::rt::Timestamp;

/// A resource offer and its terms, in whatever form the book keeps them.
pub trait Offered {
    /// The offer as on the wire.
    fn offer(&self) -> &ResourceOffer;
    /// What the provider offers beside it.
    fn terms(&self) -> &OfferTerms;
}

/// A job offer and its terms, in whatever form the book keeps them.
pub trait Wanted {
    /// The offer as on the wire.
    fn offer(&self) -> &JobOffer;
    /// What the job creator asks for beside it.
    fn terms(&self) -> &JobTerms;
    /// The exact code.
    fn module(&self) -> &ModulePin;
    /// Since when it waits: as its offer says, where whoever keeps the book knows no better. Must not change.
    fn since(&self) -> Timestamp {
        self.offer().created_at
    }
}

impl<T: Offered + ?Sized> Offered for Arc<T> {
    fn offer(&self) -> &ResourceOffer {
        (**self).offer()
    }

    fn terms(&self) -> &OfferTerms {
        (**self).terms()
    }
}

impl<T: Wanted + ?Sized> Wanted for Arc<T> {
    fn offer(&self) -> &JobOffer {
        (**self).offer()
    }

    fn terms(&self) -> &JobTerms {
        (**self).terms()
    }

    fn module(&self) -> &ModulePin {
        (**self).module()
    }

    fn since(&self) -> Timestamp {
        (**self).since()
    }
}

/// A job and the offer that it got; what it takes of the machine is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// The job.
    pub job: JobId,
    /// The offer.
    pub offer: ResourceOfferId,
    /// What the job takes of the machine.
    pub taken: Taken,
}

/// Live resource offers and waiting jobs. See the module's doc for what it promises.
///
/// Adding, removing and matching take time that grows with the logarithm of the book where the book is as markets are:
/// many offers of few kinds. A book made to be hard can make a search look at more.
#[derive(Clone, Debug)]
pub struct Index<O, J> {
    offers: Slab<OfferSlot<O>>,
    offer_ids: HashMap<ResourceOfferId, u32>,
    /// Offers by the hash of their provider's name, with keys of this process: nobody makes names that share one.
    providers: BTreeSet<(u64, u32)>,
    provider_hash: RandomState,
    supply: Tree<Supply>,
    /// Offers by each module that they price on its own.
    special: BTreeMap<Special, Tree<Supply>>,
    jobs: Slab<JobSlot<J>>,
    job_ids: HashMap<JobId, u32>,
    /// Jobs for which no offer was found when they were last served.
    demand: Tree<Demand>,
    /// Jobs to be served.
    unserved: BTreeSet<(Age, u32)>,
    /// Offers that may now fit a job for which none was found; jobs up to this age are known not to fit.
    fresh: BTreeMap<u32, Option<Age>>,
    /// The oldest job that each of the offers fits, to be served in its turn.
    proposals: BTreeSet<(Age, u32, u32)>,
    proposed: HashMap<u32, (Age, u32)>,
    version: u64,
    looked: u64,
}

#[derive(Clone, Debug)]
struct OfferSlot<O> {
    id: ResourceOfferId,
    item: O,
    free: Free,
    prices: Prices,
    reputation: u32,
    /// Takes no more jobs; goes when its last job has gone.
    withdrawn: bool,
    /// Jobs on it.
    running: Vec<u32>,
}

#[derive(Clone, Debug)]
struct JobSlot<J> {
    id: JobId,
    item: J,
    module_id: Box<str>,
    state: JobState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum JobState {
    Unserved,
    Waiting,
    Matched { offer: u32, taken: Taken, until: Option<Timestamp> },
}

impl<O: Offered> OfferSlot<O> {
    fn candidate(&self) -> Candidate<'_> {
        let (offer, terms) = (self.item.offer(), self.item.terms());
        Candidate { id: self.id, offer, terms, reputation: self.reputation }
    }

    /// What it has now, at the price of a module without one of its own; `None` for what no job can have.
    fn supply(&self) -> Option<Supply> {
        Supply::of(&self.candidate(), &self.free, self.prices.default)
    }

    /// Where it stands by default, and for each of the modules that it prices on their own.
    fn places(&self, slot: u32) -> (tree::Place, impl Iterator<Item = (&Special, &Price, tree::Place)>) {
        let shape = place::shape_of(&self.candidate(), &self.free);
        let own = self.prices.own.iter();
        let own = own.map(move |(special, price)| (special, price, (shape, price.rank, slot)));
        ((shape, self.prices.default.rank, slot), own)
    }
}

impl<J: Wanted> JobSlot<J> {
    fn request(&self) -> Request<'_> {
        Request {
            id: self.id,
            offer: self.item.offer(),
            terms: self.item.terms(),
            module: self.item.module(),
            module_id: Cow::Borrowed(&self.module_id),
            since: self.item.since(),
        }
    }
}

impl<O, J> Default for Index<O, J> {
    fn default() -> Self {
        Self {
            offers: Slab::new(),
            offer_ids: HashMap::new(),
            providers: BTreeSet::new(),
            provider_hash: RandomState::new(),
            supply: Tree::new(),
            special: BTreeMap::new(),
            jobs: Slab::new(),
            job_ids: HashMap::new(),
            demand: Tree::new(),
            unserved: BTreeSet::new(),
            fresh: BTreeMap::new(),
            proposals: BTreeSet::new(),
            proposed: HashMap::new(),
            version: 0,
            looked: 0,
        }
    }
}

impl<O: Offered, J: Wanted> Index<O, J> {
    /// An empty book.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an offer of a provider with this reputation (0 to 1,000); false where one with this id is there already. One that
    /// comes back has none of the jobs that it had before: [`Index::attach`] puts them onto it again.
    ///
    /// # Errors
    /// `Unexpected` beyond 2^32 − 1 offers.
    pub fn add_offer(&mut self, id: ResourceOfferId, item: O, reputation: u32) -> Result<bool> {
        if self.offer_ids.contains_key(&id) {
            return Ok(false);
        }
        let free = Free::of(item.offer(), item.terms());
        let prices = Prices::of(&Candidate { id, offer: item.offer(), terms: item.terms(), reputation });
        let provider = self.provider_hash.hash_one(&item.offer().resource_provider);
        let offer = OfferSlot { id, item, free, prices, reputation, withdrawn: false, running: Vec::new() };
        let slot = self.offers.add(offer).ok_or_else(full)?;
        self.offer_ids.insert(id, slot);
        self.providers.insert((provider, slot));
        self.put_in(slot);
        self.renew(slot);
        Ok(true)
    }

    /// Takes an offer out; jobs that it has go on. False where there is none with this id.
    pub fn remove_offer(&mut self, id: &ResourceOfferId) -> bool {
        let Some(slot) = self.offer_ids.remove(id) else { return false };
        self.take_out(slot);
        let Some(offer) = self.offers.get_mut(slot) else { return false };
        offer.withdrawn = true;
        let provider = self.provider_hash.hash_one(&offer.item.offer().resource_provider);
        self.providers.remove(&(provider, slot));
        self.changed();
        self.drop_if_over(slot);
        true
    }

    /// Lets an offer take no job with a price cap above `most` until one of those that it has leaves: its provider's stake is
    /// enough for no more. False, and nothing changed, where no job is small enough and none is there that could leave, or
    /// the offer is not there.
    pub fn pledges(&mut self, id: &ResourceOfferId, most: Amount) -> bool {
        let slot = self.offer_ids.get(id).copied();
        let Some(offer) = slot.and_then(|slot| self.offers.get_mut(slot)) else { return false };
        if most.is_zero() && offer.running.is_empty() {
            return false;
        }
        offer.free.most_cap = most;
        self.changed();
        true
    }

    /// Tells what is thought of a provider now, from 0 to 1,000.
    pub fn set_reputation(&mut self, provider: &str, reputation: u32) {
        for slot in self.slots_of(provider).collect::<Vec<_>>() {
            self.take_out(slot);
            if let Some(offer) = self.offers.get_mut(slot) {
                offer.reputation = reputation;
            }
            self.put_in(slot);
            self.renew(slot);
        }
    }

    /// Adds a job, to be served by [`Index::next_match`]; false where one with this id is there already.
    ///
    /// # Errors
    /// `Unexpected` beyond 2^32 − 1 jobs.
    pub fn add_job(&mut self, id: JobId, item: J) -> Result<bool> {
        if self.job_ids.contains_key(&id) {
            return Ok(false);
        }
        let module_id = module_id(&item.offer().module)?.into_boxed_str();
        let job = JobSlot { id, item, module_id, state: JobState::Unserved };
        let age = job.request().age();
        let slot = self.jobs.add(job).ok_or_else(full)?;
        self.job_ids.insert(id, slot);
        self.unserved.insert((age, slot));
        Ok(true)
    }

    /// Takes a job out, and gives back what it has of a machine. False where there is none with this id.
    pub fn remove_job(&mut self, id: &JobId) -> bool {
        let Some(slot) = self.job_ids.remove(id) else { return false };
        self.unplace(slot);
        self.jobs.remove(slot).is_some()
    }

    /// Lets a matched job look for an offer again, after giving back what it has. False where it has none.
    pub fn requeue(&mut self, id: &JobId) -> bool {
        let Some(slot) = self.job_ids.get(id).copied() else { return false };
        if !matches!(self.jobs.get(slot), Some(JobSlot { state: JobState::Matched { .. }, .. })) {
            return false;
        }
        self.unplace(slot);
        let Some(job) = self.jobs.get_mut(slot) else { return false };
        job.state = JobState::Unserved;
        let age = job.request().age();
        self.unserved.insert((age, slot))
    }

    /// Notes when a matched job will be over at the latest: what busy offers say about the wait.
    pub fn set_deadline(&mut self, id: &JobId, at: Timestamp) {
        let slot = self.job_ids.get(id).copied();
        if let Some(JobSlot { state: JobState::Matched { until, .. }, .. }) =
            slot.and_then(|slot| self.jobs.get_mut(slot))
        {
            *until = Some(at);
        }
    }

    /// Takes a job out of wherever it stands.
    fn unplace(&mut self, slot: u32) {
        let Some(job) = self.jobs.get(slot) else { return };
        let (age, state) = (job.request().age(), job.state);
        match state {
            JobState::Unserved => {
                self.unserved.remove(&(age, slot));
            }
            JobState::Waiting => {
                let place = place::of_job(&job.request(), slot);
                self.demand.remove(&place);
            }
            JobState::Matched { offer, taken, .. } => self.give_back(offer, slot, &taken),
        }
    }

    fn give_back(&mut self, offer_slot: u32, job_slot: u32, taken: &Taken) {
        self.take_out(offer_slot);
        if let Some(offer) = self.offers.get_mut(offer_slot) {
            offer.free.give_back(taken, offer.item.offer());
            offer.free.most_cap = Amount::MAX;
            offer.running.retain(|running| *running != job_slot);
        }
        self.put_in(offer_slot);
        self.renew(offer_slot);
        self.drop_if_over(offer_slot);
    }

    fn take(&mut self, offer_slot: u32, job_slot: u32, taken: &Taken) {
        self.take_out(offer_slot);
        if let Some(offer) = self.offers.get_mut(offer_slot) {
            offer.free.take(taken, offer.item.offer());
            offer.running.push(job_slot);
        }
        self.put_in(offer_slot);
        self.changed();
    }

    fn drop_if_over(&mut self, slot: u32) {
        if self.offers.get(slot).is_some_and(|offer| offer.withdrawn && offer.running.is_empty()) {
            self.fresh.remove(&slot);
            self.unpropose(slot);
            self.offers.remove(slot);
        }
    }

    /// Notes that more fits on this offer than before.
    fn renew(&mut self, slot: u32) {
        self.changed();
        self.unpropose(slot);
        self.fresh.insert(slot, None);
    }

    fn unpropose(&mut self, slot: u32) {
        if let Some((age, job)) = self.proposed.remove(&slot) {
            self.proposals.remove(&(age, job, slot));
        }
    }

    fn changed(&mut self) {
        self.version = self.version.wrapping_add(1);
    }

    fn put_in(&mut self, slot: u32) {
        let Some(offer) = self.offers.get(slot).filter(|offer| !offer.withdrawn) else { return };
        let Some(supply) = offer.supply() else { return };
        let (place, own) = offer.places(slot);
        self.supply.insert(place, supply);
        for (special, price, place) in own {
            // The name is copied only where it is new.
            match self.special.get_mut(special) {
                Some(tree) => tree.insert(place, supply.at(*price)),
                None => self.special.entry(special.clone()).or_default().insert(place, supply.at(*price)),
            }
        }
    }

    fn take_out(&mut self, slot: u32) {
        let Some(offer) = self.offers.get(slot).filter(|offer| !offer.withdrawn) else { return };
        let (place, own) = offer.places(slot);
        self.supply.remove(&place);
        for (special, _, place) in own {
            let Some(tree) = self.special.get_mut(special) else { continue };
            tree.remove(&place);
            if tree.is_empty() {
                self.special.remove(special);
            }
        }
    }

    fn slots_of(&self, provider: &str) -> impl Iterator<Item = u32> {
        let hash = self.provider_hash.hash_one(provider);
        let of_hash = self.providers.range((hash, 0)..=(hash, u32::MAX)).map(|(_, slot)| *slot);
        of_hash.filter(move |slot| {
            self.offers.get(*slot).is_some_and(|offer| offer.item.offer().resource_provider == provider)
        })
    }
}

#[cold]
fn full() -> Error {
    Error::unexpected("the index holds 2^32 − 1 entries").with("limit", u32::MAX)
}
