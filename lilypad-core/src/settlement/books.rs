//! Double entry: every amount leaves one place and arrives in another, all of a list or none.

use std::collections::BTreeMap;

use super::fault;
use super::transfer::{Place, Transfer};
use crate::error::{Error, Result};
use crate::model::Amount;

/// Where all money is. `deposited = withdrawn + balances + stake + unbonding + escrow + bonds + burned`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// All money that ever came in.
    pub deposited: Amount,
    /// All money that ever went out.
    pub withdrawn: Amount,
    /// What the accounts have available.
    pub balances: Amount,
    /// What providers have staked, free and locked.
    pub stake: Amount,
    /// What was staked and cannot be claimed yet.
    pub unbonding: Amount,
    /// What is held for deals.
    pub escrow: Amount,
    /// What is held for challenges.
    pub bonds: Amount,
    /// What is gone for good.
    pub burned: Amount,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Books {
    /// Every place with something in it, but for those outside and burned.
    amounts: BTreeMap<Place, Amount>,
    totals: Totals,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Totals {
    deposited: Amount,
    withdrawn: Amount,
    burned: Amount,
}

impl Books {
    /// What is in `place` now; zero outside and for what is burned.
    pub(super) fn at(&self, place: &Place) -> Amount {
        self.amounts.get(place).copied().unwrap_or(Amount::ZERO)
    }

    /// Books all transfers in order, or none.
    pub(super) fn post(&mut self, transfers: &[Transfer]) -> Result<()> {
        let mut draft = Draft { books: self, touched: Vec::new(), totals: self.totals };
        for transfer in transfers {
            draft.take(transfer)?;
            draft.give(transfer)?;
        }
        let Draft { touched, totals, .. } = draft;
        self.totals = totals;
        for (place, amount) in touched {
            if amount.is_zero() {
                self.amounts.remove(&place);
            } else {
                self.amounts.insert(place, amount);
            }
        }
        Ok(())
    }

    /// Adds everything up; an error where money was made or lost.
    pub(super) fn audit(&self) -> Result<Audit> {
        let lost = || Error::unexpected("the books do not add up: money was made or lost");
        let Totals { deposited, withdrawn, burned } = self.totals;
        let mut audit = Audit { deposited, withdrawn, burned, ..Audit::default() };
        for (place, amount) in &self.amounts {
            let sum = match place {
                Place::Account(_) => &mut audit.balances,
                Place::Stake(_) => &mut audit.stake,
                Place::Unbonding(_) => &mut audit.unbonding,
                Place::Escrow(_) => &mut audit.escrow,
                Place::Bond(_) => &mut audit.bonds,
                Place::Outside | Place::Burned => return Err(lost().with("place", place)),
            };
            *sum = sum.checked_add(*amount).ok_or_else(lost)?;
        }
        let places =
            [withdrawn, audit.balances, audit.stake, audit.unbonding, audit.escrow, audit.bonds, burned];
        if Amount::checked_sum(places) != Some(deposited) {
            return Err(lost().with("audit", format!("{audit:?}")));
        }
        Ok(audit)
    }
}

/// What the books would be after the transfers so far. A list of transfers is short, so the places that it touches are
/// looked up in order.
struct Draft<'a> {
    books: &'a Books,
    touched: Vec<(Place, Amount)>,
    totals: Totals,
}

impl Draft<'_> {
    fn at(&self, place: &Place) -> Amount {
        let drafted = self.touched.iter().find(|(touched, _)| touched == place);
        drafted.map_or_else(|| self.books.at(place), |(_, amount)| *amount)
    }

    fn set(&mut self, place: Place, amount: Amount) {
        match self.touched.iter_mut().find(|(touched, _)| *touched == place) {
            Some((_, drafted)) => *drafted = amount,
            None => self.touched.push((place, amount)),
        }
    }

    fn take(&mut self, transfer: &Transfer) -> Result<()> {
        let Transfer { from, amount, .. } = *transfer;
        if from == Place::Outside {
            self.totals.deposited = plus(self.totals.deposited, amount)?;
            return Ok(());
        }
        let available = self.at(&from);
        let rest = available.checked_sub(amount).ok_or_else(|| lacking(transfer, available))?;
        self.set(from, rest);
        Ok(())
    }

    fn give(&mut self, transfer: &Transfer) -> Result<()> {
        let Transfer { to, amount, .. } = *transfer;
        match to {
            Place::Outside => self.totals.withdrawn = plus(self.totals.withdrawn, amount)?,
            Place::Burned => self.totals.burned = plus(self.totals.burned, amount)?,
            _ => {
                let sum = plus(self.at(&to), amount)?;
                self.set(to, sum);
            }
        }
        Ok(())
    }
}

fn plus(sum: Amount, amount: Amount) -> Result<Amount> {
    sum.checked_add(amount).ok_or_else(|| fault::overflow("the sum of all deposits"))
}

fn lacking(transfer: &Transfer, available: Amount) -> Error {
    match transfer.from {
        Place::Account(account) => fault::lacks_funds(account, transfer.amount, available),
        _ => Error::unexpected(format!("{} lacks {}", transfer.from, transfer.amount)),
    }
}
