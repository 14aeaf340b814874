//! The ledger in this process: accounts that share it, and time that passes.

use std::time::Duration;

use futures_util::FutureExt;

use super::*;
use crate::rt::{Clock, ManualClock};

fn now<T>(future: crate::rt::BoxFuture<'_, Result<T>>) -> Result<T> {
    future.now_or_never().unwrap()
}

#[test]
fn a_stale_epoch_is_a_conflict_that_names_the_epoch() {
    let settlement = MemorySettlement::new(address(SOLVER));
    let provider = settlement.as_account(address(PROVIDER));
    let deal = deal_id("a");
    let agreed = now(settlement.agree(deal, parties(), terms(0, 0))).unwrap();
    assert_eq!((agreed.deal.epoch, agreed.transfers.len()), (1, 0));
    let error = now(provider.submit(deal, 0, 1)).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, "E_STALE_EPOCH"));
    assert_eq!(context(&error, "epoch"), "1");
}

#[test]
fn the_shared_ledger_serves_each_account_and_logs_what_moved() {
    let settlement = MemorySettlement::new(address(SOLVER));
    let creator = settlement.as_account(address(CREATOR));
    let provider: Box<dyn Settlement> = Box::new(settlement.as_account(address(PROVIDER)));
    let deal = deal_id("a");
    now(creator.deposit(wei(100))).unwrap();
    now(provider.deposit(wei(10))).unwrap();
    now(provider.stake(wei(10))).unwrap();

    now(settlement.agree(deal, parties(), terms(60, 10))).unwrap();
    let submitted = now(provider.submit(deal, 1, 25)).unwrap();
    let done = now(creator.accept(deal, submitted.deal.epoch)).unwrap();

    assert_eq!(
        (done.deal.state, done.deal.paid, done.deal.work_units),
        (EscrowState::Accepted, wei(25), Some(25))
    );
    let reasons: Vec<_> = done.transfers.iter().map(|transfer| transfer.reason.as_str()).collect();
    assert_eq!(reasons, ["work", "refund"]);
    assert_eq!(now(provider.balance(address(PROVIDER))).unwrap(), wei(25));
    assert_eq!(now(provider.pool(address(PROVIDER))).unwrap().free(), wei(10));
    assert_eq!(settlement.transfers().len(), 6);
    now(provider.withdraw(wei(25))).unwrap();
    now(provider.unstake(wei(10))).unwrap();
    assert_eq!(now(provider.unbonding(address(PROVIDER))).unwrap().len(), 1);
    assert_eq!(now(provider.claim_unbonded()).unwrap_err().code(), "E_UNBONDING_EARLY");
    assert_eq!(settlement.audit().unwrap().withdrawn, wei(25));
}

#[test]
fn an_unpolled_change_has_not_happened() {
    let settlement = MemorySettlement::new(address(SOLVER));
    drop(settlement.deposit(wei(5)));
    assert_eq!(settlement.audit().unwrap().deposited, Amount::ZERO);
}

#[test]
fn deadlines_follow_the_hand_of_a_manual_clock() {
    let hand = ManualClock::new(Timestamp(START));
    let clock = Clock::from(hand.clone());
    let settlement = MemorySettlement::with_clock(address(SOLVER), clock, LedgerConfig::default());
    let deal = deal_id("a");
    now(settlement.agree(deal, parties(), terms(0, 0))).unwrap();
    let stranger = settlement.as_account(address(STRANGER));
    hand.advance(Duration::from_millis(WINDOWS.submit_ms - 1));
    assert_eq!(now(stranger.provider_timeout(deal, 1)).unwrap_err().code(), "E_TOO_EARLY");
    hand.advance(Duration::from_millis(1));
    assert_eq!(now(stranger.provider_timeout(deal, 1)).unwrap().deal.state, EscrowState::ProviderTimedOut);
}

#[tokio::test]
async fn deadlines_come_also_where_the_stamps_stand_still() {
    let clock = Clock::frozen(Timestamp(START));
    let settlement = MemorySettlement::with_clock(address(SOLVER), clock.clone(), LedgerConfig::default());
    let windows = Windows { submit_ms: 20, ..WINDOWS };
    let deal = deal_id("a");
    let agreed = settlement.agree(deal, parties(), Terms { windows, ..terms(0, 0) }).await.unwrap();
    assert!(agreed.deal.deadline.unwrap() >= Timestamp(START + 20));
    clock.sleep(Duration::from_millis(20)).await;
    settlement.provider_timeout(deal, 1).await.unwrap();
}

#[test]
fn shared_parts_cross_threads() {
    fn check<T: Send + Sync>() {}
    check::<MemorySettlement>();
    check::<Box<dyn Settlement>>();
}
