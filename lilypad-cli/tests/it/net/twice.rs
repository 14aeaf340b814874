//! Everything comes twice, late and out of order, and answers are lost (T62): the end is the same as where nothing went wrong.

use std::sync::atomic::Ordering;

use serde_json::Value;

use super::proxy::Relay;
use super::{Field, accepted};
use crate::http::{CREATOR_KEY, PROVIDER_KEY};

/// Of so many requests, one loses its answer.
const TWICE: usize = 3;
const JOBS: usize = 6;

/// How the jobs of a field end, and what everybody has then.
#[derive(Debug, PartialEq)]
struct End {
    jobs: Vec<Job>,
    money: [(u128, u128); 2],
    stakes: Value,
}

#[derive(Debug, PartialEq)]
struct Job {
    cost: u128,
    /// Each event without what no two jobs have in common.
    events: Vec<(Value, Value, Value)>,
    status: [Value; 3],
}

fn end(field: &Field) -> End {
    let jobs = (0..JOBS).map(|number| {
        let message = format!("Message={number}");
        let (job, cost) =
            accepted(field.ask("c", &["run", "examples/modules/cowsay", "-i", &message, "--json"]));
        let status = field.status("c", &job);
        let events = field.events("c", &job).into_iter();
        Job {
            cost,
            events: events
                .map(|event| (event["event"].clone(), event["text"].clone(), event["seq"].clone()))
                .collect(),
            status: ["state", "outcome", "cost"].map(|name| status[name].clone()),
        }
    });
    let jobs = jobs.collect();
    let money = [("c", CREATOR_KEY), ("p", PROVIDER_KEY)].map(|(end, key)| field.money(end, key));
    let mut call = field.creator("p", &["wallet", "balance", "--json"]);
    let account = crate::tool::Outcome::of(call.env("LILYPAD_PRIVATE_KEY", PROVIDER_KEY).output().unwrap());
    End { jobs, money, stakes: account.ends_with(0).json()["stake"].clone() }
}

#[test]
fn what_comes_twice_late_and_out_of_order_ends_as_what_comes_once() {
    let test = "what_comes_twice_late_and_out_of_order_ends_as_what_comes_once";
    let Some(mut straight) = Field::new(test, &["p", "c"]) else { return };
    straight.start_solver(&[]);
    let _provider = straight.provider("p", PROVIDER_KEY);
    let expected = end(&straight);
    let mut field = Field::new(test, &["p", "c"]).unwrap();
    field.start_solver(&[]);
    let relays = ["p", "c"].map(|end| field.relay(end, Relay { twice: TWICE, ..Relay::default() }));
    let _provider = field.provider("p", PROVIDER_KEY);
    assert_eq!(end(&field), expected);
    assert_eq!(expected.jobs.len(), JOBS);
    for (end, relay) in ["provider", "client"].into_iter().zip(relays) {
        let kept_back = relay.kept_back.load(Ordering::SeqCst);
        let second = relay.second.lock().unwrap();
        println!("{test}: {end}: {} requests came twice, {kept_back} lost their answer", second.len());
        assert!(second.len() >= 5 * JOBS && kept_back >= JOBS, "too few to be true");
        for (line, answer) in &*second {
            // Who the solver is may be asked by anybody, and as often.
            let open = line == "GET /api/v1/solver HTTP/1.1" && answer.starts_with("HTTP/1.1 200 ");
            assert!(open || answer.contains("E_NONCE_USED"), "{end}: {line}: {answer}");
        }
    }
}
