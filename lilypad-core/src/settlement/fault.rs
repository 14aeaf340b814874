//! The errors of the ledger.

use super::table::{EscrowState, EventKind, Party};
use crate::error::{Error, ErrorKind};
use crate::model::{Address, Amount, DealId};

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
pub(super) fn overflow(what: &'static str) -> Error {
    Error::invalid("E_AMOUNT_OVERFLOW", format!("{what} does not fit into 256 bits of wei"))
        .with_hint("use smaller amounts")
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
pub(super) fn not_yours(by: Address, what: impl std::fmt::Display, callers: &[Party]) -> Error {
    let who: Vec<String> = callers.iter().map(|party| format!("the {party}")).collect();
    let message = format!("account {by} may not cause `{what}`");
    Error::new(ErrorKind::Unauthorized, "E_NOT_PARTY", message)
        .with_hint(format!("only {} may", who.join(" or ")))
        .with("account", by)
}
