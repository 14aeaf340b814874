//! A client that gives up: which limit it was, whether the job goes on, and the command with which it is waited for again.

use std::sync::mpsc;

use serde_json::Value;

use crate::http::{PROVIDER_KEY, Role, creator};
use crate::lies::Pond;
use crate::tool::{Outcome, User};

/// What was said of a job that was given up on: its id.
#[track_caller]
fn gave_up(outcome: &Outcome, code: &str, network: &str) -> String {
    let document = outcome.json();
    assert_eq!((&document["error"]["code"], &document["error"]["kind"]), (&code.into(), &"Timeout".into()));
    let job = document["job_id"].as_str().unwrap().to_owned();
    let resume = format!("lilypad resume {job} --network {network}");
    assert_eq!(document["resume"], resume);
    assert!(
        outcome.stderr.lines().any(|line| line.contains("job") && line.contains(&resume)),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("the most that is waited here"), "{}", outcome.stderr);
    job
}

fn call(user: &User, url: &str, args: &[&str]) -> Outcome {
    creator(user, &[args, &["--json", "--network", url]].concat())
}

#[test]
fn each_limit_ends_the_waiting_and_not_the_job() {
    let pond = Pond::new();
    let (user, url) = (&pond.user, pond.proxy.url());
    let state = |job: &str| call(user, &url, &["status", job]).ends_with(0).json()["state"].clone();
    let forever = ["run", "examples/modules/forever"];
    for (flag, code) in [("--execution-timeout", "E_WAIT_EXECUTION"), ("--client-timeout", "E_WAIT_TOTAL")] {
        let given_up = call(user, &url, &[&forever[..], &[flag, "5s"]].concat()).ends_with(8);
        let job = gave_up(&given_up, code, &url);
        assert_eq!(state(&job), "DealAgreed");
        call(user, &url, &["cancel", &job]).ends_with(0);
        let resumed = call(user, &url, &["resume", &job]).ends_with(130).json();
        assert_eq!(resumed["receipt_verified"], true);
    }
    // Its results are not handed over before the test says so.
    let (release, released) = mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    pond.proxy.lie(move |path, said| {
        if path.ends_with("/result") {
            let _ = released.lock().unwrap().recv();
        }
        said
    });
    let given_up =
        call(user, &url, &["run", "examples/modules/cowsay", "--download-timeout", "300ms"]).ends_with(8);
    let job = gave_up(&given_up, "E_WAIT_DOWNLOAD", &url);
    drop(release);
    assert_eq!(state(&job), "ResultsSubmitted");
    let resumed = call(user, &url, &["resume", &job]).ends_with(0).json();
    assert_eq!((&resumed["state"], &resumed["exit_code"]), (&"ResultsAccepted".into(), &0.into()));
}

#[test]
fn a_job_that_finds_no_machine_in_time_may_find_one_later() {
    let user = User::new();
    let start = ["solver", "--listen", "127.0.0.1:0", "--play-money", "1000 LP", "--match-timeout", "10m"];
    let solver = Role::start(&user, None, &start);
    let url = solver.ready["url"].as_str().unwrap();
    let given_up =
        call(&user, url, &["run", "examples/modules/cowsay", "--match-timeout", "300ms"]).ends_with(8);
    let job = gave_up(&given_up, "E_WAIT_MATCH", url);
    let _provider = Role::start(&user, Some(PROVIDER_KEY), &["provider", "--network", url, "--ram", "2000"]);
    let resumed: Value = call(&user, url, &["resume", &job]).ends_with(0).json();
    assert_eq!(resumed["state"], "ResultsAccepted");
}

#[test]
fn the_network_in_this_process_ends_with_the_waiting() {
    let user = User::new();
    let args = ["run", "examples/modules/forever", "--execution-timeout", "300ms", "--json"];
    let ended = user.lilypad(&args).ends_with(8);
    assert_eq!(ended.json()["error"]["code"], "E_WAIT_EXECUTION");
    assert!(
        ended.json()["resume"].is_null() && ended.stderr.contains("ends with this command"),
        "{}",
        ended.stderr
    );
}

#[test]
fn the_limits_of_solver_and_provider_can_be_set() {
    let user = User::new();
    let start = ["solver", "--listen", "127.0.0.1:0", "--play-money", "1000 LP"];
    let solver =
        Role::start(&user, None, &[&start[..], &["--match-timeout", "200ms", "--max-inputs", "1"]].concat());
    let url = solver.ready["url"].as_str().unwrap();
    let alone = call(&user, url, &["run", "examples/modules/cowsay"]).ends_with(9).json();
    assert_eq!(alone["error"]["code"], "E_NO_MATCH", "{alone:#}");
    let small = ["provider", "--network", url, "--ram", "2000", "--max-instructions", "1000"];
    let _provider = Role::start(&user, Some(PROVIDER_KEY), &small);
    let limited = call(&user, url, &["run", "examples/modules/cowsay"]).ends_with(6).json();
    assert_eq!(limited["error"]["code"], "LIMIT_INSTRUCTIONS", "{limited:#}");
}

#[test]
fn help_names_each_limit_with_its_unit_and_its_default() {
    let user = User::new();
    for (command, flags) in [
        (
            "run",
            &[
                "--execution-timeout <TIME>",
                "--download-timeout <TIME>",
                "--client-timeout <TIME>",
                "--match-timeout <TIME>",
                "[default: 3h]",
                "[default: 2h]",
                "[default: 6h]",
                "Default: 10m",
                "500ms, 2s, 5m, 1h",
            ][..],
        ),
        ("resume", &["--match-timeout <TIME>", "--client-timeout <TIME>", "[default: 6h]"]),
        (
            "solver",
            &[
                "--match-timeout <TIME>",
                "[default: 30s]",
                "--download-timeout <TIME>",
                "[default: 1h]",
                "--max-results <MIB>",
                "--account-requests <COUNT>",
            ],
        ),
        ("provider", &["--max-instructions <COUNT>", "--max-memory <MIB>", "[default: 1024]"]),
    ] {
        let help = user.lilypad(&[command, "--help"]).ends_with(0).stdout;
        for flag in flags {
            assert!(help.contains(flag), "{command} --help has no {flag:?}:\n{help}");
        }
    }
}
