//! Real modules, rendered with many inputs, against what Go's own engine answered for them.

use std::collections::BTreeMap;

use lilypad_core::model::json::{self, Value};
use lilypad_core::module::template::Template;
use lilypad_tests::fixtures;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Golden {
    module: String,
    case: String,
    inputs: BTreeMap<String, String>,
    outcome: String,
    #[serde(default)]
    spec: serde_json::Value,
}

/// The class of what comes out, and the job where one does.
fn render(text: &str, inputs: &BTreeMap<String, String>) -> (&'static str, String, Option<Value>) {
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(error) => return ("template-parse-error", error.to_string(), None),
    };
    let rendered = match template.render(inputs) {
        Ok(rendered) => rendered,
        Err(error) => return ("template-exec-error", error.to_string(), None),
    };
    match json::parse(rendered.as_bytes()) {
        Ok(value) => ("ok", rendered, Some(value)),
        Err(error) => ("json-error", error.to_string(), None),
    }
}

/// The member that Go's decoder ends up with: names match whatever their case, the last one wins.
fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let Value::Object(members) = value else { return None };
    members.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn same(expected: &serde_json::Value, ours: &Value) -> bool {
    match (expected, ours) {
        (serde_json::Value::Object(expected), _) => expected
            .iter()
            .all(|(name, expected)| member(ours, name).is_some_and(|ours| same(expected, ours))),
        (serde_json::Value::Array(expected), Value::Array(ours)) => {
            expected.len() == ours.len()
                && expected.iter().zip(ours).all(|(expected, ours)| same(expected, ours))
        }
        (serde_json::Value::String(expected), Value::String(ours)) => expected == ours,
        (serde_json::Value::Number(expected), Value::Number(ours)) => &expected.to_string() == ours,
        (serde_json::Value::Bool(expected), Value::Bool(ours)) => expected == ours,
        (serde_json::Value::Null, ours) => *ours == Value::Null,
        _ => false,
    }
}

#[test]
fn real_modules_render_as_in_go() {
    let Some(folder) = fixtures("real_modules_render_as_in_go") else { return };
    let goldens = std::fs::read_to_string(folder.join("goldens/modules.jsonl")).expect("the goldens");
    let mut counts = BTreeMap::<String, usize>::new();
    for line in goldens.lines() {
        let golden: Golden = serde_json::from_str(line).expect("a golden case");
        let path = folder.join("modules").join(&golden.module).join("lilypad_module.json.tmpl");
        let text = std::fs::read_to_string(path).expect("the module's template");
        let (outcome, said, job) = render(&text, &golden.inputs);
        let name = format!("{}/{}", golden.module, golden.case);
        assert_eq!(outcome, golden.outcome, "{name}: {said}");
        if let Some(job) = job {
            let spec = member(&job, "job").and_then(|job| member(job, "Spec")).expect("a job's spec");
            assert!(same(&golden.spec, spec), "{name}: expected {}\nin {said}", golden.spec);
        }
        *counts.entry(golden.outcome).or_default() += 1;
    }
    assert!(counts.len() > 1 && counts.values().all(|count| *count > 1), "all kinds of cases: {counts:?}");
}

#[test]
fn a_wrong_golden_is_noticed() {
    let job = json::parse(br#"{"A": {"b": [1, "x"]}, "a": {"B": [2, "x"]}}"#).unwrap();
    assert!(same(&serde_json::json!({"A": {"b": [2, "x"]}}), &job));
    assert!(!same(&serde_json::json!({"A": {"b": [1, "x"]}}), &job));
    assert!(!same(&serde_json::json!({"A": {"c": 1}}), &job));
}
