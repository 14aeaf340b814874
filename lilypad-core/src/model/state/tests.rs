//! The table of moves, over every pair of states.

use super::AgreementState::*;
use super::*;

/// For every state the states that may follow, written apart from the table. Sources: protocol reference, 4.2, and
/// our own rules that cancelling works until a result is there and that nothing follows a terminal state.
const AFTER: [(AgreementState, &[AgreementState]); 17] = [
    (DealNegotiating, &[DealAgreed, JobOfferCancelled, TimeoutMatch, JobTimedOut]),
    (DealAgreed, &[Uploading, ResultsSubmitted, JobOfferCancelled, TimeoutExecution, JobTimedOut]),
    (ResultsSubmitted, &[Downloading, ResultsAccepted, ResultsChecked, TimeoutDownload, JobTimedOut]),
    (ResultsAccepted, &[]),
    (ResultsChecked, &[MediationAccepted, MediationRejected, TimeoutMediateResults]),
    (MediationAccepted, &[]),
    (MediationRejected, &[]),
    (TimeoutSubmitResults, &[]),
    (TimeoutJudgeResults, &[]),
    (TimeoutMediateResults, &[]),
    (JobOfferCancelled, &[]),
    (JobTimedOut, &[]),
    (Uploading, &[ResultsSubmitted, JobOfferCancelled, TimeoutExecution, JobTimedOut]),
    (Downloading, &[ResultsAccepted, ResultsChecked, TimeoutDownload, JobTimedOut]),
    (TimeoutMatch, &[]),
    (TimeoutExecution, &[]),
    (TimeoutDownload, &[]),
];

#[test]
fn every_pair_of_states_is_legal_or_not_as_listed() {
    for (at, (from, after)) in AFTER.into_iter().enumerate() {
        assert_eq!(usize::from(from.number()), at);
        assert_eq!(from.is_terminal(), after.is_empty(), "{from}");
        for to in AgreementState::ALL {
            assert_eq!(from.can_move_to(*to), after.contains(to), "{from} to {to}");
        }
    }
}

#[test]
fn an_event_has_one_outcome_or_is_refused() {
    for (from, event, to) in TRANSITIONS {
        assert_eq!(
            TRANSITIONS.iter().filter(|(f, e, _)| f == from && e == event).count(),
            1,
            "{from} {event:?}"
        );
        assert_eq!(from.after(*event).unwrap(), *to);
    }
    let error = ResultsAccepted.after(AgreementEvent::Cancel).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, "E_STATE"));
}

#[test]
fn numbers_and_names_are_the_wires() {
    for (number, state) in AgreementState::ALL.iter().enumerate() {
        assert_eq!(usize::from(state.number()), number);
        assert_eq!(state.as_str().parse::<AgreementState>().unwrap(), *state);
        assert_eq!(serde_json::to_string(state).unwrap(), number.to_string());
        assert_eq!(serde_json::from_str::<AgreementState>(&number.to_string()).unwrap(), *state);
    }
    assert_eq!(AgreementState::from_number(17).unwrap_err().code(), "E_STATE_UNKNOWN");
    assert_eq!("ResultsRejected".parse::<AgreementState>().unwrap_err().code(), "E_STATE_UNKNOWN");
}

#[test]
fn contracts_count_otherwise_from_seven_on() {
    for state in ContractState::ALL {
        let wire = AgreementState::from(*state);
        assert_eq!(wire.number() == state.number(), state.number() < 7, "{state}");
        assert_eq!(wire.is_timeout(), state.number() >= 7);
    }
    assert_eq!(AgreementState::from(ContractState::TimeoutMediateResults), TimeoutMediateResults);
}

#[test]
fn timeouts_are_terminal() {
    let timeouts: Vec<_> = AgreementState::ALL.iter().filter(|state| state.is_timeout()).collect();
    assert_eq!(timeouts.len(), 7);
    assert!(timeouts.iter().all(|state| state.is_terminal() && !state.is_active()));
}
