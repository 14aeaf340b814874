//! The values that a template can meet, and what stops its execution.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::json;

use super::ast::Pos;

/// A value while a template runs.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// What a missing input gives.
    Nothing,
    Bool(bool),
    Int(i64),
    /// One byte of a string, which is what `index` gives.
    Byte(u8),
    Float(f64),
    Complex(f64, f64),
    /// A string, which need not be UTF-8.
    Text(Arc<[u8]>),
    /// The map of all inputs.
    Inputs,
}

impl Value {
    pub(super) fn text(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::Text(bytes.into())
    }

    /// The name of the type, as `%T` prints it.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Nothing => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Byte(_) => "uint8",
            Self::Float(_) => "float64",
            Self::Complex(..) => "complex128",
            Self::Text(_) => "string",
            Self::Inputs => "map[string]string",
        }
    }
}

/// The inputs as a template sees them: each one as a JSON string, encoded when it is first used.
pub(super) struct Inputs<'a> {
    plain: &'a BTreeMap<String, String>,
    encoded: RefCell<HashMap<&'a str, Arc<[u8]>>>,
}

impl<'a> Inputs<'a> {
    pub(super) fn new(plain: &'a BTreeMap<String, String>) -> Self {
        Self { plain, encoded: RefCell::new(HashMap::new()) }
    }

    pub(super) fn len(&self) -> usize {
        self.plain.len()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.plain.keys().map(String::as_str)
    }

    /// The input as a JSON string, or nothing where it is not given.
    pub(super) fn get(&self, name: &str) -> Result<Value, Failure> {
        let Some((key, plain)) = self.plain.get_key_value(name) else {
            return Ok(Value::Nothing);
        };
        if let Some(known) = self.encoded.borrow().get(key.as_str()) {
            return Ok(Value::Text(Arc::clone(known)));
        }
        let text = json::to_string(plain).map_err(|error| Failure::wrong(error.to_string()))?;
        let bytes: Arc<[u8]> = Arc::from(text.into_bytes());
        self.encoded.borrow_mut().insert(key, Arc::clone(&bytes));
        Ok(Value::Text(bytes))
    }
}

/// Why execution stops.
#[derive(Debug)]
pub(super) enum Failure {
    /// The template is wrong here; the position is filled in where it is known.
    Wrong { pos: Option<Pos>, message: String },
    /// A limit is reached.
    Limit { what: &'static str, limit: usize },
}

impl Failure {
    pub(super) fn wrong(message: impl Into<String>) -> Self {
        Self::Wrong { pos: None, message: message.into() }
    }

    /// Says where, unless that is known already.
    pub(super) fn at(self, here: Pos) -> Self {
        match self {
            Self::Wrong { pos, message } => Self::Wrong { pos: pos.or(Some(here)), message },
            limit @ Self::Limit { .. } => limit,
        }
    }
}
