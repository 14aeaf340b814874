//! JSON within bounds, read leniently or exactly.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, Result};

/// Most bytes of a message.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// How many levels arrays and objects may nest.
const MOST_LEVELS: usize = 32;

/// Most characters of a reason that are shown: it may quote what was sent.
const SHOWN: usize = 200;

/// Writes `what`.
pub(super) fn write<T: Serialize>(what: &str, value: &T) -> Result<String> {
    let text = serde_json::to_string(value).map_err(|source| {
        Error::unexpected(format!("{what} cannot be written as JSON")).with_source(source)
    })?;
    at_most(what, MOST_BYTES, text.len(), "bytes")?;
    Ok(text)
}

/// Reads `what`; fields that are not known are ignored.
pub(super) fn read<T: DeserializeOwned>(what: &str, text: &[u8]) -> Result<T> {
    at_most(what, MOST_BYTES, text.len(), "bytes")?;
    at_most(what, MOST_LEVELS, levels(text), "levels")?;
    serde_json::from_slice(text).map_err(|error| bad(what, &error.to_string()))
}

/// Reads `what`, which is signed: every field must stand as we write it.
pub(super) fn read_signed<T: DeserializeOwned + Serialize>(what: &str, text: &[u8]) -> Result<T> {
    let value = read(what, text)?;
    check_signed(what, "", &read::<Value>(what, text)?, &value)?;
    Ok(value)
}

/// Checks that `given`, at `path` of a message, is what we write for the value that was read from it.
pub(super) fn check_signed<T: Serialize>(what: &str, path: &str, given: &Value, read: &T) -> Result<()> {
    let own = serde_json::to_value(read).map_err(|error| bad(what, &error.to_string()))?;
    match difference(given, &own, path) {
        None => Ok(()),
        Some(place) => {
            let why = format!("`{place}` is signed, and is not known here or not written as it is here");
            Err(bad(what, &why).with_hint("both sides may be of different versions: update the older one"))
        }
    }
}

/// Refuses what has more than `limit` of something.
pub(super) fn at_most(what: &str, limit: usize, got: usize, of: &str) -> Result<()> {
    if got <= limit {
        return Ok(());
    }
    let message = format!("{what} has {got} {of}; at most {limit} are allowed");
    Err(Error::invalid("E_BODY_LIMIT", message).with("limit", limit).with("got", got))
}

pub(super) fn bad(what: &str, why: &str) -> Error {
    let printable = |letter: char| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter };
    let why: String = why.chars().take(SHOWN).map(printable).collect();
    Error::invalid("E_BODY", format!("not {what}: {why}"))
}

/// How deep the text nests, as its brackets outside of strings say.
fn levels(text: &[u8]) -> usize {
    let (mut now, mut most, mut inside, mut escaped) = (0_usize, 0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            _ if inside => {}
            b'[' | b'{' => now += 1,
            b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
        most = most.max(now);
    }
    most
}

/// The first place in which two values differ, as a path of keys.
fn difference(given: &Value, own: &Value, path: &str) -> Option<String> {
    if given == own {
        return None;
    }
    let (Value::Object(given), Value::Object(own)) = (given, own) else { return Some(path.to_owned()) };
    let mut keys = given.keys().chain(own.keys());
    let key = keys.find(|key| given.get(*key) != own.get(*key))?;
    let place = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
    match (given.get(key), own.get(key)) {
        (Some(given), Some(own)) => difference(given, own, &place),
        _ => Some(place),
    }
}
