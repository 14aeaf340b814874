//! Pooled stake: what is locked for deals, and what is on its way out.

use std::collections::BTreeMap;

use super::fault;
use crate::error::{Error, Result};
use crate::model::{Address, Amount};
use crate::rt::Timestamp;

/// Most amounts of one account that are unbonding at the same time.
pub const MAX_UNBONDINGS: usize = 8;

/// The stake of one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// All of it; what is unbonding is no stake any more.
    pub stake: Amount,
    /// The part that open deals have locked as collateral; never above `stake`.
    pub locked: Amount,
}

impl Pool {
    /// What no deal has locked.
    #[must_use]
    pub fn free(&self) -> Amount {
        self.stake.checked_sub(self.locked).unwrap_or(Amount::ZERO)
    }
}

/// An amount on its way from a stake to a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unbonding {
    /// How much.
    pub amount: Amount,
    /// From when on it can be claimed.
    pub matures_at: Timestamp,
}

/// What the ledger knows about stakes beside where the money is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stakes {
    locked: BTreeMap<Address, Amount>,
    unbonding: BTreeMap<Address, Vec<Unbonding>>,
}

impl Stakes {
    pub(super) fn locked(&self, account: &Address) -> Amount {
        self.locked.get(account).copied().unwrap_or(Amount::ZERO)
    }

    pub(super) fn all_locked(&self) -> &BTreeMap<Address, Amount> {
        &self.locked
    }

    pub(super) fn all_unbonding(&self) -> &BTreeMap<Address, Vec<Unbonding>> {
        &self.unbonding
    }

    pub(super) fn unbonding(&self, account: &Address) -> &[Unbonding] {
        self.unbonding.get(account).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn set_locked(&mut self, account: Address, amount: Amount) {
        if amount.is_zero() {
            self.locked.remove(&account);
        } else {
            self.locked.insert(account, amount);
        }
    }

    /// What `account` has locked once a deal has let go of `collateral`.
    pub(super) fn without(&self, account: &Address, collateral: Amount) -> Result<Amount> {
        let lost = || Error::unexpected("a deal let go of more collateral than was locked");
        self.locked(account).checked_sub(collateral).ok_or_else(lost)
    }

    /// True where one more amount may start to unbond.
    pub(super) fn check_room(&self, account: Address) -> Result<()> {
        match self.unbonding(&account).first() {
            Some(first) if self.unbonding(&account).len() >= MAX_UNBONDINGS => {
                Err(fault::unbondings_full(account, MAX_UNBONDINGS, first.matures_at))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn start(&mut self, account: Address, entry: Unbonding) {
        self.unbonding.entry(account).or_default().push(entry);
    }

    /// The sum of what `account` can claim now. At most [`MAX_UNBONDINGS`] entries are read.
    pub(super) fn matured(&self, account: Address, now: Timestamp) -> Result<Amount> {
        let entries = self.unbonding(&account);
        let due = entries.iter().filter(|entry| entry.matures_at <= now).map(|entry| entry.amount);
        let sum = Amount::checked_sum(due).ok_or_else(|| Error::unexpected("more unbonds than there is"))?;
        if sum.is_zero() {
            return Err(fault::nothing_matured(account, entries.first().map(|entry| entry.matures_at)));
        }
        Ok(sum)
    }

    pub(super) fn forget_matured(&mut self, account: Address, now: Timestamp) {
        if let Some(entries) = self.unbonding.get_mut(&account) {
            entries.retain(|entry| entry.matures_at > now);
            if entries.is_empty() {
                self.unbonding.remove(&account);
            }
        }
    }
}
