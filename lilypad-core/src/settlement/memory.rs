//! The ledger in this process, shared by the roles.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::api::{Settled, Settlement};
use super::books::Audit;
use super::command::Command;
use super::config::LedgerConfig;
use super::deal::DealAccount;
use super::event::DealEvent;
use super::journal::{Entry, Journal, Written};
use super::ledger::Ledger;
use super::stake::{Pool, Unbonding};
use super::terms::{Parties, Terms};
use super::transfer::Transfer;
use crate::error::Result;
use crate::model::{Address, Amount, DealId};
use crate::rt::{BoxFuture, Chronometer, Clock};

/// How many transfers the log keeps; older ones are dropped.
const LOG_LENGTH: usize = 65_536;

/// A [`Ledger`] in this process, seen by one account. Clones and [`as_account`](Self::as_account) share the ledger.
///
/// Its time passes also where the clock's stamps stand still (see [`Chronometer`]), so every deadline comes.
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
    time: Chronometer,
    log: VecDeque<Transfer>,
    journal: Written,
}

impl Shared {
    fn apply(&mut self, by: Address, command: Command) -> Result<Vec<Transfer>> {
        self.journal.check()?;
        let at = self.time.now();
        let transfers = self.ledger.apply(by, at, command)?;
        self.journal.write(by, at, command)?;
        self.log.extend(&transfers);
        let surplus = self.log.len().saturating_sub(LOG_LENGTH);
        self.log.drain(..surplus);
        Ok(transfers)
    }
}

impl MemorySettlement {
    /// An empty ledger with the default settings on the machine's clock, seen by its solver.
    #[must_use]
    pub fn new(solver: Address) -> Self {
        Self::with_clock(solver, Clock::system(), LedgerConfig::default())
    }

    /// An empty ledger whose deadlines follow `clock`, seen by its solver.
    #[must_use]
    pub fn with_clock(solver: Address, clock: Clock, config: LedgerConfig) -> Self {
        let ledger = Ledger::with_config(solver, config);
        Self::of(solver, ledger, Chronometer::start(clock), Written::default())
    }

    /// The ledger that `entries` make, in their order, seen by its solver; each further command is in `journal` before its
    /// call returns. Its time goes on after that of the last entry, whatever `clock` shows.
    ///
    /// # Errors
    /// `Unexpected` (`E_JOURNAL`) where the entries are not numbered from 1 on, or where one does not apply: it is named.
    pub fn replay(
        solver: Address,
        clock: Clock,
        config: LedgerConfig,
        entries: &[Entry],
        journal: Arc<dyn Journal>,
    ) -> Result<Self> {
        let mut ledger = Ledger::with_config(solver, config);
        let (written, last) = Written::after(&mut ledger, entries, journal)?;
        Ok(Self::of(solver, ledger, Chronometer::not_before(clock, last), written))
    }

    fn of(solver: Address, ledger: Ledger, time: Chronometer, journal: Written) -> Self {
        let shared = Shared { ledger, time, log: VecDeque::new(), journal };
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

    /// How many commands the ledger has taken since it was begun.
    #[must_use]
    pub fn commands(&self) -> u64 {
        self.lock().journal.number()
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

    fn own(&self, command: Command) -> BoxFuture<'_, Result<Vec<Transfer>>> {
        Box::pin(async move { self.lock().apply(self.account, command) })
    }

    fn change(&self, deal: DealId, command: Command) -> BoxFuture<'_, Result<Settled>> {
        Box::pin(async move {
            let mut shared = self.lock();
            let transfers = shared.apply(self.account, command)?;
            Ok(Settled { deal: *shared.ledger.deal(deal)?, transfers })
        })
    }
}

impl Settlement for MemorySettlement {
    fn account(&self) -> Address {
        self.account
    }

    fn balance(&self, account: Address) -> BoxFuture<'_, Result<Amount>> {
        Box::pin(async move { Ok(self.lock().ledger.balance(account)) })
    }

    fn pool(&self, account: Address) -> BoxFuture<'_, Result<Pool>> {
        Box::pin(async move { Ok(self.lock().ledger.pool(account)) })
    }

    fn unbonding(&self, account: Address) -> BoxFuture<'_, Result<Vec<Unbonding>>> {
        Box::pin(async move { Ok(self.lock().ledger.unbonding(account).to_vec()) })
    }

    fn deal(&self, deal: DealId) -> BoxFuture<'_, Result<DealAccount>> {
        Box::pin(async move { self.lock().ledger.deal(deal).copied() })
    }

    fn deposit(&self, amount: Amount) -> BoxFuture<'_, Result<Vec<Transfer>>> {
        self.own(Command::Deposit { account: self.account, amount })
    }

    fn withdraw(&self, amount: Amount) -> BoxFuture<'_, Result<Vec<Transfer>>> {
        self.own(Command::Withdraw { amount })
    }

    fn stake(&self, amount: Amount) -> BoxFuture<'_, Result<Vec<Transfer>>> {
        self.own(Command::Stake { amount })
    }

    fn unstake(&self, amount: Amount) -> BoxFuture<'_, Result<Vec<Transfer>>> {
        self.own(Command::Unstake { amount })
    }

    fn claim_unbonded(&self) -> BoxFuture<'_, Result<Vec<Transfer>>> {
        self.own(Command::ClaimUnbonded)
    }

    fn agree(&self, deal: DealId, parties: Parties, terms: Terms) -> BoxFuture<'_, Result<Settled>> {
        self.change(deal, Command::Agree { deal, parties, terms })
    }

    fn advance(&self, deal: DealId, epoch: u64, event: DealEvent) -> BoxFuture<'_, Result<Settled>> {
        self.change(deal, Command::Deal { deal, epoch, event })
    }
}
