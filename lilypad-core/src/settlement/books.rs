//! Double entry: every amount leaves one place and arrives in another, all of a list or none.

use std::collections::BTreeMap;

use super::fault;
use super::transfer::{Place, Reason, Transfer};
use crate::error::{Error, Fault, Result};
use crate::model::{Address, Amount, DealId};

/// Where all money is. `deposited = withdrawn + balances + escrow + burned`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audit {
    /// All money that ever came in.
    pub deposited: Amount,
    /// All money that ever went out.
    pub withdrawn: Amount,
    /// What the accounts have available.
    pub balances: Amount,
    /// What is held for deals.
    pub escrow: Amount,
    /// What is gone for good.
    pub burned: Amount,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Books {
    balances: BTreeMap<Address, Amount>,
    escrow: BTreeMap<DealId, Amount>,
    totals: Totals,
}

#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    deposited: Amount,
    withdrawn: Amount,
    burned: Amount,
}

impl Books {
    pub(super) fn balance(&self, account: &Address) -> Amount {
        self.balances.get(account).copied().unwrap_or(Amount::ZERO)
    }

    pub(super) fn held(&self, deal: &DealId) -> Amount {
        self.escrow.get(deal).copied().unwrap_or(Amount::ZERO)
    }

    /// Books all transfers in order, or none.
    pub(super) fn post(&mut self, transfers: &[Transfer]) -> Result<()> {
        let mut draft = Draft { books: self, touched: BTreeMap::new(), totals: self.totals };
        for transfer in transfers {
            draft.take(transfer)?;
            draft.give(transfer)?;
        }
        let Draft { touched, totals, .. } = draft;
        self.totals = totals;
        for (place, amount) in touched {
            match place {
                Place::Account(account) => keep(&mut self.balances, account, amount),
                Place::Escrow(deal) => keep(&mut self.escrow, deal, amount),
                Place::Outside | Place::Burned => {}
            }
        }
        Ok(())
    }

    /// Adds everything up; an error where money was made or lost.
    pub(super) fn audit(&self) -> Result<Audit> {
        let lost = || Error::unexpected("the books do not add up: money was made or lost");
        let Totals { deposited, withdrawn, burned } = self.totals;
        let balances = Amount::checked_sum(self.balances.values().copied()).ok_or_else(lost)?;
        let escrow = Amount::checked_sum(self.escrow.values().copied()).ok_or_else(lost)?;
        let audit = Audit { deposited, withdrawn, balances, escrow, burned };
        let accounted = Amount::checked_sum([withdrawn, balances, escrow, burned]).ok_or_else(lost)?;
        if accounted != deposited {
            return Err(lost().with("audit", format!("{audit:?}")));
        }
        Ok(audit)
    }
}

fn keep<K: Ord>(amounts: &mut BTreeMap<K, Amount>, key: K, amount: Amount) {
    if amount.is_zero() {
        amounts.remove(&key);
    } else {
        amounts.insert(key, amount);
    }
}

/// What the books would be after the transfers so far.
struct Draft<'a> {
    books: &'a Books,
    touched: BTreeMap<Place, Amount>,
    totals: Totals,
}

impl Draft<'_> {
    fn at(&self, place: &Place) -> Amount {
        let booked = || match place {
            Place::Account(account) => self.books.balance(account),
            Place::Escrow(deal) => self.books.held(deal),
            Place::Outside | Place::Burned => Amount::ZERO,
        };
        self.touched.get(place).copied().unwrap_or_else(booked)
    }

    fn take(&mut self, transfer: &Transfer) -> Result<()> {
        let Transfer { from, amount, .. } = *transfer;
        if from == Place::Outside {
            self.totals.deposited = plus(self.totals.deposited, amount)?;
            return Ok(());
        }
        let available = self.at(&from);
        let rest = available.checked_sub(amount).ok_or_else(|| lacking(transfer, available))?;
        self.touched.insert(from, rest);
        Ok(())
    }

    fn give(&mut self, transfer: &Transfer) -> Result<()> {
        let Transfer { to, amount, .. } = *transfer;
        match to {
            Place::Outside => self.totals.withdrawn = plus(self.totals.withdrawn, amount)?,
            Place::Burned => self.totals.burned = plus(self.totals.burned, amount)?,
            Place::Account(_) | Place::Escrow(_) => {
                let sum = plus(self.at(&to), amount)?;
                self.touched.insert(to, sum);
            }
        }
        Ok(())
    }
}

fn plus(sum: Amount, amount: Amount) -> Result<Amount> {
    sum.checked_add(amount).ok_or_else(|| fault::overflow("the sum of all deposits"))
}

fn lacking(transfer: &Transfer, available: Amount) -> Error {
    let Place::Account(account) = transfer.from else {
        return Error::unexpected(format!("{} lacks {}", transfer.from, transfer.amount));
    };
    let error = fault::lacks_funds(account, transfer.amount, available);
    if transfer.reason == Reason::Collateral { error.with_fault(Fault::Provider) } else { error }
}
