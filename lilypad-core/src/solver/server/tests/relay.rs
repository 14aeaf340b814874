//! Connections that one process of a solver passes on to another.

use tokio::io::AsyncWriteExt;

use super::raw::Raw;
use super::*;
use crate::solver::server::{Relay, preface};
use crate::solver::{Leader, Leaders};
use crate::wire::routes;

/// A name that only the other process has.
const OTHER: &str = "other.example";

fn leading() -> (Served, Leader) {
    let me = Leader::new("to be known").unwrap();
    let config = ServerConfig {
        leader: Some(me.clone()),
        header_timeout: Duration::from_secs(2),
        ..ServerConfig::default()
    };
    let served = serve_with(config);
    let leader = Leader { address: served.authority().to_owned(), ..me };
    (served, leader)
}

fn asks_as(name: &str) -> String {
    format!("GET {} HTTP/1.1\r\nhost: {name}\r\nconnection: close\r\n\r\n", routes::SOLVER)
}

/// A relay; gives where it listens.
fn relay(leaders: &Leaders) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let me = Leader::new(address.clone()).unwrap();
    let relay = Relay::new(listener, &[OTHER.to_owned()], &me, leaders.clone()).unwrap();
    tokio::spawn(relay.serve(CancelToken::new()));
    address
}

async fn ask(address: &str, text: &str) -> String {
    let mut connection = Raw(tokio::net::TcpStream::connect(address).await.unwrap());
    connection.0.write_all(text.as_bytes()).await.unwrap();
    connection.rest().await
}

#[tokio::test]
async fn a_connection_that_is_passed_on_is_answered_under_the_names_of_either() {
    let (served, leader) = leading();
    let leaders = Leaders::default();
    let address = relay(&leaders);
    let answer = ask(&address, &asks_as(OTHER)).await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 1\r\n"), "{answer}");
    assert!(answer.contains("E_NO_LEADER"), "{answer}");
    leaders.set(Some(leader));
    for name in [OTHER, served.authority()] {
        let answer = ask(&address, &asks_as(name)).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    let answer = ask(&address, &asks_as("third.example")).await;
    assert!(answer.contains("E_HOST"), "{answer}");
    // By itself nobody comes under the other's name.
    assert!(ask(served.authority(), &asks_as(OTHER)).await.contains("E_HOST"));
    served.end().await;
}

#[tokio::test]
async fn who_does_not_know_the_key_passes_nothing_on() {
    let (served, leader) = leading();
    let client = "203.0.113.9:1".parse().unwrap();
    let good = preface::line(&leader.key, client, OTHER) + &asks_as(OTHER);
    assert!(ask(served.authority(), &good).await.starts_with("HTTP/1.1 200 "));
    let none = "LILYPAD-RELAY/1 \r\n".to_owned();
    let endless = format!("LILYPAD-RELAY/1 {}", "x".repeat(4_096));
    for line in [preface::line("guess", client, OTHER), preface::line("", client, OTHER), none, endless] {
        let answer = ask(served.authority(), &(line + &asks_as(OTHER))).await;
        assert_eq!(answer, "");
    }
    // One that never ends is given up.
    assert_eq!(ask(served.authority(), "LILYPAD-RELAY/1 ").await, "");
    served.end().await;
}

#[tokio::test]
async fn a_line_may_come_in_pieces() {
    let (served, leader) = leading();
    let line = preface::line(&leader.key, "203.0.113.9:1".parse().unwrap(), OTHER) + &asks_as(OTHER);
    let mut connection = Raw::connect(&served).await;
    for piece in line.as_bytes().chunks(7) {
        connection.0.write_all(piece).await.unwrap();
        connection.0.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    assert!(connection.rest().await.starts_with("HTTP/1.1 200 "));
    served.end().await;
}

/// A process that led before it was started anew is still said to lead.
#[tokio::test]
async fn a_relay_passes_nothing_on_to_itself() {
    let leaders = Leaders::default();
    let address = relay(&leaders);
    leaders.set(Some(Leader::new(address.clone()).unwrap()));
    assert!(ask(&address, &asks_as(OTHER)).await.contains("E_NO_LEADER"));
}
