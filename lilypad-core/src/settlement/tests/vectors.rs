//! `tests/vectors/settlement.json`: every amount in it is computed by hand.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    input: Input,
    expect: Expect,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    deposits: BTreeMap<String, String>,
    /// What is staked out of the deposits before the first step.
    #[serde(default)]
    stakes: BTreeMap<String, String>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    balances: BTreeMap<String, String>,
    /// Stake, and how much of it is locked.
    #[serde(default)]
    stakes: BTreeMap<String, [String; 2]>,
    #[serde(default)]
    unbonding: BTreeMap<String, String>,
    escrow: String,
    #[serde(default)]
    bonds: Option<String>,
    burned: String,
    withdrawn: String,
    states: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Step {
    by: String,
    /// Milliseconds after the start; as before where it is not said.
    at: Option<u64>,
    #[serde(flatten)]
    action: Action,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Action {
    Deposit { amount: String },
    Withdraw { amount: String },
    Stake { amount: String },
    Unstake { amount: String },
    ClaimUnbonded,
    Agree(Box<Agreement>),
    Submit { deal: String, epoch: u64, units: u64 },
    Accept { deal: String, epoch: u64 },
    RequestCancel { deal: String, epoch: u64 },
    CancelByCreator { deal: String, epoch: u64, units: u64 },
    CancelByProvider { deal: String, epoch: u64 },
    Fail { deal: String, epoch: u64, units: u64 },
    Challenge { deal: String, epoch: u64 },
    Appoint { deal: String, epoch: u64, mediator: String },
    Match { deal: String, epoch: u64 },
    Mismatch { deal: String, epoch: u64 },
    CouldNotCheck { deal: String, epoch: u64 },
    ProviderTimeout { deal: String, epoch: u64 },
    CreatorTimeout { deal: String, epoch: u64 },
    SolverTimeout { deal: String, epoch: u64 },
    MediatorTimeout { deal: String, epoch: u64 },
}

/// The windows are the 1,000, 100, 500 and 300 ms of every test.
#[derive(Deserialize)]
struct Agreement {
    deal: String,
    job_creator: String,
    provider: String,
    rate: [String; 2],
    #[serde(default)]
    unit: WorkUnit,
    cap: String,
    collateral: String,
    author: Option<String>,
    #[serde(default)]
    author_share: Option<[u32; 2]>,
    #[serde(default)]
    solver_fee: Option<[u32; 2]>,
    #[serde(default)]
    mediation_fee: Option<String>,
    #[serde(default)]
    mediators: Vec<String>,
}

fn named(name: &str) -> Address {
    address(match name {
        "solver" => SOLVER,
        "creator" => CREATOR,
        "provider" => PROVIDER,
        "author" => AUTHOR,
        "mediator" => MEDIATORS[0],
        "second" => MEDIATORS[1],
        "third" => MEDIATORS[2],
        "stranger" => STRANGER,
        other => panic!("no account is called {other}"),
    })
}

fn amount(text: &str) -> Amount {
    Amount::from_wei_str(text).unwrap()
}

impl Agreement {
    fn command(&self) -> Command {
        let part = |part: &Option<[u32; 2]>| part.map_or(Share::ZERO, |[above, below]| share(above, below));
        let mediators: Vec<Address> = self.mediators.iter().map(|name| named(name)).collect();
        let author = self.author.as_deref().map(named);
        let terms = Terms {
            rate: rate(amount(&self.rate[0]), self.rate[1].parse().unwrap()),
            unit: self.unit,
            price_cap: amount(&self.cap),
            provider_collateral: amount(&self.collateral),
            author: author.map(|address| Author { address, share: part(&self.author_share) }),
            solver_fee: part(&self.solver_fee),
            mediation_fee: self.mediation_fee.as_deref().map_or(Amount::ZERO, amount),
            mediators: Panel::new(&mediators).unwrap(),
            windows: WINDOWS,
        };
        let parties = Parties { job_creator: named(&self.job_creator), provider: named(&self.provider) };
        Command::Agree { deal: deal_id(&self.deal), parties, terms }
    }
}

fn command(by: Address, action: &Action) -> Command {
    use DealEvent as E;
    let (deal, epoch, event) = match action {
        Action::Deposit { amount: text } => return Command::Deposit { account: by, amount: amount(text) },
        Action::Withdraw { amount: text } => return Command::Withdraw { amount: amount(text) },
        Action::Stake { amount: text } => return Command::Stake { amount: amount(text) },
        Action::Unstake { amount: text } => return Command::Unstake { amount: amount(text) },
        Action::ClaimUnbonded => return Command::ClaimUnbonded,
        Action::Agree(agreement) => return agreement.command(),
        Action::Submit { deal, epoch, units } => (deal, epoch, E::Submit { work_units: *units }),
        Action::Accept { deal, epoch } => (deal, epoch, E::Accept),
        Action::RequestCancel { deal, epoch } => (deal, epoch, E::RequestCancel),
        Action::CancelByCreator { deal, epoch, units } => {
            (deal, epoch, E::CancelByCreator { work_units: *units })
        }
        Action::CancelByProvider { deal, epoch } => (deal, epoch, E::CancelByProvider),
        Action::Fail { deal, epoch, units } => (deal, epoch, E::Fail { work_units: *units }),
        Action::Challenge { deal, epoch } => (deal, epoch, E::Challenge),
        Action::Appoint { deal, epoch, mediator } => (deal, epoch, E::Appoint { mediator: named(mediator) }),
        Action::Match { deal, epoch } => (deal, epoch, E::Match),
        Action::Mismatch { deal, epoch } => (deal, epoch, E::Mismatch { evidence: Cid::of_block(b"other") }),
        Action::CouldNotCheck { deal, epoch } => (deal, epoch, E::CouldNotCheck),
        Action::ProviderTimeout { deal, epoch } => (deal, epoch, E::ProviderTimeout),
        Action::CreatorTimeout { deal, epoch } => (deal, epoch, E::CreatorTimeout),
        Action::SolverTimeout { deal, epoch } => (deal, epoch, E::SolverTimeout),
        Action::MediatorTimeout { deal, epoch } => (deal, epoch, E::MediatorTimeout),
    };
    Command::Deal { deal: deal_id(deal), epoch: *epoch, event }
}

fn run(case: &Case) -> Ledger {
    let mut ledger = Ledger::new(named("solver"));
    let mut now = Timestamp(START);
    for (name, text) in &case.input.deposits {
        let deposit = Command::Deposit { account: named(name), amount: amount(text) };
        ledger.apply(named(name), now, deposit).unwrap();
    }
    for (name, text) in &case.input.stakes {
        ledger.apply(named(name), now, Command::Stake { amount: amount(text) }).unwrap();
    }
    for (at, step) in case.input.steps.iter().enumerate() {
        let by = named(&step.by);
        now = step.at.map_or(now, |at| Timestamp(START + at));
        let got = ledger.apply(by, now, command(by, &step.action)).err().map(|error| error.code());
        assert_eq!(got, step.error.as_deref(), "{}: step {at}", case.name);
        ledger.audit().unwrap();
    }
    ledger
}

fn check_accounts(ledger: &Ledger, case: &Case) {
    for (name, text) in &case.expect.balances {
        assert_eq!(ledger.balance(named(name)), amount(text), "{}: balance of {name}", case.name);
    }
    for (name, [stake, locked]) in &case.expect.stakes {
        let expected = Pool { stake: amount(stake), locked: amount(locked) };
        assert_eq!(ledger.pool(named(name)), expected, "{}: stake of {name}", case.name);
    }
    for (name, text) in &case.expect.unbonding {
        let entries = ledger.unbonding(named(name)).iter().map(|entry| entry.amount);
        assert_eq!(Amount::checked_sum(entries), Some(amount(text)), "{}: unbonding of {name}", case.name);
    }
}

#[test]
fn every_case_ends_with_the_amounts_computed_by_hand() {
    let text = include_str!("../../../../tests/vectors/settlement.json");
    let cases: Vec<Case> = serde_json::from_str(text).unwrap();
    assert!(cases.len() >= 55, "{} cases", cases.len());
    for case in &cases {
        let (ledger, expect) = (run(case), &case.expect);
        assert!(!case.source.is_empty());
        check_accounts(&ledger, case);
        let audit = ledger.audit().unwrap();
        assert_eq!(audit.escrow, amount(&expect.escrow), "{}: escrow", case.name);
        assert_eq!(audit.bonds, expect.bonds.as_deref().map_or(Amount::ZERO, amount), "{}: bonds", case.name);
        assert_eq!(audit.burned, amount(&expect.burned), "{}: burned", case.name);
        assert_eq!(audit.withdrawn, amount(&expect.withdrawn), "{}: withdrawn", case.name);
        let states: BTreeMap<DealId, String> =
            ledger.deals().map(|(id, deal)| (id, deal.state.to_string())).collect();
        let expected: BTreeMap<DealId, String> =
            expect.states.iter().map(|(name, state)| (deal_id(name), state.clone())).collect();
        assert_eq!(states, expected, "{}: states", case.name);
    }
}
