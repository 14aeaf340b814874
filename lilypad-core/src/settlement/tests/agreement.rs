//! What agreement holds and locks, what it refuses, and how pay is shared.

use std::time::Duration;

use super::*;

#[test]
fn agreement_holds_the_cap_and_locks_the_collateral() {
    let mut bench = Bench::new();
    bench.agree("a", terms(60, 10)).unwrap();
    assert_eq!((bench.balance(CREATOR), bench.pool()), (940, (1_000, 10)));
    assert_eq!(bench.deal().deadline, Some(Timestamp(START + WINDOWS.submit_ms)));
    assert_eq!(code(&bench.agree("a", terms(1, 1))), "E_DEAL_EXISTS");
}

#[test]
fn lack_of_funds_says_how_much_and_whose_fault() {
    let mut bench = Bench::new();
    let error = bench.agree("a", terms(1_001, 2_000)).unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.fault()),
        (ErrorKind::InsufficientFunds, "E_FUNDS", Fault::User)
    );
    assert_eq!((context(&error, "needed"), context(&error, "available")), ("1001", "1000"));
    assert!(error.hint().unwrap().contains("0.000000000000000001 LP"), "{error}");
    // A balance is no stake: the collateral is never taken from it.
    let deposit = Command::Deposit { account: address(PROVIDER), amount: wei(5_000) };
    bench.apply(PROVIDER, deposit).unwrap();
    let error = bench.agree("a", terms(10, 1_001)).unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.fault()),
        (ErrorKind::InsufficientFunds, "E_STAKE", Fault::Provider)
    );
    assert_eq!((context(&error, "needed"), context(&error, "available")), ("1001", "1000"));
    assert_eq!((bench.balance(CREATOR), bench.balance(PROVIDER), bench.pool()), (1_000, 5_000, (1_000, 0)));
}

/// T67: one deposit does not back two deals, nor does one stake.
#[test]
fn one_balance_and_one_stake_back_one_deal_only() {
    let mut bench = Bench::new();
    bench.agree("a", terms(600, 600)).unwrap();
    assert_eq!(code(&bench.agree("b", terms(600, 0))), "E_FUNDS");
    assert_eq!(code(&bench.agree("b", terms(400, 401))), "E_STAKE");
    bench.agree("b", terms(400, 400)).unwrap();
    assert_eq!((bench.balance(CREATOR), bench.pool()), (0, (1_000, 1_000)));
}

#[test]
fn each_rule_of_the_terms_names_field_limit_and_what_was_got() {
    let good = terms(100, 80);
    let windows = |windows: Windows| Terms { windows, ..good };
    let author = |share| Some(Author { address: address(AUTHOR), share });
    let panel = |byte| Panel::new(&[address(byte)]).unwrap();
    let cases = [
        ("windows.submit_ms", "0", windows(Windows { submit_ms: 0, ..WINDOWS })),
        ("windows.cancel_ms", "0", windows(Windows { cancel_ms: 0, ..WINDOWS })),
        ("windows.judge_ms", "0", windows(Windows { judge_ms: 0, ..WINDOWS })),
        ("windows.mediate_ms", "7776000001", windows(Windows { mediate_ms: MAX_WINDOW_MS + 1, ..WINDOWS })),
        (
            "author.share + solver_fee",
            "1/2 + 501/1000",
            Terms { author: author(share(1, 2)), solver_fee: share(501, 1_000), ..good },
        ),
        ("mediators", &address(CREATOR).to_string(), Terms { mediators: panel(CREATOR), ..good }),
        ("mediators", &address(PROVIDER).to_string(), Terms { mediators: panel(PROVIDER), ..good }),
        ("mediators", &address(SOLVER).to_string(), Terms { mediators: panel(SOLVER), ..good }),
        (
            "mediators",
            &address(AUTHOR).to_string(),
            Terms { mediators: panel(AUTHOR), author: author(share(1, 9)), ..good },
        ),
        // Half of 80 is kept: enough for two fees of 20 and not of 21.
        ("mediation_fee", "0.000000000000000021 LP", Terms { mediation_fee: wei(21), ..good }),
        ("mediation_fee", &Amount::MAX.to_string(), Terms { mediation_fee: Amount::MAX, ..good }),
    ];
    for (field, got, terms) in cases {
        let mut bench = Bench::new();
        let error = bench.agree("a", terms).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, "E_TERMS"), "{field}");
        assert_eq!((context(&error, "field"), context(&error, "got")), (field, got));
        assert!(!context(&error, "limit").is_empty());
    }
    let edges = Windows { submit_ms: 1, cancel_ms: 1, judge_ms: MAX_WINDOW_MS, mediate_ms: MAX_WINDOW_MS };
    let (solver_fee, author) = (share(1, 2), author(share(1, 2)));
    let edge = Terms { mediation_fee: wei(20), windows: edges, solver_fee, author, ..good };
    Bench::new().agree("a", edge).unwrap();
    // Where nobody can be asked, a fee binds nothing.
    let (mediators, mediation_fee) = (Panel::EMPTY, wei(1_000));
    Bench::new().agree("a", Terms { mediators, mediation_fee, ..good }).unwrap();
}

#[test]
fn panels_and_settings_have_limits() {
    let many: Vec<Address> = (10..16).map(address).collect();
    assert_eq!(context(&Panel::new(&many).unwrap_err(), "got"), "6");
    assert_eq!(Panel::new(&many[..MAX_MEDIATORS]).unwrap().members(), &many[..MAX_MEDIATORS]);
    assert_eq!(Panel::new(&[many[0], many[0]]).unwrap_err().code(), "E_TERMS");
    let day = Duration::from_secs(86_400);
    assert_eq!(context(&LedgerConfig::new(day, share(49, 100)).unwrap_err(), "field"), "burned");
    assert_eq!(context(&LedgerConfig::new(91 * day, share(1, 2)).unwrap_err(), "field"), "unbonding");
    assert_eq!(LedgerConfig::new(Duration::ZERO, share(1, 2)).unwrap_err().code(), "E_TERMS");
    assert_eq!(LedgerConfig::new(day, share(2, 3)).unwrap().burned(), share(2, 3));
}

#[test]
fn author_and_solver_round_down_and_the_provider_gets_the_rest() {
    let mut bench = Bench::new();
    let author = Some(Author { address: address(AUTHOR), share: share(1, 3) });
    bench.agree("a", Terms { author, solver_fee: share(1, 7), ..terms(100, 10) }).unwrap();
    bench.event(PROVIDER, DealEvent::Submit { work_units: 50 }).unwrap();
    let transfers = bench.event(CREATOR, DealEvent::Accept).unwrap();
    // 50 ÷ 3 = 16.7 and 50 ÷ 7 = 7.1; 50 − 16 − 7 = 27.
    assert_eq!((bench.balance(AUTHOR), bench.balance(SOLVER), bench.balance(PROVIDER)), (16, 107, 27));
    assert_eq!((bench.balance(CREATOR), bench.deal().paid), (950, wei(50)));
    let reasons: Vec<_> = transfers.iter().map(|transfer| transfer.reason.as_str()).collect();
    assert_eq!(reasons, ["work", "author_share", "solver_fee", "refund"]);
}

#[test]
fn a_job_with_a_fixed_price_costs_one_unit() {
    let mut bench = Bench::new();
    let fixed = Terms { unit: WorkUnit::Fixed, rate: rate(wei(70), 1), ..terms(100, 0) };
    bench.agree("a", fixed).unwrap();
    let error = bench.event(PROVIDER, DealEvent::Submit { work_units: 2 }).unwrap_err();
    assert_eq!((error.code(), context(&error, "limit"), context(&error, "got")), ("E_WORK_UNITS", "1", "2"));
    bench.event(PROVIDER, DealEvent::Submit { work_units: 1 }).unwrap();
    bench.event(SOLVER, DealEvent::Accept).unwrap();
    assert_eq!((bench.balance(CREATOR), bench.balance(PROVIDER)), (930, 70));
}

#[test]
fn seconds_are_counted_in_nanoseconds() {
    assert_eq!(WorkUnit::GpuSeconds.count_per_unit(), 1_000_000_000);
    let mut bench = Bench::new();
    let per_second = rate(wei(30), WorkUnit::CpuSeconds.count_per_unit());
    bench.agree("a", Terms { unit: WorkUnit::CpuSeconds, rate: per_second, ..terms(100, 0) }).unwrap();
    bench.event(PROVIDER, DealEvent::Submit { work_units: 1_566_000_000 }).unwrap();
    bench.event(CREATOR, DealEvent::Accept).unwrap();
    // 1.566 s at 30 wei are 46.98 wei.
    assert_eq!(bench.balance(PROVIDER), 46);
}

#[test]
fn time_does_not_run_backwards() {
    let mut bench = Bench::new();
    bench.now = START - 1;
    assert_eq!(code(&bench.agree("a", terms(1, 1))), "E_TIME_BACK");
    bench.now = START + 10;
    assert_eq!(code(&bench.agree("a", terms(2_000, 1))), "E_FUNDS");
    // A refused command does not move the time on.
    bench.now = START;
    bench.agree("a", terms(1, 1)).unwrap();
}
