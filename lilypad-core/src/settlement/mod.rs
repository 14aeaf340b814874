//! The rules of money as a pure state machine, the ledger that keeps them, and the trait that hides which ledger it is.
//!
//! A [`Ledger`] holds accounts, stakes and deals. Money comes in only by a deposit and leaves only by a withdrawal; all else
//! moves it between balances, stakes, what unbonds, the escrow and the bond of a deal, and what is burned. Each [`Command`]
//! comes with the account that asks and the moment, and either happens whole or changes nothing. The ledger is the reference
//! for contracts: integers only, no loop over what is not bounded, one table, and a name for every refusal.
//!
//! # Life of a deal
//! Before [`Command::Agree`] nothing is held. From then on the deal holds the job creator's price cap, and the provider's
//! collateral is locked in its stake, until one of the events below ends it.
//!
//! | from | event | who may | when | to | money |
//! |---|---|---|---|---|---|
//! | – | agree | solver | | `Agreed` | hold |
//! | `Agreed` | submit | provider, solver | | `Submitted` | hold |
//! | `Agreed` | fail | solver | | `Failed` | pay work |
//! | `Agreed` | request cancel | job creator, solver | | `Cancelling` | hold |
//! | `Agreed` | cancel by provider | provider, solver | | `CancelledByProvider` | refund |
//! | `Agreed` | provider timeout | anyone | from the deadline on | `ProviderTimedOut` | forfeit |
//! | `Cancelling` | submit | provider, solver | | `Submitted` | hold |
//! | `Cancelling` | fail | solver | | `Failed` | pay work |
//! | `Cancelling` | cancel by creator | solver | | `CancelledByCreator` | pay work |
//! | `Cancelling` | cancel by provider | provider, solver | | `CancelledByProvider` | refund |
//! | `Cancelling` | provider timeout | anyone | from the deadline on | `ProviderTimedOut` | forfeit |
//! | `Submitted` | accept | job creator, solver | | `Accepted` | pay work |
//! | `Submitted` | challenge | job creator, solver | before the deadline; a mediator is left | `Challenged` | post bond |
//! | `Submitted` | creator timeout | anyone | from the deadline on | `CreatorTimedOut` | pay work |
//! | `Challenged` | appoint | solver | | `Mediating` | hold |
//! | `Challenged` | solver timeout | anyone | from the deadline on | `Undecided` | return all |
//! | `Mediating` | match | mediator | | `Upheld` | uphold |
//! | `Mediating` | mismatch | mediator | a mediator is left | `Mismatched` | hold |
//! | `Mediating` | mismatch | mediator | no mediator is left | `Undecided` | return all |
//! | `Mediating` | could not check | mediator | a mediator is left | `Challenged` | hold |
//! | `Mediating` | could not check | mediator | no mediator is left | `Undecided` | return all |
//! | `Mediating` | mediator timeout | anyone | from the deadline on; a mediator is left | `Challenged` | hold |
//! | `Mediating` | mediator timeout | anyone | from the deadline on; no mediator is left | `Undecided` | return all |
//! | `Mismatched` | appoint | solver | | `Remediating` | hold |
//! | `Mismatched` | solver timeout | anyone | from the deadline on | `Undecided` | return all |
//! | `Remediating` | match | mediator | | `Upheld` | uphold |
//! | `Remediating` | mismatch | mediator | | `Rejected` | slash |
//! | `Remediating` | could not check | mediator | a mediator is left | `Mismatched` | hold |
//! | `Remediating` | could not check | mediator | no mediator is left | `Undecided` | return all |
//! | `Remediating` | mediator timeout | anyone | from the deadline on; a mediator is left | `Mismatched` | hold |
//! | `Remediating` | mediator timeout | anyone | from the deadline on; no mediator is left | `Undecided` | return all |
//!
//! What is not in the table is refused, so a state that never stands in the first column is final. *Work* is
//! `min(rate × measured work units, cap)` rounded down; its *shares* round down, and the provider gets the rest of it. *Kept*
//! is what slashing does not burn of the collateral, rounded down.
//!
//! | money | provider | author, solver | job creator | mediators | burned | collateral | bond |
//! |---|---|---|---|---|---|---|---|
//! | hold | | | | | | locked | |
//! | post bond | | | | | | locked | 2 fees from the challenger |
//! | pay work | rest of work | shares of work | cap − work | | | unlocked | |
//! | refund | | | cap | | | unlocked | |
//! | forfeit | | | cap + kept | | burned part | gone | |
//! | uphold | rest of work | shares of work | cap − work | a fee for each verdict, from the bond | | unlocked | rest to the challenger |
//! | slash | | | cap + kept − 2 fees | a fee each, from the collateral | burned part | gone | back to the challenger |
//! | return all | | | cap | | | unlocked | back to the challenger |
//!
//! # Time
//! Each state that is not final has one deadline, fixed when it is entered: that moment and the window of the state. From
//! the deadline on any account may end the state by its one timeout, and nobody before. A wish to stop never makes the
//! provider's deadline later than it was.
//!
//! | state | window | its timeout |
//! |---|---|---|
//! | `Agreed` | submit | provider timeout |
//! | `Cancelling` | cancel | provider timeout |
//! | `Submitted` | judge | creator timeout |
//! | `Challenged` | mediate | solver timeout |
//! | `Mediating` | mediate | mediator timeout |
//! | `Mismatched` | mediate | solver timeout |
//! | `Remediating` | mediate | mediator timeout |
//!
//! # Two at once
//! Each change of a deal raises its epoch; an event names the epoch that its sender has seen, so of two that race one wins
//! and the other gets `E_STALE_EPOCH`.
//!
//! Free mode is the same path with every amount zero.
//!
//! # Layout
//! `command` what may be asked; `terms` and `panel` what is fixed at agreement; `event` and `state` what can happen and how far
//! a deal is; `table` what follows what; `deal` one deal after an event; `pay` what work costs and who gets it; `stake` locks and
//! unbonding; `transfer` one movement of money; `books` double entry; `ledger` all together; `audit` adds it up; `config` what is
//! fixed for a ledger; `journal` the commands that made a ledger; `api` the [`Settlement`] trait; `memory` the ledger in this process.

mod api;
mod audit;
mod books;
mod command;
mod config;
mod deal;
mod event;
mod fault;
mod journal;
mod ledger;
mod memory;
mod panel;
mod pay;
mod stake;
mod state;
mod table;
mod terms;
mod transfer;

pub use api::{Settled, Settlement};
pub use books::Audit;
pub use command::Command;
pub use config::LedgerConfig;
pub use deal::{DealAccount, Mediation, Mismatch};
pub use event::{DealEvent, EventKind};
pub use journal::{Entry, Journal};
pub use ledger::Ledger;
pub use memory::MemorySettlement;
pub use panel::{MAX_MEDIATORS, Panel};
pub use pay::payout;
pub use stake::{MAX_UNBONDINGS, Pool, Unbonding};
pub use state::{EscrowState, Window};
pub use table::{Need, Party, Settle, Transition, When, transitions};
pub use terms::{Author, MAX_WINDOW_MS, Parties, Terms, Windows};
pub use transfer::{Place, Reason, Transfer};

#[cfg(test)]
mod tests;
