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
    /// How many events readers see; all where nothing is held back.
    shown: Option<usize>,
}

impl Entries {
    fn visible(&self) -> &[JobEvent] {
        self.events.get(..self.shown.unwrap_or(self.events.len())).unwrap_or(&self.events)
    }

    /// True where readers have nothing more to wait for.
    fn is_over(&self) -> bool {
        self.closed && self.visible().len() == self.events.len()
    }
}

impl EventLog {
    /// An empty log.
    #[must_use]
    pub fn new(job_id: JobId, clock: Clock) -> Self {
        let changed = watch::channel(0).0;
        Self(Arc::new(Inner { job_id, clock, entries: Mutex::default(), changed }))
    }

    /// A log that goes on after `events`, which are numbered from 0 on, and that shows what is written to it only after
    /// [`EventLog::show`]: its writer saves events before anybody sees them.
    #[must_use]
    pub fn held(job_id: JobId, clock: Clock, events: Vec<JobEvent>) -> Self {
        let lines = events.iter().filter(|event| is_line(&event.kind)).count();
        let closed = events.last().is_some_and(|event| event.kind.is_final());
        let entries = Entries { lines, closed, progress: 0, shown: Some(events.len()), events };
        let changed = watch::channel(0).0;
        Self(Arc::new(Inner { job_id, clock, entries: Mutex::new(entries), changed }))
    }

    /// Shows everything that was written so far.
    pub fn show(&self) {
        {
            let mut entries = self.entries();
            if entries.shown.is_none_or(|shown| shown == entries.events.len()) {
                return;
            }
            entries.shown = Some(entries.events.len());
        }
        self.0.changed.send_modify(|version| *version += 1);
    }

    /// Events that are not shown yet.
    #[must_use]
    pub fn hidden(&self) -> Vec<JobEvent> {
        let entries = self.entries();
        entries.events.get(entries.visible().len()..).unwrap_or_default().to_vec()
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

    /// All events so far that are shown.
    #[must_use]
    pub fn events(&self) -> Vec<JobEvent> {
        self.entries().visible().to_vec()
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
        let is_line = is_line(&kind);
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

fn is_line(kind: &JobEventKind) -> bool {
    use JobEventKind::{Preparing, Stderr, Stdout, Warning};
    matches!(kind, Stdout { .. } | Stderr { .. } | Preparing { .. } | Warning { .. })
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
            if self.log.entries().is_over() || self.changed.changed().await.is_err() {
                return self.take();
            }
        }
    }

    fn take(&mut self) -> Option<JobEvent> {
        let entries = self.log.entries();
        if let Some(event) = entries.visible().get(self.next) {
            self.next += 1;
            return Some(event.clone());
        }
        if entries.progress > self.progress && !entries.is_over() {
            self.progress = entries.progress;
            let last = entries.visible().last()?;
            let kind = JobEventKind::Progress { instruction_count: entries.progress };
            return Some(JobEvent { at: self.log.now(), kind, ..last.clone() });
        }
        None
    }
}
