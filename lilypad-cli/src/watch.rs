//! Shows what happens to a job, as it happens.

use std::io::Write;

use lilypad_core::client::Job;
use lilypad_core::model::WorkUnit;
use lilypad_core::wire::{JobEvent, JobEventKind};

use crate::report::{Report, printable, watched};

/// Follows a job to its final event and shows each.
pub(crate) async fn watch(job: &Job, report: &Report) {
    let Ok(mut events) = job.events().await else { return };
    let (mut line, mut unit) = (StatusLine { open: false }, WorkUnit::default());
    while let Some(event) = events.next().await {
        if let JobEventKind::Started { executor } = &event.kind {
            unit = WorkUnit::of_executor(executor);
        }
        show(&event, report, &mut line, unit);
    }
    line.close();
}

/// The one line that is written over while a job runs; only where a person watches.
struct StatusLine {
    open: bool,
}

impl StatusLine {
    fn write(&mut self, text: &str) {
        if watched() {
            let _ = write!(std::io::stderr(), "\r\x1b[K  {text}");
            self.open = true;
        }
    }

    fn close(&mut self) {
        if self.open {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
            self.open = false;
        }
    }
}

fn show(event: &JobEvent, report: &Report, line: &mut StatusLine, unit: WorkUnit) {
    if let JobEventKind::Progress { instruction_count } = event.kind {
        line.write(&format!("running: {}", unit.in_words(instruction_count)));
        return;
    }
    line.close();
    match &event.kind {
        JobEventKind::Submitted => report.field("state", "submitted: looking for a machine"),
        JobEventKind::Waiting { reason, fix } => {
            report.field("waiting", printable(reason));
            if let Some(fix) = fix {
                report.field("fix", printable(fix));
            }
        }
        JobEventKind::Agreed { resource_provider, rate, price_cap, .. } => report.field(
            "state",
            format!("deal agreed with {resource_provider}: {}, at most {price_cap}", rate.in_words()),
        ),
        JobEventKind::Started { executor } => report.field("state", format!("running ({executor})")),
        JobEventKind::Preparing { message } => report.field("preparing", printable(message)),
        JobEventKind::Stderr { text } => report.say(format!("  | {}", printable(text))),
        JobEventKind::Warning { message } => report.field("warning", printable(message)),
        JobEventKind::Cancelling => report.field("state", "cancelling"),
        JobEventKind::ResultsSubmitted { .. } => report.field("state", "results submitted: verifying"),
        JobEventKind::ResultsAccepted { .. } => report.field("state", "results accepted and paid"),
        JobEventKind::Cancelled { .. } => report.field("state", "cancelled"),
        JobEventKind::TimedOut { phase, .. } => report.field("state", format!("timed out ({phase})")),
        JobEventKind::Failed { .. } => report.field("state", "failed"),
        // A person sees what the job prints as it comes; a pipe gets the exact bytes at the end.
        JobEventKind::Stdout { text } if report.is_live() => {
            report.output(format!("{}\n", printable(text)).as_bytes());
        }
        _ => {}
    }
}
