//! What is refused: fields beside what is signed, archives of another shape, and everything beyond its bounds.

use bytes::Bytes;

use super::*;
use crate::wire::archive::{read_parts, roll_parts};

/// The message with something changed in its JSON.
fn changed(text: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut value: Value = serde_json::from_str(text).unwrap();
    change(&mut value);
    value.to_string()
}

/// A job whose proposal was changed.
fn job_with(change: impl FnOnce(&mut Value)) -> Bytes {
    let (top, sets) =
        read_parts(&pack_job(&job()).unwrap(), &FileLimits::default(), &["bundle", "inputs"]).unwrap();
    let text = std::str::from_utf8(top.get("proposal.json").unwrap()).unwrap();
    roll_parts(&[("proposal.json", changed(text, change))], &[("bundle", &sets[0]), ("inputs", &sets[1])])
        .unwrap()
        .whole()
}

fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
    let error = result.unwrap_err();
    format!("{} {}", error.code(), error.message())
}

#[test]
fn what_is_signed_stands_exactly() {
    let limits = FileLimits::default();
    assert!(unpack_job(&job_with(|_| {}), &limits).is_ok());
    for (place, value) in [
        ("/new", Value::Null),
        ("/body/new", Value::Null),
        ("/body/offer/new", 1.into()),
        ("/body/offer/spec/new", 1.into()),
        ("/body/module/new", "x".into()),
        ("/body/terms/new", 1.into()),
        ("/body/instruction_limit", u64::MAX.into()),
        ("/body/terms/price_cap", "01".into()),
        ("/body/offer/created_at", "1700000000000".into()),
        ("/signature", "0X".into()),
    ] {
        let (parent, key) = place.rsplit_once('/').unwrap();
        let bytes = job_with(|json| json.pointer_mut(parent).unwrap()[key] = value);
        let said = refusal(unpack_job(&bytes, &limits));
        assert!(said.starts_with("E_BODY not proposal.json: "), "{place}: {said}");
    }
    for place in ["/body/offer/target", "/body/terms/labels", "/body/execution_timeout_ms", "/signature"] {
        let (parent, key) = place.rsplit_once('/').unwrap();
        let bytes = job_with(|json| {
            json.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key).unwrap();
        });
        assert!(refusal(unpack_job(&bytes, &limits)).starts_with("E_BODY "), "{place}");
    }
    let said = refusal(unpack_job(&job_with(|json| json["body"]["offer"]["new"] = 1.into()), &limits));
    assert!(said.contains("`body.offer.new` is signed"), "{said}");

    let text = offer().to_body().unwrap();
    let text = changed(&text, |json| json["body"]["offer"]["new"] = 1.into());
    assert!(refusal(Signed::<OfferProposal>::from_body(text.as_bytes())).contains("`body.offer.new`"));
    let text =
        changed(&status().to_body().unwrap(), |json| json["receipt"]["body"]["module"]["new"] = 1.into());
    assert!(refusal(JobStatus::from_body(text.as_bytes())).contains("`receipt.body.module.new`"));
}

#[test]
fn elsewhere_unknown_fields_are_ignored() {
    let add = |text: String| changed(&text, |json| json["new"] = 1.into());
    assert!(JobStatus::from_body(add(status().to_body().unwrap()).as_bytes()).is_ok());
    assert!(QuoteRequest::from_body(add(quote_request().to_body().unwrap()).as_bytes()).is_ok());
    assert!(Quote::from_body(add(quote().to_body().unwrap()).as_bytes()).is_ok());
    assert!(ExecutorEvents::from_body(add(executor_events().to_body().unwrap()).as_bytes()).is_ok());
    let (deal, event) = (deal_id(), ProviderEvent::Deal { deal_id: deal_id() });
    assert_eq!(
        ProviderEvent::from_body(add(event.to_body().unwrap()).as_bytes()).unwrap(),
        ProviderEvent::Deal { deal_id: deal }
    );
    for kind in kinds() {
        let state = AgreementState::DealAgreed;
        let event = JobEvent { seq: 0, at: Timestamp(0), job_id: job_id(), state, kind };
        assert_eq!(JobEvent::from_body(add(event.to_body().unwrap()).as_bytes()).unwrap(), event);
    }
}

#[test]
fn archives_of_another_shape_are_refused() {
    let limits = FileLimits { files: 3, bytes: 17 };
    assert!(unpack_job(&pack_job(&job()).unwrap(), &limits).is_ok());
    for (limits, code) in [
        (FileLimits { files: 2, ..limits }, "E_FILE_LIMIT"),
        (FileLimits { bytes: 16, ..limits }, "E_FILE_LIMIT"),
        (FileLimits { files: 0, bytes: 0 }, "E_ARCHIVE_ENTRY"),
    ] {
        assert_eq!(unpack_job(&pack_job(&job()).unwrap(), &limits).unwrap_err().code(), code);
    }
    let limits = FileLimits::default();
    let said = refusal(unpack_job(&pack_deal(&deal()).unwrap(), &limits));
    assert_eq!(said, "E_BODY not a job: \"deal.json\" does not belong to it");
    let said = refusal(unpack_deal(&pack_job(&job()).unwrap(), &limits));
    assert_eq!(said, "E_BODY not a deal: deal.json is missing");
    let said =
        refusal(unpack_result(&roll_parts(&[("results", String::new())], &[]).unwrap().whole(), &limits));
    assert_eq!(said, "E_ARCHIVE_ENTRY archive entry \"results\" must be a folder");
    let said = refusal(unpack_job(&Bytes::new(), &limits));
    assert!(said.starts_with("E_ARCHIVE "), "{said}");
}

#[test]
fn nothing_is_larger_or_deeper_than_allowed() {
    let large = format!("\"{}\"", "x".repeat(json::MOST_BYTES));
    assert!(refusal(JobId::from_body(large.as_bytes())).contains("1048578 bytes; at most 1048576"));
    let deep = |levels: usize| format!("{{\"new\": {}1{}}}", "[".repeat(levels), "]".repeat(levels));
    let with = |levels: usize| {
        changed(&failure().to_body().unwrap(), |json| {
            json["new"] = serde_json::from_str::<Value>(&deep(levels)).unwrap();
        })
    };
    assert!(Error::from_body(with(30).as_bytes()).is_ok());
    assert!(refusal(Error::from_body(with(31).as_bytes())).contains("33 levels; at most 32"));
    let brackets =
        changed(&failure().to_body().unwrap(), |json| json["message"] = "\"[[\\".repeat(100).into());
    assert!(Error::from_body(brackets.as_bytes()).is_ok());
    assert!(refusal(Error::from_body("[".repeat(100_000).as_bytes())).starts_with("E_BODY_LIMIT"));

    let many = |count| ExecutorEvents {
        events: vec![ExecutorEvent::Stdout(String::new()); count],
        ..ExecutorEvents::default()
    };
    assert!(many(1_000).to_body().is_ok());
    assert!(refusal(many(1_001).to_body()).contains("1001 events; at most 1000"));
    let long = vec![ExecutorEvent::Stdout("x".repeat(json::MOST_BYTES))];
    let long = ExecutorEvents { events: long, ..ExecutorEvents::default() };
    assert!(refusal(long.to_body()).starts_with("E_BODY_LIMIT"));
    let named = |length: usize| ExecutorEvents { batch: "x".repeat(length), events: Vec::new() };
    assert!(ExecutorEvents::from_body(named(64).to_body().unwrap().as_bytes()).is_ok());
    assert!(refusal(named(65).to_body()).contains("65 bytes of its name; at most 64"));
    let mut job = job();
    job.body.offer.nonce = "x".repeat(json::MOST_BYTES);
    assert!(refusal(pack_job(&job)).starts_with("E_BODY_LIMIT proposal.json"));
}

#[test]
fn errors_beyond_their_bounds_are_refused() {
    for (key, value, code) in [
        ("code", "e_lower".into(), "E_BODY"),
        ("code", "E".repeat(65).into(), "E_BODY"),
        ("code", "".into(), "E_BODY"),
        ("message", "x".repeat(4_097).into(), "E_BODY_LIMIT"),
        ("hint", "x".repeat(4_097).into(), "E_BODY_LIMIT"),
        ("operation", "x".repeat(65).into(), "E_BODY_LIMIT"),
        ("context", serde_json::json!({"a": vec!["b"; 33]}), "E_BODY_LIMIT"),
        ("context", serde_json::json!({"a": "x".repeat(4_097)}), "E_BODY_LIMIT"),
        ("context", serde_json::json!({"a": 1}), "E_BODY"),
        ("context", serde_json::json!({"x".repeat(65): "a"}), "E_BODY_LIMIT"),
    ] {
        let text = changed(&failure().to_body().unwrap(), |json| json[key] = value);
        assert_eq!(Error::from_body(text.as_bytes()).unwrap_err().code(), code, "{text}");
    }
    let hostile = "{\"kind\": \"\u{7f}\u{9b}\", \"fault\": 1}";
    let said = refusal(Error::from_body(hostile.as_bytes()));
    assert!(!said.contains(char::is_control) && said.len() < 400, "{said:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn damaged_messages_never_panic_and_never_change_what_is_signed(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let (whole, limits) = (pack_job(&job()).unwrap(), FileLimits::default());
        let mut bytes = whole.to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = unpack_job(&bytes.into(), &limits)
            && read.verify(DOMAIN, creator().address()).is_ok()
        {
            prop_assert_eq!(read.body.module, job().body.module);
            prop_assert_eq!(read.body.files, job().body.files);
        }
        let mut text = status().to_body().unwrap().into_bytes();
        let at = at % text.len();
        text[at] = byte;
        JobStatus::from_body(&text).ok();
    }
}
