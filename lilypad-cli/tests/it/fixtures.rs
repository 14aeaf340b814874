//! Every case of the reference's goldens, through the command: accepted or refused exactly as there.

use std::path::PathBuf;

use serde_json::Value;

use crate::tool::{User, skipped};

#[test]
fn every_template_is_accepted_or_refused_as_the_reference_does() {
    let Some(fixtures) = std::env::var_os("LILYPAD_FIXTURES").map(PathBuf::from) else {
        skipped("every_template_is_accepted_or_refused_as_the_reference_does", "LILYPAD_FIXTURES is not set");
        return;
    };
    let user = User::new();
    let mut cases = 0;
    for line in std::fs::read_to_string(fixtures.join("goldens/modules.jsonl")).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let name = case["module"].as_str().unwrap();
        let folder = fixtures.join("modules").join(name).to_string_lossy().into_owned();
        let inputs: Vec<String> = case["inputs"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| format!("{key}={}", value.as_str().unwrap()))
            .collect();
        let mut args = vec!["module", "render", &folder, "--json"];
        for input in &inputs {
            args.extend(["-i", input]);
        }
        let outcome = user.lilypad(&args);
        let accepted = case["outcome"] == "ok";
        assert_eq!(
            outcome.code,
            Some(if accepted { 0 } else { 2 }),
            "{name} {}: {}",
            case["case"],
            outcome.stderr
        );
        if accepted {
            compare(&case["spec"], &outcome.json()["job"]["Spec"], name);
        } else {
            // Where: a line of the rendered text, or the input that is missing.
            let context = &outcome.json()["error"]["context"];
            assert!(context["line"].is_string() || context["field"].is_string(), "{}", outcome.stdout);
        }
        cases += 1;
    }
    assert!(cases >= 140, "only {cases} cases");
}

/// Everything in the golden stands in ours, whatever the case of its keys; absent, null and empty are one.
fn compare(golden: &Value, ours: &Value, place: &str) {
    match golden {
        Value::Object(members) => {
            for (key, value) in members {
                let found = ours
                    .as_object()
                    .and_then(|ours| ours.iter().find(|(ours, _)| ours.eq_ignore_ascii_case(key)))
                    .map_or(&Value::Null, |(_, found)| found);
                compare(value, found, &format!("{place}.{key}"));
            }
        }
        Value::Array(items) if !items.is_empty() => {
            assert_eq!(ours.as_array().map(Vec::len), Some(items.len()), "{place}");
            for (at, item) in items.iter().enumerate() {
                compare(item, &ours[at], &format!("{place}[{at}]"));
            }
        }
        Value::Null => assert!(ours.is_null(), "{place}: {ours}"),
        Value::Array(_) => assert!(ours.is_null() || *ours == Value::Array(Vec::new()), "{place}: {ours}"),
        Value::String(text) if text.is_empty() => assert!(ours.is_null() || ours == "", "{place}: {ours}"),
        // Text enums are written in one spelling, whatever the module wrote.
        Value::String(text) => {
            let same = ours.as_str().is_some_and(|ours| ours == text || place.ends_with("StorageSource"));
            assert!(same, "{place}: {ours} is not {text:?}");
        }
        other => assert_eq!(other, ours, "{place}"),
    }
}
