//! Adds up all money, and checks that every place holds what the deals and stakes say.

use std::collections::BTreeMap;

use super::books::Audit;
use super::deal::DealAccount;
use super::ledger::Ledger;
use super::transfer::Place;
use crate::error::{Error, Result};
use crate::model::{Address, Amount, DealId};

impl Ledger {
    /// Adds everything up. Reads the whole ledger: for tests and operators, no part of any command.
    ///
    /// # Errors
    /// `Unexpected` where money was made or lost, a deal does not hold what its state says, or locks and open deals
    /// disagree: a bug of this module.
    pub fn audit(&self) -> Result<Audit> {
        let mut locks: BTreeMap<Address, Amount> = BTreeMap::new();
        for (id, deal) in self.deals() {
            self.audit_deal(id, deal)?;
            if !deal.state.is_final() && !deal.terms.provider_collateral.is_zero() {
                let sum = locks.entry(deal.parties.provider).or_default();
                *sum = sum.checked_add(deal.terms.provider_collateral).ok_or_else(wrong_locks)?;
            }
        }
        if locks != *self.stakes.all_locked() {
            return Err(wrong_locks());
        }
        for (account, locked) in self.stakes.all_locked() {
            if *locked > self.books.at(&Place::Stake(*account)) {
                return Err(wrong_locks().with("account", account));
            }
        }
        for (account, entries) in self.stakes.all_unbonding() {
            let sum = Amount::checked_sum(entries.iter().map(|entry| entry.amount));
            if sum != Some(self.books.at(&Place::Unbonding(*account))) {
                let error = Error::unexpected("what unbonds is not what was unstaked");
                return Err(error.with("account", account));
            }
        }
        self.books.audit()
    }

    fn audit_deal(&self, id: DealId, deal: &DealAccount) -> Result<()> {
        let open = !deal.state.is_final();
        let cap = if open { deal.terms.price_cap } else { Amount::ZERO };
        let doubted = open && deal.mediation.is_some();
        let bond = if doubted { deal.terms.bond() } else { Some(Amount::ZERO) };
        let holds = self.books.at(&Place::Escrow(id)) == cap && Some(self.books.at(&Place::Bond(id))) == bond;
        if holds && deal.deadline.is_some() == open {
            return Ok(());
        }
        Err(Error::unexpected("a deal does not hold what its state says").with("deal_id", id))
    }
}

fn wrong_locks() -> Error {
    Error::unexpected("the locks are not those of the open deals")
}
