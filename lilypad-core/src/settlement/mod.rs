//! The rules of money as a pure state machine, the ledger that keeps them, and the trait that hides which ledger it is.
//!
//! A [`Ledger`] holds accounts and deals. Money comes in only by a deposit and leaves only by a withdrawal; all else moves
//! it between accounts, the escrow of a deal and what is burned. Each [`Command`] either happens whole or changes nothing.
//!
//! # Life of a deal
//! Before [`Command::Agree`] nothing is held. From then on the deal holds the job creator's price cap and the provider's
//! collateral, until one of the events below ends it. *Work* is `min(rate × measured work units, cap)`.
//!
//! | from | event | who may | to | provider gets | job creator gets | burned |
//! |---|---|---|---|---|---|---|
//! | – | agree | solver | `Agreed` | | | |
//! | `Agreed` | submit | provider, solver | `Submitted` | | | |
//! | `Agreed` | fail | provider, solver | `Failed` | work + collateral | cap − work | |
//! | `Agreed` | cancel by creator | provider, solver | `CancelledByCreator` | work + collateral | cap − work | |
//! | `Agreed` | cancel by provider | provider, solver | `CancelledByProvider` | collateral | cap | |
//! | `Agreed` | provider timeout | solver | `ProviderTimedOut` | | cap + rest of collateral | half of collateral |
//! | `Submitted` | accept | job creator, solver | `Accepted` | work + collateral | cap − work | |
//! | `Submitted` | creator timeout | solver | `CreatorTimedOut` | work + collateral | cap − work | |
//!
//! Every other pair of state and event is refused, so what is not named as a start is final. Each state that is not final
//! has one timeout and one who calls it, so no money rests for ever. The ledger has no clock: the solver keeps the time, and
//! the measured work of a cancelled or failed job comes from the one who measured it, bounded by the cap.
//!
//! Each change of a deal raises its epoch; an event names the epoch that its sender has seen, so of two that race one wins
//! and the other gets `E_STALE_EPOCH`.
//!
//! Free mode is the same path with rate, cap and collateral zero.
//!
//! # Layout
//! `command` what may be asked; `table` states, events and who moves what; `pay` what work costs; `transfer` one movement of
//! money; `books` double entry; `ledger` all together; `api` the [`Settlement`] trait; `memory` the ledger in this process.

mod api;
mod books;
mod command;
mod fault;
mod ledger;
mod memory;
mod pay;
mod table;
mod transfer;

pub use api::{Settled, Settlement};
pub use books::Audit;
pub use command::{Command, DealEvent, Parties, Terms};
pub use ledger::{DealAccount, Ledger};
pub use memory::MemorySettlement;
pub use pay::payout;
pub use table::{EscrowState, EventKind, Party, Settle, Transition, transitions};
pub use transfer::{Place, Reason, Transfer};

#[cfg(test)]
mod tests;
