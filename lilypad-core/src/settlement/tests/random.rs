//! Random sequences of every command by a crowd, mostly plausible and often not: money is conserved after each step.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const ACTORS: u8 = 12;
const DEALS: u8 = 24;

fn actor() -> impl Strategy<Value = Address> {
    (1..=ACTORS).prop_map(address)
}

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        2 => Just(Amount::ZERO),
        2 => Just(wei(1)),
        6 => (0_u128..1_000).prop_map(wei),
        2 => any::<u128>().prop_map(wei),
        1 => Just(Amount::MAX),
    ]
}

fn units() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), 0_u64..2_000, any::<u64>(), Just(u64::MAX)]
}

/// An event and how the caller comes by epoch and account: right ones nine times in ten.
#[derive(Clone, Debug)]
enum Step {
    Plain(Address, Command),
    Event { stranger: Option<Address>, deal: prop::sample::Index, off: u64, event: DealEvent },
}

fn event() -> impl Strategy<Value = DealEvent> {
    prop_oneof![
        4 => units().prop_map(|work_units| DealEvent::Submit { work_units }),
        3 => Just(DealEvent::Accept),
        1 => units().prop_map(|work_units| DealEvent::CancelByCreator { work_units }),
        1 => Just(DealEvent::CancelByProvider),
        1 => units().prop_map(|work_units| DealEvent::Fail { work_units }),
        1 => Just(DealEvent::ProviderTimeout),
        4 => Just(DealEvent::CreatorTimeout),
    ]
}

fn deal() -> impl Strategy<Value = DealId> {
    (0..DEALS).prop_map(|index| deal_id(&index.to_string()))
}

fn agreement() -> impl Strategy<Value = Step> {
    let sides = (actor(), actor()).prop_map(|(job_creator, provider)| Parties { job_creator, provider });
    let price = (amount(), prop_oneof![Just(1), 1..=u64::MAX]).prop_map(|(amount, per)| rate(amount, per));
    let by = prop_oneof![7 => Just(address(SOLVER)), 1 => actor()];
    (by, deal(), sides, price, amount(), amount()).prop_map(
        |(by, deal, parties, rate, price_cap, provider_collateral)| {
            let terms = Terms { rate, price_cap, provider_collateral };
            Step::Plain(by, Command::Agree { deal, parties, terms })
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (actor(), actor(), amount())
            .prop_map(|(by, account, amount)| Step::Plain(by, Command::Deposit { account, amount })),
        1 => (actor(), amount()).prop_map(|(by, amount)| Step::Plain(by, Command::Withdraw { amount })),
        4 => agreement(),
        8 => (proptest::option::weighted(0.1, actor()), any::<prop::sample::Index>(), prop_oneof![9 => Just(0_u64), 1 => any::<u64>()], event())
            .prop_map(|(stranger, deal, off, event)| Step::Event { stranger, deal, off, event }),
    ]
}

/// The account that may cause `event`, as the parties of the deal have it.
fn rightful(ledger: &Ledger, deal: DealId, event: &DealEvent) -> (Address, u64) {
    let Ok(known) = ledger.deal(deal) else { return (ledger.solver(), 1) };
    let by = match event {
        DealEvent::Accept => known.parties.job_creator,
        DealEvent::ProviderTimeout | DealEvent::CreatorTimeout => ledger.solver(),
        _ => known.parties.provider,
    };
    (by, known.epoch)
}

fn resolve(ledger: &Ledger, step: &Step) -> (Address, Command) {
    match step {
        Step::Plain(by, command) => (*by, *command),
        Step::Event { stranger, deal, off, event } => {
            let known: Vec<DealId> = ledger.deals().map(|(id, _)| id).collect();
            let deal = if known.is_empty() { deal_id("none") } else { *deal.get(&known) };
            let (by, epoch) = rightful(ledger, deal, event);
            let command = Command::Deal { deal, epoch: epoch.wrapping_add(*off), event: *event };
            (stranger.unwrap_or(by), command)
        }
    }
}

/// What each place holds, summed up from the transfers alone.
#[derive(Default)]
struct Replay {
    into: BTreeMap<Place, Amount>,
    out_of: BTreeMap<Place, Amount>,
}

impl Replay {
    fn note(&mut self, transfers: &[Transfer]) {
        for transfer in transfers {
            assert!(!transfer.amount.is_zero(), "{transfer}");
            // Accounts may turn over more than 256 bits; a deal's own sums cannot.
            let add = |sums: &mut BTreeMap<Place, Amount>, place| {
                let sum = sums.entry(place).or_insert(Amount::ZERO);
                *sum = sum.checked_add(transfer.amount).unwrap_or(Amount::MAX);
            };
            add(&mut self.into, transfer.to);
            add(&mut self.out_of, transfer.from);
        }
    }

    fn deal(&self, deal: DealId) -> (Amount, Amount) {
        let place = Place::Escrow(deal);
        let at = |sums: &BTreeMap<Place, Amount>| sums.get(&place).copied().unwrap_or(Amount::ZERO);
        (at(&self.into), at(&self.out_of))
    }
}

/// Everything that can be seen of a ledger: balances, deals with what they hold, and the books.
type Snapshot = (Vec<Amount>, Vec<(DealId, DealAccount, Amount)>, Audit);

fn snapshot(ledger: &Ledger) -> Snapshot {
    let balances = (1..=ACTORS).map(|byte| ledger.balance(address(byte))).collect();
    let deals = ledger.deals().map(|(id, deal)| (id, *deal, ledger.held(id))).collect();
    (balances, deals, ledger.audit().unwrap())
}

/// Applies one step, checks everything, and says which event went through.
fn check_step(
    ledger: &mut Ledger,
    replay: &mut Replay,
    before: &mut Snapshot,
    step: &Step,
) -> Option<EventKind> {
    let (by, command) = resolve(ledger, step);
    let applied = ledger.apply(by, command);
    let after = snapshot(ledger);
    for (id, old, _) in &before.1 {
        let new = ledger.deal(*id).unwrap();
        assert!(!old.state.is_final() || new == old, "final deal changed: {old:?} to {new:?}");
        assert!(new.epoch >= old.epoch && new.terms == old.terms && new.parties == old.parties);
    }
    match &applied {
        Err(error) => {
            assert_ne!(error.kind(), ErrorKind::Unexpected, "{error:?}");
            assert_eq!(*before, after, "a refused command changed something: {error:?}");
        }
        Ok(transfers) => replay.note(transfers),
    }
    for (id, deal) in ledger.deals() {
        let (into, out) = replay.deal(id);
        assert_eq!(into.checked_sub(out), Some(ledger.held(id)), "deal {id} got {into} and paid {out}");
        assert!(!deal.state.is_final() || into == out, "deal {id} ended and still holds money");
        assert!(deal.paid <= deal.terms.price_cap);
    }
    *before = after;
    match command {
        Command::Deal { event, .. } if applied.is_ok() => Some(event.kind()),
        _ => None,
    }
}

#[test]
fn money_is_conserved_and_final_is_final() {
    let config = ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() };
    let seen = RefCell::new(BTreeMap::<EventKind, u32>::new());
    let purse = prop_oneof![1 => Just(Amount::ZERO), 3 => (1_u128..5_000).prop_map(wei)];
    proptest!(config, |(purse in purse, steps in prop::collection::vec(step(), 1..120))| {
        let (mut ledger, mut replay) = (Ledger::new(address(SOLVER)), Replay::default());
        for account in (1..=ACTORS).map(address) {
            replay.note(&ledger.apply(account, Command::Deposit { account, amount: purse }).unwrap());
        }
        let mut before = snapshot(&ledger);
        for step in &steps {
            if let Some(event) = check_step(&mut ledger, &mut replay, &mut before, step) {
                *seen.borrow_mut().entry(event).or_default() += 1;
            }
        }
    });
    for event in EventKind::ALL {
        let count = seen.borrow().get(&event).copied().unwrap_or(0);
        // In twelve measured runs no event came fewer than 79 times.
        assert!(count >= 30, "`{event}` went through {count} times only: the test tries nothing");
    }
}
