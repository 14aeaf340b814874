//! Stopping: by time, by Ctrl-C.

use crate::tool::User;

#[test]
fn a_module_that_runs_too_long_is_stopped_and_measured() {
    let user = User::new();
    let args = ["run", "examples/modules/forever", "--timeout", "300ms", "--json"];
    let document = user.lilypad(&args).ends_with(8).json();
    assert_eq!(document["state"], "TimeoutExecution", "{document:#}");
    assert_eq!(document["outcome"], "timed_out");
    assert_eq!(document["error"]["kind"], "Timeout");
    assert_eq!(document["error"]["fault"], "Module");
    assert!(document["error"]["hint"].is_string());
    assert!(document["instruction_count"].as_u64().unwrap() > 0);
    assert_eq!(document["receipt"]["body"]["outcome"], "timed_out");
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_the_module_and_leaves_nothing_behind() {
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;

    let user = User::new();
    let mut child = user
        .command(&["run", "examples/modules/forever", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("running") {
        line.clear();
        assert!(told.read_line(&mut line).unwrap() > 0, "it ended before it ran");
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let rest: Vec<String> = told.lines().map(Result::unwrap).collect();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{rest:?}");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["state"], "JobOfferCancelled", "{document:#}");
    assert_eq!(document["error"]["kind"], "Cancelled");
    assert!(document["instruction_count"].is_u64());
    assert!(rest.iter().any(|line| line.contains("cancelled")), "{rest:?}");
    assert_eq!(user.files(), Vec::<std::path::PathBuf>::new());
}
