//! What a caller can act on.

use super::{Fault, Retry};
use std::fmt;

/// The kind of an [`Error`](super::Error): one word that a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller gave something wrong. Mend the named field and call again.
    InvalidInput,
    /// The named thing does not exist. Check the name.
    NotFound,
    /// The thing exists already, or is in a state that does not allow this. Look at its state first.
    Conflict,
    /// The signature, key or grant does not allow this. Sign with another key.
    Unauthorized,
    /// The other side speaks another version. Update one of the two.
    VersionMismatch,
    /// This build or this network does not do that; the hint names what would.
    Unsupported,
    /// Too many calls. Wait as long as [`Error::retry`](super::Error::retry) says.
    RateLimited,
    /// The other side cannot be reached or is not ready. Try again later.
    Unavailable,
    /// A time limit passed; the context names which.
    Timeout,
    /// The caller asked to stop.
    Cancelled,
    /// No offer on the network fits the job; the message says why.
    NoMatch,
    /// A policy of the other side refused; the message names the rule.
    Rejected,
    /// The job ran and failed, or its result could not be kept.
    ExecutionFailed,
    /// A result, receipt, hash or signature does not check out. Do not use what came with it.
    VerificationFailed,
    /// The account cannot pay for this. Add funds or lower the price cap.
    InsufficientFunds,
    /// The ledger or the chain refused or lost a transaction.
    Settlement,
    /// The other side answered something that the protocol does not allow.
    Protocol,
    /// A promise of our own code is broken. Please report it.
    Unexpected,
}

impl ErrorKind {
    /// Every kind, in the order in which they are documented.
    pub const ALL: [Self; 18] = [
        Self::InvalidInput,
        Self::NotFound,
        Self::Conflict,
        Self::Unauthorized,
        Self::VersionMismatch,
        Self::Unsupported,
        Self::RateLimited,
        Self::Unavailable,
        Self::Timeout,
        Self::Cancelled,
        Self::NoMatch,
        Self::Rejected,
        Self::ExecutionFailed,
        Self::VerificationFailed,
        Self::InsufficientFunds,
        Self::Settlement,
        Self::Protocol,
        Self::Unexpected,
    ];

    /// The name of the kind, the same in every language (`InvalidInput`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "InvalidInput",
            Self::NotFound => "NotFound",
            Self::Conflict => "Conflict",
            Self::Unauthorized => "Unauthorized",
            Self::VersionMismatch => "VersionMismatch",
            Self::Unsupported => "Unsupported",
            Self::RateLimited => "RateLimited",
            Self::Unavailable => "Unavailable",
            Self::Timeout => "Timeout",
            Self::Cancelled => "Cancelled",
            Self::NoMatch => "NoMatch",
            Self::Rejected => "Rejected",
            Self::ExecutionFailed => "ExecutionFailed",
            Self::VerificationFailed => "VerificationFailed",
            Self::InsufficientFunds => "InsufficientFunds",
            Self::Settlement => "Settlement",
            Self::Protocol => "Protocol",
            Self::Unexpected => "Unexpected",
        }
    }

    /// The exit code of the `lilypad` command for an error of this kind.
    ///
    /// 1 our own fault, 2 usage, 3 authorisation, 4 network, 5 ledger or chain, 6 job failed,
    /// 7 verification failed, 8 timed out, 9 refused by policy or no match, 130 cancelled by the user.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::InvalidInput | Self::NotFound | Self::Conflict | Self::Unsupported => 2,
            Self::Unauthorized => 3,
            Self::VersionMismatch | Self::RateLimited | Self::Unavailable | Self::Protocol => 4,
            Self::InsufficientFunds | Self::Settlement => 5,
            Self::ExecutionFailed => 6,
            Self::VerificationFailed => 7,
            Self::Timeout => 8,
            Self::NoMatch | Self::Rejected => 9,
            Self::Cancelled => 130,
            Self::Unexpected => 1,
        }
    }

    pub(super) fn usual_fault(self) -> Fault {
        match self {
            Self::InvalidInput
            | Self::NotFound
            | Self::Conflict
            | Self::Unauthorized
            | Self::Unsupported
            | Self::RateLimited
            | Self::Cancelled
            | Self::InsufficientFunds => Fault::User,
            Self::Unavailable | Self::NoMatch => Fault::Network,
            Self::Rejected | Self::VerificationFailed => Fault::Provider,
            Self::ExecutionFailed => Fault::Module,
            Self::VersionMismatch | Self::Timeout | Self::Settlement | Self::Protocol | Self::Unexpected => {
                Fault::Unknown
            }
        }
    }

    pub(super) fn usual_retry(self) -> Retry {
        match self {
            Self::RateLimited | Self::Unavailable => Retry::After(std::time::Duration::from_secs(1)),
            _ => Retry::Never,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
