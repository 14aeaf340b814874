//! What a module takes: declared inputs, and the check of what a caller gave, all complaints at once.

mod given;
mod value;

pub use given::GivenInput;
pub(crate) use given::texts;
pub(crate) use value::{check as check_value, compile_pattern};

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, refuse};
use super::suggest;
use crate::error::{ErrorKind, Result};

/// Most bytes of one input value.
pub const INPUT_BYTES: usize = 1 << 20;
/// Most bytes of all input values together.
pub const ALL_INPUT_BYTES: usize = 4 << 20;
/// Most inputs.
pub const INPUT_COUNT: usize = 256;

/// One declared input.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct InputSpec {
    /// Its name; letter case matters.
    pub name: String,
    /// What values it takes.
    pub kind: InputKind,
    /// True where the caller must give it.
    pub required: bool,
    /// What the job gets where the caller gives nothing.
    pub default: Option<String>,
    /// One line for people.
    pub description: Option<String>,
    /// True where the value must not appear in logs, errors or stored offers.
    pub secret: bool,
}

impl InputSpec {
    pub(crate) fn untyped(name: impl Into<String>, required: bool) -> Self {
        Self {
            name: name.into(),
            kind: InputKind::Untyped,
            required,
            default: None,
            description: None,
            secret: false,
        }
    }
}

/// What values an input takes. Every value is given as text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum InputKind {
    /// Any text: a v2 template does not say.
    Untyped,
    /// A text.
    String {
        /// Fewest characters.
        min_length: Option<u64>,
        /// Most characters.
        max_length: Option<u64>,
        /// Regular expression that the whole value must match.
        pattern: Option<String>,
    },
    /// A whole number of 64 bits.
    Integer {
        /// Smallest value.
        min: Option<i64>,
        /// Largest value.
        max: Option<i64>,
    },
    /// A finite decimal number.
    Number {
        /// Smallest value.
        min: Option<f64>,
        /// Largest value.
        max: Option<f64>,
    },
    /// `true` or `false`.
    Boolean,
    /// One of these texts.
    Choice {
        /// The texts.
        choices: Vec<String>,
    },
}

impl InputKind {
    /// The type's name in a manifest (`string`); `text` for a v2 template's inputs.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Untyped => "text",
            Self::String { .. } => "string",
            Self::Integer { .. } => "integer",
            Self::Number { .. } => "number",
            Self::Boolean => "boolean",
            Self::Choice { .. } => "choice",
        }
    }
}

/// Checks what a caller gave against what is declared, and fills in the defaults.
///
/// # Errors
/// `InvalidInput`, naming every unknown, missing, too large, wrongly typed or out-of-range input.
pub(crate) fn check(
    specs: &[InputSpec],
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    let mut complaints = sizes(given);
    if complaints.is_empty() {
        complaints.extend(unknown(specs, given));
        complaints.extend(specs.iter().filter_map(|spec| missing(spec, given)));
        for spec in specs {
            if let Some(value) = given.get(&spec.name) {
                complaints.extend(value::check(spec, value));
            }
        }
    }
    if !complaints.is_empty() {
        return Err(refuse(ErrorKind::InvalidInput, "", &complaints));
    }
    let mut bound = given.clone();
    for spec in specs {
        if let Some(default) = &spec.default {
            bound.entry(spec.name.clone()).or_insert_with(|| default.clone());
        }
    }
    Ok(bound)
}

/// Complaints about sizes and counts: these come first, so that nothing large is looked at further.
pub(crate) fn sizes(given: &BTreeMap<String, String>) -> Vec<Finding> {
    let mut complaints = Vec::new();
    if given.len() > INPUT_COUNT {
        let message = format!("{} inputs were given, the limit is {INPUT_COUNT}", given.len());
        return vec![Finding::error("E_INPUT_TOO_MANY", message)];
    }
    for (name, value) in given {
        let name: String = name.chars().take(80).collect();
        if value.len() > INPUT_BYTES {
            let message =
                format!("input `{name}` is too large: limit={INPUT_BYTES} got={} bytes", value.len());
            complaints.push(Finding::error("E_INPUT_TOO_LARGE", message).on(name));
        }
    }
    let all = given.iter().fold(0_usize, |sum, (name, value)| sum.saturating_add(name.len() + value.len()));
    if complaints.is_empty() && all > ALL_INPUT_BYTES {
        let message = format!("all inputs together are too large: limit={ALL_INPUT_BYTES} got={all} bytes");
        complaints.push(Finding::error("E_INPUT_TOO_LARGE", message));
    }
    complaints
}

/// A complaint for each name that is given and not declared.
pub(crate) fn unknown<'a>(
    specs: &'a [InputSpec],
    given: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = Finding> + 'a {
    let known: BTreeSet<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
    given.keys().filter(move |name| !known.contains(name.as_str())).map(|name| {
        let shown: String = name.chars().take(80).collect();
        let finding = Finding::error("E_INPUT_UNKNOWN", format!("unknown input `{shown}`")).on(&shown);
        match suggest::hint(&shown, specs.iter().map(|spec| spec.name.as_str())) {
            Some(hint) => finding.hint(hint),
            None if specs.is_empty() => finding.hint("this module takes no inputs"),
            None => finding,
        }
    })
}

fn missing(spec: &InputSpec, given: &BTreeMap<String, String>) -> Option<Finding> {
    let absent = spec.required && spec.default.is_none() && !given.contains_key(&spec.name);
    absent.then(|| missing_input(&spec.name))
}

/// The complaint about an input that must be given.
pub(crate) fn missing_input(name: &str) -> Finding {
    Finding::error("E_INPUT_MISSING", format!("input `{name}` is missing"))
        .on(name)
        .hint(format!("add -i {name}=…"))
}
