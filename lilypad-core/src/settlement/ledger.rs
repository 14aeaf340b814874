//! The ledger: accounts and deals under the rules of the table.

use std::collections::BTreeMap;

use super::books::{Audit, Books};
use super::command::{Command, DealEvent, Parties, Terms};
use super::table::{self, EscrowState, Party, Settle};
use super::transfer::{Place, Reason, Transfer};
use super::{fault, pay};
use crate::error::{Error, Result};
use crate::model::{Address, Amount, DealId};

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
    /// Measured work, once reported.
    pub work_units: Option<u64>,
    /// What the provider was paid for work; zero until the deal ends.
    pub paid: Amount,
}

/// Accounts, deals and the rules that move money between them.
///
/// Pure: no clock, no I/O. A failing call changes nothing.
///
/// ```
/// use lilypad_core::model::{Address, Amount, Cid, DealId, Rate};
/// use lilypad_core::settlement::{Command, DealEvent, Ledger, Parties, Terms};
///
/// let [solver, job_creator, provider] = [1, 2, 3].map(|byte| Address::new([byte; 20]));
/// let mut ledger = Ledger::new(solver);
/// ledger.apply(job_creator, Command::Deposit { account: job_creator, amount: Amount::from_wei(100) })?;
///
/// let deal = DealId(Cid::of_block(b"a deal"));
/// let terms = Terms {
///     rate: Rate::new(Amount::from_wei(3), 10)?,
///     price_cap: Amount::from_wei(50),
///     provider_collateral: Amount::ZERO,
/// };
/// ledger.apply(solver, Command::Agree { deal, parties: Parties { job_creator, provider }, terms })?;
/// ledger.apply(provider, Command::Deal { deal, epoch: 1, event: DealEvent::Submit { work_units: 99 } })?;
/// ledger.apply(job_creator, Command::Deal { deal, epoch: 2, event: DealEvent::Accept })?;
///
/// assert_eq!(ledger.balance(provider), Amount::from_wei(29)); // 99 × 3 ÷ 10, rounded down
/// assert_eq!(ledger.balance(job_creator), Amount::from_wei(71));
/// ledger.audit()?;
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ledger {
    solver: Address,
    books: Books,
    deals: BTreeMap<DealId, DealAccount>,
}

impl Ledger {
    /// An empty ledger on which `solver` agrees deals and calls timeouts.
    #[must_use]
    pub fn new(solver: Address) -> Self {
        Self { solver, books: Books::default(), deals: BTreeMap::new() }
    }

    /// The account that agrees deals and calls timeouts.
    #[must_use]
    pub fn solver(&self) -> Address {
        self.solver
    }

    /// What `account` can spend or withdraw; zero for one that was never seen.
    #[must_use]
    pub fn balance(&self, account: Address) -> Amount {
        self.books.balance(&account)
    }

    /// What is held for `deal`.
    #[must_use]
    pub fn held(&self, deal: DealId) -> Amount {
        self.books.held(&deal)
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

    /// Does what account `by` asks for, whole or not at all, and says which money moved, in order.
    ///
    /// The caller has made sure that it is `by` who asks.
    ///
    /// # Errors
    /// `InsufficientFunds` (`E_FUNDS`), `NotFound` (`E_DEAL_UNKNOWN`), `Unauthorized` (`E_NOT_PARTY`), `Conflict`
    /// (`E_DEAL_EXISTS`, `E_STALE_EPOCH`, `E_DEAL_STATE`), `InvalidInput` (`E_AMOUNT_OVERFLOW`).
    pub fn apply(&mut self, by: Address, command: Command) -> Result<Vec<Transfer>> {
        match command {
            Command::Deposit { account, amount } => {
                self.book(Place::Outside, Place::Account(account), amount, Reason::Deposit)
            }
            Command::Withdraw { amount } => {
                self.book(Place::Account(by), Place::Outside, amount, Reason::Withdrawal)
            }
            Command::Agree { deal, parties, terms } => self.agree(by, deal, parties, terms),
            Command::Deal { deal, epoch, event } => self.advance(by, deal, epoch, event),
        }
    }

    /// Adds everything up.
    ///
    /// # Errors
    /// `Unexpected` where money was made or lost, or a deal does not hold what its state says: a bug of this module.
    pub fn audit(&self) -> Result<Audit> {
        for (id, deal) in &self.deals {
            let holds = !deal.state.is_final();
            let due = if holds { hold(&deal.terms)? } else { Amount::ZERO };
            if self.books.held(id) != due {
                return Err(Error::unexpected("a deal does not hold what its state says").with("deal_id", id));
            }
        }
        self.books.audit()
    }

    fn book(&mut self, from: Place, to: Place, amount: Amount, reason: Reason) -> Result<Vec<Transfer>> {
        let transfers = moved([Transfer { from, to, amount, reason }]);
        self.books.post(&transfers)?;
        Ok(transfers)
    }

    fn agree(&mut self, by: Address, id: DealId, parties: Parties, terms: Terms) -> Result<Vec<Transfer>> {
        if by != self.solver {
            return Err(fault::not_yours(by, "agree", &[Party::Solver]));
        }
        if self.deals.contains_key(&id) {
            return Err(fault::deal_exists(id));
        }
        hold(&terms)?;
        let transfers = moved([
            Transfer {
                from: Place::Account(parties.job_creator),
                to: Place::Escrow(id),
                amount: terms.price_cap,
                reason: Reason::PriceCap,
            },
            Transfer {
                from: Place::Account(parties.provider),
                to: Place::Escrow(id),
                amount: terms.provider_collateral,
                reason: Reason::Collateral,
            },
        ]);
        self.books.post(&transfers)?;
        let state = EscrowState::Agreed;
        let deal = DealAccount { parties, terms, state, epoch: 1, work_units: None, paid: Amount::ZERO };
        self.deals.insert(id, deal);
        Ok(transfers)
    }

    fn advance(&mut self, by: Address, id: DealId, epoch: u64, event: DealEvent) -> Result<Vec<Transfer>> {
        let mut deal = *self.deal(id)?;
        if epoch != deal.epoch {
            return Err(fault::stale_epoch(id, deal.epoch, epoch));
        }
        let row = table::find(deal.state, event.kind())
            .ok_or_else(|| fault::not_allowed(id, deal.state, event.kind()))?;
        if !row.callers.iter().any(|party| self.is_party(by, *party, &deal.parties)) {
            return Err(fault::not_yours(by, event.kind(), row.callers).with("deal_id", id));
        }
        deal.state = row.to;
        deal.epoch = deal.epoch.saturating_add(1);
        deal.work_units = event.work_units().or(deal.work_units);
        if row.settle == Settle::PayWork {
            let units = deal.work_units.unwrap_or(0);
            deal.paid = pay::payout(deal.terms.rate, units, deal.terms.price_cap);
        }
        let transfers = pay::split(id, &deal, row.settle)?;
        self.books.post(&transfers)?;
        self.deals.insert(id, deal);
        Ok(transfers)
    }

    fn is_party(&self, account: Address, party: Party, parties: &Parties) -> bool {
        account
            == match party {
                Party::JobCreator => parties.job_creator,
                Party::Provider => parties.provider,
                Party::Solver => self.solver,
            }
    }
}

fn moved<const N: usize>(transfers: [Transfer; N]) -> Vec<Transfer> {
    transfers.into_iter().filter(|transfer| !transfer.amount.is_zero()).collect()
}

fn hold(terms: &Terms) -> Result<Amount> {
    let sum = terms.price_cap.checked_add(terms.provider_collateral);
    sum.ok_or_else(|| fault::overflow("price cap + provider collateral"))
}
