//! Failures as JSON, and their parts.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Body, json};
use crate::error::{Code, Error, ErrorKind, Fault, Result, Retry};

const WHAT: &str = "an error";
/// Most bytes of a message, a hint or a value of the context; what is longer is cut where it is written.
const TEXT_BYTES: usize = 4_096;
/// Most bytes of an operation or a key of the context.
const WORD_BYTES: usize = 64;
/// Most entries of the context.
const ENTRIES: usize = 32;
/// The longest wait that a peer can ask for: a day.
const LONGEST_WAIT_MS: u64 = 86_400_000;

/// Why something was not done, and what to do.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "Error")]
pub(in super::super) struct ErrorBody {
    #[serde(with = "kind")]
    #[schemars(schema_with = "kind::schema")]
    kind: ErrorKind,
    #[serde(with = "fault")]
    #[schemars(schema_with = "fault::schema")]
    fault: Fault,
    #[serde(with = "code")]
    #[schemars(schema_with = "code::schema")]
    code: Code,
    message: String,
    hint: Option<String>,
    retryable: bool,
    retry_after_ms: Option<u64>,
    operation: Option<String>,
    #[serde(default)]
    #[schemars(schema_with = "entries_schema")]
    context: Map<String, Value>,
}

impl Body for Error {
    /// The cause is not sent: it speaks of the inside of this process. An [`Retry::Exhausted`] arrives as
    /// [`Retry::Never`]. What is too long is cut.
    fn to_body(&self) -> Result<String> {
        let retry_after_ms = match self.retry() {
            Retry::After(delay) => {
                Some(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX).min(LONGEST_WAIT_MS))
            }
            Retry::Never | Retry::Exhausted(_) => None,
        };
        json::write(
            WHAT,
            &ErrorBody {
                kind: self.kind(),
                fault: self.fault(),
                code: self.code(),
                message: cut(self.message(), TEXT_BYTES),
                hint: self.hint().map(|hint| cut(hint, TEXT_BYTES)),
                retryable: self.retry().is_retryable(),
                retry_after_ms,
                operation: self.operation().map(|operation| cut(operation, WORD_BYTES)),
                context: grouped(self.context().take(ENTRIES)),
            },
        )
    }

    fn from_body(text: &[u8]) -> Result<Self> {
        let body: ErrorBody = json::read(WHAT, text)?;
        let operation = body.operation.as_deref().unwrap_or_default();
        let hint = body.hint.as_deref().unwrap_or_default();
        json::at_most(WHAT, TEXT_BYTES, body.message.len(), "bytes of message")?;
        json::at_most(WHAT, TEXT_BYTES, hint.len(), "bytes of hint")?;
        json::at_most(WHAT, WORD_BYTES, operation.len(), "bytes of operation")?;
        let context = flat(body.context)?;
        let retry = match body.retry_after_ms {
            Some(wait) if body.retryable => Retry::After(Duration::from_millis(wait.min(LONGEST_WAIT_MS))),
            None if body.retryable => Retry::After(Duration::from_secs(1)),
            _ => Retry::Never,
        };
        let error = Self::new(body.kind, body.code, body.message).with_fault(body.fault).with_retry(retry);
        let error = body.hint.into_iter().fold(error, Self::with_hint);
        let error = body.operation.into_iter().fold(error, Self::with_operation);
        Ok(context.into_iter().fold(error, |error, (key, value)| error.with(key, value)))
    }
}

fn entries_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let text = serde_json::json!({ "type": "string", "maxLength": TEXT_BYTES });
    schemars::json_schema!({
        "type": "object",
        "maxProperties": ENTRIES,
        "additionalProperties": { "anyOf": [text, { "type": "array", "items": text }] },
    })
}

/// The context by key; a key that was added several times holds a list.
fn grouped<'a>(context: impl Iterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
    let mut map = Map::new();
    for (key, value) in context {
        let value = Value::String(cut(value, TEXT_BYTES));
        match map.get_mut(key) {
            None => {
                map.insert(cut(key, WORD_BYTES), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    map
}

fn flat(context: Map<String, Value>) -> Result<Vec<(String, String)>> {
    let mut entries = Vec::new();
    for (key, value) in context {
        json::at_most(WHAT, WORD_BYTES, key.len(), "bytes in a key of the context")?;
        let values = if let Value::Array(values) = value { values } else { vec![value] };
        for value in values {
            let Value::String(text) = value else {
                return Err(json::bad(WHAT, "the context wants strings or lists of strings"));
            };
            json::at_most(WHAT, TEXT_BYTES, text.len(), "bytes in a value of the context")?;
            entries.push((key.clone(), text));
        }
    }
    json::at_most(WHAT, ENTRIES, entries.len(), "entries of context")?;
    Ok(entries)
}

fn cut(text: &str, bytes: usize) -> String {
    (0..=bytes.min(text.len())).rev().find_map(|end| text.get(..end)).unwrap_or_default().to_owned()
}

/// Kinds by name. One that is not known here becomes `Protocol`: a newer peer may have more.
pub(in super::super) mod kind {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::error::ErrorKind;

    /// The names that are known here; a newer peer may have more.
    pub(in super::super::super) fn schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "examples": ErrorKind::ALL.map(ErrorKind::as_str) })
    }

    pub(in super::super::super) fn serialize<S: Serializer>(
        kind: &ErrorKind,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(kind.as_str())
    }

    pub(in super::super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<ErrorKind, D::Error> {
        let name = String::deserialize(from)?;
        let known = ErrorKind::ALL.into_iter().find(|kind| kind.as_str() == name);
        Ok(known.unwrap_or(ErrorKind::Protocol))
    }
}

/// Faults by name. One that is not known here becomes `Unknown`.
pub(in super::super) mod fault {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::error::Fault;

    /// The names that are known here; a newer peer may have more.
    pub(in super::super::super) fn schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "examples": Fault::ALL.map(Fault::as_str) })
    }

    pub(in super::super::super) fn serialize<S: Serializer>(fault: &Fault, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(fault.as_str())
    }

    pub(in super::super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Fault, D::Error> {
        let name = String::deserialize(from)?;
        Ok(Fault::ALL.into_iter().find(|fault| fault.as_str() == name).unwrap_or(Fault::Unknown))
    }
}

/// Codes: 1 to 64 upper-case letters, digits and `_`.
pub(in super::super) mod code {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::error::code_of_peer;

    /// How a code is written.
    pub(in super::super::super) fn schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Z0-9_]{1,64}$" })
    }

    pub(in super::super::super) fn serialize<S: Serializer>(code: &str, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(code)
    }

    pub(in super::super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<&'static str, D::Error> {
        let text = String::deserialize(from)?;
        code_of_peer(&text)
            .ok_or_else(|| D::Error::custom("a code has 1 to 64 upper-case letters, digits and _"))
    }
}
