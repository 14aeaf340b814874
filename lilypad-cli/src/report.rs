//! What people read on standard error and programs read on standard output.

use crate::exit::ExitCode;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use lilypad_core::Error;
use lilypad_core::view::{is_order, one_line};
use serde_json::{Map, Value, json};

pub(crate) use lilypad_core::view::printable;

/// Where a command reports to: people on standard error, and a program on standard output where it asked for JSON.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    json: bool,
    /// One document after another, each on a line.
    lines: bool,
    /// Why standard output could not be written, where it could not.
    broken: Arc<Mutex<Option<String>>>,
}

impl Report {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, lines: false, broken: Arc::default() }
    }

    /// The same, with each document on one line where `lines` is true.
    pub(crate) fn in_lines(self, lines: bool) -> Self {
        Self { lines, ..self }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// True where a person watches standard output.
    pub(crate) fn is_live(&self) -> bool {
        !self.json && std::io::stdout().is_terminal()
    }

    /// One line for people; whatever is in it, a terminal obeys nothing of it.
    pub(crate) fn say(&self, line: impl AsRef<str>) {
        // Nobody may be reading any more; that is no failure of the job.
        let _ = writeln!(std::io::stderr(), "{}", printable(line.as_ref()));
    }

    /// A line with a short label before it.
    pub(crate) fn field(&self, label: &str, value: impl AsRef<str>) {
        self.say(format!("  {label:<9} {}", one_line(value.as_ref())));
    }

    /// A JSON document, where it was asked for: the one, or the next line.
    pub(crate) fn document(&self, value: &Value) {
        if !self.json {
            return;
        }
        let text = if self.lines { format!("{value}\n") } else { format!("{value:#}\n") };
        // A program gets it as it is; on a terminal it is the same JSON with more of it escaped.
        let text = if std::io::stdout().is_terminal() { escaped(&text) } else { text };
        self.output(text.as_bytes());
    }

    /// Text or bytes that are the command's very output: exact for a pipe or a file, and text that does nothing on a terminal.
    pub(crate) fn output(&self, bytes: &[u8]) {
        let mut out = std::io::stdout();
        let shown = out.is_terminal().then(|| printable(&String::from_utf8_lossy(bytes)));
        let written =
            out.write_all(shown.as_ref().map_or(bytes, |shown| shown.as_bytes())).and_then(|()| out.flush());
        // Whoever closed the pipe has read enough; anything else is a loss that must be told.
        if let Err(error) = written
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            self.broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error.to_string());
        }
    }

    /// The exit code, unless what it speaks of could not be written.
    pub(crate) fn close(&self, code: ExitCode) -> ExitCode {
        match &*self.broken.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(why) if code == ExitCode::SUCCESS => {
                self.say(format!("error: standard output cannot be written: {why}"));
                ExitCode::FAILURE
            }
            _ => code,
        }
    }

    /// Reports a failure in one line, as JSON too where that was asked for, and gives the exit code.
    pub(crate) fn failure(&self, error: &Error) -> ExitCode {
        self.failure_with(error, Map::new())
    }

    /// The same, with what is known of the job beside it.
    pub(crate) fn failure_with(&self, error: &Error, mut document: Map<String, Value>) -> ExitCode {
        self.say(format!("error: {}", one_line(&error.to_string())));
        document.insert("error".to_owned(), error_json(error));
        self.document(&Value::Object(document));
        ExitCode::from(error.kind().exit_code())
    }
}

/// The error as every language shows it.
pub(crate) fn error_json(error: &Error) -> Value {
    let context = context(error);
    let retry_after = match error.retry() {
        lilypad_core::Retry::After(delay) => Some(delay.as_secs_f64()),
        _ => None,
    };
    json!({
        "kind": error.kind().as_str(),
        "fault": error.fault().as_str(),
        "code": error.code(),
        "message": error.message(),
        "hint": error.hint(),
        "retryable": error.retry().is_retryable(),
        "retry_after": retry_after,
        "operation": error.operation(),
        "context": context,
    })
}

/// The context by key; a key that was added several times holds a list.
fn context(error: &Error) -> Map<String, Value> {
    let mut context = Map::new();
    for (key, value) in error.context() {
        match context.get_mut(key) {
            None => {
                context.insert(key.to_owned(), Value::from(value));
            }
            Some(Value::Array(values)) => values.push(Value::from(value)),
            Some(first) => *first = Value::from(vec![first.take(), Value::from(value)]),
        }
    }
    context
}

/// JSON in which what a terminal would obey is escaped; outside of its strings there is none of it.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if is_order(c) && c != '\n' {
            text.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            text.push(c);
        }
    }
    text
}

/// True where a person watches standard error.
pub(crate) fn watched() -> bool {
    std::io::stderr().is_terminal()
}
