//! What came of a job, as JSON.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::JobResult;
use crate::model::WorkUnit;

/// Most characters of standard output and standard error: all of it is in the results folder.
const EXCERPT: usize = 64 << 10;

/// What came of a job: how it ended, what was measured, what it cost, the receipt, and the beginning of what it printed.
#[must_use]
pub fn result(result: &JobResult) -> Value {
    let timings = result.timings();
    let millis = |duration: Option<Duration>| duration.map(|duration| duration.as_secs_f64() * 1e3);
    let bytes = |name: &str| result.lengths().find(|(path, _)| *path == name).map(|(_, length)| length);
    let excerpt = |text: &str| text.chars().take(EXCERPT).collect::<String>();
    let unit = WorkUnit::of_executor(&result.receipt().body.executor);
    json!({
        "job_id": result.job_id(),
        "deal_id": result.deal_id(),
        "state": result.state().to_string(),
        "outcome": result.outcome(),
        "ended": result.outcome().to_string(),
        "exit_code": result.exit_code(),
        "data_id": result.data_id(),
        "instruction_count": result.instruction_count(),
        "work": unit.in_words(result.instruction_count()),
        "peak_memory_bytes": result.usage().peak_memory_bytes,
        "cost": result.cost(),
        "cost_lp": result.cost().to_string(),
        "receipt": result.receipt(),
        "receipt_verified": true,
        "stdout": excerpt(&result.stdout()),
        "stderr": excerpt(&result.stderr()),
        "stdout_bytes": bytes("stdout"),
        "stderr_bytes": bytes("stderr"),
        "timings": {
            "agreed_ms": millis(timings.agreed),
            "started_ms": millis(timings.started),
            "submitted_ms": millis(timings.submitted),
            "total_ms": millis(Some(timings.total)),
        },
    })
}
