//! What the ledger knows about one deal, and what an event makes of it.

use super::event::DealEvent;
use super::fault;
use super::panel::Panel;
use super::pay;
use super::state::{EscrowState, Window};
use super::table::{Party, Settle, Transition};
use super::terms::{Parties, Terms};
use crate::error::{Error, Result};
use crate::model::{Address, Amount, Cid, DealId};
use crate::rt::Timestamp;

/// A mediator's word that the results are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Who says so.
    pub mediator: Address,
    /// The hash of what proves it.
    pub evidence: Cid,
}

/// What is on record about a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mediation {
    /// Who doubts the results and posted the bond.
    pub challenger: Address,
    /// Who was asked, in order.
    pub asked: Panel,
    /// Who is asked at this moment.
    pub mediator: Option<Address>,
    /// The first mismatch.
    pub first: Option<Mismatch>,
    /// The second mismatch, which proves the first.
    pub second: Option<Mismatch>,
}

/// What the ledger knows about one deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DealAccount {
    /// Who.
    pub parties: Parties,
    /// For how much.
    pub terms: Terms,
    /// How far.
    pub state: EscrowState,
    /// Rises with every change; 1 after agreement.
    pub epoch: u64,
    /// From when on anybody may end the present state by its timeout; `None` where it is final.
    pub deadline: Option<Timestamp>,
    /// Measured work, once reported.
    pub work_units: Option<u64>,
    /// What the job creator paid for work, author's share and solver's fee included; zero until the deal ends.
    pub paid: Amount,
    /// The challenge, where there was one.
    pub mediation: Option<Mediation>,
}

impl DealAccount {
    /// A deal as it is after agreement.
    pub(super) fn agreed(parties: Parties, terms: Terms, now: Timestamp) -> Self {
        let state = EscrowState::Agreed;
        Self {
            parties,
            terms,
            state,
            epoch: 1,
            deadline: Some(end(now, terms.windows.submit_ms)),
            work_units: None,
            paid: Amount::ZERO,
            mediation: None,
        }
    }

    /// True where the panel has a mediator who was not asked yet.
    pub(super) fn mediator_left(&self) -> bool {
        let asked = self.mediation.map_or(0, |mediation| mediation.asked.len());
        asked < self.terms.mediators.len()
    }

    pub(super) fn is_party(&self, account: Address, party: Party, solver: Address) -> bool {
        match party {
            Party::JobCreator => account == self.parties.job_creator,
            Party::Provider => account == self.parties.provider,
            Party::Solver => account == solver,
            Party::Mediator => {
                self.mediation.and_then(|mediation| mediation.mediator).is_some_and(|named| account == named)
            }
            Party::Anyone => true,
        }
    }

    /// The deal after `event`, which `row` allows.
    pub(super) fn after(
        &self,
        id: DealId,
        row: &Transition,
        by: Address,
        now: Timestamp,
        event: &DealEvent,
    ) -> Result<Self> {
        let mut next = *self;
        if let Some(units) = event.work_units() {
            let most = self.terms.unit.most();
            if units > most {
                return Err(fault::too_many_units(id, self.terms.unit, most, units));
            }
            next.work_units = Some(units);
        }
        next.mediation = self.mediation_after(id, by, event)?;
        if matches!(row.settle, Settle::PayWork | Settle::Uphold) {
            let units = next.work_units.unwrap_or(0);
            next.paid = pay::payout(self.terms.rate, units, self.terms.price_cap);
        }
        next.state = row.to;
        next.epoch = self.epoch.saturating_add(1);
        next.deadline = row.to.window().map(|window| self.deadline_in(window, now));
        Ok(next)
    }

    fn deadline_in(&self, window: Window, now: Timestamp) -> Timestamp {
        let ends = end(now, self.terms.windows.get(window));
        match (window, self.deadline) {
            // A wish to stop gives the provider no more time than it had.
            (Window::Cancel, Some(before)) => ends.min(before),
            _ => ends,
        }
    }

    fn mediation_after(&self, id: DealId, by: Address, event: &DealEvent) -> Result<Option<Mediation>> {
        if *event == DealEvent::Challenge {
            let (asked, mediator, first, second) = (Panel::EMPTY, None, None, None);
            return Ok(Some(Mediation { challenger: by, asked, mediator, first, second }));
        }
        let Some(mut mediation) = self.mediation else { return Ok(None) };
        match *event {
            DealEvent::Appoint { mediator } => {
                if !self.terms.mediators.contains(mediator) {
                    return Err(fault::no_mediator(id, mediator));
                }
                if mediation.asked.contains(mediator) || !mediation.asked.push(mediator) {
                    return Err(fault::asked_before(id, mediator));
                }
                mediation.mediator = Some(mediator);
            }
            DealEvent::Mismatch { evidence } => {
                let found = Some(Mismatch { mediator: by, evidence });
                match mediation.first {
                    None => mediation.first = found,
                    Some(_) => mediation.second = found,
                }
                mediation.mediator = None;
            }
            _ => mediation.mediator = None,
        }
        Ok(Some(mediation))
    }

    /// The challenge that a settlement rule speaks of.
    pub(super) fn challenge(&self) -> Result<Mediation> {
        self.mediation.ok_or_else(|| Error::unexpected("a verdict without a challenge"))
    }
}

/// The end of a window that starts now. At the end of time it is never over.
fn end(now: Timestamp, window_ms: u64) -> Timestamp {
    Timestamp(now.as_millis().saturating_add(window_ms))
}
