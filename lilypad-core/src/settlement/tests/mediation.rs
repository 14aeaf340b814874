//! Challenges: every outcome, and who bears what.

use super::*;

const FEE: u128 = 7;
/// Half of it, 50, pays two fees and leaves 36.
const COLLATERAL: u128 = 100;
const ONE: u8 = MEDIATORS[0];
const TWO: u8 = MEDIATORS[1];
const THREE: u8 = MEDIATORS[2];

/// A deal of 40 units with a cap of 100, challenged by `challenger`.
fn challenged(challenger: u8) -> Bench {
    let mut bench = Bench::new();
    bench.agree("a", Terms { mediation_fee: wei(FEE), ..terms(100, COLLATERAL) }).unwrap();
    bench.event(PROVIDER, DealEvent::Submit { work_units: 40 }).unwrap();
    bench.event(challenger, DealEvent::Challenge).unwrap();
    assert_eq!(bench.ledger.bond(deal_id("a")), wei(2 * FEE));
    bench
}

fn appoint(bench: &mut Bench, byte: u8) -> Result<Vec<Transfer>> {
    bench.event(SOLVER, DealEvent::Appoint { mediator: address(byte) })
}

fn mismatch() -> DealEvent {
    DealEvent::Mismatch { evidence: Cid::of_block(b"other results") }
}

/// Balances of creator, provider, solver and the three mediators, then stake with locks, and what is burned.
fn end(bench: &Bench, state: EscrowState) -> ([u128; 6], (u128, u128), u128) {
    assert_eq!((bench.deal().state, bench.deal().deadline), (state, None));
    assert_eq!(bench.ledger.bond(deal_id("a")), Amount::ZERO);
    assert_eq!(bench.ledger.held(deal_id("a")), Amount::ZERO);
    let balances = [CREATOR, PROVIDER, SOLVER, ONE, TWO, THREE].map(|byte| bench.balance(byte));
    (balances, bench.pool(), bench.burned())
}

#[test]
fn a_match_pays_the_provider_and_the_challenger_bears_the_fee() {
    let mut bench = challenged(CREATOR);
    appoint(&mut bench, ONE).unwrap();
    bench.event(ONE, DealEvent::Match).unwrap();
    let expected = ([1_000 - 40 - 7, 40, 100, 7, 0, 0], (1_000, 0), 0);
    assert_eq!(end(&bench, EscrowState::Upheld), expected);
}

#[test]
fn a_random_check_is_at_the_solvers_own_cost() {
    let mut bench = challenged(SOLVER);
    appoint(&mut bench, TWO).unwrap();
    bench.event(TWO, DealEvent::Match).unwrap();
    let expected = ([960, 40, 93, 0, 7, 0], (1_000, 0), 0);
    assert_eq!(end(&bench, EscrowState::Upheld), expected);
}

#[test]
fn two_mismatches_slash_and_pay_the_mediators_out_of_the_collateral() {
    let mut bench = challenged(CREATOR);
    appoint(&mut bench, ONE).unwrap();
    bench.event(ONE, mismatch()).unwrap();
    assert_eq!((bench.deal().state, bench.pool()), (EscrowState::Mismatched, (1_000, COLLATERAL)));
    appoint(&mut bench, TWO).unwrap();
    bench.event(TWO, mismatch()).unwrap();
    let expected = ([1_000 + 36, 0, 100, 7, 7, 0], (900, 0), 50);
    assert_eq!(end(&bench, EscrowState::Rejected), expected);
    let record = bench.deal().mediation.unwrap();
    assert_eq!(record.first.unwrap().mediator, address(ONE));
    assert_eq!(record.second.unwrap().mediator, address(TWO));
    assert_eq!((bench.deal().paid, record.asked.len()), (Amount::ZERO, 2));
}

#[test]
fn a_slash_after_a_random_check_gives_the_bond_back_to_the_solver() {
    let mut bench = challenged(SOLVER);
    for mediator in [ONE, TWO] {
        appoint(&mut bench, mediator).unwrap();
        bench.event(mediator, mismatch()).unwrap();
    }
    assert_eq!(end(&bench, EscrowState::Rejected), ([1_036, 0, 100, 7, 7, 0], (900, 0), 50));
}

#[test]
fn a_mismatch_that_another_mediator_does_not_see_is_not_proven() {
    let mut bench = challenged(CREATOR);
    appoint(&mut bench, ONE).unwrap();
    bench.event(ONE, mismatch()).unwrap();
    appoint(&mut bench, THREE).unwrap();
    bench.event(THREE, DealEvent::Match).unwrap();
    let expected = ([1_000 - 40 - 14, 40, 100, 7, 0, 7], (1_000, 0), 0);
    assert_eq!(end(&bench, EscrowState::Upheld), expected);
}

#[test]
fn who_cannot_check_or_is_silent_is_followed_by_another_and_is_nobodys_fault() {
    let nobody = ([1_000, 0, 100, 0, 0, 0], (1_000, 0), 0);
    let mut bench = challenged(CREATOR);
    appoint(&mut bench, ONE).unwrap();
    bench.event(ONE, DealEvent::CouldNotCheck).unwrap();
    assert_eq!(code(&appoint(&mut bench, ONE)), "E_MEDIATOR_ASKED");
    appoint(&mut bench, TWO).unwrap();
    bench.now += WINDOWS.mediate_ms;
    bench.event(STRANGER, DealEvent::MediatorTimeout).unwrap();
    assert_eq!(bench.deal().state, EscrowState::Challenged);
    appoint(&mut bench, THREE).unwrap();
    let mut matched = Bench { ledger: bench.ledger.clone(), now: bench.now };
    bench.event(THREE, DealEvent::CouldNotCheck).unwrap();
    assert_eq!(end(&bench, EscrowState::Undecided), nobody);
    matched.event(THREE, DealEvent::Match).unwrap();
    assert_eq!(end(&matched, EscrowState::Upheld), ([953, 40, 100, 0, 0, 7], (1_000, 0), 0));
}

#[test]
fn a_panel_that_is_used_up_after_a_mismatch_proves_nothing() {
    let nobody = ([1_000, 0, 100, 0, 0, 0], (1_000, 0), 0);
    // The last one asked sees a mismatch: no second one can.
    let mut bench = challenged(CREATOR);
    for mediator in [ONE, TWO] {
        appoint(&mut bench, mediator).unwrap();
        bench.event(mediator, DealEvent::CouldNotCheck).unwrap();
    }
    appoint(&mut bench, THREE).unwrap();
    bench.event(THREE, mismatch()).unwrap();
    assert_eq!(end(&bench, EscrowState::Undecided), nobody);
    // One mismatch, and then silence until nobody is left.
    let mut bench = challenged(CREATOR);
    appoint(&mut bench, ONE).unwrap();
    bench.event(ONE, mismatch()).unwrap();
    for (mediator, state) in [(TWO, EscrowState::Mismatched), (THREE, EscrowState::Undecided)] {
        appoint(&mut bench, mediator).unwrap();
        bench.now += WINDOWS.mediate_ms;
        bench.event(PROVIDER, DealEvent::MediatorTimeout).unwrap();
        assert_eq!(bench.deal().state, state);
    }
    assert_eq!(end(&bench, EscrowState::Undecided), nobody);
}

#[test]
fn a_solver_that_names_nobody_ends_in_a_refund_of_both_sides() {
    let mut bench = challenged(CREATOR);
    bench.now += WINDOWS.mediate_ms;
    bench.event(PROVIDER, DealEvent::SolverTimeout).unwrap();
    assert_eq!(end(&bench, EscrowState::Undecided), ([1_000, 0, 100, 0, 0, 0], (1_000, 0), 0));
}

#[test]
fn only_mediators_of_the_panel_are_named_and_only_the_named_one_judges() {
    let mut bench = challenged(CREATOR);
    assert_eq!(code(&appoint(&mut bench, STRANGER)), "E_MEDIATOR_UNKNOWN");
    appoint(&mut bench, ONE).unwrap();
    assert_eq!(code(&bench.event(TWO, mismatch())), "E_NOT_PARTY");
    bench.event(ONE, mismatch()).unwrap();
    assert_eq!(code(&bench.event(ONE, mismatch())), "E_DEAL_STATE");
    assert_eq!(code(&appoint(&mut bench, ONE)), "E_MEDIATOR_ASKED");
    appoint(&mut bench, TWO).unwrap();
    assert_eq!(code(&bench.event(ONE, mismatch())), "E_NOT_PARTY");
}

#[test]
fn a_challenge_needs_a_bond_and_a_panel() {
    let mut bench = Bench::new();
    bench.agree("a", Terms { mediation_fee: wei(60), ..terms(990, 240) }).unwrap();
    bench.event(PROVIDER, DealEvent::Submit { work_units: 1 }).unwrap();
    let error = bench.event(CREATOR, DealEvent::Challenge).unwrap_err();
    assert_eq!((error.code(), context(&error, "needed")), ("E_FUNDS", "120"));
    assert_eq!(bench.deal().state, EscrowState::Submitted);

    let mut bench = Bench::new();
    bench.agree("a", Terms { mediators: Panel::EMPTY, ..terms(10, 0) }).unwrap();
    bench.event(PROVIDER, DealEvent::Submit { work_units: 1 }).unwrap();
    assert_eq!(code(&bench.event(CREATOR, DealEvent::Challenge)), "E_NO_MEDIATOR");
}

#[test]
fn author_and_solver_are_paid_when_the_challenge_fails_and_not_when_it_is_proven() {
    let author = Some(Author { address: address(AUTHOR), share: share(1, 4) });
    let terms = Terms { author, solver_fee: share(1, 10), mediation_fee: wei(FEE), ..terms(100, COLLATERAL) };
    for (verdict, paid) in [(DealEvent::Match, (10, 104, 26)), (mismatch(), (0, 100, 0))] {
        let mut bench = Bench::new();
        bench.agree("a", terms).unwrap();
        bench.event(PROVIDER, DealEvent::Submit { work_units: 40 }).unwrap();
        bench.event(CREATOR, DealEvent::Challenge).unwrap();
        for mediator in [ONE, TWO] {
            if appoint(&mut bench, mediator).is_ok() {
                bench.event(mediator, verdict).unwrap();
            }
        }
        assert_eq!((bench.balance(AUTHOR), bench.balance(SOLVER), bench.balance(PROVIDER)), paid);
    }
}

/// T68: no slash by a stranger, early, with one mismatch, after the end, or a second time.
#[test]
fn a_slash_out_of_turn_is_refused_by_name_and_changes_nothing() {
    let mut bench = challenged(CREATOR);
    let refused = |bench: &mut Bench, by: u8, event: DealEvent, expected: &str| {
        let before = bench.ledger.clone();
        assert_eq!(code(&bench.event(by, event)), expected);
        assert_eq!(bench.ledger, before);
    };
    refused(&mut bench, CREATOR, DealEvent::ProviderTimeout, "E_DEAL_STATE");
    refused(&mut bench, ONE, mismatch(), "E_DEAL_STATE");
    appoint(&mut bench, ONE).unwrap();
    for stranger in [STRANGER, CREATOR, PROVIDER, SOLVER, TWO] {
        refused(&mut bench, stranger, mismatch(), "E_NOT_PARTY");
    }
    bench.event(ONE, mismatch()).unwrap();
    assert_eq!(bench.pool(), (1_000, COLLATERAL), "one mismatch slashes nothing");
    refused(&mut bench, ONE, mismatch(), "E_DEAL_STATE");
    appoint(&mut bench, TWO).unwrap();
    refused(&mut bench, ONE, mismatch(), "E_NOT_PARTY");
    bench.event(TWO, mismatch()).unwrap();
    for by in [ONE, TWO, CREATOR, STRANGER] {
        refused(&mut bench, by, mismatch(), "E_DEAL_STATE");
        refused(&mut bench, by, DealEvent::ProviderTimeout, "E_DEAL_STATE");
    }
    assert_eq!((bench.pool(), bench.burned()), ((900, 0), 50));
}
