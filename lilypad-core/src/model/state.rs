//! The states of an agreement, and the one table of moves between them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, ErrorKind, Result};

macro_rules! states {
    ($(#[$meta:meta])+ $name:ident, $what:literal: $($(#[doc = $doc:literal])+ $number:literal $state:ident,)+) => {
        $(#[$meta])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name {
            $($(#[doc = $doc])+ $state = $number,)+
        }

        impl $name {
            /// Every state, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$state),+];

            /// The number on the wire.
            #[must_use]
            pub fn number(self) -> u8 {
                self as u8
            }

            /// The state with this number.
            ///
            /// # Errors
            /// `Protocol` (`E_STATE_UNKNOWN`) for a number that has none.
            pub fn from_number(number: u8) -> Result<Self> {
                Self::ALL.get(usize::from(number)).copied().ok_or_else(|| {
                    Error::new(ErrorKind::Protocol, "E_STATE_UNKNOWN", format!("{number} is no {}", $what))
                })
            }

            /// The name on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$state => stringify!($state),)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// Reads a name.
            fn from_str(text: &str) -> Result<Self> {
                Self::ALL.iter().copied().find(|state| state.as_str() == text).ok_or_else(|| {
                    let shown: String = text.chars().take(40).collect();
                    Error::invalid("E_STATE_UNKNOWN", format!("{shown:?} is no {}", $what))
                })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u8(self.number())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::from_number(u8::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

states! {
    /// The state of a deal and of its two offers, as the wire counts it. From 7 on a contract counts otherwise: see
    /// [`ContractState`].
    AgreementState, "agreement state":
    /// No deal yet: the offer waits for a match.
    0 DealNegotiating,
    /// Matched; the job runs.
    1 DealAgreed,
    /// The result is there, good or bad.
    2 ResultsSubmitted,
    /// The job creator took the result.
    3 ResultsAccepted,
    /// The job creator asked a mediator to check the result.
    4 ResultsChecked,
    /// The mediator found the result right.
    5 MediationAccepted,
    /// The mediator found the result wrong.
    6 MediationRejected,
    /// On chain, no result came in time.
    7 TimeoutSubmitResults,
    /// On chain, nobody judged the result in time.
    8 TimeoutJudgeResults,
    /// The mediator did not answer in time.
    9 TimeoutMediateResults,
    /// Cancelled.
    10 JobOfferCancelled,
    /// All in all the job took too long.
    11 JobTimedOut,
    /// The provider is handing over the results.
    12 Uploading,
    /// The job creator is fetching the results.
    13 Downloading,
    /// Nobody matched in time.
    14 TimeoutMatch,
    /// The job did not end in time.
    15 TimeoutExecution,
    /// The results were not fetched in time.
    16 TimeoutDownload,
}

states! {
    /// The state of a deal as the v2 contracts count it.
    ContractState, "contract state":
    /// Not both sides have agreed.
    0 DealNegotiating,
    /// Both sides have agreed.
    1 DealAgreed,
    /// The result is there.
    2 ResultsSubmitted,
    /// The job creator took the result.
    3 ResultsAccepted,
    /// The job creator asked a mediator.
    4 ResultsChecked,
    /// The mediator found the result right.
    5 MediationAccepted,
    /// The mediator found the result wrong.
    6 MediationRejected,
    /// One side did not agree in time.
    7 TimeoutAgree,
    /// No result came in time.
    8 TimeoutSubmitResults,
    /// Nobody judged the result in time.
    9 TimeoutJudgeResults,
    /// The mediator did not answer in time.
    10 TimeoutMediateResults,
}

impl Default for AgreementState {
    /// The state of an offer that nobody matched yet.
    fn default() -> Self {
        Self::DealNegotiating
    }
}

impl From<ContractState> for AgreementState {
    /// The same state on the wire. What the wire has no word for, `TimeoutAgree`, is that nobody matched in time.
    fn from(state: ContractState) -> Self {
        match state {
            ContractState::DealNegotiating => Self::DealNegotiating,
            ContractState::DealAgreed => Self::DealAgreed,
            ContractState::ResultsSubmitted => Self::ResultsSubmitted,
            ContractState::ResultsAccepted => Self::ResultsAccepted,
            ContractState::ResultsChecked => Self::ResultsChecked,
            ContractState::MediationAccepted => Self::MediationAccepted,
            ContractState::MediationRejected => Self::MediationRejected,
            ContractState::TimeoutAgree => Self::TimeoutMatch,
            ContractState::TimeoutSubmitResults => Self::TimeoutSubmitResults,
            ContractState::TimeoutJudgeResults => Self::TimeoutJudgeResults,
            ContractState::TimeoutMediateResults => Self::TimeoutMediateResults,
        }
    }
}

/// Who may move an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Who asked for the job.
    JobCreator,
    /// Who runs it.
    ResourceProvider,
    /// The matching service.
    Solver,
    /// Who checks disputed results.
    Mediator,
}

/// What moves an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AgreementEvent {
    /// The solver matched the offers.
    Match,
    /// The provider begins to hand over results.
    BeginUpload,
    /// The provider gave its result, good or bad.
    SubmitResult,
    /// The job creator begins to fetch the results.
    BeginDownload,
    /// The job creator takes the result.
    AcceptResult,
    /// The job creator asks a mediator.
    CheckResult,
    /// The mediator found the result right.
    MediatorAccepts,
    /// The mediator found the result wrong.
    MediatorRejects,
    /// The job creator wants the job no more.
    Cancel,
    /// Nobody matched in time.
    MatchTimeout,
    /// The job did not end in time.
    ExecutionTimeout,
    /// The results were not fetched in time.
    DownloadTimeout,
    /// The mediator did not answer in time.
    MediationTimeout,
    /// All in all the job took too long.
    TotalTimeout,
}

impl AgreementEvent {
    /// Who causes it.
    #[must_use]
    pub fn actor(self) -> Actor {
        match self {
            Self::BeginDownload | Self::AcceptResult | Self::CheckResult | Self::Cancel => Actor::JobCreator,
            Self::BeginUpload | Self::SubmitResult => Actor::ResourceProvider,
            Self::MediatorAccepts | Self::MediatorRejects => Actor::Mediator,
            Self::Match
            | Self::MatchTimeout
            | Self::ExecutionTimeout
            | Self::DownloadTimeout
            | Self::MediationTimeout
            | Self::TotalTimeout => Actor::Solver,
        }
    }
}

/// Every legal move: from, what happens, to. What is not here is refused; no move leaves a terminal state.
pub const TRANSITIONS: &[(AgreementState, AgreementEvent, AgreementState)] = {
    use AgreementEvent as Event;
    use AgreementState as State;
    &[
        (State::DealNegotiating, Event::Match, State::DealAgreed),
        (State::DealNegotiating, Event::Cancel, State::JobOfferCancelled),
        (State::DealNegotiating, Event::MatchTimeout, State::TimeoutMatch),
        (State::DealNegotiating, Event::TotalTimeout, State::JobTimedOut),
        (State::DealAgreed, Event::BeginUpload, State::Uploading),
        (State::DealAgreed, Event::SubmitResult, State::ResultsSubmitted),
        (State::DealAgreed, Event::Cancel, State::JobOfferCancelled),
        (State::DealAgreed, Event::ExecutionTimeout, State::TimeoutExecution),
        (State::DealAgreed, Event::TotalTimeout, State::JobTimedOut),
        (State::Uploading, Event::SubmitResult, State::ResultsSubmitted),
        (State::Uploading, Event::Cancel, State::JobOfferCancelled),
        (State::Uploading, Event::ExecutionTimeout, State::TimeoutExecution),
        (State::Uploading, Event::TotalTimeout, State::JobTimedOut),
        (State::ResultsSubmitted, Event::BeginDownload, State::Downloading),
        (State::ResultsSubmitted, Event::AcceptResult, State::ResultsAccepted),
        (State::ResultsSubmitted, Event::CheckResult, State::ResultsChecked),
        (State::ResultsSubmitted, Event::DownloadTimeout, State::TimeoutDownload),
        (State::ResultsSubmitted, Event::TotalTimeout, State::JobTimedOut),
        (State::Downloading, Event::AcceptResult, State::ResultsAccepted),
        (State::Downloading, Event::CheckResult, State::ResultsChecked),
        (State::Downloading, Event::DownloadTimeout, State::TimeoutDownload),
        (State::Downloading, Event::TotalTimeout, State::JobTimedOut),
        (State::ResultsChecked, Event::MediatorAccepts, State::MediationAccepted),
        (State::ResultsChecked, Event::MediatorRejects, State::MediationRejected),
        (State::ResultsChecked, Event::MediationTimeout, State::TimeoutMediateResults),
    ]
};

impl AgreementState {
    /// The state after an event.
    ///
    /// ```
    /// use lilypad_core::model::{AgreementEvent, AgreementState};
    /// let agreed = AgreementState::DealNegotiating.after(AgreementEvent::Match)?;
    /// assert_eq!(agreed, AgreementState::DealAgreed);
    /// assert!(AgreementState::TimeoutExecution.after(AgreementEvent::SubmitResult).is_err());
    /// # Ok::<(), lilypad_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Conflict` (`E_STATE`) where the table of moves has no such move.
    pub fn after(self, event: AgreementEvent) -> Result<Self> {
        let found = TRANSITIONS.iter().find(|(from, on, _)| *from == self && *on == event);
        found.map(|(_, _, to)| *to).ok_or_else(|| {
            let over = if self.is_terminal() { " and final" } else { "" };
            let message = format!("the agreement is {self}{over}: {event:?} is not possible now");
            Error::new(ErrorKind::Conflict, "E_STATE", message).with("state", self)
        })
    }

    /// The state `to`, where one event leads there.
    ///
    /// # Errors
    /// `Conflict` (`E_STATE`) where the table of moves has no such move.
    pub fn moved_to(self, to: Self) -> Result<Self> {
        if self.can_move_to(to) {
            return Ok(to);
        }
        let over = if self.is_terminal() { " and final" } else { "" };
        let message = format!("the agreement is {self}{over}: it cannot become {to}");
        Err(Error::new(ErrorKind::Conflict, "E_STATE", message).with("state", self))
    }

    /// True where one event leads from this state to that one.
    #[must_use]
    pub fn can_move_to(self, to: Self) -> bool {
        TRANSITIONS.iter().any(|(from, _, target)| *from == self && *target == to)
    }

    /// True where nothing can follow.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        !TRANSITIONS.iter().any(|(from, _, _)| *from == self)
    }

    /// True where time ran out.
    #[must_use]
    pub fn is_timeout(self) -> bool {
        matches!(
            self,
            Self::TimeoutSubmitResults
                | Self::TimeoutJudgeResults
                | Self::TimeoutMediateResults
                | Self::JobTimedOut
                | Self::TimeoutMatch
                | Self::TimeoutExecution
                | Self::TimeoutDownload
        )
    }

    /// True where a resource offer counts as in use or on the market: negotiating or agreed.
    #[must_use]
    pub fn is_active(self) -> bool {
        matches!(self, Self::DealNegotiating | Self::DealAgreed)
    }
}

#[cfg(test)]
mod tests;
