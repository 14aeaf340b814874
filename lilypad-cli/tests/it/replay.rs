//! A request that is sent again, byte for byte, after the solver was killed while it answered it: what it did once it does not do
//! again.

use std::io::{Read, Write};
use std::net::TcpStream;

use lilypad_core::model::Amount;
use lilypad_core::rt::Clock;
use lilypad_core::signer::{Domain, LocalSigner};
use lilypad_core::wire::auth::{RequestEnvelope, RequestParts, RequestTarget, Scheme, sign_request};
use lilypad_core::wire::{Body, Sum, routes};
use serde_json::Value;

use crate::http::{CREATOR_KEY, Role, SOLVER_KEY, creator};
use crate::tool::User;

/// A request that sets so much aside as stake, signed.
async fn stake(authority: &str, solver: &Value, amount: u64) -> Vec<u8> {
    let sum = Sum { amount: Amount::from_lp(amount), stake: None };
    signed(authority, solver, "stake", &sum.to_body().unwrap()).await
}

/// A request that moves money.
async fn signed(authority: &str, solver: &Value, action: &str, body: &str) -> Vec<u8> {
    let path = format!("{}/{action}", routes::ACCOUNT);
    let target = RequestTarget::new(Scheme::Http, "POST", authority, &path, "").unwrap();
    let parts = RequestParts::new(target, body.as_bytes());
    let solver = solver.as_str().unwrap().parse().unwrap();
    let envelope = RequestEnvelope::new(parts, solver, Clock::system().now()).unwrap();
    let signer = LocalSigner::from_hex(CREATOR_KEY).unwrap();
    let headers = sign_request(envelope, &signer, Domain::local()).await.unwrap();
    let mut request = format!("POST {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    request.into_bytes()
}

/// What comes back; nothing where the solver dies.
fn send(authority: &str, request: &[u8]) -> String {
    let mut connection = TcpStream::connect(authority).unwrap();
    connection.write_all(request).unwrap();
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_request_that_was_safe_when_the_solver_died_is_not_taken_again() {
    let user = User::new();
    let store = user.path("solver.sqlite");
    let start = |listen: &str, crash: Option<&str>| {
        let args = ["solver", "--listen", listen, "--store", store.to_str().unwrap()];
        let args = [&args[..], &["--play-money", "1000 LP"]].concat();
        Role::start_to_crash(&user, Some(SOLVER_KEY), &args, crash)
    };
    let solver = start("127.0.0.1:0", None);
    let url = solver.ready["url"].as_str().unwrap().to_owned();
    let authority = url.strip_prefix("http://").unwrap();
    let staked = || {
        let money = creator(&user, &["wallet", "balance", "--json", "--network", &url]).ends_with(0).json();
        money["stake"].as_str().unwrap().parse::<u128>().unwrap() / 10_u128.pow(18)
    };
    let given = signed(authority, &solver.ready["solver"], "play-money", "{}").await;
    assert!(send(authority, &given).starts_with("HTTP/1.1 200 OK"));
    assert_eq!(staked(), 0);
    solver.kill();
    // Where it died, what has happened, and what comes of sending it again.
    let moments = [
        // The nonce and the change are in memory: neither is safe, and the request is good as it was.
        ("solver.asked", 3, "HTTP/1.1 200 OK", 3),
        // Both are safe, in one.
        ("solver.answering", 50, "HTTP/1.1 401 Unauthorized", 53),
    ];
    for (moment, amount, answer, stake_then) in moments {
        let dying = start(authority, Some(moment));
        let request = stake(authority, &dying.ready["solver"], amount).await;
        assert_eq!(send(authority, &request), "", "{moment}");
        assert!(dying.died(), "{moment} was not reached");
        let _solver = start(authority, None);
        let again = send(authority, &request);
        assert!(again.starts_with(answer), "{moment}: {again}");
        assert_eq!(again.contains("E_NONCE_USED"), answer.contains("401"), "{moment}: {again}");
        assert_eq!(staked(), stake_then, "{moment}");
    }
}
