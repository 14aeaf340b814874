//! What `lilypad run` says of a network that is not what it should be: one line, with the fault and what to do.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;

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
    let user = User::new();
    let args = ["run", "examples/modules/cowsay", "--json", "--network", url];
    let ended: Outcome = creator(&user, &args).ends_with(exit);
    let errors: Vec<&str> = ended.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{}", ended.stderr);
    let code = ended.json()["error"]["code"].as_str().unwrap().to_owned();
    (code, errors[0].to_owned())
}

#[test]
fn what_answers_and_is_no_solver_is_called_so() {
    for (head, body) in [("200 OK", "<html>hello</html>"), ("404 Not Found", "nothing"), ("200 OK", "{}")] {
        let (url, asked) = listener(vec![answer(head, body)]);
        let (code, line) = run(&url, 4);
        assert_eq!(code, "E_NOT_A_SOLVER", "{line}");
        assert!(line.contains("is no solver") && line.contains("check the address"), "{line}");
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
