//! The errors of the ledger.

use std::fmt::Display;

use super::event::EventKind;
use super::state::EscrowState;
use super::table::Party;
use crate::error::{Error, ErrorKind, Fault, Retry};
use crate::model::{Address, Amount, DealId, WorkUnit};
use crate::rt::Timestamp;

#[cold]
pub(super) fn lacks_funds(account: Address, needed: Amount, available: Amount) -> Error {
    let missing = needed.checked_sub(available).unwrap_or(Amount::ZERO);
    let message = format!("account {account} has {available} available and needs {needed}");
    Error::new(ErrorKind::InsufficientFunds, "E_FUNDS", message)
        .with_hint(format!("deposit {missing} more, or agree on less"))
        .with("account", account)
        .with("needed", needed.to_wei_string())
        .with("available", available.to_wei_string())
}

#[cold]
pub(super) fn lacks_stake(account: Address, needed: Amount, free: Amount) -> Error {
    let missing = needed.checked_sub(free).unwrap_or(Amount::ZERO);
    let message = format!("account {account} has {free} of free stake and needs {needed}");
    Error::new(ErrorKind::InsufficientFunds, "E_STAKE", message)
        .with_fault(Fault::Provider)
        .with_hint(format!("stake {missing} more, or wait for a deal to end"))
        .with("account", account)
        .with("needed", needed.to_wei_string())
        .with("available", free.to_wei_string())
}

#[cold]
pub(super) fn overflow(what: &'static str) -> Error {
    Error::invalid("E_AMOUNT_OVERFLOW", format!("{what} does not fit into 256 bits of wei"))
        .with_hint("use smaller amounts")
}

#[cold]
pub(super) fn terms(field: &'static str, limit: impl Display, got: impl Display) -> Error {
    Error::invalid("E_TERMS", format!("`{field}` must be {limit}, not {got}"))
        .with_hint("mend the terms and agree again")
        .with("field", field)
        .with("limit", limit)
        .with("got", got)
}

#[cold]
pub(super) fn too_many_units(deal: DealId, unit: WorkUnit, most: u64, got: u64) -> Error {
    Error::invalid("E_WORK_UNITS", format!("a job counted in `{unit}` takes at most {most}, not {got}"))
        .with("deal_id", deal)
        .with("limit", most)
        .with("got", got)
}

#[cold]
pub(super) fn time_back(last: Timestamp, now: Timestamp) -> Error {
    Error::invalid("E_TIME_BACK", format!("it is {now} ms, but the last command came at {last} ms"))
        .with_hint("give the ledger a clock that never runs backwards")
        .with("limit", last)
        .with("got", now)
}

#[cold]
pub(super) fn unbondings_full(account: Address, most: usize, first: Timestamp) -> Error {
    let message = format!("account {account} has {most} amounts unbonding, which is the limit");
    Error::new(ErrorKind::Conflict, "E_UNBONDING_FULL", message)
        .with_hint(format!("claim what has matured; the oldest matures at {first} ms"))
        .with("account", account)
        .with("limit", most)
        .with("matures_at", first)
}

#[cold]
pub(super) fn nothing_matured(account: Address, first: Option<Timestamp>) -> Error {
    let next =
        first.map_or_else(|| "nothing unbonds".to_owned(), |at| format!("the next matures at {at} ms"));
    let message = format!("account {account} has nothing to claim");
    Error::new(ErrorKind::Conflict, "E_UNBONDING_EARLY", message).with_hint(next).with("account", account)
}

#[cold]
pub(super) fn no_deal(deal: DealId) -> Error {
    Error::new(ErrorKind::NotFound, "E_DEAL_UNKNOWN", format!("the ledger has no deal {deal}"))
        .with_hint("agree on it first")
        .with("deal_id", deal)
}

#[cold]
pub(super) fn deal_exists(deal: DealId) -> Error {
    Error::new(ErrorKind::Conflict, "E_DEAL_EXISTS", format!("deal {deal} is agreed already"))
        .with_hint("a deal id is used once; read the deal's state")
        .with("deal_id", deal)
}

#[cold]
pub(super) fn stale_epoch(deal: DealId, expected: u64, got: u64) -> Error {
    let message = format!("deal {deal} is at epoch {expected}, not {got}: somebody moved it");
    Error::new(ErrorKind::Conflict, "E_STALE_EPOCH", message)
        .with_hint("read the deal again and decide anew")
        .with("deal_id", deal)
        .with("epoch", expected)
        .with("got", got)
}

#[cold]
pub(super) fn not_allowed(deal: DealId, state: EscrowState, event: EventKind) -> Error {
    let end = if state.is_final() { ", which is final" } else { "" };
    let message = format!("`{event}` cannot follow in deal {deal}: its state is {state}{end}");
    Error::new(ErrorKind::Conflict, "E_DEAL_STATE", message).with("deal_id", deal).with("state", state)
}

#[cold]
pub(super) fn not_yours(by: Address, what: impl Display, callers: &[Party]) -> Error {
    let who: Vec<String> = callers.iter().map(|party| format!("the {party}")).collect();
    let message = format!("account {by} may not cause `{what}`");
    Error::new(ErrorKind::Unauthorized, "E_NOT_PARTY", message)
        .with_hint(format!("only {} may", who.join(" or ")))
        .with("account", by)
}

#[cold]
pub(super) fn too_early(deal: DealId, event: EventKind, deadline: Timestamp, now: Timestamp) -> Error {
    let message = format!("`{event}` of deal {deal} is due at {deadline} ms, and it is {now} ms");
    Error::new(ErrorKind::Conflict, "E_TOO_EARLY", message)
        .with_hint("wait for the deadline")
        .with_retry(Retry::After(deadline.since(now)))
        .with("deal_id", deal)
        .with("deadline", deadline)
        .with("got", now)
}

#[cold]
pub(super) fn too_late(deal: DealId, event: EventKind, deadline: Timestamp, now: Timestamp) -> Error {
    let message = format!("`{event}` of deal {deal} had to come before {deadline} ms, and it is {now} ms");
    Error::new(ErrorKind::Conflict, "E_TOO_LATE", message)
        .with("deal_id", deal)
        .with("deadline", deadline)
        .with("got", now)
}

#[cold]
pub(super) fn no_mediator_left(deal: DealId, event: EventKind) -> Error {
    let message = format!("`{event}` needs a mediator, and deal {deal} has none");
    Error::new(ErrorKind::Conflict, "E_NO_MEDIATOR", message)
        .with_hint("agree on deals that name mediators")
        .with("deal_id", deal)
}

#[cold]
pub(super) fn no_mediator(deal: DealId, mediator: Address) -> Error {
    let message = format!("account {mediator} is not on the panel of deal {deal}");
    Error::invalid("E_MEDIATOR_UNKNOWN", message)
        .with_hint("name one of the mediators that were agreed")
        .with("deal_id", deal)
        .with("got", mediator)
}

#[cold]
pub(super) fn asked_before(deal: DealId, mediator: Address) -> Error {
    let message = format!("mediator {mediator} of deal {deal} was asked before");
    Error::invalid("E_MEDIATOR_ASKED", message)
        .with_hint("name another one of the panel")
        .with("deal_id", deal)
        .with("got", mediator)
}
