//! What the roles ask of the place where the money is, whichever it is.

use std::fmt;

use super::command::{DealEvent, Parties, Terms};
use super::ledger::DealAccount;
use super::transfer::Transfer;
use crate::error::Result;
use crate::model::{Address, Amount, DealId};
use crate::rt::BoxFuture;

/// A deal after a change, and the money that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The deal as it is now; its `epoch` is what the next event names.
    pub deal: DealAccount,
    /// What moved, in order.
    pub transfers: Vec<Transfer>,
}

/// The place where the money is, seen by one account: a ledger in this process, later a contract on a chain.
///
/// Every change is made in the name of [`account`](Self::account). The rules are the table in this module's doc; an
/// implementation that settles elsewhere refuses the same things with the same codes.
///
/// # Cancel safety
/// A change that was asked for may have happened although its future was dropped: read the deal again.
pub trait Settlement: Send + Sync + fmt::Debug {
    /// The account that acts.
    fn account(&self) -> Address;

    /// What an account can spend or withdraw.
    ///
    /// # Errors
    /// `Unavailable` where the place cannot be reached.
    fn balance(&self, account: Address) -> BoxFuture<'_, Result<Amount>>;

    /// One deal's money.
    ///
    /// # Errors
    /// `NotFound` (`E_DEAL_UNKNOWN`) where the deal is not agreed yet.
    fn deal(&self, deal: DealId) -> BoxFuture<'_, Result<DealAccount>>;

    /// Brings own money in.
    ///
    /// # Errors
    /// `InvalidInput` (`E_AMOUNT_OVERFLOW`).
    fn deposit(&self, amount: Amount) -> BoxFuture<'_, Result<Vec<Transfer>>>;

    /// Takes own money out.
    ///
    /// # Errors
    /// `InsufficientFunds` (`E_FUNDS`).
    fn withdraw(&self, amount: Amount) -> BoxFuture<'_, Result<Vec<Transfer>>>;

    /// Holds the price cap and the collateral of a new deal. Only the solver may.
    ///
    /// # Errors
    /// `InsufficientFunds` (`E_FUNDS`, its fault says which side), `Conflict` (`E_DEAL_EXISTS`), `Unauthorized`
    /// (`E_NOT_PARTY`).
    fn agree(&self, deal: DealId, parties: Parties, terms: Terms) -> BoxFuture<'_, Result<Settled>>;

    /// Moves a deal on, given the epoch at which the caller has seen it.
    ///
    /// # Errors
    /// `Conflict` (`E_STALE_EPOCH`, `E_DEAL_STATE`), `Unauthorized` (`E_NOT_PARTY`), `NotFound` (`E_DEAL_UNKNOWN`).
    fn advance(&self, deal: DealId, epoch: u64, event: DealEvent) -> BoxFuture<'_, Result<Settled>>;

    /// Hands in results that took `work_units`. The provider calls it, or the solver for it. Errors as [`advance`](Self::advance).
    fn submit(&self, deal: DealId, epoch: u64, work_units: u64) -> BoxFuture<'_, Result<Settled>> {
        self.advance(deal, epoch, DealEvent::Submit { work_units })
    }

    /// Accepts the results and pays for them. The job creator calls it, or the solver for it. Errors as [`advance`](Self::advance).
    fn accept(&self, deal: DealId, epoch: u64) -> BoxFuture<'_, Result<Settled>> {
        self.advance(deal, epoch, DealEvent::Accept)
    }

    /// Ends a deal because the job creator asked to stop, and pays for the work so far. The provider or the solver
    /// calls it: one of them knows the measured work. Errors as [`advance`](Self::advance).
    fn cancel_by_creator(&self, deal: DealId, epoch: u64, work_units: u64) -> BoxFuture<'_, Result<Settled>> {
        self.advance(deal, epoch, DealEvent::CancelByCreator { work_units })
    }

    /// Gives the job back: nothing is paid. The provider calls it, or the solver for it. Errors as [`advance`](Self::advance).
    fn cancel_by_provider(&self, deal: DealId, epoch: u64) -> BoxFuture<'_, Result<Settled>> {
        self.advance(deal, epoch, DealEvent::CancelByProvider)
    }

    /// Ends a deal because the module failed or hit a limit, and pays for the work so far. The provider or the solver
    /// calls it. Errors as [`advance`](Self::advance).
    fn fail(&self, deal: DealId, epoch: u64, work_units: u64) -> BoxFuture<'_, Result<Settled>> {
        self.advance(deal, epoch, DealEvent::Fail { work_units })
    }

    /// Ends a deal because the provider was silent. The solver calls it. Errors as [`advance`](Self::advance).
    fn provider_timeout(&self, deal: DealId, epoch: u64) -> BoxFuture<'_, Result<Settled>> {
        self.advance(deal, epoch, DealEvent::ProviderTimeout)
    }

    /// Ends a deal because the job creator was silent after results came in: paid as if accepted. The solver calls
    /// it. Errors as [`advance`](Self::advance).
    fn creator_timeout(&self, deal: DealId, epoch: u64) -> BoxFuture<'_, Result<Settled>> {
        self.advance(deal, epoch, DealEvent::CreatorTimeout)
    }
}
