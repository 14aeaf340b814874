//! T69: every deadline a moment before, at and after, by every caller; and who else may do what.

use super::*;

/// Leads deal "a" of a fresh ledger to `state`, one millisecond after each other step.
fn lead_to(state: EscrowState) -> Bench {
    let mut bench = Bench::new();
    bench.agree("a", Terms { mediation_fee: wei(5), ..terms(100, 80) }).unwrap();
    let submit = (PROVIDER, DealEvent::Submit { work_units: 40 });
    let challenge = (CREATOR, DealEvent::Challenge);
    let appoint = |byte| (SOLVER, DealEvent::Appoint { mediator: address(byte) });
    let mismatch = |byte| (byte, DealEvent::Mismatch { evidence: Cid::of_block(b"other") });
    let [one, two, _] = MEDIATORS;
    let steps: &[(u8, DealEvent)] = match state {
        EscrowState::Agreed => &[],
        EscrowState::Cancelling => &[(CREATOR, DealEvent::RequestCancel)],
        EscrowState::Submitted => &[submit],
        EscrowState::Challenged => &[submit, challenge],
        EscrowState::Mediating => &[submit, challenge, appoint(one)],
        EscrowState::Mismatched => &[submit, challenge, appoint(one), mismatch(one)],
        EscrowState::Remediating => &[submit, challenge, appoint(one), mismatch(one), appoint(two)],
        other => panic!("{other} is final"),
    };
    for (by, event) in steps {
        bench.now += 1;
        bench.event(*by, *event).unwrap();
    }
    assert_eq!(bench.deal().state, state);
    bench
}

const CALLERS: [u8; 6] = [SOLVER, CREATOR, PROVIDER, AUTHOR, MEDIATORS[0], STRANGER];

fn open_states() -> impl Iterator<Item = EscrowState> {
    EscrowState::ALL.into_iter().filter(|state| !state.is_final())
}

fn timeout_of(state: EscrowState) -> DealEvent {
    match state {
        EscrowState::Agreed | EscrowState::Cancelling => DealEvent::ProviderTimeout,
        EscrowState::Submitted => DealEvent::CreatorTimeout,
        EscrowState::Challenged | EscrowState::Mismatched => DealEvent::SolverTimeout,
        _ => DealEvent::MediatorTimeout,
    }
}

#[test]
fn a_deadline_is_the_moment_of_entry_and_the_window_of_the_state() {
    let windows = [
        (EscrowState::Agreed, WINDOWS.submit_ms),
        (EscrowState::Cancelling, WINDOWS.cancel_ms),
        (EscrowState::Submitted, WINDOWS.judge_ms),
        (EscrowState::Challenged, WINDOWS.mediate_ms),
        (EscrowState::Mediating, WINDOWS.mediate_ms),
        (EscrowState::Mismatched, WINDOWS.mediate_ms),
        (EscrowState::Remediating, WINDOWS.mediate_ms),
    ];
    assert_eq!(open_states().count(), windows.len());
    for (state, window) in windows {
        let bench = lead_to(state);
        assert_eq!(bench.deal().deadline, Some(Timestamp(bench.now + window)), "{state}");
    }
}

#[test]
fn a_timeout_is_for_everybody_from_the_deadline_on_and_for_nobody_before() {
    for state in open_states() {
        for caller in CALLERS {
            for (offset, allowed) in [(-1_i64, false), (0, true), (1, true)] {
                let mut bench = lead_to(state);
                let deadline = bench.deal().deadline.unwrap().as_millis();
                bench.now = deadline.checked_add_signed(offset).unwrap();
                let before = bench.ledger.clone();
                let outcome = bench.event(caller, timeout_of(state));
                assert_eq!(code(&outcome) == "ok", allowed, "{state} at {offset} by {caller}");
                if let Err(error) = outcome {
                    assert_eq!(error.code(), "E_TOO_EARLY");
                    let wait = std::time::Duration::from_millis(1);
                    assert_eq!(error.retry(), crate::error::Retry::After(wait));
                    assert_eq!(bench.ledger, before);
                }
            }
        }
    }
}

#[test]
fn a_challenge_comes_before_the_deadline_and_other_words_as_long_as_nobody_called_the_timeout() {
    for (offset, expected) in [(-1_i64, "ok"), (0, "E_TOO_LATE"), (1, "E_TOO_LATE")] {
        for caller in [CREATOR, SOLVER] {
            let mut bench = lead_to(EscrowState::Submitted);
            let deadline = bench.deal().deadline.unwrap().as_millis();
            bench.now = deadline.checked_add_signed(offset).unwrap();
            assert_eq!(code(&bench.event(caller, DealEvent::Challenge)), expected);
        }
    }
    let late = [
        (EscrowState::Agreed, PROVIDER, DealEvent::Submit { work_units: 1 }),
        (EscrowState::Cancelling, SOLVER, DealEvent::CancelByCreator { work_units: 1 }),
        (EscrowState::Submitted, CREATOR, DealEvent::Accept),
        (EscrowState::Challenged, SOLVER, DealEvent::Appoint { mediator: address(MEDIATORS[2]) }),
        (EscrowState::Mediating, MEDIATORS[0], DealEvent::Match),
        (EscrowState::Remediating, MEDIATORS[1], DealEvent::Match),
    ];
    for (state, by, event) in late {
        let mut bench = lead_to(state);
        bench.now = bench.deal().deadline.unwrap().as_millis() + 1;
        assert_eq!(code(&bench.event(by, event)), "ok", "{state}");
    }
}

#[test]
fn a_wish_to_stop_shortens_the_providers_time_and_never_makes_it_longer() {
    let mut bench = Bench::new();
    bench.agree("a", terms(100, 80)).unwrap();
    bench.now = START + WINDOWS.submit_ms - 30;
    bench.event(SOLVER, DealEvent::RequestCancel).unwrap();
    assert_eq!(bench.deal().deadline, Some(Timestamp(START + WINDOWS.submit_ms)));
    assert_eq!(code(&bench.event(CREATOR, DealEvent::RequestCancel)), "E_DEAL_STATE");
    bench.now = START + WINDOWS.submit_ms;
    bench.event(CREATOR, DealEvent::ProviderTimeout).unwrap();
    assert_eq!((bench.balance(CREATOR), bench.pool()), (1_040, (920, 0)));
}

/// Every pair of state and event, by every kind of caller: exactly what the table says.
#[test]
fn who_may_do_what_is_the_table_and_nothing_else() {
    let events = [
        DealEvent::Submit { work_units: 1 },
        DealEvent::Accept,
        DealEvent::RequestCancel,
        DealEvent::CancelByCreator { work_units: 1 },
        DealEvent::CancelByProvider,
        DealEvent::Fail { work_units: 1 },
        DealEvent::Challenge,
        DealEvent::Appoint { mediator: address(MEDIATORS[2]) },
        DealEvent::Match,
        DealEvent::Mismatch { evidence: Cid::of_block(b"other") },
        DealEvent::CouldNotCheck,
        DealEvent::ProviderTimeout,
        DealEvent::CreatorTimeout,
        DealEvent::SolverTimeout,
        DealEvent::MediatorTimeout,
    ];
    assert_eq!(events.len(), EventKind::ALL.len());
    for state in open_states() {
        for event in events {
            let row = transitions().iter().find(|row| row.from == state && row.event == event.kind());
            for caller in [SOLVER, CREATOR, PROVIDER, AUTHOR, MEDIATORS[0], MEDIATORS[1], STRANGER] {
                let mut bench = lead_to(state);
                if event.kind().is_timeout() {
                    bench.now = bench.deal().deadline.unwrap().as_millis();
                }
                let named = bench.deal().mediation.and_then(|mediation| mediation.mediator);
                let is = |party: &Party| match party {
                    Party::Solver => caller == SOLVER,
                    Party::JobCreator => caller == CREATOR,
                    Party::Provider => caller == PROVIDER,
                    Party::Mediator => named == Some(address(caller)),
                    Party::Anyone => true,
                };
                let expected = match row {
                    None => "E_DEAL_STATE",
                    Some(row) if !row.callers.iter().any(is) => "E_NOT_PARTY",
                    Some(_) => "ok",
                };
                let outcome = bench.event(caller, event);
                assert_eq!(code(&outcome), expected, "{state}, {} by {caller}", event.kind());
            }
        }
    }
}
