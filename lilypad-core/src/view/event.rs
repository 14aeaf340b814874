//! What happens to a job, as JSON and in words.

use serde_json::{Value, json};

use crate::error::Result;
use crate::executor::RunEvent;
use crate::model::WorkUnit;
use crate::wire::{JobEvent, JobEventKind};

/// An event, with the name of the state after it.
///
/// # Errors
/// `Unexpected` where the JSON library refuses.
pub fn event(event: &JobEvent) -> Result<Value> {
    let mut document = super::written("an event", event)?;
    document["state"] = Value::from(event.state.to_string());
    Ok(document)
}

/// An event in a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventWords {
    /// What it is about: one word (`state`, `waiting`, `warning`…).
    pub label: &'static str,
    /// One line. It may hold what others wrote: make it safe where it is shown.
    pub text: String,
    /// What else there is to say: the change that would help, with a label of its own.
    pub more: Option<(&'static str, String)>,
}

/// An event in words. `unit` is what the job's work is counted in: [`WorkUnit::of_executor`] of the executor that a
/// `started` event names.
#[must_use]
pub fn event_words(event: &JobEvent, unit: WorkUnit) -> EventWords {
    let words = |label, text: String| EventWords { label, text, more: None };
    match &event.kind {
        JobEventKind::Submitted => words("state", "submitted: looking for a machine".to_owned()),
        JobEventKind::Waiting { reason, fix } => {
            EventWords { label: "waiting", text: reason.clone(), more: fix.clone().map(|fix| ("fix", fix)) }
        }
        JobEventKind::Agreed { resource_provider, rate, price_cap, .. } => words(
            "state",
            format!("deal agreed with {resource_provider}: {}, at most {price_cap}", rate.in_words()),
        ),
        JobEventKind::Started { executor } => words("state", format!("running ({executor})")),
        JobEventKind::Preparing { message } => words("preparing", message.clone()),
        JobEventKind::Stdout { text } => words("stdout", text.clone()),
        JobEventKind::Stderr { text } => words("stderr", text.clone()),
        JobEventKind::Progress { instruction_count } => {
            words("progress", format!("running: {}", unit.in_words(*instruction_count)))
        }
        JobEventKind::Warning { message } => words("warning", message.clone()),
        JobEventKind::Cancelling => words("state", "cancelling".to_owned()),
        JobEventKind::ResultsSubmitted { .. } => words("state", "results submitted: verifying".to_owned()),
        JobEventKind::ResultsAccepted { .. } => words("state", "results accepted and paid".to_owned()),
        JobEventKind::Cancelled { .. } => words("state", "cancelled".to_owned()),
        JobEventKind::TimedOut { phase, .. } => words("state", format!("timed out ({phase})")),
        JobEventKind::Failed { .. } => words("state", "failed".to_owned()),
    }
}

/// An event with its words in it, as `words` and, where there is more to say, `more`: each a label and a text.
///
/// # Errors
/// As [`event`].
pub fn event_with_words(event: &JobEvent, unit: WorkUnit) -> Result<Value> {
    let mut document = self::event(event)?;
    let words = event_words(event, unit);
    document["words"] = json!([words.label, words.text]);
    if let Some((label, text)) = words.more {
        document["more"] = json!([label, text]);
    }
    Ok(document)
}

/// Something that happened on a machine that runs jobs.
#[must_use]
pub fn run_event(event: &RunEvent) -> Value {
    match event {
        RunEvent::Started { job_id, executor } => {
            json!({ "event": "started", "job_id": job_id, "words": format!("runs on {executor}") })
        }
        RunEvent::Ended { job_id, outcome, usage, took } => json!({
            "event": "ended",
            "job_id": job_id,
            "words": format!("ended: {outcome}"),
            "outcome": outcome.to_string(),
            "instruction_count": usage.instructions,
            "peak_memory_bytes": usage.peak_memory_bytes,
            "took_s": took.as_secs_f64(),
        }),
        RunEvent::Failed { job_id, message } => {
            json!({ "event": "failed", "job_id": job_id, "words": format!("could not be run: {message}") })
        }
    }
}
