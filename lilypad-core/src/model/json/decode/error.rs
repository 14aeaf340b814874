//! What was wanted where.

use std::fmt;

use super::super::Value;

/// What was wanted where, and what stood there.
#[derive(Debug)]
pub(super) struct DecodeError {
    what: String,
    /// Steps from the culprit up to the root.
    path: Vec<String>,
    culprit: Option<*const Value>,
}

impl DecodeError {
    /// `value` stands where `wanted` should.
    pub(super) fn wrong(wanted: &str, value: &Value) -> Self {
        let article = if matches!(value, Value::Array(_) | Value::Object(_)) { "an" } else { "a" };
        let got = match value {
            Value::Null => "null".to_owned(),
            Value::Number(literal) => literal.chars().take(40).collect(),
            other => format!("{article} {}", other.kind()),
        };
        Self { what: format!("wants {wanted}, got {got}"), path: Vec::new(), culprit: Some(value) }
    }

    /// Names the value where a type's own check failed, unless a deeper one is named already.
    pub(super) fn at(mut self, value: Option<&Value>) -> Self {
        self.culprit = self.culprit.or(value.map(std::ptr::from_ref));
        self
    }

    pub(super) fn inside_field(mut self, name: &str) -> Self {
        self.path.push(name.chars().take(80).collect());
        self
    }

    pub(super) fn inside_element(mut self, index: usize) -> Self {
        self.path.push(format!("[{index}]"));
        self
    }

    pub(super) fn culprit(&self) -> Option<*const Value> {
        self.culprit
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str("the value")?;
        }
        for (index, step) in self.path.iter().rev().enumerate() {
            let dot = if index == 0 || step.starts_with('[') { "" } else { "." };
            write!(f, "{dot}{step}")?;
        }
        write!(f, " {}", self.what)
    }
}

impl std::error::Error for DecodeError {}

impl serde::de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { what: format!("is refused: {message}"), path: Vec::new(), culprit: None }
    }
}
