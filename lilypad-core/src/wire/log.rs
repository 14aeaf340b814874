//! The log of one job: written by the solver, read by any number of streams, each at its own pace.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, watch};

use super::event::{JobEvent, JobEventKind};
use crate::model::{AgreementState, JobId};
use crate::rt::{Clock, Timestamp};

/// Most output lines that a log keeps; the lines themselves are in the results folder anyway.
const MOST_LINES: usize = 10_000;

/// The log of one job. Clones share it. A slow reader is never waited for: it reads later.
#[derive(Clone, Debug)]
pub struct EventLog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    job_id: JobId,
    clock: Clock,
    entries: Mutex<Entries>,
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Entries {
    events: Vec<JobEvent>,
    lines: usize,
    progress: u64,
    closed: bool,
}

impl EventLog {
    /// An empty log.
    #[must_use]
    pub fn new(job_id: JobId, clock: Clock) -> Self {
        let changed = watch::channel(0).0;
        Self(Arc::new(Inner { job_id, clock, entries: Mutex::default(), changed }))
    }

    /// Writes an event; a final one closes the log. Ignored once the log is closed.
    pub fn push(&self, state: AgreementState, kind: JobEventKind) {
        {
            let mut entries = self.entries();
            if entries.closed {
                return;
            }
            entries.closed = kind.is_final();
            match kind {
                JobEventKind::Progress { instruction_count } => entries.progress = instruction_count,
                kind => self.append(&mut entries, state, kind),
            }
        }
        self.0.changed.send_modify(|version| *version += 1);
    }

    /// All events so far.
    #[must_use]
    pub fn events(&self) -> Vec<JobEvent> {
        self.entries().events.clone()
    }

    /// Reads from the first event on.
    #[must_use]
    pub fn stream(&self) -> EventStream {
        self.stream_from(0)
    }

    /// Reads from the event with this `seq` on.
    #[must_use]
    pub fn stream_from(&self, seq: u64) -> EventStream {
        let changed = self.0.changed.subscribe();
        let next = usize::try_from(seq).unwrap_or(usize::MAX);
        EventStream(Source::Log(Reader { log: self.clone(), next, progress: 0, changed }))
    }

    fn append(&self, entries: &mut Entries, state: AgreementState, kind: JobEventKind) {
        let is_line = matches!(
            kind,
            JobEventKind::Stdout { .. } | JobEventKind::Stderr { .. } | JobEventKind::Warning { .. }
        );
        if is_line {
            entries.lines += 1;
            if entries.lines > MOST_LINES {
                return;
            }
        }
        self.write(entries, state, kind);
        if entries.lines == MOST_LINES && is_line {
            let message = format!("more than {MOST_LINES} lines of output: the rest is in the results only");
            self.write(entries, state, JobEventKind::Warning { message });
        }
    }

    fn write(&self, entries: &mut Entries, state: AgreementState, kind: JobEventKind) {
        let seq = entries.events.len() as u64;
        entries.events.push(JobEvent { seq, at: self.now(), job_id: self.0.job_id, state, kind });
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The events of one job, from the first to the final one.
#[derive(Debug)]
pub struct EventStream(Source);

#[derive(Debug)]
enum Source {
    /// A log in this process.
    Log(Reader),
    /// What somebody else reads for us, who stops after the final event.
    Channel(mpsc::Receiver<JobEvent>),
}

#[derive(Debug)]
struct Reader {
    log: EventLog,
    next: usize,
    progress: u64,
    changed: watch::Receiver<u64>,
}

impl EventStream {
    /// The events that come through a channel, which is closed after the final one.
    #[must_use]
    pub fn from_channel(events: mpsc::Receiver<JobEvent>) -> Self {
        Self(Source::Channel(events))
    }

    /// The next event, or `None` after the final one.
    ///
    /// # Cancel safety
    /// Dropping the future loses no event.
    pub async fn next(&mut self) -> Option<JobEvent> {
        match &mut self.0 {
            Source::Log(reader) => reader.next().await,
            Source::Channel(events) => events.recv().await,
        }
    }
}

impl Reader {
    async fn next(&mut self) -> Option<JobEvent> {
        loop {
            self.changed.mark_unchanged();
            if let Some(event) = self.take() {
                return Some(event);
            }
            if self.log.entries().closed || self.changed.changed().await.is_err() {
                return self.take();
            }
        }
    }

    fn take(&mut self) -> Option<JobEvent> {
        let entries = self.log.entries();
        if let Some(event) = entries.events.get(self.next) {
            self.next += 1;
            return Some(event.clone());
        }
        if entries.progress > self.progress && !entries.closed {
            self.progress = entries.progress;
            let last = entries.events.last()?;
            let kind = JobEventKind::Progress { instruction_count: entries.progress };
            return Some(JobEvent { at: self.log.now(), kind, ..last.clone() });
        }
        None
    }
}
