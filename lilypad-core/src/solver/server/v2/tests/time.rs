//! What happens when nothing happens, who leaves, and what is forgotten. On a manual clock.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::V2Config;
use super::world::*;
use crate::model::AgreementState;

/// Waits until the readers are told of a state.
async fn told(
    events: &mut tokio::sync::mpsc::Receiver<std::sync::Arc<str>>,
    event: &str,
    state: AgreementState,
) {
    loop {
        let text = events.recv().await.unwrap();
        let said: Value = serde_json::from_str(&text).unwrap();
        let about = if event == "DealStateUpdated" { &said["deal"] } else { &said["job_offer"] };
        if said["event_type"] == event && about["state"] == state.number() {
            return;
        }
    }
}

fn reader(world: &World) -> tokio::sync::mpsc::Receiver<std::sync::Arc<str>> {
    world.market().book().hub.connect([127, 0, 0, 1].into()).unwrap()
}

#[tokio::test]
async fn a_job_without_an_offer_ends_when_its_time_to_match_is_up() {
    let world = World::new().await;
    let mut events = reader(&world);
    world.post(CREATOR, "/job_offers", JOB).await;
    world.hand.advance(Duration::from_millis(29_999));
    let waiting = world.get(CREATOR, "/job_offers?active=true&not_matched=true&cancelled=false").await;
    assert_eq!(waiting.json()[0]["id"], JOB_ID);
    world.hand.advance(Duration::from_millis(1));
    told(&mut events, "JobOfferStateUpdated", AgreementState::TimeoutMatch).await;
    let ended = world.get(CREATOR, "/job_offers?cancelled=true").await.json();
    assert_eq!((&ended[0]["state"], &ended[0]["deal_id"]), (&14.into(), &"".into()));
    // The book has no place for it any more.
    world.post(PROVIDER, "/resource_offers", &OFFER.replace("1700000000500", "1700000031000")).await;
    assert_eq!(world.get(CREATOR, "/deals").await.body, "[]\n");
    world.end().await;
}

#[tokio::test]
async fn a_silent_provider_runs_out_of_its_jobs_time() {
    let world = World::new().await;
    let mut events = reader(&world);
    world.deal().await;
    world.hand.advance(Duration::from_secs(900));
    told(&mut events, "DealStateUpdated", AgreementState::TimeoutExecution).await;
    told(&mut events, "JobOfferStateUpdated", AgreementState::TimeoutExecution).await;
    let late = world.post(PROVIDER, &format!("/deals/{DEAL_ID}/result"), "{\"data_id\":\"Qm\"}").await;
    let why = format!("job with deal ID {DEAL_ID} timed out with a TimeoutExecution state\n");
    assert_eq!((late.status, String::from_utf8_lossy(&late.body).into_owned()), (500, why));
    world.end().await;
}

#[tokio::test]
async fn a_failed_job_can_be_read_for_a_while_and_then_ends() {
    let world = World::new().await;
    let mut events = reader(&world);
    world.deal().await;
    world.post(PROVIDER, &format!("/deals/{DEAL_ID}/result"), "{\"error\":\"no such image\"}").await;
    told(&mut events, "JobOfferStateUpdated", AgreementState::ResultsSubmitted).await;
    let said = world.get(CREATOR, &format!("/deals/{DEAL_ID}/result")).await.json();
    assert_eq!((&said["error"], &said["data_id"]), (&"no such image".into(), &"".into()));
    world.hand.advance(Duration::from_secs(20));
    told(&mut events, "JobOfferStateUpdated", AgreementState::TimeoutDownload).await;
    world.end().await;
}

#[tokio::test]
async fn results_that_nobody_accepts_run_out_of_time() {
    let world = World::new().await;
    let mut events = reader(&world);
    world.deal().await;
    world.post(PROVIDER, &format!("/deals/{DEAL_ID}/result"), "{\"data_id\":\"Qm\"}").await;
    world.hand.advance(Duration::from_secs(3_600));
    told(&mut events, "JobOfferStateUpdated", AgreementState::TimeoutDownload).await;
    world.end().await;
}

/// Opens the websocket as Go's client does, and reads the answer's first line.
async fn open(world: &World, kind: &str, id: &str) -> (tokio::net::TcpStream, String) {
    let mut stream = tokio::net::TcpStream::connect(world.address()).await.unwrap();
    let text = format!(
        "GET /api/v1/ws?&Type={kind}&ID={id} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        world.address()
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    (stream, String::from_utf8(head).unwrap())
}

#[tokio::test]
async fn a_name_that_a_reader_claims_gives_it_no_power() {
    let world = World::new().await;
    world.post(PROVIDER, "/resource_offers", OFFER).await;
    let (mut stream, head) =
        open(&world, "ResourceProvider", "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    // The key and the accept value are RFC 6455's example.
    assert!(
        head.to_ascii_lowercase().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="),
        "{head}"
    );
    world.post(CREATOR, "/job_offers", &JOB.replace("\"cpu\":1000", "\"cpu\":99000")).await;
    // One text frame, neither cut nor masked, of 126 to 65,535 bytes.
    assert_eq!((stream.read_u8().await.unwrap(), stream.read_u8().await.unwrap()), (0x81, 126));
    let mut text = vec![0; stream.read_u16().await.unwrap().into()];
    stream.read_exact(&mut text).await.unwrap();
    let said: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(
        (&said["event_type"], &said["job_offer"]["job_offer"]["inputs"]),
        (&"JobOfferAdded".into(), &Value::Null)
    );
    drop(stream);
    // Once the server has seen it leave, the offer is still there.
    loop {
        world.market().book().hub.tell("JobOfferStateUpdated", super::super::hub::About::Nothing);
        if world.market().book().hub.readers() == 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    let offers = world.get(STRANGER, "/resource_offers?active=true").await.json();
    assert_eq!(offers[0]["id"], OFFER_ID);
    world.end().await;
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_dropped() {
    let world = World::new().await;
    let (_silent, head) = open(&world, "JobCreator", "0x0").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let mut honest = reader(&world);
    let job = crate::model::JobOfferContainer { id: "x".repeat(100_000), ..Default::default() };
    // Telling waits for nobody, so this ends once what the system holds for the silent one is full, and its queue behind that.
    let mut told = 0;
    while world.market().book().hub.readers() == 2 {
        world.market().book().hub.tell("JobOfferAdded", super::super::hub::About::Job(&job));
        told += 1;
        assert!(honest.recv().await.is_some());
        assert!(told < 100_000, "the silent reader is still there");
        tokio::task::yield_now().await;
    }
    assert!(told > 256, "it had its queue: {told}");
    world.post(CREATOR, "/job_offers", JOB).await;
    assert!(honest.recv().await.unwrap().contains(JOB_ID));
    world.end().await;
}

#[tokio::test]
async fn an_offer_goes_when_its_provider_signs_nothing_any_more() {
    let world = World::new().await;
    let mut events = reader(&world);
    world.post(PROVIDER, "/resource_offers", OFFER).await;
    // Each time somebody has looked, a sleeper waits for the next time.
    let looked = |at: u64| {
        world.hand.advance(Duration::from_secs(at));
        async {
            while world.hand.sleepers() == 0 {
                tokio::task::yield_now().await;
            }
        }
    };
    looked(120).await;
    world.get(PROVIDER, "/deals").await;
    looked(120).await;
    assert_eq!(world.get(STRANGER, "/resource_offers").await.json()[0]["id"], OFFER_ID);
    // What others sign is no sign of it.
    world.get(STRANGER, "/deals?resource_provider=0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65").await;
    world.hand.advance(Duration::from_secs(120));
    loop {
        let text = events.recv().await.unwrap();
        if text.starts_with("{\"event_type\":\"ResourceOfferRemoved\"") {
            assert_eq!(
                &*text,
                "{\"event_type\":\"ResourceOfferRemoved\",\"job_offer\":null,\"resource_offer\":null,\"deal\":null}"
            );
            break;
        }
    }
    assert_eq!(world.get(STRANGER, "/resource_offers").await.body, "[]\n");
    assert_eq!(world.market().book().stored(), 0);
    world.end().await;
}

#[tokio::test]
async fn what_has_ended_is_forgotten_and_gives_its_room_back() {
    let world = World::with(V2Config { max_ended: 0, ..config() }).await;
    world.deal().await;
    let path = format!("/deals/{DEAL_ID}");
    for size in [100, 70_000] {
        let files = vec![0; size];
        world.send("POST", &format!("{path}/files"), Some(PROVIDER), &files, &[]).await;
    }
    let held = u64::try_from(70_000 + JOB.len() + OFFER.len()).unwrap();
    assert_eq!(world.market().book().stored(), held);
    world.post(PROVIDER, &format!("{path}/result"), "{\"data_id\":\"Qm\"}").await;
    world.post(CREATOR, &format!("{path}/txs/job_creator"), "{\"accept_result\":\"0x\"}").await;
    assert_eq!(world.market().book().stored(), 0);
    assert_eq!(world.get(CREATOR, &path).await.status, 500);
    world.end().await;
}

#[tokio::test]
async fn results_beyond_their_bound_are_refused_and_smaller_ones_may_follow() {
    let world = World::with(V2Config { max_results: 1_000, ..config() }).await;
    world.deal().await;
    let path = format!("/deals/{DEAL_ID}/files");
    let before = world.market().book().stored();
    assert_eq!(world.send("POST", &path, Some(PROVIDER), &[0; 1_001], &[]).await.status, 413);
    assert_eq!(world.market().book().stored(), before);
    assert_eq!(world.send("POST", &path, Some(PROVIDER), &[0; 1_000], &[]).await.status, 200);
    world.end().await;
}

#[tokio::test]
async fn a_full_store_refuses_and_takes_room_from_what_has_ended() {
    let world = World::with(V2Config { max_stored: 4_000, ..config() }).await;
    world.deal().await;
    let path = format!("/deals/{DEAL_ID}");
    let too_much = world.send("POST", &format!("{path}/files"), Some(PROVIDER), &vec![0; 4_000], &[]).await;
    assert_eq!((too_much.status, &*too_much.body), (500, &b"network busy\n"[..]));
    assert_eq!(world.state().await.0, AgreementState::DealAgreed);
    world.send("POST", &format!("{path}/files"), Some(PROVIDER), &vec![0; 2_100], &[]).await;
    world.post(PROVIDER, &format!("{path}/result"), "{\"data_id\":\"Qm\"}").await;
    let other = JOB.replace("V1StGXR8", "V2StGXR8");
    assert_eq!(world.post(CREATOR, "/job_offers", &other).await.body, "network busy\n");
    world.post(CREATOR, &format!("{path}/txs/job_creator"), "{\"accept_result\":\"0x\"}").await;
    assert_eq!(world.post(CREATOR, "/job_offers", &other).await.status, 200);
    assert_eq!(world.get(CREATOR, &path).await.status, 500, "what had ended made room");
    world.end().await;
}
