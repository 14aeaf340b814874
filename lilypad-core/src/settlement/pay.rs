//! What measured work costs, and how what is held is split when a deal moves.

use super::deal::DealAccount;
use super::table::Settle;
use super::transfer::{Place, Reason, Transfer};
use crate::error::{Error, Result};
use crate::model::{Address, Amount, DealId, Rate, Share};

/// What work costs: the measured work at the rate, rounded down to a wei, and never more than `cap`.
#[must_use]
pub fn payout(rate: Rate, work_units: u64, cap: Amount) -> Amount {
    // A cost that does not fit into 256 bits is above every cap.
    rate.cost(work_units).map_or(cap, |cost| cost.min(cap))
}

/// Who asks, who is solver, and what is burned: what a split needs to know beside the deal.
pub(super) struct Context {
    pub(super) id: DealId,
    pub(super) by: Address,
    pub(super) solver: Address,
    pub(super) burned: Share,
}

/// The transfers of an event that settles as `settle` says; `deal` is the deal after the event.
pub(super) fn split(context: &Context, deal: &DealAccount, settle: Settle) -> Result<Vec<Transfer>> {
    let mut list = List { context, deal, transfers: Vec::new() };
    match settle {
        Settle::Hold => {}
        Settle::PostBond => {
            let bond = fees(deal)?;
            list.add(Place::Account(context.by), Place::Bond(context.id), bond, Reason::Bond);
        }
        Settle::PayWork => list.work()?,
        Settle::Refund => list.refund(deal.terms.price_cap),
        Settle::Forfeit => {
            list.refund(deal.terms.price_cap);
            list.slash(&[])?;
        }
        Settle::Uphold => {
            list.work()?;
            list.pay_from_bond()?;
        }
        Settle::Slash => {
            list.refund(deal.terms.price_cap);
            let mediation = deal.challenge()?;
            let found = [mediation.first, mediation.second];
            let mediators: Vec<Address> = found.iter().flatten().map(|found| found.mediator).collect();
            list.slash(&mediators)?;
            list.return_bond(fees(deal)?)?;
        }
        Settle::ReturnAll => {
            list.refund(deal.terms.price_cap);
            list.return_bond(fees(deal)?)?;
        }
    }
    Ok(list.transfers)
}

struct List<'a> {
    context: &'a Context,
    deal: &'a DealAccount,
    transfers: Vec<Transfer>,
}

impl List<'_> {
    fn add(&mut self, from: Place, to: Place, amount: Amount, reason: Reason) {
        if !amount.is_zero() {
            self.transfers.push(Transfer { from, to, amount, reason });
        }
    }

    fn refund(&mut self, amount: Amount) {
        let (from, to) = (Place::Escrow(self.context.id), Place::Account(self.deal.parties.job_creator));
        self.add(from, to, amount, Reason::Refund);
    }

    /// Author and solver round down; what that leaves over is the provider's.
    fn work(&mut self) -> Result<()> {
        let (terms, work) = (self.deal.terms, self.deal.paid);
        let escrow = Place::Escrow(self.context.id);
        let author = terms.author_share().of(work);
        let fee = terms.solver_fee.of(work);
        let rest = minus(minus(work, author)?, fee)?;
        self.add(escrow, Place::Account(self.deal.parties.provider), rest, Reason::Work);
        if let Some(known) = terms.author {
            self.add(escrow, Place::Account(known.address), author, Reason::AuthorShare);
        }
        self.add(escrow, Place::Account(self.context.solver), fee, Reason::SolverFee);
        self.refund(minus(terms.price_cap, work)?);
        Ok(())
    }

    /// The challenge was not proven: whoever doubted pays those who looked.
    fn pay_from_bond(&mut self) -> Result<()> {
        let mediation = self.deal.challenge()?;
        let first = mediation.first.map(|found| found.mediator);
        let mut rest = fees(self.deal)?;
        for mediator in [first, Some(self.context.by)].into_iter().flatten() {
            let fee = self.deal.terms.mediation_fee;
            rest = minus(rest, fee)?;
            let bond = Place::Bond(self.context.id);
            self.add(bond, Place::Account(mediator), fee, Reason::MediationFee);
        }
        self.return_bond(rest)
    }

    fn return_bond(&mut self, amount: Amount) -> Result<()> {
        let to = Place::Account(self.deal.challenge()?.challenger);
        self.add(Place::Bond(self.context.id), to, amount, Reason::BondReturn);
        Ok(())
    }

    /// What is kept of the collateral rounds down, so that the burned part is never below its share.
    fn slash(&mut self, mediators: &[Address]) -> Result<()> {
        let terms = self.deal.terms;
        let stake = Place::Stake(self.deal.parties.provider);
        let mut kept = self.context.burned.rest().of(terms.provider_collateral);
        let burned = minus(terms.provider_collateral, kept)?;
        self.add(stake, Place::Burned, burned, Reason::Penalty);
        for mediator in mediators {
            kept = minus(kept, terms.mediation_fee)?;
            self.add(stake, Place::Account(*mediator), terms.mediation_fee, Reason::MediationFee);
        }
        let creator = Place::Account(self.deal.parties.job_creator);
        self.add(stake, creator, kept, Reason::Compensation);
        Ok(())
    }
}

/// What the bond holds: two fees, which fit since agreement has checked them.
fn fees(deal: &DealAccount) -> Result<Amount> {
    deal.terms.bond().ok_or_else(|| Error::unexpected("a bond above 256 bits was agreed"))
}

fn minus(whole: Amount, part: Amount) -> Result<Amount> {
    whole.checked_sub(part).ok_or_else(|| Error::unexpected("a deal would pay out more than it holds"))
}
