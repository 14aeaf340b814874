//! Wires that lose packets, are narrow and far away (T61): jobs end well, with few tries, and it is said how much came through.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::proxy::Relay;
use super::{Field, GIVEN, Way, accepted};
use crate::http::{CREATOR_KEY, PROVIDER_KEY};

/// Each way: together the 200 ms between a question and its answer.
const LATE: Duration = Duration::from_millis(100);

fn over_bad_wires(test: &str, percent: u32, jobs: usize) {
    let Some(mut field) = Field::new(test, &["p", "c"]) else { return };
    field.start_solver(&["--match-timeout", "10m"]);
    let relays = ["p", "c"].map(|end| field.relay(end, Relay { late: LATE, ..Relay::default() }));
    let _provider = field.provider("p", PROVIDER_KEY);
    for end in ["p", "c"] {
        field.narrow(end, "64kbit");
        for way in [Way::ToSolver, Way::FromSolver] {
            field.lose(end, way, percent);
        }
    }
    let (mut done, mut paid) = (0, 0);
    for _ in 0..jobs {
        // The provider's time is for fetching the job and handing in its results, too.
        let since = Instant::now();
        let (_, cost) =
            accepted(field.ask("c", &["run", "examples/modules/cowsay", "--timeout", "5m", "--json"]));
        (done, paid) = (done + 1, paid + cost);
        println!("{test}: a job after {:?}", since.elapsed());
        for (end, relay) in ["provider", "client"].into_iter().zip(&relays) {
            println!(
                "{test}: {end}: {} bytes over {} connections",
                relay.bytes.load(Ordering::SeqCst),
                relay.connections.load(Ordering::SeqCst)
            );
        }
    }
    for end in ["p", "c"] {
        field.heal(end);
    }
    assert_eq!(done, jobs);
    assert_eq!(field.money("c", CREATOR_KEY), (GIVEN - paid, 0));
    assert_eq!(field.money("p", PROVIDER_KEY), (GIVEN + paid, 0));
}

fn jobs_end_well_over_wires_that_lose_a_twentieth() {
    over_bad_wires("jobs_end_well_over_wires_that_lose_a_twentieth", 5, 3);
}

fn jobs_end_well_over_wires_that_lose_a_third() {
    over_bad_wires("jobs_end_well_over_wires_that_lose_a_third", 30, 2);
}

/// Both at once: they wait most of the time.
#[test]
fn wires_that_lose_what_they_carry() {
    std::thread::scope(|scope| {
        scope.spawn(jobs_end_well_over_wires_that_lose_a_twentieth);
        scope.spawn(jobs_end_well_over_wires_that_lose_a_third);
    });
}
