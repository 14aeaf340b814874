//! The ledger against amounts computed by hand, and against random sequences.

mod random;
mod vectors;

use super::*;
use crate::error::{ErrorKind, Fault};
use crate::model::{Address, Amount, Cid, DealId, Rate};
use futures_util::FutureExt;

fn address(byte: u8) -> Address {
    Address::new([byte; 20])
}

fn deal_id(name: &str) -> DealId {
    DealId(Cid::of_block(name.as_bytes()))
}

fn wei(wei: u128) -> Amount {
    Amount::from_wei(wei)
}

fn terms(cap: u128, collateral: u128) -> Terms {
    Terms { rate: rate(wei(1), 1), price_cap: wei(cap), provider_collateral: wei(collateral) }
}

fn rate(amount: Amount, per: u64) -> Rate {
    Rate::new(amount, per).unwrap()
}

const SOLVER: u8 = 1;
const CREATOR: u8 = 2;
const PROVIDER: u8 = 3;

fn parties() -> Parties {
    Parties { job_creator: address(CREATOR), provider: address(PROVIDER) }
}

#[test]
fn final_states_are_those_that_end_a_deal_and_each_other_has_one_timeout_by_the_solver() {
    for state in EscrowState::ALL {
        let leaving: Vec<_> = transitions().iter().filter(|row| row.from == state).collect();
        assert_eq!(state.is_final(), leaving.is_empty());
        if state.is_final() {
            continue;
        }
        let timeouts: Vec<_> = leaving
            .iter()
            .filter(|row| matches!(row.event, EventKind::ProviderTimeout | EventKind::CreatorTimeout))
            .collect();
        assert_eq!(timeouts.len(), 1, "{state}");
        assert_eq!(timeouts[0].callers, [Party::Solver]);
        assert!(timeouts[0].to.is_final());
    }
    let finals = EscrowState::ALL.iter().filter(|state| state.is_final()).count();
    assert_eq!(finals, 6);
}

#[test]
fn a_row_pays_exactly_where_it_ends_a_deal_and_no_pair_stands_twice() {
    for (at, row) in transitions().iter().enumerate() {
        assert_eq!(row.settle == Settle::Hold, !row.to.is_final(), "{row:?}");
        assert!(!row.callers.is_empty());
        let same = |other: &Transition| other.from == row.from && other.event == row.event;
        assert_eq!(transitions().iter().position(same), Some(at));
    }
    for event in EventKind::ALL {
        assert!(transitions().iter().any(|row| row.event == event), "{event} is never legal");
    }
}

#[test]
fn the_tables_in_the_docs_are_the_table_of_the_code() {
    for text in [include_str!("mod.rs"), include_str!("../../../docs/settlement.md")] {
        let lines: Vec<&str> = text.lines().map(|line| line.trim_start_matches("//! ")).collect();
        let documented: Vec<&&str> = lines.iter().filter(|line| line.starts_with("| `")).collect();
        let rows = documented
            .iter()
            .filter(|line| EscrowState::ALL.iter().any(|state| line.contains(state.as_str())));
        assert_eq!(rows.count(), transitions().len());
        for row in transitions() {
            let callers: Vec<String> = row.callers.iter().map(Party::to_string).collect();
            let (work, refund) = match row.settle {
                Settle::Hold => ("", ""),
                Settle::PayWork => ("work + collateral", "cap − work"),
                Settle::Refund => ("collateral", "cap"),
                Settle::Forfeit => ("", "cap + rest of collateral"),
            };
            let burned = if row.settle == Settle::Forfeit { "half of collateral" } else { "" };
            let who = callers.join(", ");
            let cells = [
                &format!("`{}`", row.from),
                row.event.as_str(),
                &who,
                &format!("`{}`", row.to),
                work,
                refund,
                burned,
            ];
            let cells = cells.map(|cell| if cell.is_empty() { " ".to_owned() } else { format!(" {cell} ") });
            let line = format!("|{}|", cells.join("|"));
            assert!(lines.contains(&line.as_str()), "not documented: {line}");
        }
    }
}

#[test]
fn lack_of_funds_says_how_much_and_whose_fault() {
    let mut ledger = Ledger::new(address(SOLVER));
    let fund = Command::Deposit { account: address(CREATOR), amount: wei(70) };
    ledger.apply(address(SOLVER), fund).unwrap();
    let agree = |cap, collateral| Command::Agree {
        deal: deal_id("a"),
        parties: parties(),
        terms: terms(cap, collateral),
    };

    let error = ledger.apply(address(SOLVER), agree(100, 0)).unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.fault()),
        (ErrorKind::InsufficientFunds, "E_FUNDS", Fault::User)
    );
    let context: Vec<_> = error.context().collect();
    assert!(context.contains(&("needed", "100")) && context.contains(&("available", "70")), "{error:?}");
    assert!(error.hint().unwrap().contains("0.00000000000000003 LP"), "{error}");

    let error = ledger.apply(address(SOLVER), agree(10, 5)).unwrap_err();
    assert_eq!((error.code(), error.fault()), ("E_FUNDS", Fault::Provider));
    assert_eq!(ledger.balance(address(CREATOR)), wei(70));
}

#[test]
fn a_stale_epoch_is_a_conflict_that_names_the_epoch() {
    let settlement = MemorySettlement::new(address(SOLVER));
    let provider = settlement.as_account(address(PROVIDER));
    let deal = deal_id("a");
    let agreed = settlement.agree(deal, parties(), terms(0, 0)).now_or_never().unwrap().unwrap();
    assert_eq!((agreed.deal.epoch, agreed.transfers.len()), (1, 0));
    let error = provider.submit(deal, 0, 1).now_or_never().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, "E_STALE_EPOCH"));
    assert!(error.context().any(|pair| pair == ("epoch", "1")));
}

#[test]
fn the_shared_ledger_serves_each_account_and_logs_what_moved() {
    let settlement = MemorySettlement::new(address(SOLVER));
    let creator = settlement.as_account(address(CREATOR));
    let provider: Box<dyn Settlement> = Box::new(settlement.as_account(address(PROVIDER)));
    let deal = deal_id("a");
    creator.deposit(wei(100)).now_or_never().unwrap().unwrap();
    provider.deposit(wei(10)).now_or_never().unwrap().unwrap();

    settlement.agree(deal, parties(), terms(60, 10)).now_or_never().unwrap().unwrap();
    let submitted = provider.submit(deal, 1, 25).now_or_never().unwrap().unwrap();
    let done = creator.accept(deal, submitted.deal.epoch).now_or_never().unwrap().unwrap();

    assert_eq!(
        (done.deal.state, done.deal.paid, done.deal.work_units),
        (EscrowState::Accepted, wei(25), Some(25))
    );
    let reasons: Vec<_> = done.transfers.iter().map(|transfer| transfer.reason.as_str()).collect();
    assert_eq!(reasons, ["work", "refund", "collateral_return"]);
    assert_eq!(provider.balance(address(PROVIDER)).now_or_never().unwrap().unwrap(), wei(35));
    assert_eq!(settlement.transfers().len(), 7);
    provider.withdraw(wei(35)).now_or_never().unwrap().unwrap();
    assert_eq!(settlement.audit().unwrap().withdrawn, wei(35));
}

#[test]
fn an_unpolled_change_has_not_happened() {
    let settlement = MemorySettlement::new(address(SOLVER));
    drop(settlement.deposit(wei(5)));
    assert_eq!(settlement.audit().unwrap().deposited, Amount::ZERO);
}

#[test]
fn shared_parts_cross_threads() {
    fn check<T: Send + Sync>() {}
    check::<MemorySettlement>();
    check::<Box<dyn Settlement>>();
}
