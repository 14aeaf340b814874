//! The ledger in this process, shared by the roles.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::api::{Settled, Settlement};
use super::books::Audit;
use super::command::{Command, DealEvent, Parties, Terms};
use super::ledger::{DealAccount, Ledger};
use super::transfer::Transfer;
use crate::error::Result;
use crate::model::{Address, Amount, DealId};
use crate::rt::BoxFuture;

/// How many transfers the log keeps; older ones are dropped.
const LOG_LENGTH: usize = 65_536;

/// A [`Ledger`] in this process, seen by one account. Clones and [`as_account`](Self::as_account) share the ledger.
///
/// Whoever holds this type can speak for any account: hand it to a role as `Arc<dyn Settlement>`.
///
/// ```
/// # use lilypad_core::{model::{Address, Amount}, settlement::{MemorySettlement, Settlement}};
/// let [solver, creator] = [1, 2].map(|byte| Address::new([byte; 20]));
/// let settlement = MemorySettlement::new(solver);
/// settlement.fund(creator, Amount::from_wei(100))?;
/// let creators = settlement.as_account(creator);
/// assert_eq!(creators.account(), creator);
/// assert_eq!(settlement.transfers().len(), 1);
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MemorySettlement {
    account: Address,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    ledger: Ledger,
    log: VecDeque<Transfer>,
}

impl Shared {
    fn apply(&mut self, by: Address, command: Command) -> Result<Vec<Transfer>> {
        let transfers = self.ledger.apply(by, command)?;
        self.log.extend(&transfers);
        let surplus = self.log.len().saturating_sub(LOG_LENGTH);
        self.log.drain(..surplus);
        Ok(transfers)
    }
}

impl MemorySettlement {
    /// An empty ledger, seen by its solver.
    #[must_use]
    pub fn new(solver: Address) -> Self {
        let shared = Shared { ledger: Ledger::new(solver), log: VecDeque::new() };
        Self { account: solver, shared: Arc::new(Mutex::new(shared)) }
    }

    /// The same ledger, seen by another account.
    #[must_use]
    pub fn as_account(&self, account: Address) -> Self {
        Self { account, shared: Arc::clone(&self.shared) }
    }

    /// Brings money in for any account: what a faucet does.
    ///
    /// # Errors
    /// `InvalidInput` (`E_AMOUNT_OVERFLOW`).
    pub fn fund(&self, account: Address, amount: Amount) -> Result<Vec<Transfer>> {
        self.lock().apply(self.account, Command::Deposit { account, amount })
    }

    /// Every transfer so far, oldest first; the latest 65,536 are kept.
    #[must_use]
    pub fn transfers(&self) -> Vec<Transfer> {
        self.lock().log.iter().copied().collect()
    }

    /// Adds everything up.
    ///
    /// # Errors
    /// As [`Ledger::audit`].
    pub fn audit(&self) -> Result<Audit> {
        self.lock().ledger.audit()
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // A command happens whole or not at all, so the ledger is sound even where a holder of the lock panicked.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, deal: DealId, command: Command) -> Result<Settled> {
        let mut shared = self.lock();
        let transfers = shared.apply(self.account, command)?;
        Ok(Settled { deal: *shared.ledger.deal(deal)?, transfers })
    }
}

impl Settlement for MemorySettlement {
    fn account(&self) -> Address {
        self.account
    }

    fn balance(&self, account: Address) -> BoxFuture<'_, Result<Amount>> {
        Box::pin(async move { Ok(self.lock().ledger.balance(account)) })
    }

    fn deal(&self, deal: DealId) -> BoxFuture<'_, Result<DealAccount>> {
        Box::pin(async move { self.lock().ledger.deal(deal).copied() })
    }

    fn deposit(&self, amount: Amount) -> BoxFuture<'_, Result<Vec<Transfer>>> {
        Box::pin(async move { self.fund(self.account, amount) })
    }

    fn withdraw(&self, amount: Amount) -> BoxFuture<'_, Result<Vec<Transfer>>> {
        Box::pin(async move { self.lock().apply(self.account, Command::Withdraw { amount }) })
    }

    fn agree(&self, deal: DealId, parties: Parties, terms: Terms) -> BoxFuture<'_, Result<Settled>> {
        Box::pin(async move { self.change(deal, Command::Agree { deal, parties, terms }) })
    }

    fn advance(&self, deal: DealId, epoch: u64, event: DealEvent) -> BoxFuture<'_, Result<Settled>> {
        Box::pin(async move { self.change(deal, Command::Deal { deal, epoch, event }) })
    }
}
