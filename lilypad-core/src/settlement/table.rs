//! Which event may follow in which state, who may cause it and when, and who is paid. One table; nothing else decides.

use std::fmt;

use super::event::EventKind;
use super::state::EscrowState;

/// Who an account is in a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Party {
    /// Pays for the work.
    JobCreator,
    /// Does the work.
    Provider,
    /// Matched the two.
    Solver,
    /// The mediator who is named at this moment.
    Mediator,
    /// Any account.
    Anyone,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::JobCreator => "job creator",
            Self::Provider => "provider",
            Self::Solver => "solver",
            Self::Mediator => "mediator",
            Self::Anyone => "anyone",
        })
    }
}

/// When an event may come, measured by the deadline of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// As long as the state lasts, also after its deadline: nobody has called the timeout yet.
    Any,
    /// Before the deadline only.
    Before,
    /// From the deadline on.
    Due,
}

/// What a row asks of the deal's panel of mediators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// A mediator who was not asked yet.
    MediatorLeft,
    /// Every mediator of the panel was asked.
    NoMediatorLeft,
}

/// What an event does with the money that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settle {
    /// Nothing yet.
    Hold,
    /// Takes the bond from the caller.
    PostBond,
    /// Pays the measured work within the cap, refunds the rest, unlocks the collateral.
    PayWork,
    /// Refunds the job creator whole and unlocks the collateral.
    Refund,
    /// Refunds the job creator whole; the collateral is slashed.
    Forfeit,
    /// As [`PayWork`](Self::PayWork); the bond pays the mediators, what is left of it goes back.
    Uphold,
    /// As [`Forfeit`](Self::Forfeit), but the mediators are paid out of the collateral first; the bond goes back.
    Slash,
    /// As [`Refund`](Self::Refund); the bond goes back.
    ReturnAll,
}

impl Settle {
    /// Every rule.
    pub const ALL: [Self; 8] = [
        Self::Hold,
        Self::PostBond,
        Self::PayWork,
        Self::Refund,
        Self::Forfeit,
        Self::Uphold,
        Self::Slash,
        Self::ReturnAll,
    ];

    /// The name in words (`pay work`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::PostBond => "post bond",
            Self::PayWork => "pay work",
            Self::Refund => "refund",
            Self::Forfeit => "forfeit",
            Self::Uphold => "uphold",
            Self::Slash => "slash",
            Self::ReturnAll => "return all",
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The state before.
    pub from: EscrowState,
    /// The event.
    pub event: EventKind,
    /// Who may cause it.
    pub callers: &'static [Party],
    /// When it may come.
    pub when: When,
    /// What it asks of the panel.
    pub need: Need,
    /// The state after.
    pub to: EscrowState,
    /// What happens with the money.
    pub settle: Settle,
}

/// A row without conditions on time and panel.
const fn row(
    from: EscrowState,
    event: EventKind,
    callers: &'static [Party],
    to: EscrowState,
    settle: Settle,
) -> Transition {
    Transition { from, event, callers, when: When::Any, need: Need::Nothing, to, settle }
}

/// A timeout: from the deadline on, by anybody.
const fn timeout(from: EscrowState, event: EventKind, to: EscrowState, settle: Settle) -> Transition {
    Transition { when: When::Due, ..row(from, event, &[Party::Anyone], to, settle) }
}

const fn left(row: Transition) -> Transition {
    Transition { need: Need::MediatorLeft, ..row }
}

const fn none_left(row: Transition) -> Transition {
    Transition { need: Need::NoMediatorLeft, ..row }
}

/// The provider, or the solver that carries what the provider has signed: the happy path costs the parties no
/// transaction of their own.
const OF_PROVIDER: &[Party] = &[Party::Provider, Party::Solver];

/// The job creator, or the solver that carries what it has signed. A challenge is at the caller's own cost.
const OF_CREATOR: &[Party] = &[Party::JobCreator, Party::Solver];

/// What pays at once, without a time in which the count can be doubted: only the solver, which has seen the signed wish
/// to stop or that the time was up. A provider alone has `submit`, which can be challenged.
const AT_ONCE: &[Party] = &[Party::Solver];

const BY_SOLVER: &[Party] = &[Party::Solver];
const BY_MEDIATOR: &[Party] = &[Party::Mediator];

const TABLE: &[Transition] = {
    use EscrowState as S;
    use EventKind as E;
    &[
        row(S::Agreed, E::Submit, OF_PROVIDER, S::Submitted, Settle::Hold),
        row(S::Agreed, E::Fail, AT_ONCE, S::Failed, Settle::PayWork),
        row(S::Agreed, E::RequestCancel, OF_CREATOR, S::Cancelling, Settle::Hold),
        row(S::Agreed, E::CancelByProvider, OF_PROVIDER, S::CancelledByProvider, Settle::Refund),
        timeout(S::Agreed, E::ProviderTimeout, S::ProviderTimedOut, Settle::Forfeit),
        row(S::Cancelling, E::Submit, OF_PROVIDER, S::Submitted, Settle::Hold),
        row(S::Cancelling, E::Fail, AT_ONCE, S::Failed, Settle::PayWork),
        row(S::Cancelling, E::CancelByCreator, AT_ONCE, S::CancelledByCreator, Settle::PayWork),
        row(S::Cancelling, E::CancelByProvider, OF_PROVIDER, S::CancelledByProvider, Settle::Refund),
        timeout(S::Cancelling, E::ProviderTimeout, S::ProviderTimedOut, Settle::Forfeit),
        row(S::Submitted, E::Accept, OF_CREATOR, S::Accepted, Settle::PayWork),
        CHALLENGE,
        timeout(S::Submitted, E::CreatorTimeout, S::CreatorTimedOut, Settle::PayWork),
        row(S::Challenged, E::Appoint, BY_SOLVER, S::Mediating, Settle::Hold),
        timeout(S::Challenged, E::SolverTimeout, S::Undecided, Settle::ReturnAll),
        row(S::Mediating, E::Match, BY_MEDIATOR, S::Upheld, Settle::Uphold),
        left(row(S::Mediating, E::Mismatch, BY_MEDIATOR, S::Mismatched, Settle::Hold)),
        none_left(row(S::Mediating, E::Mismatch, BY_MEDIATOR, S::Undecided, Settle::ReturnAll)),
        left(row(S::Mediating, E::CouldNotCheck, BY_MEDIATOR, S::Challenged, Settle::Hold)),
        none_left(row(S::Mediating, E::CouldNotCheck, BY_MEDIATOR, S::Undecided, Settle::ReturnAll)),
        left(timeout(S::Mediating, E::MediatorTimeout, S::Challenged, Settle::Hold)),
        none_left(timeout(S::Mediating, E::MediatorTimeout, S::Undecided, Settle::ReturnAll)),
        row(S::Mismatched, E::Appoint, BY_SOLVER, S::Remediating, Settle::Hold),
        timeout(S::Mismatched, E::SolverTimeout, S::Undecided, Settle::ReturnAll),
        row(S::Remediating, E::Match, BY_MEDIATOR, S::Upheld, Settle::Uphold),
        row(S::Remediating, E::Mismatch, BY_MEDIATOR, S::Rejected, Settle::Slash),
        left(row(S::Remediating, E::CouldNotCheck, BY_MEDIATOR, S::Mismatched, Settle::Hold)),
        none_left(row(S::Remediating, E::CouldNotCheck, BY_MEDIATOR, S::Undecided, Settle::ReturnAll)),
        left(timeout(S::Remediating, E::MediatorTimeout, S::Mismatched, Settle::Hold)),
        none_left(timeout(S::Remediating, E::MediatorTimeout, S::Undecided, Settle::ReturnAll)),
    ]
};

/// Only before the deadline: after it the provider can count on its pay.
const CHALLENGE: Transition = Transition {
    from: EscrowState::Submitted,
    event: EventKind::Challenge,
    callers: OF_CREATOR,
    when: When::Before,
    need: Need::MediatorLeft,
    to: EscrowState::Challenged,
    settle: Settle::PostBond,
};

/// Every legal move. What is not here is refused.
#[must_use]
pub fn transitions() -> &'static [Transition] {
    TABLE
}

/// The row for `event` in state `from`; `mediator_left` picks between two that differ in [`Need`]. The first of the two
/// is `None` where no row has the pair, the second where its needs are not met.
pub(super) fn find(
    from: EscrowState,
    event: EventKind,
    mediator_left: bool,
) -> Option<Option<&'static Transition>> {
    let mut rows = TABLE.iter().filter(|row| row.from == from && row.event == event).peekable();
    rows.peek()?;
    Some(rows.find(|row| match row.need {
        Need::Nothing => true,
        Need::MediatorLeft => mediator_left,
        Need::NoMediatorLeft => !mediator_left,
    }))
}
