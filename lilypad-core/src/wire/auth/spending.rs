//! How much was spent under each grant.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::error::refused;
use super::{GrantId, GrantUse};
use crate::error::{Error, ErrorKind, Result, Retry};
use crate::model::Amount;

/// Counts what is spent under grants, at most a given number of them; forgets each once it
/// has expired.
///
/// Pure and in memory: a server that restarts must put back what it had counted ([`SpendingBook::entries`],
/// [`SpendingBook::restore`]).
///
/// ```
/// use lilypad_core::wire::auth::{GrantId, GrantUse, SpendingBook};
/// let grant = GrantUse { id: GrantId::new([7; 32]), max_spend: "1 LP".parse()?, expires: 1_700_003_600 };
/// let mut book = SpendingBook::new(10_000);
/// assert_eq!(book.spend(&grant, "0.75 LP".parse()?, 1_700_000_000)?, "0.25 LP".parse()?);
/// assert_eq!(book.spend(&grant, "0.75 LP".parse()?, 1_700_000_001).unwrap_err().code(), "E_GRANT_SPENT");
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SpendingBook {
    limit: usize,
    spent: BTreeMap<GrantId, Entry>,
    by_end: BTreeSet<(u64, GrantId)>,
    /// Grants that expired at this second or before may have been forgotten.
    forgotten: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    spent: Amount,
    expires: u64,
}

impl SpendingBook {
    /// An empty book for at most `limit` grants.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, spent: BTreeMap::new(), by_end: BTreeSet::new(), forgotten: 0 }
    }

    /// Counts `amount` at the Unix second `now`, and says how much is left. Where it is refused nothing is counted.
    ///
    /// # Errors
    /// `Unauthorized`: `E_GRANT_SPENT` above the grant's `max_spend`, `E_GRANT_EXPIRED`; `Unavailable`
    /// (`E_GRANT_BOOK_FULL`) where no more grants fit.
    pub fn spend(&mut self, grant: &GrantUse, amount: Amount, now: u64) -> Result<Amount> {
        if grant.expires <= now || grant.expires <= self.forgotten {
            let why = format!("the grant expired at {}, now is {now} (Unix seconds)", grant.expires);
            return Err(refused("E_GRANT_EXPIRED", why).with_hint("ask the account for a new grant"));
        }
        let before = self.spent(grant.id);
        let total = before.checked_add(amount).filter(|total| *total <= grant.max_spend);
        let Some((total, left)) = total.and_then(|total| Some((total, grant.max_spend.checked_sub(total)?)))
        else {
            let why =
                format!("the grant allows {}, {before} is spent, {amount} more was asked", grant.max_spend);
            return Err(refused("E_GRANT_SPENT", why)
                .with_hint("ask the account for a new grant, or spend less")
                .with("grant", grant.id));
        };
        self.put(grant.id, Entry { spent: total, expires: grant.expires }, now)?;
        Ok(left)
    }

    /// Takes back what was counted and not spent after all: the rest of an escrow. Never below zero.
    pub fn give_back(&mut self, id: GrantId, amount: Amount) {
        if let Some(entry) = self.spent.get_mut(&id) {
            entry.spent = entry.spent.checked_sub(amount).unwrap_or(Amount::ZERO);
        }
    }

    /// What was spent under a grant so far.
    #[must_use]
    pub fn spent(&self, id: GrantId) -> Amount {
        self.spent.get(&id).map_or(Amount::ZERO, |entry| entry.spent)
    }

    /// Every grant with what was spent under it and the Unix second at which it expires.
    pub fn entries(&self) -> impl Iterator<Item = (GrantId, Amount, u64)> {
        self.spent.iter().map(|(id, entry)| (*id, entry.spent, entry.expires))
    }

    /// Puts back what [`SpendingBook::entries`] gave, at the Unix second `now`.
    ///
    /// # Errors
    /// `Unavailable` (`E_GRANT_BOOK_FULL`) where no more grants fit.
    pub fn restore(&mut self, id: GrantId, spent: Amount, expires: u64, now: u64) -> Result<()> {
        self.put(id, Entry { spent, expires }, now)
    }

    fn put(&mut self, id: GrantId, entry: Entry, now: u64) -> Result<()> {
        self.forget(now);
        if !self.spent.contains_key(&id) && self.spent.len() >= self.limit {
            return Err(self.full(now));
        }
        if let Some(before) = self.spent.insert(id, entry) {
            self.by_end.remove(&(before.expires, id));
        }
        self.by_end.insert((entry.expires, id));
        Ok(())
    }

    /// Forgets expired grants; a clock that is set back does not make them valid again.
    fn forget(&mut self, now: u64) {
        while let Some((expires, id)) = self.by_end.first().copied().filter(|first| first.0 <= now) {
            self.by_end.remove(&(expires, id));
            self.spent.remove(&id);
            self.forgotten = self.forgotten.max(now);
        }
    }

    fn full(&self, now: u64) -> Error {
        let next = self.by_end.first().map_or(1, |first| first.0.saturating_sub(now));
        let why = format!("{} grants are counted, the limit is {}", self.spent.len(), self.limit);
        Error::new(ErrorKind::Unavailable, "E_GRANT_BOOK_FULL", why)
            .with_hint("try again later, or sign with the account's own key")
            .with_retry(Retry::After(Duration::from_secs(next.max(1))))
    }
}

#[cfg(test)]
mod tests;
