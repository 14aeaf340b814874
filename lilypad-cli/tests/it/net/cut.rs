//! Wires that carry nothing (T59), or nothing one way (T60): a short cut is not noticed, a long one ends the job and nothing is
//! paid, and whoever comes back goes on.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Field, GIVEN, Way, accepted};
use crate::http::{CREATOR_KEY, PROVIDER_KEY};
use crate::tool::Outcome;

/// A public development key: it holds nothing anywhere.
const SECOND_KEY: &str = "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a";

/// Within this time the solver knows that a provider does not answer: something is sent every 15 s and confirmed within 40 s, or
/// else the provider, which answers every 30 s, is silent for 75 s; then it has 10 s to come back.
const NOTICED: Duration = Duration::from_secs(120);

/// The events of a job as they come.
struct Watched {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watched {
    fn new(field: &Field, job: &str) -> Self {
        let mut child = field.creator("c", &["events", job]).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Waits for an event of this kind.
    fn until(&mut self, kind: &str) -> Value {
        for line in self.lines.by_ref() {
            let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
            if event["event"] == kind {
                return event;
            }
        }
        panic!("no event {kind}");
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a job that runs until its time is up, and waits until it runs.
fn start(field: &Field, time: &str) -> (Child, String, Watched) {
    let args = ["run", "examples/modules/forever", "--timeout", time, "--json"];
    let mut client = field.creator("c", &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(client.stderr.take().unwrap()).lines();
    let job = told.find_map(|line| Some(line.unwrap().trim().strip_prefix("job ")?.trim().to_owned()));
    // The rest must be read for the client to go on.
    std::thread::spawn(move || told.for_each(drop));
    let job = job.expect("a job");
    let mut watched = Watched::new(field, &job);
    watched.until("started");
    (client, job, watched)
}

/// What a client came to whose job ran until its time was up.
fn timed_out(client: Child) -> Value {
    let done = Outcome::of(client.wait_with_output().unwrap()).ends_with(8).json();
    assert_eq!(done["state"], "TimeoutExecution", "{done:#}");
    done
}

/// Wires stay cut for so long: nothing happens meanwhile that could be waited for.
fn stay(seconds: u64) {
    std::thread::sleep(Duration::from_secs(seconds));
}

/// T59: ten seconds. Nobody but the wire knows.
fn a_cut_of_ten_seconds_is_not_noticed() {
    let Some(mut field) = Field::new("a_cut_of_ten_seconds_is_not_noticed", &["p", "c"]) else { return };
    field.start_solver(&[]);
    let _provider = field.provider("p", PROVIDER_KEY);
    let (mut jobs, mut paid) = (0, 0);
    for end in ["p", "c"] {
        let (client, job, _events) = start(&field, "12s");
        field.plug(end, false);
        stay(10);
        field.plug(end, true);
        let done = timed_out(client);
        assert_eq!((&done["outcome"], &done["receipt_verified"]), (&"timed_out".into(), &true.into()));
        paid += done["cost"].as_str().unwrap().parse::<u128>().unwrap();
        let kinds: Vec<Value> = field.events("c", &job).iter().map(|event| event["event"].clone()).collect();
        let usual = ["submitted", "agreed", "started", "stdout", "timed_out"];
        assert_eq!(kinds, usual, "{end}");
        jobs += 1;
    }
    assert_eq!(jobs, 2);
    assert!(paid > 0);
    assert_eq!(field.money("c", CREATOR_KEY), (GIVEN - paid, 0));
    assert_eq!(field.money("p", PROVIDER_KEY), (GIVEN + paid, 0));
}

/// T59: a cut beyond the provider's time. The job ends unpaid and runs elsewhere; whoever comes back is not paid for it, and runs
/// jobs again.
///
/// It lasts for a minute, when every clock of both ends has run out; `LILYPAD_CUT_SECONDS` makes it longer.
fn beyond_its_time(test: &str) {
    let seconds = std::env::var("LILYPAD_CUT_SECONDS").map_or(60, |seconds| seconds.parse().unwrap());
    let Some(mut field) = Field::new(test, &["p", "q", "c"]) else { return };
    field.start_solver(&[]);
    let _first = field.provider("p", PROVIDER_KEY);
    let (client, job, mut events) = start(&field, "5s");
    field.plug("p", false);
    events.until("timed_out");
    let done = Outcome::of(client.wait_with_output().unwrap()).ends_with(8).json();
    assert_eq!(done["error"]["code"], "E_PROVIDER_SILENT", "{done:#}");
    // What its provider staked on the job is its creator's.
    let forfeit = field.money("c", CREATOR_KEY).0 - GIVEN;
    assert!(forfeit > 0, "nothing was charged");
    // Elsewhere.
    let second = field.provider("q", SECOND_KEY);
    let cowsay = ["run", "examples/modules/cowsay", "--json"];
    let (_, mut paid) = accepted(field.ask("c", &cowsay));
    assert_eq!(field.money("q", SECOND_KEY), (GIVEN + paid, 0));
    stay(seconds);
    assert_eq!(field.offers("c"), 1, "nobody is sent to a machine that is out of reach");
    field.plug("p", true);
    // It comes back by itself, and its result is too late.
    second.kill();
    let (_, cost) = accepted(field.ask("c", &[&cowsay[..], &["--price-cap", "1 LP"]].concat()));
    paid += cost;
    let status = field.status("c", &job);
    assert_eq!((&status["state"], &status["cost"]), (&"TimeoutExecution".into(), &"0".into()), "{status}");
    let ends = field.events("c", &job).iter().filter(|event| event["event"] == "timed_out").count();
    assert_eq!(ends, 1);
    assert_eq!(field.money("c", CREATOR_KEY), (GIVEN + forfeit - paid, 0));
    assert!(
        field.money("p", PROVIDER_KEY).0 <= GIVEN - forfeit + cost,
        "once, and not for the job that it lost"
    );
}

fn after_a_cut_beyond_its_time_a_job_is_unpaid_and_runs_elsewhere() {
    beyond_its_time("after_a_cut_beyond_its_time_a_job_is_unpaid_and_runs_elsewhere");
}

/// T60: what goes one way is lost. The solver sends no job to who does not answer, and a job that ran there is paid once or not
/// at all; whoever hears again goes on.
fn one_way(test: &str, way: Way) {
    let Some(mut field) = Field::new(test, &["p", "c"]) else { return };
    field.start_solver(&["--match-timeout", "10m"]);
    let _provider = field.provider("p", PROVIDER_KEY);
    let cowsay = ["run", "examples/modules/cowsay", "--json"];
    let mut paid = accepted(field.ask("c", &cowsay)).1;
    field.lose("p", way, 100);
    let since = Instant::now();
    while field.offers("c") > 0 {
        assert!(since.elapsed() < NOTICED, "a provider that does not answer is sent jobs");
        stay(1);
    }
    println!("{test}: the solver notices after {:?}", since.elapsed());
    let waiting = field.creator("c", &cowsay).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    stay(5);
    field.heal("p");
    paid += accepted(Outcome::of(waiting.wait_with_output().unwrap())).1;
    println!("{test}: all is well again after {:?}", since.elapsed());
    assert_eq!(field.money("c", CREATOR_KEY), (GIVEN - paid, 0));
    assert_eq!(field.money("p", PROVIDER_KEY), (GIVEN + paid, 0));
    // A job that runs meanwhile.
    let (client, job, mut events) = start(&field, "5s");
    field.lose("p", way, 100);
    let end = events.until("timed_out");
    let ended = timed_out(client);
    field.heal("p");
    let status = field.status("c", &job);
    let (before, cost) =
        (field.money("c", CREATOR_KEY).0, status["cost"].as_str().unwrap().parse::<u128>().unwrap());
    if ended["error"]["code"] == "E_PROVIDER_SILENT" {
        assert!(cost == 0 && before > GIVEN - paid, "{end}");
    } else {
        // The result came through, the answer did not.
        assert!(way == Way::FromSolver && cost > 0, "{end}");
        assert_eq!(before, GIVEN - paid - cost);
    }
    let last = accepted(field.ask("c", &cowsay)).1;
    assert_eq!(field.money("c", CREATOR_KEY), (before - last, 0), "nothing is paid twice");
    assert_eq!(field.status("c", &job)["cost"], status["cost"]);
}

fn what_does_not_reach_the_solver_is_noticed() {
    one_way("what_does_not_reach_the_solver_is_noticed", Way::ToSolver);
}

fn what_does_not_come_from_the_solver_is_noticed() {
    one_way("what_does_not_come_from_the_solver_is_noticed", Way::FromSolver);
}

/// All at once: they wait most of the time.
#[test]
fn wires_that_are_cut() {
    std::thread::scope(|scope| {
        for scenario in [
            a_cut_of_ten_seconds_is_not_noticed,
            after_a_cut_beyond_its_time_a_job_is_unpaid_and_runs_elsewhere,
            what_does_not_reach_the_solver_is_noticed,
            what_does_not_come_from_the_solver_is_noticed,
        ] {
            scope.spawn(scenario);
        }
    });
}
