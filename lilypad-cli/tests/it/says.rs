//! What `lilypad run` says of a network that is not what it should be: one line, with the fault and what to do.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;

use serde_json::Value;

use crate::http::creator;
use crate::tool::{Outcome, User};

/// Something that listens and gives each request the next of these answers, and the last one from then on. The number of
/// requests comes when it is asked for.
fn listener(answers: Vec<String>) -> (String, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, asked) = mpsc::channel();
    std::thread::spawn(move || {
        for (at, connection) in listener.incoming().enumerate() {
            let Ok(mut connection) = connection else { return };
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && connection.read(&mut byte).is_ok_and(|read| read == 1) {
                head.push(byte[0]);
            }
            let _ = connection.write_all(answers[at.min(answers.len() - 1)].as_bytes());
            if sender.send(()).is_err() {
                return;
            }
        }
    });
    (url, asked)
}

fn answer(head: &str, body: &str) -> String {
    format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

/// The answer of a solver that refuses everything.
fn refusal(head: &str, kind: &str, fault: &str, code: &str, message: &str) -> String {
    let body = serde_json::json!({
        "kind": kind, "fault": fault, "code": code, "message": message, "hint": null,
        "retryable": false, "operation": null, "context": {},
    });
    answer(head, &body.to_string())
}

/// What comes of a run there: the code, and the one line that says it.
fn run(url: &str, exit: i32) -> (String, String) {
    let (document, line) = run_in_full(url, exit);
    (document["error"]["code"].as_str().unwrap().to_owned(), line)
}

/// Everything that a person is told.
fn said(url: &str, exit: i32) -> String {
    creator(&User::new(), &["run", "examples/modules/cowsay", "--network", url]).ends_with(exit).stderr
}

fn run_in_full(url: &str, exit: i32) -> (Value, String) {
    let user = User::new();
    let args = ["run", "examples/modules/cowsay", "--json", "--network", url];
    let ended: Outcome = creator(&user, &args).ends_with(exit);
    let errors: Vec<&str> = ended.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{}", ended.stderr);
    (ended.json(), errors[0].to_owned())
}

#[test]
fn what_answers_and_is_no_solver_is_called_so() {
    for (head, body) in [("200 OK", "<html>hello</html>"), ("404 Not Found", "nothing"), ("200 OK", "{}")] {
        let (url, asked) = listener(vec![answer(head, body)]);
        let (code, line) = run(&url, 4);
        assert_eq!(code, "E_NOT_A_SOLVER", "{line}");
        assert!(line.contains("is no solver") && line.contains("check the address"), "{line}");
        assert!(line.contains("docs/v2.md"), "{line}");
        assert_eq!(asked.try_iter().count(), 1, "it is not asked again");
    }
}

#[test]
fn a_solver_that_asks_to_wait_is_asked_again_a_few_times() {
    let busy = |after: u32| {
        let head = format!("429 Too Many Requests\r\nretry-after: {after}");
        refusal(&head, "RateLimited", "User", "E_RATE_LIMIT", "more than 600 requests in 10 s")
    };
    let (url, asked) = listener(vec![busy(0), answer("200 OK", "<html>")]);
    assert_eq!(run(&url, 4).0, "E_NOT_A_SOLVER", "the second answer counts");
    assert_eq!(asked.try_iter().count(), 2);
    let (url, asked) = listener(vec![busy(0)]);
    let (code, line) = run(&url, 4);
    assert_eq!(code, "E_RATE_LIMIT", "{line}");
    assert!(line.contains("more than 600 requests"), "{line}");
    assert_eq!(asked.try_iter().count(), 5, "there is a budget");
    // As long as it asks for, and a person is told.
    let (url, asked) = listener(vec![busy(1), answer("200 OK", "<html>")]);
    let began = std::time::Instant::now();
    let told = said(&url, 4);
    assert!(began.elapsed() >= std::time::Duration::from_secs(1));
    assert_eq!(asked.try_iter().count(), 2);
    assert!(told.contains("waiting") && told.contains("1 s, then again: more than 600 requests"), "{told}");
    // Longer than is waited here.
    let (url, asked) = listener(vec![busy(3_600)]);
    let (code, line) = run(&url, 4);
    assert_eq!((code.as_str(), asked.try_iter().count()), ("E_RATE_LIMIT", 1), "{line}");
    assert!(line.contains("asks to wait 3600 s, and at most 60 s are waited here"), "{line}");
}

#[test]
fn a_solver_that_is_down_is_said_to_be_so() {
    // Nothing listens there once the listener is gone.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, line) = run(&format!("http://{gone}"), 4);
    assert_eq!(code, "E_SOLVER_DOWN", "{line}");
    assert!(line.contains("cannot be reached") && line.contains("that the solver runs"), "{line}");
    // A name that is never given to anybody.
    let (code, line) = run("https://solver.invalid", 4);
    assert_eq!(code, "E_DNS", "{line}");
    assert!(line.contains("the name of the solver at https://solver.invalid is not known"), "{line}");
    // Something listens and answers in no language that it should.
    let (url, _asked) = listener(vec!["SSH-2.0-OpenSSH_9.6\r\n".to_owned()]);
    let (code, line) = run(&url, 4);
    assert_eq!(code, "E_SOLVER_DOWN", "{line}");
}

#[test]
fn a_solver_that_takes_the_connection_and_is_silent_is_not_waited_for_for_ever() {
    // The system takes connections for a listener that does not.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let user = User::new();
    let args = ["run", "examples/modules/cowsay", "--json", "--network", &url, "--client-timeout", "700ms"];
    let ended = creator(&user, &args).ends_with(8);
    let error = &ended.json()["error"];
    assert_eq!((&error["code"], &error["fault"]), (&"E_WAIT_TOTAL".into(), &"Network".into()), "{error}");
    let line = format!(
        "error: the network {url} did not answer within 0.7 s, the most that this command may take: nothing"
    );
    assert!(ended.stderr.contains(&line), "{}", ended.stderr);
}

#[test]
fn a_solver_of_another_version_is_told_from_what_is_no_solver() {
    let ours = env!("CARGO_PKG_VERSION");
    let account = "\"address\":\"0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc\"";
    for (said, too, theirs, fault, hint) in [
        (",\"version\":\"0.0.7\"", "old", "0.0.7 with interface 0", "Solver", "ask its operator"),
        (
            ",\"version\":\"9.1.0\",\"api\":9,\"oldest_api\":7",
            "new",
            "9.1.0 with interface 9",
            "User",
            "update this",
        ),
    ] {
        let (url, asked) = listener(vec![answer("200 OK", &format!("{{{account}{said}}}"))]);
        let (document, line) = run_in_full(&url, 4);
        let error = &document["error"];
        assert_eq!((&error["code"], &error["kind"]), (&"E_SOLVER_VERSION".into(), &"VersionMismatch".into()));
        assert_eq!(error["fault"], fault, "{line}");
        assert!(
            line.contains(&format!("too {too}")) && line.contains(theirs) && line.contains(hint),
            "{line}"
        );
        assert!(line.contains(&format!("this is version {ours} with interface 1")), "{line}");
        assert_eq!(asked.try_iter().count(), 1, "it is not asked again");
    }
    // One that says so itself, and what it says hides nothing from a terminal.
    let (url, _asked) = listener(vec![answer("426 Upgrade Required", "<html>")]);
    assert_eq!(run(&url, 4).0, "E_SOLVER_VERSION");
    let odd = format!("{{{account},\"version\":\"1\\u001b[2J.0\"}}");
    let (url, _asked) = listener(vec![answer("200 OK", &odd)]);
    assert!(run(&url, 4).1.contains("version 1[2J.0 with"));
}

#[test]
fn a_solver_that_is_out_of_disk_says_so_itself() {
    let full = "the solver's store does not work: database or disk is full";
    let (url, _asked) =
        listener(vec![refusal("503 Service Unavailable", "Unavailable", "Solver", "E_STORE", full)]);
    let (code, line) = run(&url, 4);
    assert_eq!(code, "E_STORE", "{line}");
    assert!(line.contains("disk is full"), "{line}");
}
