//! What the roles ask of the place where the money is, whichever it is.

use std::fmt;

use super::deal::DealAccount;
use super::event::DealEvent;
use super::stake::{Pool, Unbonding};
use super::terms::{Parties, Terms};
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

    /// What an account has staked, and how much of it deals have locked.
    ///
    /// # Errors
    /// `Unavailable` where the place cannot be reached.
    fn pool(&self, account: Address) -> BoxFuture<'_, Result<Pool>>;

    /// What an account takes out of its stake and has not claimed yet, oldest first.
    ///
    /// # Errors
    /// `Unavailable` where the place cannot be reached.
    fn unbonding(&self, account: Address) -> BoxFuture<'_, Result<Vec<Unbonding>>>;

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

    /// Moves own money into the own stake, out of which deals lock their collateral.
    ///
    /// # Errors
    /// `InsufficientFunds` (`E_FUNDS`).
    fn stake(&self, amount: Amount) -> BoxFuture<'_, Result<Vec<Transfer>>>;

    /// Starts to take out own stake that no deal has locked.
    ///
    /// # Errors
    /// `InsufficientFunds` (`E_STAKE`), `Conflict` (`E_UNBONDING_FULL`).
    fn unstake(&self, amount: Amount) -> BoxFuture<'_, Result<Vec<Transfer>>>;

    /// Moves everything that has been unbonding for long enough to the own balance.
    ///
    /// # Errors
    /// `Conflict` (`E_UNBONDING_EARLY`).
    fn claim_unbonded(&self) -> BoxFuture<'_, Result<Vec<Transfer>>>;

    /// Holds the price cap of a new deal and locks its collateral. Only the solver may.
    ///
    /// # Errors
    /// `InsufficientFunds` (`E_FUNDS` for the job creator's balance, `E_STAKE` with fault `Provider` for the provider's
    /// stake), `Conflict` (`E_DEAL_EXISTS`), `Unauthorized` (`E_NOT_PARTY`), `InvalidInput` (`E_TERMS`).
    fn agree(&self, deal: DealId, parties: Parties, terms: Terms) -> BoxFuture<'_, Result<Settled>>;

    /// Moves a deal on, given the epoch at which the caller has seen it.
    ///
    /// # Errors
    /// `Conflict` (`E_STALE_EPOCH`, `E_DEAL_STATE`, `E_TOO_EARLY`, `E_TOO_LATE`, `E_NO_MEDIATOR`), `Unauthorized`
    /// (`E_NOT_PARTY`), `NotFound` (`E_DEAL_UNKNOWN`), `InvalidInput` (`E_WORK_UNITS`, `E_MEDIATOR_UNKNOWN`,
    /// `E_MEDIATOR_ASKED`), `InsufficientFunds` (`E_FUNDS`, for a bond).
    fn advance(&self, deal: DealId, epoch: u64, event: DealEvent) -> BoxFuture<'_, Result<Settled>>;

    /// Hands in results that took `work_units`. The provider calls it, or the solver for it. Errors as [`advance`](Self::advance).
    fn submit(&self, deal: DealId, epoch: u64, work_units: u64) -> BoxFuture<'_, Result<Settled>> {
        self.advance(deal, epoch, DealEvent::Submit { work_units })
    }

    /// Accepts the results and pays for them. The job creator calls it, or the solver for it. Errors as [`advance`](Self::advance).
    fn accept(&self, deal: DealId, epoch: u64) -> BoxFuture<'_, Result<Settled>> {
        self.advance(deal, epoch, DealEvent::Accept)
    }

    /// Says that the job creator wishes to stop; the provider has the cancel window to answer. The job creator calls it,
    /// or the solver for it. Errors as [`advance`](Self::advance).
    fn request_cancel(&self, deal: DealId, epoch: u64) -> BoxFuture<'_, Result<Settled>> {
        self.advance(deal, epoch, DealEvent::RequestCancel)
    }

    /// Ends a deal that the job creator asked to stop, and pays for the work so far. The solver calls it. Errors as
    /// [`advance`](Self::advance).
    fn cancel_by_creator(&self, deal: DealId, epoch: u64, work_units: u64) -> BoxFuture<'_, Result<Settled>> {
        self.advance(deal, epoch, DealEvent::CancelByCreator { work_units })
    }

    /// Gives the job back: nothing is paid. The provider calls it, or the solver for it. Errors as [`advance`](Self::advance).
    fn cancel_by_provider(&self, deal: DealId, epoch: u64) -> BoxFuture<'_, Result<Settled>> {
        self.advance(deal, epoch, DealEvent::CancelByProvider)
    }

    /// Ends a deal because the module failed or hit a limit, and pays for the work so far. The solver calls it. Errors as
    /// [`advance`](Self::advance).
    fn fail(&self, deal: DealId, epoch: u64, work_units: u64) -> BoxFuture<'_, Result<Settled>> {
        self.advance(deal, epoch, DealEvent::Fail { work_units })
    }

    /// Ends a deal because the provider was silent until its deadline. Anybody may call it. Errors as
    /// [`advance`](Self::advance).
    fn provider_timeout(&self, deal: DealId, epoch: u64) -> BoxFuture<'_, Result<Settled>> {
        self.advance(deal, epoch, DealEvent::ProviderTimeout)
    }

    /// Ends a deal because the job creator was silent until its deadline: paid as if accepted. Anybody may call it.
    /// Errors as [`advance`](Self::advance).
    fn creator_timeout(&self, deal: DealId, epoch: u64) -> BoxFuture<'_, Result<Settled>> {
        self.advance(deal, epoch, DealEvent::CreatorTimeout)
    }
}
