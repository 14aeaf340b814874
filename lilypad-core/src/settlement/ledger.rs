//! The ledger: accounts, stakes and deals under the rules of the table.

use std::collections::BTreeMap;

use super::books::Books;
use super::command::Command;
use super::config::LedgerConfig;
use super::deal::DealAccount;
use super::event::DealEvent;
use super::stake::{Pool, Stakes, Unbonding};
use super::table::{self, Party, Transition, When};
use super::terms::{Parties, Terms};
use super::transfer::{Place, Reason, Transfer};
use super::{fault, pay};
use crate::error::Result;
use crate::model::{Address, Amount, DealId};
use crate::rt::Timestamp;

/// Accounts, stakes, deals and the rules that move money between them.
///
/// Pure: no clock, no I/O; the moment comes with each command, as a contract's comes with its block. A failing call
/// changes nothing.
///
/// ```
/// use lilypad_core::model::{Address, Amount, Cid, DealId, Rate, Share, WorkUnit};
/// use lilypad_core::rt::Timestamp;
/// use lilypad_core::settlement::{Command, DealEvent, Ledger, Panel, Parties, Terms, Windows};
///
/// let [solver, job_creator, provider] = [1, 2, 3].map(|byte| Address::new([byte; 20]));
/// let (mut ledger, now) = (Ledger::new(solver), Timestamp(1_700_000_000_000));
/// ledger.apply(job_creator, now, Command::Deposit { account: job_creator, amount: Amount::from_wei(100) })?;
///
/// let deal = DealId(Cid::of_block(b"a deal"));
/// let terms = Terms {
///     rate: Rate::new(Amount::from_wei(3), 10)?,
///     unit: WorkUnit::Instructions,
///     price_cap: Amount::from_wei(50),
///     provider_collateral: Amount::ZERO,
///     author: None,
///     solver_fee: Share::new(1, 10)?,
///     mediation_fee: Amount::ZERO,
///     mediators: Panel::EMPTY,
///     windows: Windows { submit_ms: 60_000, cancel_ms: 10_000, judge_ms: 3_600_000, mediate_ms: 600_000 },
/// };
/// ledger.apply(solver, now, Command::Agree { deal, parties: Parties { job_creator, provider }, terms })?;
/// ledger.apply(provider, now, Command::Deal { deal, epoch: 1, event: DealEvent::Submit { work_units: 99 } })?;
/// ledger.apply(job_creator, now, Command::Deal { deal, epoch: 2, event: DealEvent::Accept })?;
///
/// // 99 × 3 ÷ 10 is 29 rounded down, of which the solver gets a tenth, 2 rounded down.
/// assert_eq!(ledger.balance(provider), Amount::from_wei(27));
/// assert_eq!(ledger.balance(solver), Amount::from_wei(2));
/// assert_eq!(ledger.balance(job_creator), Amount::from_wei(71));
/// ledger.audit()?;
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    solver: Address,
    config: LedgerConfig,
    /// The moment of the last command that went through.
    last: Timestamp,
    pub(super) books: Books,
    pub(super) stakes: Stakes,
    deals: BTreeMap<DealId, DealAccount>,
}

impl Ledger {
    /// An empty ledger on which `solver` agrees deals, with the default settings.
    #[must_use]
    pub fn new(solver: Address) -> Self {
        Self::with_config(solver, LedgerConfig::default())
    }

    /// An empty ledger on which `solver` agrees deals.
    #[must_use]
    pub fn with_config(solver: Address, config: LedgerConfig) -> Self {
        let (books, stakes, deals) = (Books::default(), Stakes::default(), BTreeMap::new());
        Self { solver, config, last: Timestamp::default(), books, stakes, deals }
    }

    /// The account that agrees deals, carries what the parties signed and names mediators.
    #[must_use]
    pub fn solver(&self) -> Address {
        self.solver
    }

    /// What is fixed for the whole ledger.
    #[must_use]
    pub fn config(&self) -> &LedgerConfig {
        &self.config
    }

    /// What `account` can spend or withdraw; zero for one that was never seen.
    #[must_use]
    pub fn balance(&self, account: Address) -> Amount {
        self.books.at(&Place::Account(account))
    }

    /// What `account` has staked, and how much of it deals have locked.
    #[must_use]
    pub fn pool(&self, account: Address) -> Pool {
        Pool { stake: self.books.at(&Place::Stake(account)), locked: self.stakes.locked(&account) }
    }

    /// What `account` takes out of its stake, oldest first; at most [`MAX_UNBONDINGS`](super::MAX_UNBONDINGS) amounts.
    #[must_use]
    pub fn unbonding(&self, account: Address) -> &[Unbonding] {
        self.stakes.unbonding(&account)
    }

    /// What is held for `deal` of the price cap.
    #[must_use]
    pub fn held(&self, deal: DealId) -> Amount {
        self.books.at(&Place::Escrow(deal))
    }

    /// The bond that is held for a challenge of `deal`.
    #[must_use]
    pub fn bond(&self, deal: DealId) -> Amount {
        self.books.at(&Place::Bond(deal))
    }

    /// One deal.
    ///
    /// # Errors
    /// `NotFound` (`E_DEAL_UNKNOWN`).
    pub fn deal(&self, deal: DealId) -> Result<&DealAccount> {
        self.deals.get(&deal).ok_or_else(|| fault::no_deal(deal))
    }

    /// Every deal, in the order of the ids.
    pub fn deals(&self) -> impl Iterator<Item = (DealId, &DealAccount)> {
        self.deals.iter().map(|(id, deal)| (*id, deal))
    }

    /// Does what account `by` asks for at the moment `now`, whole or not at all, and says which money moved, in order.
    ///
    /// The caller has made sure that it is `by` who asks, and that `now` is the time.
    ///
    /// # Errors
    /// `InsufficientFunds` (`E_FUNDS`, `E_STAKE`), `NotFound` (`E_DEAL_UNKNOWN`), `Unauthorized` (`E_NOT_PARTY`),
    /// `Conflict` (`E_DEAL_EXISTS`, `E_STALE_EPOCH`, `E_DEAL_STATE`, `E_TOO_EARLY`, `E_TOO_LATE`, `E_NO_MEDIATOR`,
    /// `E_UNBONDING_FULL`, `E_UNBONDING_EARLY`), `InvalidInput` (`E_TERMS`, `E_WORK_UNITS`, `E_MEDIATOR_UNKNOWN`,
    /// `E_MEDIATOR_ASKED`, `E_TIME_BACK`, `E_AMOUNT_OVERFLOW`).
    pub fn apply(&mut self, by: Address, now: Timestamp, command: Command) -> Result<Vec<Transfer>> {
        if now < self.last {
            return Err(fault::time_back(self.last, now));
        }
        let transfers = match command {
            Command::Deposit { account, amount } => {
                self.book(Place::Outside, Place::Account(account), amount, Reason::Deposit)
            }
            Command::Withdraw { amount } => {
                self.book(Place::Account(by), Place::Outside, amount, Reason::Withdrawal)
            }
            Command::Stake { amount } => {
                self.book(Place::Account(by), Place::Stake(by), amount, Reason::Stake)
            }
            Command::Unstake { amount } => self.unstake(by, now, amount),
            Command::ClaimUnbonded => self.claim(by, now),
            Command::Agree { deal, parties, terms } => self.agree(by, now, deal, parties, terms),
            Command::Deal { deal, epoch, event } => self.advance(by, now, deal, epoch, event),
        }?;
        self.last = now;
        Ok(transfers)
    }

    fn book(&mut self, from: Place, to: Place, amount: Amount, reason: Reason) -> Result<Vec<Transfer>> {
        let transfers = if amount.is_zero() { vec![] } else { vec![Transfer { from, to, amount, reason }] };
        self.books.post(&transfers)?;
        Ok(transfers)
    }

    fn unstake(&mut self, by: Address, now: Timestamp, amount: Amount) -> Result<Vec<Transfer>> {
        let free = self.pool(by).free();
        if amount > free {
            return Err(fault::lacks_stake(by, amount, free));
        }
        if amount.is_zero() {
            return Ok(vec![]);
        }
        self.stakes.check_room(by)?;
        let transfers = self.book(Place::Stake(by), Place::Unbonding(by), amount, Reason::Unstake)?;
        let matures_at = Timestamp(now.as_millis().saturating_add(self.config.unbonding_ms()));
        self.stakes.start(by, Unbonding { amount, matures_at });
        Ok(transfers)
    }

    fn claim(&mut self, by: Address, now: Timestamp) -> Result<Vec<Transfer>> {
        let amount = self.stakes.matured(by, now)?;
        let transfers = self.book(Place::Unbonding(by), Place::Account(by), amount, Reason::Unbonded)?;
        self.stakes.forget_matured(by, now);
        Ok(transfers)
    }

    fn agree(
        &mut self,
        by: Address,
        now: Timestamp,
        id: DealId,
        parties: Parties,
        terms: Terms,
    ) -> Result<Vec<Transfer>> {
        if by != self.solver {
            return Err(fault::not_yours(by, "agree", &[Party::Solver]));
        }
        if self.deals.contains_key(&id) {
            return Err(fault::deal_exists(id));
        }
        terms.check(&parties, self.solver, self.config.burned())?;
        let available = self.balance(parties.job_creator);
        if terms.price_cap > available {
            return Err(fault::lacks_funds(parties.job_creator, terms.price_cap, available));
        }
        let (pool, collateral) = (self.pool(parties.provider), terms.provider_collateral);
        if collateral > pool.free() {
            return Err(fault::lacks_stake(parties.provider, collateral, pool.free()));
        }
        let locked =
            pool.locked.checked_add(collateral).ok_or_else(|| fault::overflow("the locked stake"))?;
        let from = Place::Account(parties.job_creator);
        let transfers = self.book(from, Place::Escrow(id), terms.price_cap, Reason::PriceCap)?;
        self.stakes.set_locked(parties.provider, locked);
        self.deals.insert(id, DealAccount::agreed(parties, terms, now));
        Ok(transfers)
    }

    fn advance(
        &mut self,
        by: Address,
        now: Timestamp,
        id: DealId,
        epoch: u64,
        event: DealEvent,
    ) -> Result<Vec<Transfer>> {
        let deal = self.deal(id)?;
        if epoch != deal.epoch {
            return Err(fault::stale_epoch(id, deal.epoch, epoch));
        }
        let row = self.allowed(by, now, id, deal, &event)?;
        let next = deal.after(id, row, by, now, &event)?;
        let context = pay::Context { id, by, solver: self.solver, burned: self.config.burned() };
        let transfers = pay::split(&context, &next, row.settle)?;
        let (provider, collateral) = (next.parties.provider, next.terms.provider_collateral);
        let locked = self.stakes.without(&provider, collateral)?;
        self.books.post(&transfers)?;
        if next.state.is_final() {
            self.stakes.set_locked(provider, locked);
        }
        self.deals.insert(id, next);
        Ok(transfers)
    }

    /// The row of the table under which `by` may cause `event` now.
    fn allowed(
        &self,
        by: Address,
        now: Timestamp,
        id: DealId,
        deal: &DealAccount,
        event: &DealEvent,
    ) -> Result<&'static Transition> {
        let kind = event.kind();
        let found = table::find(deal.state, kind, deal.mediator_left());
        let row = found
            .ok_or_else(|| fault::not_allowed(id, deal.state, kind))?
            .ok_or_else(|| fault::no_mediator_left(id, kind))?;
        if !row.callers.iter().any(|party| deal.is_party(by, *party, self.solver)) {
            return Err(fault::not_yours(by, kind, row.callers).with("deal_id", id));
        }
        match (row.when, deal.deadline) {
            (When::Due, Some(deadline)) if now < deadline => Err(fault::too_early(id, kind, deadline, now)),
            (When::Before, Some(deadline)) if now >= deadline => {
                Err(fault::too_late(id, kind, deadline, now))
            }
            _ => Ok(row),
        }
    }
}
