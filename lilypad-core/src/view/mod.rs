//! What people and other languages see: events, results, quotes and errors as JSON and in words. The command and every
//! binding show the same.
//!
//! Amounts are decimal strings of wei, moments are milliseconds, states have their names.
//!
//! Layout: `event` what happens to a job; `module` modules and what is wrong with them; `quote` a quote in
//! words; `result` what came of it; `safe` text from strangers, `table` rows for people; this file the rest.

mod event;
mod module;
mod quote;
mod result;
mod safe;
mod table;

pub use event::{EventWords, event, event_with_words, event_words, run_event};
pub use module::{finding, module, rendered};
pub use quote::{quote_text, quote_with_text};
pub use result::result;
pub use safe::{is_order, one_line, printable};
pub use table::Table;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::error::{Error, Result, Retry};
use crate::market::Quote;
use crate::wire::{JobStatus, Money};

/// An error with all its parts: the same words in every language.
///
/// ```
/// use lilypad_core::{Error, view};
/// let error = Error::invalid("E_INPUT_UNKNOWN", "unknown input `Mesage`").with_hint("did you mean `Message`?");
/// let document = view::error(&error);
/// assert_eq!(document["text"], "unknown input `Mesage`: did you mean `Message`?");
/// assert_eq!((&document["kind"], &document["fault"]), (&"InvalidInput".into(), &"User".into()));
/// ```
#[must_use]
pub fn error(error: &Error) -> Value {
    let retry_after = match error.retry() {
        Retry::After(pause) => Some(pause.as_secs_f64()),
        Retry::Never | Retry::Exhausted(_) => None,
    };
    let mut context: Map<String, Value> = Map::new();
    for (key, value) in error.context() {
        match context.get_mut(key) {
            None => drop(context.insert(key.to_owned(), value.into())),
            Some(Value::Array(values)) => values.push(value.into()),
            Some(first) => *first = json!([first.take(), value]),
        }
    }
    let mut causes = Vec::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    json!({
        "text": error.to_string(),
        "kind": error.kind().as_str(),
        "code": error.code(),
        "fault": error.fault().as_str(),
        "message": error.message(),
        "hint": error.hint(),
        "operation": error.operation(),
        "retryable": error.retry().is_retryable(),
        "retry_after_s": retry_after,
        "context": context,
        "causes": causes,
    })
}

/// Where a job stands, with the name of its state.
///
/// # Errors
/// `Unexpected` where the JSON library refuses.
pub fn status(status: &JobStatus) -> Result<Value> {
    let mut document = written("a status", status)?;
    document["state"] = Value::from(status.state.to_string());
    Ok(document)
}

/// What an account has on a ledger: amounts in wei.
///
/// # Errors
/// `Unexpected` where the JSON library refuses.
pub fn money(money: &Money) -> Result<Value> {
    written("money", money)
}

/// A quote, with its change in words too.
///
/// # Errors
/// `Unexpected` where the JSON library refuses.
pub fn quote(quote: &Quote) -> Result<Value> {
    let mut document = written("a quote", quote)?;
    if let Some(change) = &quote.change {
        document["change"]["text"] = Value::from(change.to_string());
        for (at, field) in change.fields.iter().enumerate() {
            document["change"]["fields"][at]["field"] = Value::from(field.field());
        }
    }
    Ok(document)
}

fn written(what: &str, value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|source| {
        Error::unexpected(format!("{what} could not be written as JSON")).with_source(source)
    })
}
