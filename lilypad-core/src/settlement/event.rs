//! What can happen to a deal.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{Address, Cid};

/// Something that happens to a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum DealEvent {
    /// The provider hands in results that took this much measured work.
    Submit {
        /// Measured work.
        work_units: u64,
    },
    /// The job creator accepts the results.
    Accept,
    /// The job creator wishes to stop.
    RequestCancel,
    /// The provider stopped as it was asked to; it did this much until then.
    CancelByCreator {
        /// Measured work so far.
        work_units: u64,
    },
    /// The provider gives the job back.
    CancelByProvider,
    /// The module failed or hit a limit after this much measured work.
    Fail {
        /// Measured work.
        work_units: u64,
    },
    /// The caller doubts the results and posts the bond.
    Challenge,
    /// The solver names the mediator who runs the job again.
    Appoint {
        /// One of the deal's panel that was not asked yet.
        mediator: Address,
    },
    /// The mediator got the same results.
    Match,
    /// The mediator got other results.
    Mismatch {
        /// The hash of what proves it.
        evidence: Cid,
    },
    /// The mediator could not run the job.
    CouldNotCheck,
    /// The provider was silent for too long.
    ProviderTimeout,
    /// The job creator was silent for too long after results came in.
    CreatorTimeout,
    /// The solver named no mediator for too long.
    SolverTimeout,
    /// The mediator was silent for too long.
    MediatorTimeout,
}

impl DealEvent {
    /// Which event it is, without its numbers.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        match self {
            Self::Submit { .. } => EventKind::Submit,
            Self::Accept => EventKind::Accept,
            Self::RequestCancel => EventKind::RequestCancel,
            Self::CancelByCreator { .. } => EventKind::CancelByCreator,
            Self::CancelByProvider => EventKind::CancelByProvider,
            Self::Fail { .. } => EventKind::Fail,
            Self::Challenge => EventKind::Challenge,
            Self::Appoint { .. } => EventKind::Appoint,
            Self::Match => EventKind::Match,
            Self::Mismatch { .. } => EventKind::Mismatch,
            Self::CouldNotCheck => EventKind::CouldNotCheck,
            Self::ProviderTimeout => EventKind::ProviderTimeout,
            Self::CreatorTimeout => EventKind::CreatorTimeout,
            Self::SolverTimeout => EventKind::SolverTimeout,
            Self::MediatorTimeout => EventKind::MediatorTimeout,
        }
    }

    /// The measured work that the event reports, where it reports any.
    #[must_use]
    pub fn work_units(&self) -> Option<u64> {
        match self {
            Self::Submit { work_units }
            | Self::CancelByCreator { work_units }
            | Self::Fail { work_units } => Some(*work_units),
            _ => None,
        }
    }
}

/// An event of a deal, without its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// Results come in.
    Submit,
    /// Results are accepted.
    Accept,
    /// The job creator wishes to stop.
    RequestCancel,
    /// The job stopped because its creator asked.
    CancelByCreator,
    /// The provider gives the job back.
    CancelByProvider,
    /// The module failed or hit a limit.
    Fail,
    /// The results are doubted.
    Challenge,
    /// A mediator is named.
    Appoint,
    /// A mediator got the same results.
    Match,
    /// A mediator got other results.
    Mismatch,
    /// A mediator could not run the job.
    CouldNotCheck,
    /// The provider was silent.
    ProviderTimeout,
    /// The job creator was silent.
    CreatorTimeout,
    /// The solver was silent.
    SolverTimeout,
    /// The mediator was silent.
    MediatorTimeout,
}

impl EventKind {
    /// Every event.
    pub const ALL: [Self; 15] = [
        Self::Submit,
        Self::Accept,
        Self::RequestCancel,
        Self::CancelByCreator,
        Self::CancelByProvider,
        Self::Fail,
        Self::Challenge,
        Self::Appoint,
        Self::Match,
        Self::Mismatch,
        Self::CouldNotCheck,
        Self::ProviderTimeout,
        Self::CreatorTimeout,
        Self::SolverTimeout,
        Self::MediatorTimeout,
    ];

    /// True for the events that end a state because nobody spoke.
    #[must_use]
    pub fn is_timeout(self) -> bool {
        matches!(
            self,
            Self::ProviderTimeout | Self::CreatorTimeout | Self::SolverTimeout | Self::MediatorTimeout
        )
    }

    /// The name in words (`provider timeout`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Accept => "accept",
            Self::RequestCancel => "request cancel",
            Self::CancelByCreator => "cancel by creator",
            Self::CancelByProvider => "cancel by provider",
            Self::Fail => "fail",
            Self::Challenge => "challenge",
            Self::Appoint => "appoint",
            Self::Match => "match",
            Self::Mismatch => "mismatch",
            Self::CouldNotCheck => "could not check",
            Self::ProviderTimeout => "provider timeout",
            Self::CreatorTimeout => "creator timeout",
            Self::SolverTimeout => "solver timeout",
            Self::MediatorTimeout => "mediator timeout",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
