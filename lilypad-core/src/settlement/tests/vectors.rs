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
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    balances: BTreeMap<String, String>,
    escrow: String,
    burned: String,
    withdrawn: String,
    states: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Step {
    by: String,
    #[serde(flatten)]
    action: Action,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Action {
    Deposit {
        amount: String,
    },
    Withdraw {
        amount: String,
    },
    Agree {
        deal: String,
        job_creator: String,
        provider: String,
        rate: [String; 2],
        cap: String,
        collateral: String,
    },
    Submit {
        deal: String,
        epoch: u64,
        units: u64,
    },
    Accept {
        deal: String,
        epoch: u64,
    },
    CancelByCreator {
        deal: String,
        epoch: u64,
        units: u64,
    },
    CancelByProvider {
        deal: String,
        epoch: u64,
    },
    Fail {
        deal: String,
        epoch: u64,
        units: u64,
    },
    ProviderTimeout {
        deal: String,
        epoch: u64,
    },
    CreatorTimeout {
        deal: String,
        epoch: u64,
    },
}

fn named(name: &str) -> Address {
    address(match name {
        "solver" => SOLVER,
        "creator" => CREATOR,
        "provider" => PROVIDER,
        "stranger" => 9,
        other => panic!("no account is called {other}"),
    })
}

fn amount(text: &str) -> Amount {
    Amount::from_wei_str(text).unwrap()
}

fn command(by: Address, action: &Action) -> Command {
    let event = |deal: &str, epoch: &u64, event| Command::Deal { deal: deal_id(deal), epoch: *epoch, event };
    match action {
        Action::Deposit { amount: text } => Command::Deposit { account: by, amount: amount(text) },
        Action::Withdraw { amount: text } => Command::Withdraw { amount: amount(text) },
        Action::Agree { deal, job_creator, provider, rate: [price, per], cap, collateral } => {
            Command::Agree {
                deal: deal_id(deal),
                parties: Parties { job_creator: named(job_creator), provider: named(provider) },
                terms: Terms {
                    rate: rate(amount(price), per.parse().unwrap()),
                    price_cap: amount(cap),
                    provider_collateral: amount(collateral),
                },
            }
        }
        Action::Submit { deal, epoch, units } => event(deal, epoch, DealEvent::Submit { work_units: *units }),
        Action::Accept { deal, epoch } => event(deal, epoch, DealEvent::Accept),
        Action::CancelByCreator { deal, epoch, units } => {
            event(deal, epoch, DealEvent::CancelByCreator { work_units: *units })
        }
        Action::CancelByProvider { deal, epoch } => event(deal, epoch, DealEvent::CancelByProvider),
        Action::Fail { deal, epoch, units } => event(deal, epoch, DealEvent::Fail { work_units: *units }),
        Action::ProviderTimeout { deal, epoch } => event(deal, epoch, DealEvent::ProviderTimeout),
        Action::CreatorTimeout { deal, epoch } => event(deal, epoch, DealEvent::CreatorTimeout),
    }
}

fn run(case: &Case) -> Ledger {
    let mut ledger = Ledger::new(named("solver"));
    for (name, text) in &case.input.deposits {
        let deposit = Command::Deposit { account: named(name), amount: amount(text) };
        ledger.apply(named(name), deposit).unwrap();
    }
    for (at, step) in case.input.steps.iter().enumerate() {
        let by = named(&step.by);
        let got = ledger.apply(by, command(by, &step.action)).err().map(|error| error.code());
        assert_eq!(got, step.error.as_deref(), "{}: step {at}", case.name);
        ledger.audit().unwrap();
    }
    ledger
}

#[test]
fn every_case_ends_with_the_amounts_computed_by_hand() {
    let text = include_str!("../../../../tests/vectors/settlement.json");
    let cases: Vec<Case> = serde_json::from_str(text).unwrap();
    assert!(cases.len() >= 30, "{} cases", cases.len());
    for case in &cases {
        let (ledger, expect) = (run(case), &case.expect);
        assert!(!case.source.is_empty());
        for (name, text) in &expect.balances {
            assert_eq!(ledger.balance(named(name)), amount(text), "{}: balance of {name}", case.name);
        }
        let audit = ledger.audit().unwrap();
        assert_eq!(audit.escrow, amount(&expect.escrow), "{}: escrow", case.name);
        assert_eq!(audit.burned, amount(&expect.burned), "{}: burned", case.name);
        assert_eq!(audit.withdrawn, amount(&expect.withdrawn), "{}: withdrawn", case.name);
        let states: BTreeMap<DealId, String> =
            ledger.deals().map(|(id, deal)| (id, deal.state.to_string())).collect();
        let expected: BTreeMap<DealId, String> =
            expect.states.iter().map(|(name, state)| (deal_id(name), state.clone())).collect();
        assert_eq!(states, expected, "{}: states", case.name);
    }
}
