//! Every command, from the command's own help: what it prints for programs, and with which exit codes.

use std::collections::BTreeSet;

use lilypad_core::ErrorKind;
use serde_json::Value;

use crate::http::creator;
use crate::lies::Pond;
use crate::tool::{Outcome, User};

/// The commands that do something, by their names, as `--help` lists them.
fn leaves(user: &User, path: &[&str]) -> BTreeSet<String> {
    let help = user.lilypad(&[path, &["--help"]].concat()).ends_with(0).stdout;
    let Some(list) = help.split_once("Commands:\n") else { return BTreeSet::from([path.join(" ")]) };
    let names = list.1.lines().take_while(|line| !line.is_empty()).filter_map(|line| {
        let name = line.strip_prefix("  ")?.split(' ').next()?;
        (!name.is_empty() && name != "help").then_some(name)
    });
    names.flat_map(|name| leaves(user, &[path, &[name]].concat())).collect()
}

/// A call with `--json`: the command, its arguments, its exit code, and the code of its error or nothing.
type Case = (&'static str, &'static [&'static str], i32, &'static str);

const UNKNOWN: &str = "QmdTubbrNkUUTYU9JWqEcSs8Quzc9f7gFFkasQJDVr235r";
const AT: &str = "--network";

/// `URL`, `JOB`, `RESULTS`, `HOME` stand for what the test has. Those without an error come in an order that works.
const CASES: &[Case] = &[
    ("run", &["examples/modules/cowsay", AT, "URL"], 0, ""),
    ("run", &["examples/modules/fail"], 6, "E_EXIT_CODE"),
    ("run", &["./nowhere"], 2, "E_MODULE_FOLDER"),
    ("run", &[], 2, "E_MODULE_NONE"),
    ("run", &["examples/modules/cowsay", "--price-cap", "100000 LP"], 5, "E_FUNDS"),
    ("run", &["examples/modules/cowsay", AT, "http://127.0.0.1:1"], 4, "E_SOLVER_DOWN"),
    ("run", &["examples/modules/forever", "--timeout", "100ms"], 8, "E_EXECUTION_TIMEOUT"),
    ("quote", &["examples/modules/cowsay"], 0, ""),
    ("quote", &["examples/modules/cowsay", "--max-rate", "1 wei per 1000"], 9, ""),
    ("quote", &["examples/modules/cowsay", "--label", "a=1", "--label", "a=2"], 2, "E_LABEL_TWICE"),
    ("jobs", &[AT, "URL"], 0, ""),
    ("jobs", &[], 2, "E_NETWORK_LOCAL"),
    ("status", &["JOB", AT, "URL"], 0, ""),
    ("status", &[UNKNOWN, AT, "URL"], 2, "E_JOB_UNKNOWN"),
    ("events", &["JOB", AT, "URL"], 0, ""),
    ("events", &[UNKNOWN, AT, "URL"], 2, "E_JOB_UNKNOWN"),
    ("logs", &["JOB", AT, "URL"], 0, ""),
    ("logs", &[UNKNOWN, AT, "URL"], 2, "E_JOB_UNKNOWN"),
    ("cancel", &["JOB", AT, "URL"], 0, ""),
    ("cancel", &[UNKNOWN, AT, "URL"], 2, "E_JOB_UNKNOWN"),
    ("resume", &["JOB", AT, "URL"], 0, ""),
    ("resume", &["JOB", AT, "URL", "-o", "HOME/elsewhere"], 2, "E_RESULT_GONE"),
    // What they print when they are ready is in the tests of roles.
    ("solver", &["--store", "postgres://me:canary@db.example/x"], 2, "E_STORE_URL"),
    ("solver", &["--listen", "192.0.2.1:80", "--play-money", "1 LP"], 4, "E_LISTEN"),
    ("provider run", &[], 2, "E_NETWORK_LOCAL"),
    ("provider run", &[AT, "http://127.0.0.1:1"], 4, "E_SOLVER_DOWN"),
    ("provider check", &[AT, "URL", "--docker-socket", "/var/run/no-engine.sock"], 4, ""),
    ("provider check", &["--executor", "podman"], 2, "E_USAGE"),
    ("provider init", &["--path", "HOME/provider.toml"], 0, ""),
    ("provider init", &["--path", "HOME/provider.toml"], 2, "E_TARGET_EXISTS"),
    ("provider run", &["--config", "HOME/provider.toml", AT, "http://127.0.0.1:1"], 4, "E_SOLVER_DOWN"),
    ("provider run", &["--config", "HOME/nowhere.toml", AT, "URL"], 2, "E_PATH_NOT_FOUND"),
    ("module new", &["pond-module", "--path", "HOME/module"], 0, ""),
    ("module new", &["../escape"], 2, "E_MODULE_NAME"),
    ("module check", &["examples/modules/cowsay"], 0, ""),
    ("module check", &["HOME/module"], 2, "E_MODULE_PROGRAM"),
    ("module check", &["HOME/none"], 2, "E_MODULE_FOLDER"),
    ("module render", &["examples/modules/cowsay"], 0, ""),
    ("module render", &["examples/modules/cowsay", "-i", "Mesage=x"], 2, "E_INPUT_UNKNOWN"),
    ("module schema", &[], 0, ""),
    ("module schema", &["more"], 2, "E_USAGE"),
    ("receipt verify", &["RESULTS.receipt.json", "--results", "RESULTS"], 0, ""),
    ("receipt verify", &["RESULTS.receipt.json", "--results", "examples/modules/cowsay"], 7, "E_RESULT_HASH"),
    ("receipt verify", &["HOME/none"], 2, "E_RECEIPT_READ"),
    ("wallet new", &["a", "--no-passphrase"], 0, ""),
    ("wallet new", &["a", "--no-passphrase"], 2, "E_WALLET_EXISTS"),
    ("wallet import", &["b", "--from", "HOME/key", "--no-passphrase"], 0, ""),
    ("wallet import", &["c", "--from", "HOME/none"], 2, "E_PATH_NOT_FOUND"),
    ("wallet address", &["--keystore", "a"], 0, ""),
    ("wallet address", &["--keystore", "none"], 2, "E_WALLET_UNKNOWN"),
    ("wallet list", &[], 0, ""),
    ("wallet list", &["more"], 2, "E_USAGE"),
    ("wallet balance", &[AT, "URL"], 0, ""),
    ("wallet balance", &[AT, "http://127.0.0.1:1"], 4, "E_SOLVER_DOWN"),
    ("wallet stake", &["5 LP", AT, "URL"], 0, ""),
    ("wallet stake", &["5000 LP", AT, "URL"], 5, "E_FUNDS"),
    ("wallet unstake", &["2 LP", AT, "URL"], 0, ""),
    ("wallet unstake", &["5000 LP", AT, "URL"], 5, "E_STAKE"),
    ("wallet claim", &[AT, "URL"], 2, "E_UNBONDING_EARLY"),
    ("network add", &["pond", "https://pond.example"], 0, ""),
    ("network add", &["pond", "https://pond.example"], 2, "E_NETWORK_EXISTS"),
    ("network list", &[], 0, ""),
    ("network list", &["more"], 2, "E_USAGE"),
    ("network use", &["pond"], 0, ""),
    ("network use", &["lab"], 2, "E_NETWORK_UNKNOWN"),
    ("network remove", &["pond"], 0, ""),
    ("network remove", &["pond"], 2, "E_NETWORK_UNKNOWN"),
];

#[test]
fn every_command_prints_json_and_ends_with_its_exit_code() {
    let pond = Pond::new();
    std::fs::write(pond.user.path("key"), "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba")
        .unwrap();
    let (url, home) = (pond.proxy.url(), pond.user.home().to_string_lossy().into_owned());
    let (mut job, mut results, mut wrong) = (String::new(), String::new(), Vec::new());
    for (command, args, exit, code) in CASES {
        let args = args.iter().map(|arg| {
            arg.replace("URL", &url).replace("JOB", &job).replace("RESULTS", &results).replace("HOME", &home)
        });
        let args: Vec<String> =
            command.split(' ').map(str::to_owned).chain(args).chain(["--json".to_owned()]).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let outcome = creator(&pond.user, &args);
        let documents = documents(command, &outcome);
        let last = documents.last().unwrap();
        let error = &last["error"];
        if (outcome.code, error["code"].as_str().unwrap_or_default()) != (Some(*exit), code) {
            wrong.push(format!("{args:?} ends with {:?}, not {exit} {code}: {error}", outcome.code));
        }
        if !error.is_null() {
            let kind = ErrorKind::ALL.into_iter().find(|kind| error["kind"] == kind.as_str()).unwrap();
            assert_eq!(Some(i32::from(kind.exit_code())), outcome.code, "{args:?}");
            assert!(error["message"].is_string() && error["fault"].is_string(), "{args:?}: {last:#}");
        }
        if *command == "run" && *exit == 0 {
            last["job_id"].as_str().unwrap().clone_into(&mut job);
            last["output_dir"].as_str().unwrap().clone_into(&mut results);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let tested: BTreeSet<String> = CASES.iter().map(|(command, ..)| (*command).to_owned()).collect();
    assert_eq!(tested, leaves(&pond.user, &[]), "the commands of --help, and those that are tested");
}

/// One document, or one a line.
fn documents(command: &str, outcome: &Outcome) -> Vec<Value> {
    if !["events", "logs", "solver", "provider"].contains(&command) {
        return vec![outcome.json()];
    }
    outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn money_is_staked_and_taken_back() {
    let pond = Pond::new();
    let url = pond.proxy.url();
    let wallet = |args: &[&str], exit: i32| {
        let call = [&["wallet"], args, &["--json", AT, &url]].concat();
        creator(&pond.user, &call).ends_with(exit).json()
    };
    // A run asks for play money first.
    let poor = wallet(&["balance"], 0);
    assert_eq!((&poor["balance"], &poor["stake"]), (&"0".into(), &"0".into()), "{poor}");
    assert_eq!(wallet(&["stake", "5 LP"], 5)["error"]["code"], "E_FUNDS");
    creator(&pond.user, &["run", "examples/modules/cowsay", AT, &url]).ends_with(0);
    let before = wallet(&["balance"], 0)["balance"].as_str().unwrap().parse::<u128>().unwrap();
    let staked = wallet(&["stake", "5 LP"], 0);
    assert_eq!((&staked["stake_lp"], &staked["locked_lp"]), (&"5 LP".into(), &"0 LP".into()));
    let lp = 1_000_000_000_000_000_000_u128;
    assert_eq!(staked["balance"], (before - 5 * lp).to_string());
    // Taken back it is neither stake nor money until its time is over.
    let begun = wallet(&["unstake", "2 LP"], 0);
    assert_eq!((&begun["stake_lp"], &begun["balance"]), (&"3 LP".into(), &staked["balance"]));
    let early = wallet(&["claim"], 2);
    assert_eq!(early["error"]["code"], "E_UNBONDING_EARLY");
    let text = creator(&pond.user, &["wallet", "balance", AT, &url]).ends_with(0).stdout;
    assert!(text.contains("stake    3 LP, of which jobs have locked 0 LP"), "{text}");
}

#[test]
fn what_a_job_wrote_comes_line_by_line_and_its_results_by_another_name() {
    let pond = Pond::new();
    let url = pond.proxy.url();
    let at = |args: &[&str], exit: i32| {
        creator(&pond.user, &[args, &[AT, &url, "--json"]].concat()).ends_with(exit)
    };
    // A job that is waited for by nobody, so that its results are there to be fetched.
    let hello = ["run", "examples/modules/cowsay", "-i", "Message=over there"];
    pond.proxy.lie(|path, said| if path.ends_with("/result") { Vec::new() } else { said });
    let job = at(&hello, 4).json()["job_id"].as_str().unwrap().to_owned();
    pond.proxy.be_honest();
    let folder = pond.user.path("results");
    let fetched = at(&["download", &job, "-o", folder.to_str().unwrap()], 0).json();
    assert_eq!((&fetched["state"], &fetched["receipt_verified"]), (&"ResultsAccepted".into(), &true.into()));
    assert!(std::fs::read_to_string(folder.join("stdout")).unwrap().contains("< over there >"));
    let ended = at(&["cancel", &job], 0);
    assert!(ended.stderr.contains("it has ended: ResultsAccepted"), "{}", ended.stderr);
    let logs = at(&["logs", &job], 0).stdout;
    let lines: Vec<Value> = logs.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["stream"] == "stdout" && line["text"].is_string()), "{logs}");
    assert!(lines.iter().any(|line| line["text"].as_str().unwrap().contains("< over there >")), "{logs}");
}
