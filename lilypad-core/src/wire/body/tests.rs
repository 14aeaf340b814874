//! Rules of bodies: everything comes back as it went, what is signed stands exactly, nothing is beyond its bounds.

mod bounds;
mod samples;

use proptest::prelude::*;
use samples::*;

use super::super::{DealNotice, JobEventKind, JobFailure, ProviderMessage, ResultSubmission, TimeoutPhase};
use super::*;
use crate::error::{Error, ErrorKind, Fault, Retry};
use crate::model::{AgreementState, Amount, ExecutorEvent, FileSet, Outcome, Rate};
use crate::rt::{CancelReason, Timestamp};
use crate::signer::{Domain, Signer};

/// Writes, reads and compares in full.
fn back<T: Body + std::fmt::Debug>(value: &T) -> T {
    let text = value.to_body().unwrap();
    let read = T::from_body(text.as_bytes()).unwrap_or_else(|error| panic!("{error:?} in {text}"));
    assert_eq!(format!("{read:?}"), format!("{value:?}"));
    assert_eq!(read.to_body().unwrap(), text);
    read
}

#[test]
fn offers_quotes_and_ids_come_back() {
    let offer = offer();
    back(&offer).verify(DOMAIN, provider().address()).unwrap();
    let open = QuoteRequest { instruction_limit: u64::MAX, ..quote_request() };
    assert!(!back(&open).to_body().unwrap().contains("instruction_limit"));
    assert!(back(&quote_request()).to_body().unwrap().contains("\"instruction_limit\":1000000"));
    back(&quote());
    back(&job_id());
    back(&ResourceOfferId(job_id().0));
    back(&offer.signature);
}

#[test]
fn every_event_comes_back() {
    for kind in kinds() {
        back(&JobEvent {
            seq: u64::MAX,
            at: Timestamp(1_700_000_000_000),
            job_id: job_id(),
            state: AgreementState::DealAgreed,
            kind,
        });
    }
    back(&ExecutorEvents::default());
    back(&executor_events());
    for reason in [CancelReason::Cancelled, CancelReason::TimedOut, CancelReason::Shutdown] {
        let message = ProviderMessage::Stop { deal_id: deal_id(), reason };
        back(&ProviderEvent::from(&message));
    }
    let deal = ProviderMessage::Deal { deal_id: deal().deal_id };
    assert_eq!(back(&ProviderEvent::from(&deal)), ProviderEvent::Deal { deal_id: deal_id() });
}

#[test]
fn a_status_comes_back_with_and_without_everything() {
    back(&status());
    back(&JobStatus {
        deal_id: None,
        resource_provider: None,
        waiting_for: None,
        fix: None,
        outcome: None,
        cost: None,
        failure: None,
        receipt: None,
        ..status()
    });
}

#[test]
fn every_kind_of_error_comes_back() {
    for kind in ErrorKind::ALL {
        for fault in Fault::ALL {
            let error = Error::new(kind, "E_SOMETHING", "line one").with_fault(fault);
            let read = back(&error);
            assert_eq!((read.kind(), read.fault(), read.code()), (kind, fault, "E_SOMETHING"));
            assert_eq!(read.retry(), error.retry());
        }
    }
    let error = failure();
    let read = back(&error);
    assert_eq!((read.hint(), read.operation()), (error.hint(), error.operation()));
    assert!(read.context().eq(error.context()));
}

#[test]
fn what_an_error_cannot_say_is_cut_or_left_out() {
    let long = "é".repeat(3_000);
    let cause = std::io::Error::other("secret");
    let error = Error::unexpected(long.clone()).with_hint(long.clone()).with("key", &long).with_source(cause);
    let error = (0..40).fold(error, |error, at| error.with("many", at)).with_retry(Retry::Exhausted(3));
    let text = error.to_body().unwrap();
    assert!(!text.contains("secret"), "{text}");
    let read = Error::from_body(text.as_bytes()).unwrap();
    assert_eq!((read.message(), read.hint()), (&long[..4_096], Some(&long[..4_096])));
    assert_eq!((read.context().count(), read.retry()), (32, Retry::Never));
}

#[test]
fn errors_of_newer_peers_are_understood_as_far_as_possible() {
    let text = br#"{"kind": "Newer", "fault": "Moon", "code": "E_NEWER", "message": "m", "retryable": true, "more": 1}"#;
    let error = Error::from_body(text).unwrap();
    assert_eq!((error.kind(), error.fault(), error.code()), (ErrorKind::Protocol, Fault::Unknown, "E_NEWER"));
    assert!(error.retry().is_retryable());
}

#[test]
fn jobs_deals_and_results_come_back_with_their_files() {
    let limits = FileLimits { files: 5, bytes: 10_000 };
    let read = unpack_job(&pack_job(&job()).unwrap(), &limits).unwrap();
    assert_eq!(format!("{read:?}"), format!("{:?}", job()));
    read.verify(DOMAIN, creator().address()).unwrap();

    let read = unpack_deal(&pack_deal(&deal()).unwrap(), &limits).unwrap();
    assert_eq!(format!("{read:?}"), format!("{:?}", deal()));

    let read = unpack_result(&pack_result(&result()).unwrap(), &limits).unwrap();
    assert_eq!(format!("{read:?}"), format!("{:?}", result()));
    read.receipt.verify(DOMAIN, provider().address()).unwrap();
}

#[test]
fn a_set_fits_into_its_folder_whatever_its_paths_are() {
    let deep = format!("{}{}", "a/".repeat(15), "é".repeat(497));
    assert_eq!(deep.len(), 1_024);
    let files = FileSet::from_files([(deep, "x"), ("bundle/inputs/proposal.json".to_owned(), "y")]).unwrap();
    let mut job = job();
    (job.body.bundle, job.body.files) = (files.clone(), files.clone());
    let bytes = pack_job(&job).unwrap();
    let limits = FileLimits { files: 4, bytes: 4 };
    assert!(bytes.len() as u64 <= body_limit(&limits));
    let read = unpack_job(&bytes, &limits).unwrap();
    assert_eq!((&read.body.bundle, &read.body.files), (&files, &files));
}

/// JSON with one line for whatever fits into one.
fn pretty(value: &Value, indent: &str) -> String {
    let plain = value.to_string();
    let inner = format!("{indent}  ");
    let lines: Vec<String> = match value {
        _ if plain.len() + indent.len() <= 116 => return plain,
        Value::Array(items) => items.iter().map(|item| pretty(item, &inner)).collect(),
        Value::Object(members) => {
            members.iter().map(|(key, value)| format!("\"{key}\": {}", pretty(value, &inner))).collect()
        }
        _ => return plain,
    };
    let (open, close) = if value.is_array() { ('[', ']') } else { ('{', '}') };
    format!("{open}\n{inner}{}\n{indent}{close}", lines.join(&format!(",\n{inner}")))
}

/// Each example of the document is what is written, byte for byte once its white space is taken out.
#[test]
fn the_documented_examples_are_current() {
    let path = format!("{}/../docs/http-bodies.md", env!("CARGO_MANIFEST_DIR"));
    let mut docs = std::fs::read_to_string(&path).unwrap();
    for (name, text) in examples() {
        let (start, end) = (format!("<!-- example: {name} -->\n```json\n"), "\n```\n");
        let (before, rest) = docs.split_once(&start).unwrap_or_else(|| panic!("no example of {name}"));
        let (shown, after) = rest.split_once(end).unwrap();
        let wanted: Value = serde_json::from_str(&text).unwrap();
        if std::env::var_os("LILYPAD_UPDATE").is_some() {
            docs = format!("{before}{start}{}{end}{after}", pretty(&wanted, ""));
        } else {
            let shown: Value = serde_json::from_str(shown).unwrap();
            assert_eq!(shown.to_string(), wanted.to_string(), "{name}");
        }
    }
    if std::env::var_os("LILYPAD_UPDATE").is_some() {
        std::fs::write(&path, docs).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_job_comes_back(
        words in prop::collection::vec("\\PC{0,20}", 6),
        numbers in prop::collection::vec(any::<u64>(), 5),
        open in any::<bool>(),
        labels in prop::collection::btree_map("\\PC{0,8}", "\\PC{0,8}", 0..4),
        inputs in prop::option::of(prop::collection::btree_map("\\PC{0,8}", "[\\PC\n\u{0}]{0,8}", 0..4)),
    ) {
        let mut job = job();
        let body = &mut job.body;
        body.offer.nonce.clone_from(&words[0]);
        body.offer.job_creator.clone_from(&words[1]);
        body.offer.module.repo.clone_from(&words[2]);
        body.offer.inputs = inputs;
        body.offer.created_at = Timestamp(numbers[0]);
        body.offer.execution_timeout_seconds = numbers[1];
        body.offer.trusted_parties.mediator = open.then(|| words[3..].to_vec());
        body.terms.price_cap = Amount::from(u128::from(numbers[2]) << 64 | u128::from(numbers[3]));
        body.terms.labels = labels;
        body.terms.max_rate = open.then_some(Rate::FREE);
        body.execution_timeout = std::time::Duration::from_millis(numbers[4]);
        body.instruction_limit = if open { u64::MAX } else { numbers[1] };
        let read = unpack_job(&pack_job(&job).unwrap(), &FileLimits::default()).unwrap();
        prop_assert_eq!(format!("{read:?}"), format!("{job:?}"));
    }

    #[test]
    fn any_error_comes_back(
        words in prop::collection::vec("[\\PC\n\u{1b}]{0,40}", 3),
        code in "[A-Z0-9_]{1,3}",
        context in prop::collection::vec(("[a-z]{1,2}", "\\PC{0,10}"), 0..6),
        wait in 0_u64..86_400_000,
    ) {
        let code = crate::error::code_of_peer(&code).unwrap();
        let error = Error::invalid(code, words[0].clone()).with_hint(words[1].clone());
        let error = error.with_retry(Retry::After(std::time::Duration::from_millis(wait)));
        let error = context.iter().fold(error, |error, (key, value)| error.with(key.clone(), value));
        let read = Error::from_body(error.to_body().unwrap().as_bytes()).unwrap();
        prop_assert_eq!((read.code(), read.message(), read.hint()), (code, error.message(), error.hint()));
        prop_assert_eq!(read.retry(), error.retry());
        // The entries of one key come together, in their order.
        let sorted = |error: &Error| {
            let mut entries: Vec<_> = error.context().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            entries
        };
        prop_assert_eq!(sorted(&read), sorted(&error));
    }
}
