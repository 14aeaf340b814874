//! The states of a deal's money, and when each of them is over.

use std::fmt;

use super::table::transitions;

/// The state of a deal's money.
///
/// It is narrower than the wire's agreement state: it only tells what the money tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EscrowState {
    /// The price cap is held and the collateral locked; the provider works.
    Agreed,
    /// The job creator asked to stop; the provider has a short time to answer.
    Cancelling,
    /// Results are in; the job creator looks at them.
    Submitted,
    /// The results are doubted; the solver names a mediator.
    Challenged,
    /// A mediator runs the job again.
    Mediating,
    /// One mediator found a mismatch; the solver names a second one.
    Mismatched,
    /// A second mediator runs the job again.
    Remediating,
    /// The job creator accepted: paid. Final.
    Accepted,
    /// The job creator stopped the job: paid for the work so far. Final.
    CancelledByCreator,
    /// The provider gave the job back: nothing paid. Final.
    CancelledByProvider,
    /// The module failed or hit a limit: paid for the work so far. Final.
    Failed,
    /// The provider was silent: refunded, collateral slashed. Final.
    ProviderTimedOut,
    /// The job creator was silent: paid as if accepted. Final.
    CreatorTimedOut,
    /// The challenge was not proven: paid as if accepted. Final.
    Upheld,
    /// Two mediators found a mismatch: refunded, collateral slashed. Final.
    Rejected,
    /// Nobody could tell who is right: everybody gets back what they put in. Final.
    Undecided,
}

/// The window that starts when a state is entered; its end is the state's deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// For the provider to hand in results.
    Submit,
    /// For the provider to answer a wish to stop; it never moves a deadline later.
    Cancel,
    /// For the job creator to judge results.
    Judge,
    /// For the solver to name a mediator, and for a mediator to give its verdict.
    Mediate,
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Submit => "submit",
            Self::Cancel => "cancel",
            Self::Judge => "judge",
            Self::Mediate => "mediate",
        })
    }
}

impl EscrowState {
    /// Every state.
    pub const ALL: [Self; 16] = [
        Self::Agreed,
        Self::Cancelling,
        Self::Submitted,
        Self::Challenged,
        Self::Mediating,
        Self::Mismatched,
        Self::Remediating,
        Self::Accepted,
        Self::CancelledByCreator,
        Self::CancelledByProvider,
        Self::Failed,
        Self::ProviderTimedOut,
        Self::CreatorTimedOut,
        Self::Upheld,
        Self::Rejected,
        Self::Undecided,
    ];

    /// True where no event can follow and nothing is held any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        !transitions().iter().any(|transition| transition.from == self)
    }

    /// The window whose end is this state's deadline; `None` for a final state.
    #[must_use]
    pub fn window(self) -> Option<Window> {
        match self {
            Self::Agreed => Some(Window::Submit),
            Self::Cancelling => Some(Window::Cancel),
            Self::Submitted => Some(Window::Judge),
            Self::Challenged | Self::Mediating | Self::Mismatched | Self::Remediating => {
                Some(Window::Mediate)
            }
            _ => None,
        }
    }

    /// The name, the same in every language (`ProviderTimedOut`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agreed => "Agreed",
            Self::Cancelling => "Cancelling",
            Self::Submitted => "Submitted",
            Self::Challenged => "Challenged",
            Self::Mediating => "Mediating",
            Self::Mismatched => "Mismatched",
            Self::Remediating => "Remediating",
            Self::Accepted => "Accepted",
            Self::CancelledByCreator => "CancelledByCreator",
            Self::CancelledByProvider => "CancelledByProvider",
            Self::Failed => "Failed",
            Self::ProviderTimedOut => "ProviderTimedOut",
            Self::CreatorTimedOut => "CreatorTimedOut",
            Self::Upheld => "Upheld",
            Self::Rejected => "Rejected",
            Self::Undecided => "Undecided",
        }
    }
}

impl fmt::Display for EscrowState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
