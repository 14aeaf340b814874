//! Who may put how many offers into the book: fresh keys cost nothing, so that without a stake they share a small part of it.

use std::collections::HashSet;
use std::time::Duration;

use super::Solver;
use super::book::{Book, OfferEntry};
use crate::error::{Error, ErrorKind, Fault, Result, Retry};
use crate::model::{Amount, ResourceOfferId};
use crate::settlement::Pool;

/// When a refused offer may be made again.
const PAUSE: Duration = Duration::from_secs(30);

/// How many offers the book takes, and from whom.
///
/// A provider that has at least [`stake`](Self::stake) staked for each of its offers is an established one. All others are
/// newcomers and share [`newcomers`](Self::newcomers) places: however many keys somebody makes, the rest of the book stays for
/// those who have something to lose, and a match looks at few offers that cost nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferQuota {
    /// Most offers in the book.
    pub all: usize,
    /// Most offers of one provider.
    pub of_one: usize,
    /// Most offers of all newcomers together.
    pub newcomers: usize,
    /// What a provider has staked for each of its offers so that it is no newcomer.
    pub stake: Amount,
}

impl Default for OfferQuota {
    /// 100,000 offers, 1,000 of one provider, 5,000 of newcomers, who have less than 1 LP staked for each of theirs.
    fn default() -> Self {
        Self { all: 100_000, of_one: 1_000, newcomers: 5_000, stake: Amount::from_lp(1) }
    }
}

/// Which offers in the book are newcomers'.
#[derive(Debug, Default)]
pub(super) struct Newcomers(HashSet<ResourceOfferId>);

impl Solver {
    /// What a provider that makes an offer is, and what it has staked; refuses the offer where there is no place for it, before
    /// its signature costs anything.
    ///
    /// # Errors
    /// `Unavailable` (`E_NETWORK_BUSY`) where the book is full; `RateLimited` (`E_OFFERS`) where this provider has too many,
    /// or is a newcomer and there are too many of them.
    pub(super) async fn standing(&self, entry: &OfferEntry) -> Result<(Standing, Pool)> {
        let quota = &self.config().offers;
        let own = self.book().places(entry).own;
        let needed = quota.stake.checked_mul((own as u64).saturating_add(1));
        let pool = self.0.settlement.pool(entry.provider).await?;
        let established = needed.is_some_and(|needed| pool.stake >= needed);
        let standing = if established { Standing::Established } else { Standing::Newcomer };
        self.book().check_quota(entry, quota, standing)?;
        Ok((standing, pool))
    }
}

/// The highest price cap for which a stake is enough.
pub(super) fn largest_cap(pool: Pool, multiple: u64) -> Amount {
    pool.free().mul_div_floor(1_u64.into(), multiple.max(1).into()).unwrap_or(Amount::ZERO)
}

/// What a provider is in the eyes of the quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Established,
    Newcomer,
}

/// How many offers there are beside a new one and those that it replaces.
struct Places {
    all: usize,
    own: usize,
    newcomers: usize,
}

impl Book {
    fn places(&self, entry: &OfferEntry) -> Places {
        let mut places = Places { all: self.index.offers(), own: 0, newcomers: self.newcomers.0.len() };
        for id in self.index.offers_of(&entry.signed.body.offer.resource_provider) {
            if self.index.offer(&id).is_some_and(|own| own.is_machine_of(entry)) {
                places.all = places.all.saturating_sub(1);
                places.newcomers =
                    places.newcomers.saturating_sub(usize::from(self.newcomers.0.contains(&id)));
            } else {
                places.own = places.own.saturating_add(1);
            }
        }
        places
    }

    fn check_quota(&self, entry: &OfferEntry, quota: &OfferQuota, standing: Standing) -> Result<()> {
        let places = self.places(entry);
        if places.all >= quota.all {
            return Err(Error::new(ErrorKind::Unavailable, "E_NETWORK_BUSY", "the solver's book is full")
                .with("limit", quota.all)
                .with_fault(Fault::Solver));
        }
        let refused = |message: String, limit: usize| {
            Error::new(ErrorKind::RateLimited, "E_OFFERS", message)
                .with_retry(Retry::After(PAUSE))
                .with("limit", limit)
                .with("provider", entry.provider)
        };
        if places.own >= quota.of_one {
            let message = format!("{} has {} offers in the book already", entry.provider, places.own);
            return Err(refused(message, quota.of_one).with_hint("take one back first"));
        }
        if standing == Standing::Newcomer && places.newcomers >= quota.newcomers {
            let message = "all places for offers of providers without a stake are taken".to_owned();
            let hint = format!("stake {} for each offer, or wait until a place is free", quota.stake);
            return Err(refused(message, quota.newcomers).with_hint(hint));
        }
        Ok(())
    }

    /// Puts an offer in; false where it was there.
    ///
    /// # Errors
    /// As [`standing`](Solver::standing): others may have come since.
    pub(super) fn add_offer(
        &mut self,
        entry: OfferEntry,
        reputation: u32,
        quota: &OfferQuota,
        standing: Standing,
    ) -> Result<bool> {
        let id = entry.id;
        self.check_quota(&entry, quota, standing)?;
        let new = self.index.add_offer(id, entry, reputation)?;
        if new && standing == Standing::Newcomer {
            self.newcomers.0.insert(id);
        }
        Ok(new)
    }

    /// Lets a newcomer's offer take only jobs for which its provider has stake left: a crowd of promises that nobody could hold
    /// would each be tried and cost the jobs time.
    ///
    /// # Errors
    /// `InsufficientFunds` (`E_OFFER_STAKE`) where it promises collateral and could pledge nothing: it is out again.
    pub(super) fn pledge(&mut self, offer: ResourceOfferId, pool: Pool) -> Result<()> {
        let Some(entry) = self.index.offer(&offer) else { return Ok(()) };
        let (multiple, provider) = (entry.signed.body.terms.collateral_multiple, entry.provider);
        if multiple == 0 || self.index.pledges(&offer, largest_cap(pool, multiple)) {
            return Ok(());
        }
        self.remove_offer(&offer);
        let message = format!(
            "the offer promises {multiple} times a job's price cap as collateral, and {provider} has too little staked for any"
        );
        Err(Error::new(ErrorKind::InsufficientFunds, "E_OFFER_STAKE", message)
            .with_hint("stake money first, or wait until a job has given its collateral back")
            .with("stake", pool.stake)
            .with("locked", pool.locked))
    }

    /// Takes an offer out; false where it was not there.
    pub(super) fn remove_offer(&mut self, offer: &ResourceOfferId) -> bool {
        self.newcomers.0.remove(offer);
        self.index.remove_offer(offer)
    }
}
