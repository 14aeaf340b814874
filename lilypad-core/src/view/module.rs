//! Modules, what they take, and what is wrong with them, as JSON.

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::module::{Finding, InputKind, InputSpec, Module, RenderedJob};

/// Who and what a module is, what it takes, and the exact code that it stands for.
#[must_use]
pub fn module(module: &Module) -> Value {
    let info = module.info();
    json!({
        "name": info.name,
        "version": info.version,
        "description": info.description,
        "authors": info.authors,
        "license": info.license,
        "homepage": info.homepage,
        "repository": info.repository,
        "format": module.format().as_str(),
        "pin": module.pin().to_string(),
        "inputs": module.inputs().iter().map(input).collect::<Vec<_>>(),
    })
}

fn input(spec: &InputSpec) -> Value {
    let limits = match &spec.kind {
        InputKind::Untyped | InputKind::Boolean => json!({}),
        InputKind::String { min_length, max_length, pattern } => {
            json!({ "min_length": min_length, "max_length": max_length, "pattern": pattern })
        }
        InputKind::Integer { min, max } => json!({ "min": min, "max": max }),
        InputKind::Number { min, max } => json!({ "min": min, "max": max }),
        InputKind::Choice { choices } => json!({ "choices": choices }),
    };
    json!({
        "name": spec.name,
        "type": spec.kind.as_str(),
        "required": spec.required,
        "default": spec.default,
        "description": spec.description,
        "secret": spec.secret,
        "limits": limits,
    })
}

/// One thing that is wrong or doubtful in a module.
#[must_use]
pub fn finding(finding: &Finding) -> Value {
    json!({
        "rule": finding.rule,
        "severity": finding.severity.as_str(),
        "message": finding.message,
        "field": finding.field,
        "line": finding.position.map(|position| position.line),
        "column": finding.position.map(|position| position.column),
        "hint": finding.hint,
    })
}

/// A rendered job in the wire's form, as v2 modules are written.
///
/// # Errors
/// `Unexpected` where the JSON library refuses.
pub fn rendered(rendered: &RenderedJob) -> Result<Value> {
    let text = crate::model::json::to_string(&rendered.wire)?;
    serde_json::from_str(&text)
        .map_err(|source| Error::unexpected("a rendered job is no JSON").with_source(source))
}
