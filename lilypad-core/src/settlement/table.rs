//! States of a deal's money, the events that move it, who may cause them and who is paid. One table; nothing else decides.

use std::fmt;

/// The state of a deal's money.
///
/// It is narrower than the wire's agreement state: it only tells what the money tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EscrowState {
    /// Price cap and collateral are held; the provider works.
    Agreed,
    /// Results are in; the job creator looks at them.
    Submitted,
    /// The job creator accepted: paid. Final.
    Accepted,
    /// The job creator stopped the job: paid for the work so far. Final.
    CancelledByCreator,
    /// The provider gave the job back: nothing paid. Final.
    CancelledByProvider,
    /// The module failed or hit a limit: paid for the work so far. Final.
    Failed,
    /// The provider was silent: refunded, collateral forfeited. Final.
    ProviderTimedOut,
    /// The job creator was silent: paid as if accepted. Final.
    CreatorTimedOut,
}

impl EscrowState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Agreed,
        Self::Submitted,
        Self::Accepted,
        Self::CancelledByCreator,
        Self::CancelledByProvider,
        Self::Failed,
        Self::ProviderTimedOut,
        Self::CreatorTimedOut,
    ];

    /// True where no event can follow and nothing is held any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        !TABLE.iter().any(|transition| transition.from == self)
    }

    /// The name, the same in every language (`ProviderTimedOut`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agreed => "Agreed",
            Self::Submitted => "Submitted",
            Self::Accepted => "Accepted",
            Self::CancelledByCreator => "CancelledByCreator",
            Self::CancelledByProvider => "CancelledByProvider",
            Self::Failed => "Failed",
            Self::ProviderTimedOut => "ProviderTimedOut",
            Self::CreatorTimedOut => "CreatorTimedOut",
        }
    }
}

impl fmt::Display for EscrowState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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
    /// The job creator stops the job.
    CancelByCreator,
    /// The provider gives the job back.
    CancelByProvider,
    /// The module failed or hit a limit.
    Fail,
    /// The provider was silent.
    ProviderTimeout,
    /// The job creator was silent.
    CreatorTimeout,
}

impl EventKind {
    /// Every event.
    pub const ALL: [Self; 7] = [
        Self::Submit,
        Self::Accept,
        Self::CancelByCreator,
        Self::CancelByProvider,
        Self::Fail,
        Self::ProviderTimeout,
        Self::CreatorTimeout,
    ];

    /// The name in words (`provider timeout`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Accept => "accept",
            Self::CancelByCreator => "cancel by creator",
            Self::CancelByProvider => "cancel by provider",
            Self::Fail => "fail",
            Self::ProviderTimeout => "provider timeout",
            Self::CreatorTimeout => "creator timeout",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who an account is in a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// Pays for the work.
    JobCreator,
    /// Does the work.
    Provider,
    /// Matched the two and keeps the time.
    Solver,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::JobCreator => "job creator",
            Self::Provider => "provider",
            Self::Solver => "solver",
        })
    }
}

/// What an event does with the money that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settle {
    /// Nothing yet.
    Hold,
    /// Pays the measured work within the cap, refunds the rest, returns the collateral.
    PayWork,
    /// Refunds the job creator whole and returns the collateral.
    Refund,
    /// Refunds the job creator whole; the collateral is forfeited.
    Forfeit,
}

/// The part of a forfeited collateral that is burned, as numerator and denominator; rounded down. The job creator gets
/// the rest, so that it is made good for the wait and yet cannot earn the whole collateral by playing both sides.
pub(super) const BURNED_SHARE: (u64, u64) = (1, 2);

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The state before.
    pub from: EscrowState,
    /// The event.
    pub event: EventKind,
    /// Who may cause it.
    pub callers: &'static [Party],
    /// The state after.
    pub to: EscrowState,
    /// What happens with the money.
    pub settle: Settle,
}

const fn row(
    from: EscrowState,
    event: EventKind,
    callers: &'static [Party],
    to: EscrowState,
    settle: Settle,
) -> Transition {
    Transition { from, event, callers, to, settle }
}

/// The provider, or the solver that carries what the provider has signed: the happy path costs the parties no
/// transaction of their own.
const WHO_MEASURED: &[Party] = &[Party::Provider, Party::Solver];

const TABLE: &[Transition] = {
    use EscrowState as S;
    use EventKind as E;
    use Party::{JobCreator, Solver};
    &[
        row(S::Agreed, E::Submit, WHO_MEASURED, S::Submitted, Settle::Hold),
        row(S::Agreed, E::Fail, WHO_MEASURED, S::Failed, Settle::PayWork),
        row(S::Agreed, E::CancelByCreator, WHO_MEASURED, S::CancelledByCreator, Settle::PayWork),
        row(S::Agreed, E::CancelByProvider, WHO_MEASURED, S::CancelledByProvider, Settle::Refund),
        row(S::Agreed, E::ProviderTimeout, &[Solver], S::ProviderTimedOut, Settle::Forfeit),
        row(S::Submitted, E::Accept, &[JobCreator, Solver], S::Accepted, Settle::PayWork),
        row(S::Submitted, E::CreatorTimeout, &[Solver], S::CreatorTimedOut, Settle::PayWork),
    ]
};

/// Every legal move. A pair of state and event that is not here is refused.
#[must_use]
pub fn transitions() -> &'static [Transition] {
    TABLE
}

pub(super) fn find(from: EscrowState, event: EventKind) -> Option<&'static Transition> {
    TABLE.iter().find(|transition| transition.from == from && transition.event == event)
}
