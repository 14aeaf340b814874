//! Why a request got no answer, in words and with what to do.

use std::error::Error as _;

use crate::error::{Error, ErrorKind, Fault, Retry};

use super::address::Address;
use super::version::Spoken;
use crate::wire::API_VERSION;
use std::time::Duration;

/// A pause before another try where the other side names none.
const PAUSE: Duration = Duration::from_millis(200);

pub(super) fn unanswered(base: &Address, error: reqwest::Error) -> Error {
    let mut causes = Vec::new();
    let (mut cause, mut tls) = (error.source(), false);
    while let Some(inner) = cause {
        tls |= is_tls(inner);
        causes.push(inner.to_string());
        cause = inner.source();
    }
    let reason = causes.last().cloned().unwrap_or_else(|| "no reason given".to_owned());
    let said = |word: &str| causes.iter().any(|cause| cause.to_ascii_lowercase().contains(word));
    let (kind, code, message, hint) = if error.is_timeout() {
        (
            ErrorKind::Timeout,
            "E_SOLVER_SLOW",
            format!("the solver at {base} did not answer in time"),
            "try again; it may be overloaded, or the network may be slow",
        )
    } else if tls || said("certificate") {
        (
            ErrorKind::Unavailable,
            "E_TLS",
            format!("the solver at {base} does not prove who it is: {reason}"),
            "do not go on unless you know why: somebody may be in between",
        )
    } else if said("dns") || said("lookup address") {
        (
            ErrorKind::Unavailable,
            "E_DNS",
            format!("the name of the solver at {base} is not known: {reason}"),
            "check the name, and that this machine can look up names",
        )
    } else {
        (
            ErrorKind::Unavailable,
            "E_SOLVER_DOWN",
            format!("the solver at {base} cannot be reached: {reason}"),
            "check the address, and that the solver runs",
        )
    };
    let retry = if code == "E_TLS" { Retry::Never } else { Retry::After(PAUSE) };
    Error::new(kind, code, message).with_fault(Fault::Network).with_retry(retry).with_hint(hint)
}

/// True for what TLS itself refuses: its words may speak of names and of anything else.
fn is_tls(cause: &(dyn std::error::Error + 'static)) -> bool {
    // An error of reading is not a cause of what it wraps, but in its place; it may wrap another.
    let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    cause.is::<rustls::Error>() || inner.is_some_and(|inner| is_tls(inner))
}

/// Something answered that is no solver, or is of another kind.
pub(super) fn not_a_solver(base: &Address, why: &str) -> Error {
    Error::new(ErrorKind::Protocol, "E_NOT_A_SOLVER", format!("what answers at {base} is no solver: {why}"))
        .with_fault(Fault::Solver)
        .with_hint("check the address")
}

/// What answers is a solver of a version with which this client has nothing in common.
pub(super) fn other_version(base: &Address, said: &Spoken) -> Error {
    let (theirs, ours) = (said.version(), env!("CARGO_PKG_VERSION"));
    let too = if said.is_older() { "old" } else { "new" };
    let message = format!(
        "the solver at {base} is too {too} for this client: it is version {theirs} with interface {}, this is version {ours} \
         with interface {API_VERSION}",
        said.api,
    );
    let error = Error::new(ErrorKind::VersionMismatch, "E_SOLVER_VERSION", message);
    if said.is_older() {
        return error
            .with_fault(Fault::Solver)
            .with_hint("use another solver, or ask its operator to update it");
    }
    error.with_fault(Fault::User).with_hint("update this client")
}

/// A solver that says so itself, in a form that this client does not know.
pub(super) fn version_refused(base: &Address) -> Error {
    let message = format!(
        "the solver at {base} does not speak with version {} of this client (interface {API_VERSION})",
        env!("CARGO_PKG_VERSION")
    );
    Error::new(ErrorKind::VersionMismatch, "E_SOLVER_VERSION", message)
        .with_fault(Fault::User)
        .with_hint("update this client")
}

/// A solver's archive that cannot be read: the fault is not that of whoever asked for it.
pub(super) fn unreadable(base: &Address, why: &Error) -> Error {
    let message = format!("what the solver at {base} sent cannot be read: {}", why.message());
    Error::new(ErrorKind::Protocol, "E_ANSWER", message)
        .with_fault(Fault::Solver)
        .with_hint("check that client and solver speak the same version")
}

/// The solver stopped in the middle of an answer.
pub(super) fn cut_off(base: &Address) -> Error {
    let message = format!("the connection to the solver at {base} broke in the middle of an answer");
    Error::new(ErrorKind::Unavailable, "E_CUT_OFF", message)
        .with_fault(Fault::Network)
        .with_retry(Retry::After(PAUSE))
        .with_hint("try again: what came is kept only while this program runs")
}

/// The bytes that came are not those that the solver named: itself or somebody on the way has changed them.
pub(super) fn damaged(base: &Address) -> Error {
    let message = format!("what the solver at {base} sent is not what its own digest says");
    Error::new(ErrorKind::VerificationFailed, "E_DOWNLOAD_HASH", message)
        .with_fault(Fault::Solver)
        .with_retry(Retry::After(PAUSE))
        .with_hint("nothing of it is used; tell the solver's operator if it happens again")
}
