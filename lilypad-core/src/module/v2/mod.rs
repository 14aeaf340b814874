//! The v2 format: a template that renders to JSON, read exactly as leniently as the reference reads it.
//!
//! Layout: `keys` keys that nothing reads; `spec` a rendered module to a job, or every reason why not; `view` looks into
//! a parsed module; `write` a job as the v2 JSON that it would be.

mod keys;
mod spec;
mod view;
mod write;

#[cfg(test)]
pub(super) mod tests;

pub(super) use keys::place;
pub(super) use view::{field, items, text, texts, whole};
pub(super) use write::module as write;

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, Position, refuse};
use super::inputs::{self, InputSpec};
use super::rendered::RenderedJob;
use super::template::Template;
use super::{FileSpec, ModuleInfo, lint};
use crate::error::{Error, ErrorKind, Fault, Result};
use crate::model::json::{self, JsonError, Value};
use crate::model::v2;

/// Most inputs that are tried one by one to see which are required.
const TRIED: usize = 32;

/// A template that was read.
#[derive(Debug)]
pub(super) struct TemplateModule {
    text: String,
    template: Template,
    inputs: Vec<InputSpec>,
    info: ModuleInfo,
}

impl TemplateModule {
    /// Reads a template.
    ///
    /// # Errors
    /// `InvalidInput` (`E_TEMPLATE_PARSE`, `E_TEMPLATE_LIMIT`).
    pub(super) fn parse(text: &str, info: ModuleInfo) -> Result<Self> {
        let template = Template::parse(text)?;
        let names: BTreeSet<String> = template.inputs().into_iter().map(|used| used.name).collect();
        let required = required(&template, &names);
        let inputs =
            names.iter().map(|name| InputSpec::untyped(name.as_str(), required.contains(name))).collect();
        Ok(Self { text: text.to_owned(), template, inputs, info })
    }

    pub(super) fn inputs(&self) -> &[InputSpec] {
        &self.inputs
    }

    pub(super) fn info(&self) -> &ModuleInfo {
        &self.info
    }

    /// Renders the template and reads what came.
    ///
    /// # Errors
    /// `InvalidInput`: unknown or too large inputs, and what the reference refuses.
    pub(super) fn render(&self, given: &BTreeMap<String, String>) -> Result<RenderedJob> {
        let mut complaints = inputs::sizes(given);
        if complaints.is_empty() && !self.template.reads_any_input() {
            complaints.extend(inputs::unknown(&self.inputs, given));
        }
        if !complaints.is_empty() {
            complaints.extend(self.missing(given));
            return Err(refuse(ErrorKind::InvalidInput, "", &complaints));
        }
        let text = self.template.render(given).map_err(|error| self.explain(error, given))?;
        let value = json::parse(text.as_bytes()).map_err(|error| self.explain(not_json(error), given))?;
        let wire: v2::Module =
            json::from_slice(text.as_bytes()).map_err(|error| self.explain(not_json(error), given))?;
        let mut warnings = keys::check(&value, &self.text);
        let examined = spec::examine(&wire, &value, &self.text);
        warnings.extend(examined.warnings);
        Ok(RenderedJob {
            files: files(&wire),
            wire,
            text: Some(text),
            warnings,
            spec: if examined.refusals.is_empty() { Ok(examined.spec) } else { Err(examined.refusals) },
        })
    }

    /// Every finding about the template.
    pub(super) fn check(&self) -> Vec<Finding> {
        let render = |inputs: &BTreeMap<String, String>| {
            let text = self.template.render(inputs).map_err(|error| (error.to_string(), None))?;
            let value = json::parse(text.as_bytes()).map_err(|error| (not_json(error).to_string(), None))?;
            match json::from_slice::<v2::Module>(text.as_bytes()) {
                Ok(_) => Ok(value),
                Err(error) => Err((not_json(error).to_string(), Some(value))),
            }
        };
        let warnings = |value: &Value| {
            let mut warnings = keys::check(value, &self.text);
            if let Ok(wire) = json::from_value::<v2::Module>(value) {
                warnings.extend(spec::examine(&wire, value, &self.text).warnings);
            }
            warnings
        };
        let names = self.inputs.iter().map(|input| input.name.clone()).collect();
        lint::check_template(&lint::Subject {
            source: &self.text,
            names,
            render: &render,
            warnings: &warnings,
        })
    }

    /// A refusal whose cause is an input that was left out says so first.
    fn explain(&self, error: Error, given: &BTreeMap<String, String>) -> Error {
        let missing: Vec<Finding> = self.missing(given).collect();
        if !missing.is_empty() {
            return refuse(ErrorKind::InvalidInput, "", &missing).with_source(error);
        }
        let quoting = lint::unsafe_placeholder(&self.text);
        match quoting.filter(|_| error.hint().is_none() && !given.is_empty()) {
            Some((rule, Some(Position { line, .. }))) => error.with_hint(format!(
                "the template puts an input into a JSON string (line {line}, {rule}), where quotes, apostrophes and line ends can break it"
            )),
            _ => error,
        }
    }

    fn missing<'a>(&'a self, given: &'a BTreeMap<String, String>) -> impl Iterator<Item = Finding> + 'a {
        let absent = |input: &&InputSpec| input.required && !given.contains_key(&input.name);
        self.inputs.iter().filter(absent).map(|input| inputs::missing_input(&input.name))
    }
}

/// The inputs without which the template gives nothing that the reference takes.
fn required(template: &Template, names: &BTreeSet<String>) -> BTreeSet<String> {
    let works = |inputs: &BTreeMap<String, String>| {
        let text = template.render(inputs).map_err(|error| error.code())?;
        json::from_slice::<v2::Module>(text.as_bytes()).map(|_| ()).map_err(|error| error.code)
    };
    let all: BTreeMap<String, String> = names.iter().map(|name| (name.clone(), "1".to_owned())).collect();
    if names.len() > TRIED || works(&BTreeMap::new()).is_ok() || works(&all).is_err() {
        return BTreeSet::new();
    }
    let without = |name: &&String| {
        let mut others = all.clone();
        others.remove(*name);
        works(&others).is_err()
    };
    names.iter().filter(without).cloned().collect()
}

/// What the reference's JSON reader refuses.
fn not_json(error: JsonError) -> Error {
    let code = if error.code == "E_JSON_TYPE" { "E_SPEC_TYPE" } else { "E_MODULE_JSON" };
    let message =
        format!("the rendered module, line {}, column {}: {}", error.line, error.column, error.message);
    Error::invalid(code, message)
        .with_fault(Fault::Module)
        .with("line", error.line)
        .with("column", error.column)
}

fn files(wire: &v2::Module) -> Vec<FileSpec> {
    let list = |names: &Option<Vec<String>>, required| -> Vec<FileSpec> {
        let file = |name: &String| FileSpec {
            name: name.clone(),
            required,
            description: None,
            media_type: None,
            max_bytes: None,
        };
        names.iter().flatten().map(file).collect()
    };
    let mut files = list(&wire.input_files.required, true);
    files.extend(list(&wire.input_files.optional, false));
    files
}

/// True where a key is given in the rendered JSON, in any letter case.
fn given(value: &Value, path: &[&str]) -> bool {
    view::at(value, path).is_some_and(|value| *value != Value::Null)
}
