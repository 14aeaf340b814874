//! The check of a module: a rule with a stable name for each fault that modules in the wild have.
//!
//! Layout: `rules` the table; `source` the template's text; `probe` renders it with made-up inputs; `inputs` and `spec`
//! look at what came; `manifest` the rules for `lilypad.toml`.

mod inputs;
mod manifest;
mod probe;
mod rules;
mod source;
mod spec;

#[cfg(test)]
mod tests;

pub(super) use manifest::check as check_manifest;
pub use rules::{LintRule, lint_rules};

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, Position, Severity};
use crate::model::json::Value;

/// What every made-up value contains.
const PROBE: &str = "70000";

/// Names of inputs and variables that hold secrets.
const SECRETS: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "accesskey",
    "privatekey",
    "token",
    "credential",
    "mnemonic",
];

/// A finding of a rule in the table, with the rule's severity.
pub(super) fn found(rule: &'static str, message: impl Into<String>) -> Finding {
    let severity = lint_rules()
        .iter()
        .find(|known| known.name == rule)
        .map_or(Severity::Warning, |known| known.severity);
    Finding::new(rule, severity, message)
}

/// True for the name of an input or variable that looks like a secret: `DOCKERHUB_PASSWORD`, `apiKey`, `HF_TOKEN`.
fn is_secret_name(name: &str) -> bool {
    let plain: String = name.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let many = plain.contains("tokens") || plain.contains("tokeniz");
    SECRETS.iter().any(|secret| plain.contains(secret)) && !many
}

/// The module that the reference takes, or why it refuses, with the JSON where it is at least that.
pub(super) type Rendering = Result<Value, (String, Option<Value>)>;

/// What the check needs to know of a template.
pub(super) struct Subject<'a> {
    /// The template's text.
    pub(super) source: &'a str,
    /// The names of its inputs.
    pub(super) names: BTreeSet<String>,
    /// Renders it.
    pub(super) render: &'a dyn Fn(&BTreeMap<String, String>) -> Rendering,
    /// The warnings that rendering gives.
    pub(super) warnings: &'a dyn Fn(&Value) -> Vec<Finding>,
}

/// Checks a template: its text, what it renders to, and what it does with its inputs.
pub(super) fn check_template(subject: &Subject<'_>) -> Vec<Finding> {
    let probes = probe::Probes::new(&subject.names, &|inputs| match (subject.render)(inputs) {
        Ok(value) => probe::Outcome::Taken(value),
        Err((why, value)) => probe::Outcome::Refused(why, value),
    });
    let mut findings = source::check(subject.source);
    if let Some(value) = probes.json().next() {
        findings.extend((subject.warnings)(value));
        findings.extend(spec::check(value, subject.source));
    }
    if let probe::Outcome::Refused(why, value) = &probes.all
        && !probes.any_taken()
    {
        let rule = if value.is_some() { "refused" } else { "never-json" };
        findings.push(found(rule, format!("whatever the inputs, {why}")));
    }
    findings.extend(inputs::check(&subject.names, &probes));
    sorted(findings)
}

/// The first placeholder that can break the JSON around it: its rule and place.
pub(super) fn unsafe_placeholder(source: &str) -> Option<(&'static str, Option<Position>)> {
    let unsafe_rules = ["js-quoting", "subst-in-string", "value-in-string", "template-position"];
    source::check(source)
        .into_iter()
        .find(|finding| unsafe_rules.contains(&finding.rule))
        .map(|finding| (finding.rule, finding.position))
}

/// The worst first, then in the order of the text; the same finding once.
fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|left, right| {
        let key = |finding: &Finding| (std::cmp::Reverse(finding.severity), finding.position.is_none());
        (key(left), left.position, left.rule).cmp(&(key(right), right.position, right.rule))
    });
    findings.dedup();
    findings
}
