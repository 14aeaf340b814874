//! From a parsed text into types, as leniently as Go's `json.Unmarshal`.
//!
//! Keys match in any case where none matches exactly, unknown keys are ignored, what is missing or `null` is zero, and
//! of duplicates the later one is decoded over the earlier one. Strings, numbers and booleans never turn into each other.
//!
//! Layout: `node` is the deserializer; `keys` which field a key means; `error` what was wanted where.

mod error;
mod keys;
mod node;

pub(in super::super) use self::keys::equal_fold;

use serde::de::DeserializeOwned;

use self::error::DecodeError;
use self::node::Node;
use super::parse::locate;
use super::{JsonError, Value, parse};

/// Reads a type from JSON text as Go's `json.Unmarshal` does.
///
/// # Errors
/// [`JsonError`] with code `E_JSON` or `E_JSON_DEPTH` for what is not JSON, `E_JSON_TYPE` for another type than the
/// wanted one: it names the path, the wanted type and what was got.
///
/// ```
/// use lilypad_core::model::{MachineSpec, json};
/// let machine: MachineSpec = json::from_slice(br#"{"CPU": 1000, "cpu": null, "nodes": 3}"#).unwrap();
/// assert_eq!(machine.cpu, 1000);
/// let error = json::from_slice::<MachineSpec>(br#"{"gpus": [{"vram": "8"}]}"#).unwrap_err();
/// assert_eq!(error.to_string(), "line 1, column 20: gpus[0].vram wants a whole number, got a string");
/// ```
pub fn from_slice<T: DeserializeOwned>(text: &[u8]) -> Result<T, JsonError> {
    let value = parse(text)?;
    decode(&value).map_err(|error| {
        let route = error.culprit().and_then(|culprit| route_to(&value, culprit)).unwrap_or_default();
        JsonError::at("E_JSON_TYPE", error.to_string(), text, locate(text, &route).unwrap_or(0))
    })
}

/// Reads a type from a parsed text; places in errors are not known.
///
/// # Errors
/// As [`from_slice`], with line and column 0.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, JsonError> {
    decode(value).map_err(|error| JsonError {
        code: "E_JSON_TYPE",
        message: error.to_string(),
        line: 0,
        column: 0,
    })
}

fn decode<T: DeserializeOwned>(value: &Value) -> Result<T, DecodeError> {
    T::deserialize(Node::new(value))
}

/// The indices of the children on the way from the root to one value, found by identity.
fn route_to(root: &Value, culprit: *const Value) -> Option<Vec<usize>> {
    if std::ptr::eq(root, culprit) {
        return Some(Vec::new());
    }
    let children: Vec<&Value> = match root {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.iter().map(|(_, value)| value).collect(),
        _ => return None,
    };
    children.into_iter().enumerate().find_map(|(index, child)| {
        let mut route = route_to(child, culprit)?;
        route.insert(0, index);
        Some(route)
    })
}
