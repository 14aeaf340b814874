//! Stakes: what is locked stays, what is free unbonds in its time, and slashing takes a deal's own collateral only.

use super::*;

const UNBONDING: u64 = 7 * 24 * 60 * 60 * 1_000;

fn unstake(bench: &mut Bench, amount: u128) -> Result<Vec<Transfer>> {
    bench.apply(PROVIDER, Command::Unstake { amount: wei(amount) })
}

#[test]
fn unbonding_takes_its_period_to_the_millisecond() {
    let mut bench = Bench::new();
    unstake(&mut bench, 300).unwrap();
    assert_eq!((bench.pool(), bench.balance(PROVIDER)), ((700, 0), 0));
    bench.now = START + 5;
    unstake(&mut bench, 100).unwrap();
    let waiting: Vec<_> =
        bench.ledger.unbonding(address(PROVIDER)).iter().map(|entry| entry.matures_at).collect();
    assert_eq!(waiting, [Timestamp(START + UNBONDING), Timestamp(START + 5 + UNBONDING)]);

    bench.now = START + UNBONDING - 1;
    assert_eq!(code(&bench.apply(PROVIDER, Command::ClaimUnbonded)), "E_UNBONDING_EARLY");
    bench.now = START + UNBONDING;
    assert_eq!(code(&bench.apply(STRANGER, Command::ClaimUnbonded)), "E_UNBONDING_EARLY");
    bench.apply(PROVIDER, Command::ClaimUnbonded).unwrap();
    assert_eq!(bench.balance(PROVIDER), 300);
    assert_eq!(code(&bench.apply(PROVIDER, Command::ClaimUnbonded)), "E_UNBONDING_EARLY");
    bench.now = START + 5 + UNBONDING;
    bench.apply(PROVIDER, Command::ClaimUnbonded).unwrap();
    assert_eq!((bench.balance(PROVIDER), bench.pool()), (400, (600, 0)));
    assert!(bench.ledger.unbonding(address(PROVIDER)).is_empty());
}

#[test]
fn locked_stake_does_not_unbond() {
    let mut bench = Bench::new();
    bench.agree("a", terms(100, 900)).unwrap();
    let error = unstake(&mut bench, 101).unwrap_err();
    assert_eq!((error.code(), context(&error, "available")), ("E_STAKE", "100"));
    unstake(&mut bench, 100).unwrap();
    assert_eq!(bench.pool(), (900, 900));
    bench.event(PROVIDER, DealEvent::CancelByProvider).unwrap();
    assert_eq!(bench.pool(), (900, 0));
    unstake(&mut bench, 900).unwrap();
}

#[test]
fn no_more_than_eight_amounts_unbond_at_once() {
    let mut bench = Bench::new();
    for _ in 0..MAX_UNBONDINGS {
        unstake(&mut bench, 1).unwrap();
    }
    let error = unstake(&mut bench, 1).unwrap_err();
    assert_eq!((error.code(), context(&error, "limit")), ("E_UNBONDING_FULL", "8"));
    assert_eq!(context(&error, "matures_at"), (START + UNBONDING).to_string());
    // Nothing takes no place, and is not lacking.
    assert_eq!(unstake(&mut bench, 0).unwrap(), []);
    bench.now += UNBONDING;
    bench.apply(PROVIDER, Command::ClaimUnbonded).unwrap();
    unstake(&mut bench, 1).unwrap();
    assert_eq!((bench.balance(PROVIDER), bench.pool().0), (8, 991));
}

#[test]
fn a_stake_comes_out_of_the_own_balance() {
    let mut bench = Bench::new();
    assert_eq!(code(&bench.apply(PROVIDER, Command::Stake { amount: wei(1) })), "E_FUNDS");
    let moved = bench.apply(CREATOR, Command::Stake { amount: wei(10) }).unwrap();
    let (from, to) = (Place::Account(address(CREATOR)), Place::Stake(address(CREATOR)));
    assert_eq!(moved, [Transfer { from, to, amount: wei(10), reason: Reason::Stake }]);
    assert_eq!(code(&bench.apply(CREATOR, Command::Withdraw { amount: wei(991) })), "E_FUNDS");
}

/// The simplest safe rule: other deals of the same provider keep what they have locked.
#[test]
fn slashing_takes_the_deals_own_collateral_and_no_other() {
    let mut bench = Bench::new();
    bench.agree("a", terms(100, 301)).unwrap();
    bench.agree("b", terms(100, 500)).unwrap();
    bench.now += WINDOWS.submit_ms;
    bench.event(STRANGER, DealEvent::ProviderTimeout).unwrap();
    // Of 301 the half that is kept rounds down to 150; 151 are burned.
    assert_eq!((bench.pool(), bench.burned()), ((699, 500), 151));
    assert_eq!(bench.balance(CREATOR), 1_000 - 100 + 150);
    assert_eq!(unstake(&mut bench, 200).unwrap_err().code(), "E_STAKE");
    unstake(&mut bench, 199).unwrap();
    let submit = DealEvent::Submit { work_units: 1 };
    bench.apply(PROVIDER, Command::Deal { deal: deal_id("b"), epoch: 1, event: submit }).unwrap();
}

#[test]
fn at_least_the_burned_share_is_burned_to_the_wei() {
    let day = std::time::Duration::from_secs(86_400);
    for (burned, collateral, kept) in
        [(share(1, 2), 1, 0), (share(1, 2), 7, 3), (share(2, 3), 100, 33), (share(1, 1), 100, 0)]
    {
        let mut bench = Bench::new();
        let config = LedgerConfig::new(day, burned).unwrap();
        let fresh = Ledger::with_config(address(SOLVER), config);
        bench.ledger = fresh;
        for (byte, amount) in [(CREATOR, 1_000), (PROVIDER, 1_000)] {
            let deposit = Command::Deposit { account: address(byte), amount: wei(amount) };
            bench.apply(byte, deposit).unwrap();
        }
        bench.apply(PROVIDER, Command::Stake { amount: wei(collateral) }).unwrap();
        bench.agree("a", terms(10, collateral)).unwrap();
        bench.now += WINDOWS.submit_ms;
        bench.event(PROVIDER, DealEvent::ProviderTimeout).unwrap();
        assert_eq!((bench.balance(CREATOR), bench.burned()), (1_000 + kept, collateral - kept));
    }
}
