//! Shows what happens to a job, as it happens.

use std::io::Write;

use lilypad_core::client::Job;
use lilypad_core::model::WorkUnit;
use lilypad_core::view;
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
    if matches!(event.kind, JobEventKind::Progress { .. }) {
        line.write(&view::event_words(event, unit).text);
        return;
    }
    line.close();
    match &event.kind {
        JobEventKind::Stderr { text } => report.say(format!("  | {}", printable(text))),
        // A person sees what the job prints as it comes; a pipe gets the exact bytes at the end.
        JobEventKind::Stdout { text } if report.is_live() => {
            report.output(format!("{}\n", printable(text)).as_bytes());
        }
        JobEventKind::Stdout { .. } => {}
        _ => {
            let words = view::event_words(event, unit);
            report.field(words.label, printable(&words.text));
            if let Some((label, text)) = &words.more {
                report.field(label, printable(text));
            }
        }
    }
}
