//! Our own job creator at a solver that speaks v2: ours, and one that answers as the reference says Go's does.

use std::collections::HashMap;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::world::*;
use crate::error::{ErrorKind, Fault};
use crate::http::{HttpOptions, V2Options, V2Solver};
use crate::model::{AgreementState, JobOffer, json};
use crate::signer::LocalSigner;
use crate::wire::write_archive;

const RESULTS_ID: &str = "Qme5yFHYuGK97MfCqNdNTCU8n9GxystnsJaU7CyJuhAZcy";

fn at(address: &str, wait: Duration) -> V2Solver {
    let http = HttpOptions { attempts: 1, ..HttpOptions::default() };
    let options = V2Options { http, poll: Duration::ZERO, wait };
    V2Solver::new(&format!("http://{address}"), &LocalSigner::from_hex(CREATOR).unwrap(), options).unwrap()
}

fn offer() -> JobOffer {
    json::from_slice(JOB.as_bytes()).unwrap()
}

#[tokio::test]
async fn a_job_of_ours_is_run_and_accepted() {
    let world = World::new().await;
    world.post(PROVIDER, "/resource_offers", OFFER).await;
    let solver = at(world.address(), Duration::from_secs(60));
    let id = solver.submit(&offer()).await.unwrap();
    assert_eq!(id.to_string(), JOB_ID);
    assert_eq!(solver.submit(&offer()).await.unwrap(), id, "handed in twice is handed in once");
    let waiting = {
        let solver = solver.clone();
        tokio::spawn(async move { solver.wait(id).await })
    };
    let files = write_archive(&results()).unwrap();
    world.send("POST", &format!("/deals/{DEAL_ID}/files"), Some(PROVIDER), &files, &[]).await;
    let result = format!("{{\"data_id\":\"{RESULTS_ID}\",\"instruction_count\":1}}");
    world.post(PROVIDER, &format!("/deals/{DEAL_ID}/result"), &result).await;
    let outcome = waiting.await.unwrap().unwrap();
    assert_eq!((&outcome.files, outcome.is_as_named()), (&results(), true));
    let accepted = solver.accept(&outcome.deal).await.unwrap();
    assert_eq!(accepted.state, AgreementState::ResultsAccepted);
    world.end().await;
}

#[tokio::test]
async fn failures_are_told_with_whose_they_are() {
    let world = World::new().await;
    let solver = at(world.address(), Duration::from_secs(60));
    let other = JobOffer { job_creator: "0x0".to_owned(), ..offer() };
    assert_eq!(solver.submit(&other).await.unwrap_err().code(), "E_V2_CREATOR");
    let old = JobOffer { created_at: crate::rt::Timestamp(1), ..offer() };
    let error = solver.submit(&old).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, "E_V2_REFUSED"));
    assert!(error.message().contains("CreatedAt time is not recent"), "{error}");

    world.deal().await;
    world.post(PROVIDER, &format!("/deals/{DEAL_ID}/result"), "{\"error\":\"no such image\"}").await;
    let error = solver.wait(JOB_ID.parse().unwrap()).await.unwrap_err();
    assert_eq!((error.code(), error.fault()), ("E_V2_JOB_FAILED", Fault::Provider));
    assert!(error.message().ends_with("no such image"), "{error}");
    world.end().await;
}

/// Answers each path as it was recorded, until it is dropped; other paths as the reference does.
async fn canned(answers: HashMap<String, Vec<u8>>) -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let task = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            assert!(head.to_ascii_lowercase().contains("\r\nx-lilypad-signature: "), "{head}");
            let path = head.split(' ').nth(1).unwrap().strip_prefix("/api/v1").unwrap().to_owned();
            let (status, body) = match answers.get(&path) {
                Some(body) => ("200 OK", body.clone()),
                None => ("500 Internal Server Error", b"result not found\n".to_vec()),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
        }
    });
    (address, task)
}

/// What a solver in Go answers about the reference's job, whose results are submitted.
fn recorded() -> HashMap<String, Vec<u8>> {
    let job = JOB.replace("{\"id\":\"\"", &format!("{{\"id\":\"{JOB_ID}\""));
    let resource = OFFER.replace("{\"id\":\"\"", &format!("{{\"id\":\"{OFFER_ID}\""));
    let (creator, provider) =
        ("0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc", "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65");
    // Appendix A.3.
    let deal = format!(
        "{{\"id\":\"{DEAL_ID}\",\"members\":{{\"solver\":\"0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC\",\"job_creator\":\"{creator}\",\
         \"resource_provider\":\"{provider}\",\"mediators\":[\"0x90F79bf6EB2c4f870365E785982E1f101E93b906\"]}},\
         \"pricing\":{{\"instruction_price\":1,\"payment_collateral\":2,\"results_collateral_multiple\":2,\"mediation_fee\":1}},\
         \"job_offer\":{job},\"resource_offer\":{resource}}}"
    );
    let container = format!(
        "{{\"id\":\"{DEAL_ID}\",\"created_at\":1,\"upload_at\":2,\"download_at\":0,\"job_creator\":\"{creator}\",\
         \"resource_provider\":\"{provider}\",\"job_offer\":\"{JOB_ID}\",\"resource_offer\":\"{OFFER_ID}\",\"state\":2,\
         \"deal\":{deal},\"transactions\":{{}},\"mediator\":\"\"}}\n"
    );
    let result = format!(
        "{{\"id\":\"\",\"deal_id\":\"{DEAL_ID}\",\"data_id\":\"{RESULTS_ID}\",\"error\":\"\",\"instruction_count\":1,\"results_id\":\"{RESULTS_ID}\"}}\n"
    );
    // Go's solver writes an empty object behind the archive.
    let mut files = write_archive(&results()).unwrap().to_vec();
    files.extend_from_slice(b"{}\n");
    let job = format!(
        "{{\"id\":\"{JOB_ID}\",\"deal_id\":\"{DEAL_ID}\",\"job_creator\":\"{creator}\",\"state\":2,\"job_offer\":{job}}}\n"
    );
    let path = |what: &str| format!("/deals/{DEAL_ID}{what}");
    HashMap::from([
        (format!("/job_offers/{JOB_ID}"), job.into_bytes()),
        (path(""), container.into_bytes()),
        (path("/result"), result.into_bytes()),
        (path("/files"), files),
    ])
}

#[tokio::test]
async fn a_solver_in_go_is_understood_and_not_believed() {
    let job = format!("/job_offers/{JOB_ID}");
    let ask = async |answers: HashMap<String, Vec<u8>>| {
        let (address, task) = canned(answers).await;
        let outcome = at(&address, Duration::ZERO).wait(JOB_ID.parse().unwrap()).await;
        task.abort();
        outcome
    };
    let outcome = ask(recorded()).await.unwrap();
    assert!(outcome.is_as_named() && outcome.files == results());

    let change = |path: &str, from: &str, to: &str| {
        let mut answers = recorded();
        let text = String::from_utf8(answers[path].clone()).unwrap();
        assert!(text.contains(from), "{text}");
        answers.insert(path.to_owned(), text.replacen(from, to, 1).into_bytes());
        answers
    };
    let deal = format!("/deals/{DEAL_ID}");
    for (from, to) in [
        ("\"Message\":\"moo\"", "\"Message\":\"baa\""),
        ("\"payment_collateral\":2", "\"payment_collateral\":3"),
    ] {
        let error = ask(change(&deal, from, to)).await.unwrap_err();
        assert_eq!((error.code(), error.fault()), ("E_V2_DEAL", Fault::Solver), "{from}");
    }
    let result = format!("/deals/{DEAL_ID}/result");
    let other =
        ask(change(&result, &format!("\"results_id\":\"{RESULTS_ID}\""), "\"results_id\":\"QmOther\"")).await;
    assert!(!other.unwrap().is_as_named());
    for (state, kind, fault) in [
        (14, ErrorKind::NoMatch, Fault::Network),
        (15, ErrorKind::Timeout, Fault::Provider),
        (16, ErrorKind::Timeout, Fault::User),
        (11, ErrorKind::Timeout, Fault::Unknown),
        (10, ErrorKind::Cancelled, Fault::Network),
        (6, ErrorKind::VerificationFailed, Fault::Provider),
    ] {
        let error = ask(change(&job, "\"state\":2", &format!("\"state\":{state}"))).await.unwrap_err();
        assert_eq!((error.kind(), error.fault()), (kind, fault), "{state}");
    }
    // Where a failed job runs out of time, its own reason is told.
    let mut answers = change(&job, "\"state\":2", "\"state\":16");
    answers.insert(result, b"{\"error\":\"no such image\"}\n".to_vec());
    assert_eq!(ask(answers).await.unwrap_err().code(), "E_V2_JOB_FAILED");
    let error = ask(change(&job, "\"state\":2", "\"state\":1")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Timeout, "E_V2_WAIT"));
    let error = ask(HashMap::from([(job, b"null\n".to_vec())])).await.unwrap_err();
    assert_eq!((error.code(), error.fault()), ("E_OTHER_JOB", Fault::Solver), "{error}");
}
