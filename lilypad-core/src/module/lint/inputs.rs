//! What a template does with its inputs, seen by rendering it with and without each.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::json::Value;
use crate::module::Finding;
use crate::module::v2::{text, texts};

use super::found;
use super::probe::{Outcome, Probes};

const DOCKER: [&str; 3] = ["job", "Spec", "Docker"];

/// All findings about inputs.
pub(super) fn check(names: &BTreeSet<String>, probes: &Probes) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in names.iter().filter(|name| super::is_secret_name(name)) {
        let message = format!("input `{name}` looks like a password or key");
        findings.push(
            found("password-input", message).on(name).hint("inputs of v2 jobs can be read by everybody"),
        );
    }
    defaults(probes, &mut findings);
    if let Outcome::Taken(all) = &probes.all {
        whole_pairs(all, &probes.values, &mut findings);
        images(all, &probes.values, &mut findings);
        for (name, outcome) in &probes.without {
            if let Outcome::Taken(without) = outcome {
                variable_case(name, all, without, &mut findings);
            }
        }
    }
    findings
}

fn defaults(probes: &Probes, findings: &mut Vec<Finding>) {
    let all_works = matches!(probes.all, Outcome::Taken(_));
    for (name, outcome) in &probes.without {
        let message = match outcome {
            Outcome::Taken(value) if holds(value, "<no value>") => {
                format!("input `{name}` has no default: the job gets the text `<no value>`")
            }
            Outcome::Refused(why, _) if all_works => {
                format!("input `{name}` has no default: without it, {why}")
            }
            _ => continue,
        };
        findings.push(
            found("missing-default", message)
                .on(name)
                .hint(format!("{{{{if .{name}}}}}{{{{.{name}}}}}{{{{else}}}}\"default\"{{{{end}}}}")),
        );
    }
}

fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(string) => string.contains(text),
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(members) => members.iter().any(|(_, member)| holds(member, text)),
        _ => false,
    }
}

fn whole_pairs(all: &Value, values: &BTreeMap<String, String>, findings: &mut Vec<Finding>) {
    let variables = texts(all, &[&DOCKER[..], &["EnvironmentVariables"]].concat());
    for (name, value) in values.iter().filter(|(_, value)| variables.contains(&value.as_str())) {
        let _ = value;
        let message = format!("input `{name}` is a whole `NAME=value` pair of the environment");
        let hint = "take the value alone, and name the variable in the entry point or in a manifest";
        findings.push(found("whole-pair-env", message).on(name).hint(hint));
    }
}

fn images(all: &Value, values: &BTreeMap<String, String>, findings: &mut Vec<Finding>) {
    let image = text(all, &[&DOCKER[..], &["Image"]].concat()).unwrap_or_default();
    for (name, _) in values.iter().filter(|(_, value)| image.contains(value.as_str())) {
        findings.push(found("image-from-input", format!("input `{name}` chooses the image")).on(name));
    }
}

/// The default sets `Message` where a given value sets `MESSAGE`.
fn variable_case(name: &str, all: &Value, without: &Value, findings: &mut Vec<Finding>) {
    let path = [&DOCKER[..], &["EnvironmentVariables"]].concat();
    let names = |value| -> BTreeSet<String> {
        texts(value, &path).iter().filter_map(|pair| Some(pair.split_once('=')?.0.to_owned())).collect()
    };
    let (with, without) = (names(all), names(without));
    for given in with.difference(&without) {
        if let Some(default) = without.difference(&with).find(|other| other.eq_ignore_ascii_case(given)) {
            let message = format!("with input `{name}` the job gets `{given}`, without it `{default}`");
            findings.push(found("env-name-case", message).on(name));
        }
    }
}
