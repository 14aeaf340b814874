//! Transitions of the ledger, beside the same postings on a bare map without rules.

use std::collections::BTreeMap;

use criterion::Criterion;
use lilypad_core::model::{Address, Amount, Cid, DealId, Rate, Share, WorkUnit};
use lilypad_core::rt::Timestamp;
use lilypad_core::settlement::{Command, DealEvent, Ledger, Panel, Parties, Place, Terms, Transfer, Windows};

use crate::pair::pair;

/// Deals in one run, each from agreement to its end.
const DEALS: u64 = 1_000;
const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn address(byte: u8) -> Address {
    Address::new([byte; 20])
}

fn terms() -> Terms {
    Terms {
        rate: Rate::new(Amount::from_wei(3), 10).expect("a rate"),
        unit: WorkUnit::Instructions,
        price_cap: Amount::from_wei(1_000),
        provider_collateral: Amount::from_wei(400),
        author: None,
        solver_fee: Share::new(1, 10).expect("a share"),
        mediation_fee: Amount::from_wei(50),
        mediators: Panel::new(&[address(4), address(5)]).expect("a panel"),
        windows: Windows { submit_ms: 60_000, cancel_ms: 10_000, judge_ms: 60_000, mediate_ms: 60_000 },
    }
}

/// A ledger whose parties can pay for every deal.
fn funded() -> Ledger {
    let mut ledger = Ledger::new(address(1));
    for byte in [2, 3] {
        let account = address(byte);
        let deposit = Command::Deposit { account, amount: Amount::from_lp(1_000) };
        ledger.apply(account, NOW, deposit).expect("a deposit");
    }
    ledger.apply(address(3), NOW, Command::Stake { amount: Amount::from_lp(1) }).expect("a stake");
    ledger
}

/// Takes every deal through `events` and gives back what moved.
fn lead(ledger: &mut Ledger, ids: &[DealId], events: &[(u8, DealEvent)]) -> Vec<Transfer> {
    let (terms, parties) = (terms(), Parties { job_creator: address(2), provider: address(3) });
    let mut moved = Vec::new();
    for deal in ids.iter().copied() {
        moved.extend(ledger.apply(address(1), NOW, Command::Agree { deal, parties, terms }).expect("agreed"));
        for (epoch, (by, event)) in (1..).zip(events) {
            let command = Command::Deal { deal, epoch, event: *event };
            moved.extend(ledger.apply(address(*by), NOW, command).expect("allowed"));
        }
    }
    moved
}

/// The same movements without asking whether anybody may.
fn post(transfers: &[Transfer]) -> BTreeMap<Place, Amount> {
    let mut places: BTreeMap<Place, Amount> = BTreeMap::new();
    for transfer in transfers {
        let from = places.entry(transfer.from).or_insert(Amount::from_lp(1_000));
        *from = from.checked_sub(transfer.amount).unwrap_or_default();
        let to = places.entry(transfer.to).or_default();
        *to = to.checked_add(transfer.amount).unwrap_or_default();
    }
    places
}

pub(crate) fn all(criterion: &mut Criterion) {
    let ids: Vec<DealId> = (0..DEALS).map(|at| DealId(Cid::of_block(&at.to_be_bytes()))).collect();
    let submit = (3, DealEvent::Submit { work_units: 999 });
    let mismatch = DealEvent::Mismatch { evidence: Cid::of_block(b"other") };
    let appoint = |byte| (1, DealEvent::Appoint { mediator: address(byte) });
    let accepted = [submit, (2, DealEvent::Accept)];
    let slashed = [submit, (2, DealEvent::Challenge), appoint(4), (4, mismatch), appoint(5), (5, mismatch)];
    for (name, events) in
        [("ledger, 1,000 deals accepted", &accepted[..]), ("ledger, 1,000 deals slashed", &slashed[..])]
    {
        let start = funded();
        let moved = lead(&mut start.clone(), &ids, events);
        let fastest = pair(
            criterion,
            name,
            ("the same postings on a bare map", || post(&moved)),
            ("ledger", || lead(&mut start.clone(), &ids, events)),
        );
        if let Some(seconds) = fastest {
            let transitions = ids.len() * (1 + events.len());
            println!("{name}: {:.0} transitions per second\n", transitions as f64 / seconds);
        }
    }
}
