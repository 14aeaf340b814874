//! Solver, provider and job creator as three processes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::tool::{Outcome, User};

/// A public development key: it holds nothing anywhere.
pub(crate) const PROVIDER_KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
/// Another one.
pub(crate) const CREATOR_KEY: &str = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a";

/// And another.
pub(crate) const SOLVER_KEY: &str = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6";

/// A process that stays until it is dropped.
pub(crate) struct Role {
    child: Child,
    /// What it said when it was ready.
    pub(crate) ready: Value,
}

impl Role {
    /// Starts a role and waits for its one JSON document.
    pub(crate) fn start(user: &User, key: Option<&str>, args: &[&str]) -> Self {
        let mut command = user.command(args);
        Self::begin_call(&mut command, key)
    }

    /// The same of a call that is not started yet.
    pub(crate) fn begin_call(command: &mut Command, key: Option<&str>) -> Self {
        let role = Self::begin(command, key, None);
        assert!(!role.ready.is_null(), "{command:?} ended before it was ready");
        role
    }

    /// The same of one that may end before it is ready: it has said nothing then.
    #[cfg(target_os = "linux")]
    pub(crate) fn begin_or_end(command: &mut Command, key: Option<&str>) -> Self {
        Self::begin(command, key, None)
    }

    /// The same for one that may die at a moment with this name, before or after it is ready.
    #[cfg(feature = "crash-points")]
    pub(crate) fn start_to_crash(user: &User, key: Option<&str>, args: &[&str], crash: Option<&str>) -> Self {
        Self::begin(&mut user.command(args), key, crash)
    }

    pub(crate) fn begin(command: &mut Command, key: Option<&str>, crash: Option<&str>) -> Self {
        command.arg("--json").stdout(Stdio::piped()).stderr(Stdio::null());
        if let Some(key) = key {
            command.env("LILYPAD_PRIVATE_KEY", key);
        }
        if let Some(crash) = crash {
            command.env("LILYPAD_CRASH_AT", crash);
        }
        let child = command.spawn().unwrap();
        let mut role = Self { child, ready: Value::Null };
        let mut text = String::new();
        for line in BufReader::new(role.child.stdout.take().unwrap()).lines() {
            text.push_str(&line.unwrap());
            if let Ok(ready) = serde_json::from_str(&text) {
                role.ready = ready;
                return role;
            }
        }
        role
    }

    /// Waits for its end; true where it died without an exit code.
    #[cfg(feature = "crash-points")]
    pub(crate) fn died(mut self) -> bool {
        self.child.wait().unwrap().code().is_none()
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn solver(user: &User) -> (Role, String) {
    let figures = ["--metrics", "127.0.0.1:0"];
    let start = ["solver", "--listen", "127.0.0.1:0", "--play-money", "1000 LP"];
    let role = Role::start(user, None, &[&start[..], &figures].concat());
    let url = role.ready["url"].as_str().unwrap().to_owned();
    (role, url)
}

fn provider(user: &User, url: &str) -> Role {
    Role::start(user, Some(PROVIDER_KEY), &["provider", "--network", url, "--ram", "2000"])
}

pub(crate) fn creator(user: &User, args: &[&str]) -> Outcome {
    Outcome::of(user.command(args).env("LILYPAD_PRIVATE_KEY", CREATOR_KEY).output().unwrap())
}

#[test]
fn a_job_runs_on_another_process_and_is_found_again() {
    let user = User::new();
    let (solver, url) = solver(&user);
    let _provider = provider(&user, &url);
    let network = ["--network", url.as_str()];
    let quote = creator(&user, &[&["quote", "examples/modules/cowsay"], &network[..]].concat()).ends_with(0);
    assert!(quote.stdout.contains("1 offer: 1 fits now"), "{}", quote.stdout);
    let hello = ["run", "examples/modules/cowsay", "-i", "Message=over there", "--json"];
    let run = creator(&user, &[&hello[..], &network[..]].concat()).ends_with(0).json();
    assert!(run["stdout"].as_str().unwrap().contains("< over there >"));
    assert_eq!((&run["state"], &run["receipt_verified"]), (&"ResultsAccepted".into(), &true.into()));
    let job = run["job_id"].as_str().unwrap();
    let status = creator(&user, &[&["status", job, "--json"], &network[..]].concat()).ends_with(0).json();
    assert_eq!((&status["state"], &status["cost"]), (&"ResultsAccepted".into(), &run["cost"]));
    let jobs = creator(&user, &[&["jobs", "--json"], &network[..]].concat()).ends_with(0).json();
    assert_eq!(jobs["jobs"][0]["job_id"], job);
    let events = creator(&user, &[&["events", job], &network[..]].concat()).ends_with(0).stdout;
    let kinds: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(kinds.first().unwrap()["event"], "submitted");
    assert_eq!(kinds.last().unwrap()["event"], "results_accepted");
    let logs = creator(&user, &[&["logs", job], &network[..]].concat()).ends_with(0);
    assert!(logs.stdout.contains("< over there >"), "{}", logs.stdout);
    let folder = user.path("again");
    let again = ["download", job, "--output-dir", folder.to_str().unwrap(), "--json"];
    let again = creator(&user, &[&again[..], &network[..]].concat()).ends_with(2).json();
    assert_eq!(again["error"]["code"], "E_RESULT_GONE", "its results are in the folder of before");
    let figures = fetch(solver.ready["metrics"].as_str().unwrap());
    assert!(figures.contains("\nlilypad_jobs_ended_total{state=\"ResultsAccepted\"} 1\n"), "{figures}");
}

/// What an address gives, head and all.
fn fetch(url: &str) -> String {
    let (authority, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut connection = TcpStream::connect(authority).unwrap();
    write!(connection, "GET /{path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_job_outlives_its_client_and_is_cancelled_and_resumed_by_id() {
    let user = User::new();
    let (_solver, url) = solver(&user);
    let _provider = provider(&user, &url);
    let network = ["--network", url.as_str()];
    let (mut running, job) = start_forever(&user, &network);
    running.kill().unwrap();
    running.wait().unwrap();
    let status = creator(&user, &[&["status", &job, "--json"], &network[..]].concat()).ends_with(0).json();
    assert_eq!(status["state"], "DealAgreed", "the job goes on without its client");
    creator(&user, &[&["cancel", &job], &network[..]].concat()).ends_with(0);
    let resumed = creator(&user, &[&["resume", &job, "--json"], &network[..]].concat()).ends_with(130).json();
    assert_eq!((&resumed["outcome"], &resumed["receipt_verified"]), (&"cancelled".into(), &true.into()));
    assert!(resumed["instruction_count"].as_u64().unwrap() > 0);
}

/// A job that runs until it is stopped, by a client that waits for it, and its id.
fn start_forever(user: &User, network: &[&str]) -> (Child, String) {
    let mut running = user
        .command(&[&["run", "examples/modules/forever"], network].concat())
        .env("LILYPAD_PRIVATE_KEY", CREATOR_KEY)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(running.stderr.take().unwrap()).lines();
    let mut job = String::new();
    for line in lines {
        let line = line.unwrap();
        if let Some(id) = line.trim().strip_prefix("job ") {
            id.trim().clone_into(&mut job);
        }
        if line.contains("running (wasm)") {
            break;
        }
    }
    (running, job)
}

/// Starts a solver that keeps what it knows in a file, at this address.
fn keeping_solver(user: &User, listen: &str) -> (Role, String) {
    let store = user.path("solver.sqlite");
    let store = store.to_str().unwrap();
    let args = ["solver", "--listen", listen, "--store", store, "--play-money", "1000 LP"];
    let role = Role::start(user, Some(SOLVER_KEY), &args);
    let url = role.ready["url"].as_str().unwrap().to_owned();
    (role, url)
}

#[test]
fn a_solver_that_was_killed_goes_on_with_its_jobs_and_its_money() {
    let user = User::new();
    let (killed, url) = keeping_solver(&user, "127.0.0.1:0");
    let _provider = provider(&user, &url);
    let network = ["--network", url.as_str()];
    let hello = ["run", "examples/modules/cowsay", "-i", "Message=before", "--json"];
    let done = creator(&user, &[&hello[..], &network[..]].concat()).ends_with(0).json();
    let (mut client, running) = start_forever(&user, &network);
    client.kill().unwrap();
    client.wait().unwrap();
    killed.kill();
    let (_solver, again) = keeping_solver(&user, url.strip_prefix("http://").unwrap());
    assert_eq!(again, url);
    let status =
        |job: &str| creator(&user, &[&["status", job, "--json"], &network[..]].concat()).ends_with(0).json();
    let kept = status(done["job_id"].as_str().unwrap());
    assert_eq!((&kept["state"], &kept["cost"]), (&"ResultsAccepted".into(), &done["cost"]));
    assert_eq!(status(&running)["state"], "DealAgreed");
    creator(&user, &[&["cancel", &running], &network[..]].concat()).ends_with(0);
    let resumed =
        creator(&user, &[&["resume", &running, "--json"], &network[..]].concat()).ends_with(130).json();
    assert_eq!((&resumed["outcome"], &resumed["receipt_verified"]), (&"cancelled".into(), &true.into()));
    assert!(resumed["instruction_count"].as_u64().unwrap() > 0);
    // The machine is still there, and so is the money.
    let hello = ["run", "examples/modules/cowsay", "-i", "Message=after", "--json"];
    let run = creator(&user, &[&hello[..], &network[..]].concat()).ends_with(0).json();
    assert_eq!(run["receipt_verified"], true);
}

#[test]
fn a_provider_that_was_started_anew_runs_its_jobs_again_under_the_same_offer() {
    let user = User::new();
    let (_solver, url) = solver(&user);
    let first = provider(&user, &url);
    let network = ["--network", url.as_str()];
    let (mut client, job) = start_forever(&user, &network);
    first.kill();
    // What it asks now is not what was agreed.
    let dearer =
        ["provider", "--network", &url, "--ram", "2000", "--slots", "1", "--rate", "5 LP per 1000000000"];
    let _second = Role::start(&user, Some(PROVIDER_KEY), &dearer);
    let mut events = user
        .command(&[&["events", &job], &network[..]].concat())
        .env("LILYPAD_PRIVATE_KEY", CREATOR_KEY)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(events.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("started anew: the job runs from its beginning")));
    // Its machine is not free: it has one slot.
    let quote = creator(&user, &[&["quote", "examples/modules/cowsay", "--json"], &network[..]].concat());
    let quote = quote.ends_with(0).json();
    assert_eq!(quote["offers"].as_array().unwrap().len(), 1, "the offer of before is replaced: {quote}");
    creator(&user, &[&["cancel", &job], &network[..]].concat()).ends_with(0);
    assert_eq!(lines.map(|line| line.unwrap()).filter(|line| line.contains("\"cancelled\"")).count(), 1);
    events.wait().unwrap();
    client.wait().unwrap();
    let status = creator(&user, &[&["status", &job, "--json"], &network[..]].concat()).ends_with(0).json();
    assert_eq!(status["receipt"]["body"]["rate"]["amount"], "10000000000000000", "{status}");
    assert_eq!(status["state"], "JobOfferCancelled");
    // The machine is free again, at its new price.
    let hello = ["run", "examples/modules/cowsay", "-i", "Message=after", "--json"];
    let run = creator(&user, &[&hello[..], &network[..]].concat()).ends_with(0).json();
    assert_eq!(run["receipt"]["body"]["rate"]["amount"], "5000000000000000000");
}

#[test]
fn what_is_wrong_with_a_network_is_said_in_one_line() {
    let user = User::new();
    let run = |url: &str| creator(&user, &["run", "examples/modules/cowsay", "--network", url]);
    let down = run("http://127.0.0.1:1").ends_with(4);
    assert!(
        down.stderr.contains("cannot be reached") && down.stderr.contains("the solver runs"),
        "{}",
        down.stderr
    );
    let open = run("http://192.0.2.1:8080").ends_with(2);
    assert!(open.stderr.contains("https"), "{}", open.stderr);
    let (_solver, url) = solver(&user);
    let nobody = user.lilypad(&["run", "examples/modules/cowsay", "--network", &url]).ends_with(3);
    assert!(nobody.stderr.contains("lilypad wallet new"), "{}", nobody.stderr);
    let seeded =
        creator(&user, &["run", "examples/modules/cowsay", "--network", &url, "--seed", "1"]).ends_with(2);
    assert!(seeded.stderr.contains("--seed"), "{}", seeded.stderr);
    let stranger =
        creator(&user, &["status", "QmdTubbrNkUUTYU9JWqEcSs8Quzc9f7gFFkasQJDVr235r", "--network", &url]);
    assert!(stranger.ends_with(2).stderr.contains("no job"));
}
