//! The ledger against amounts computed by hand, its table against the documents, and random sequences of everything.

mod agreement;
mod deadlines;
mod driver;
mod journal;
mod mediation;
mod memory;
mod stake;
mod table;
mod vectors;

use super::*;
use crate::error::{Error, ErrorKind, Fault, Result};
use crate::model::{Address, Amount, Cid, DealId, Rate, Share, WorkUnit};
use crate::rt::Timestamp;

fn address(byte: u8) -> Address {
    Address::new([byte; 20])
}

fn deal_id(name: &str) -> DealId {
    DealId(Cid::of_block(name.as_bytes()))
}

fn wei(wei: u128) -> Amount {
    Amount::from_wei(wei)
}

fn rate(amount: Amount, per: u64) -> Rate {
    Rate::new(amount, per).unwrap()
}

fn share(numerator: u32, denominator: u32) -> Share {
    Share::new(numerator, denominator).unwrap()
}

const SOLVER: u8 = 1;
const CREATOR: u8 = 2;
const PROVIDER: u8 = 3;
const AUTHOR: u8 = 4;
const MEDIATORS: [u8; 3] = [5, 6, 7];
const STRANGER: u8 = 9;

/// The moment at which every test starts.
const START: u64 = 1_000_000;
/// No two windows are alike, and no sum of some is another one.
const WINDOWS: Windows = Windows { submit_ms: 1_000, cancel_ms: 100, judge_ms: 500, mediate_ms: 300 };

fn parties() -> Parties {
    Parties { job_creator: address(CREATOR), provider: address(PROVIDER) }
}

/// Terms with one wei for a unit and nothing else that costs.
fn terms(cap: u128, collateral: u128) -> Terms {
    Terms {
        rate: rate(wei(1), 1),
        unit: WorkUnit::Instructions,
        price_cap: wei(cap),
        provider_collateral: wei(collateral),
        author: None,
        solver_fee: Share::ZERO,
        mediation_fee: Amount::ZERO,
        mediators: Panel::new(&MEDIATORS.map(address)).unwrap(),
        windows: WINDOWS,
    }
}

/// A ledger, and a hand to move its time.
struct Bench {
    ledger: Ledger,
    now: u64,
}

impl Bench {
    /// Creator and stranger have 1,000 wei, the solver 100, the provider a stake of 1,000.
    fn new() -> Self {
        let ledger = Ledger::new(address(SOLVER));
        let mut bench = Self { ledger, now: START };
        for (byte, amount) in [(CREATOR, 1_000), (STRANGER, 1_000), (SOLVER, 100), (PROVIDER, 1_000)] {
            let deposit = Command::Deposit { account: address(byte), amount: wei(amount) };
            bench.apply(byte, deposit).unwrap();
        }
        bench.apply(PROVIDER, Command::Stake { amount: wei(1_000) }).unwrap();
        bench
    }

    fn apply(&mut self, by: u8, command: Command) -> Result<Vec<Transfer>> {
        let applied = self.ledger.apply(address(by), Timestamp(self.now), command);
        self.ledger.audit().unwrap();
        applied
    }

    fn agree(&mut self, name: &str, terms: Terms) -> Result<Vec<Transfer>> {
        self.apply(SOLVER, Command::Agree { deal: deal_id(name), parties: parties(), terms })
    }

    /// An event of deal "a" at its present epoch.
    fn event(&mut self, by: u8, event: DealEvent) -> Result<Vec<Transfer>> {
        let epoch = self.deal().epoch;
        self.apply(by, Command::Deal { deal: deal_id("a"), epoch, event })
    }

    fn deal(&self) -> &DealAccount {
        self.ledger.deal(deal_id("a")).unwrap()
    }

    fn balance(&self, byte: u8) -> u128 {
        self.ledger.balance(address(byte)).as_wei().unwrap()
    }

    fn pool(&self) -> (u128, u128) {
        let pool = self.ledger.pool(address(PROVIDER));
        (pool.stake.as_wei().unwrap(), pool.locked.as_wei().unwrap())
    }

    fn burned(&self) -> u128 {
        self.ledger.audit().unwrap().burned.as_wei().unwrap()
    }
}

fn code(result: &Result<Vec<Transfer>>) -> &'static str {
    result.as_ref().err().map_or("ok", Error::code)
}

fn context<'a>(error: &'a Error, key: &str) -> &'a str {
    error.context().find(|(name, _)| *name == key).map_or("", |(_, value)| value)
}
