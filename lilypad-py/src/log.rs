//! What the core logs, for Python's `logging`: kept until a thread holds the interpreter anyway, and handed on there.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Most lines that wait; older ones make room.
const WAITING: usize = 1_000;

static LINES: Mutex<VecDeque<Line>> = Mutex::new(VecDeque::new());
static THERE: AtomicBool = AtomicBool::new(false);

struct Line {
    level: u8,
    target: &'static str,
    text: String,
}

/// Takes what the core says in events; its spans are not for people.
struct Keeper;

impl Subscriber for Keeper {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target().starts_with("lilypad") && *metadata.level() <= Level::DEBUG
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut words = Words::default();
        event.record(&mut words);
        let metadata = event.metadata();
        // The numbers of Python's levels.
        let level = match *metadata.level() {
            Level::ERROR => 40,
            Level::WARN => 30,
            Level::INFO => 20,
            _ => 10,
        };
        let line = Line { level, target: metadata.target(), text: words.0 + &words.1 };
        let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= WAITING {
            lines.pop_front();
        }
        lines.push_back(line);
        THERE.store(true, Ordering::Release);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message, and the other fields behind it.
#[derive(Default)]
struct Words(String, String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.1, ", {name}: {value:?}"),
        };
    }
}

/// From now on, what the core logs is kept. Does nothing where the process has something else that listens.
pub(crate) fn listen() {
    let _ = tracing::subscriber::set_global_default(Keeper);
}

/// Says something as the core does, so that a program can see where it arrives.
#[pyfunction]
pub(crate) fn log_as_core(py: Python<'_>, text: &str) {
    py.detach(|| tracing::warn!(target: "lilypad_core::python", length = text.len(), "{text}"));
    hand_on(py);
}

/// Hands on what has been kept. What a handler raises is its own affair, as with every logger.
pub(crate) fn hand_on(py: Python<'_>) {
    static GET_LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if !THERE.swap(false, Ordering::AcqRel) {
        return;
    }
    let lines = std::mem::take(&mut *LINES.lock().unwrap_or_else(PoisonError::into_inner));
    for line in lines {
        let name = line.target.replace("::", ".").replacen("lilypad_core", "lilypad", 1);
        let logged = GET_LOGGER
            .import(py, "logging", "getLogger")
            .and_then(|get| get.call1((name,))?.call_method1("log", (line.level, "%s", line.text)));
        if let Err(error) = logged {
            error.write_unraisable(py, None);
        }
    }
}
