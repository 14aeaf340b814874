//! How long a client waits for each part of a job.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Fault};
use crate::model::JobId;
use crate::rt::{Chronometer, Clock};

/// How long [`Job::wait_within`](super::Job::wait_within) waits. A client that gives up stops waiting; the job goes on, and can be
/// waited for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitLimits {
    /// For a machine that takes the job.
    pub matching: Duration,
    /// From then on for what came of it.
    pub execution: Duration,
    /// From then on for fetching it, checking it and having it accepted.
    pub download: Duration,
    /// For all of it together.
    pub total: Duration,
}

impl Default for WaitLimits {
    /// 10 min, 3 h, 2 h, 6 h: longer than a solver with its own defaults lets a job take, so that it is the network that says what
    /// took too long.
    fn default() -> Self {
        let hours = |hours: u64| Duration::from_secs(hours.saturating_mul(3_600));
        Self { matching: Duration::from_secs(600), execution: hours(3), download: hours(2), total: hours(6) }
    }
}

/// Which part of a job goes on now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Matching,
    Execution,
    Download,
}

/// One wait: what is left of its limits.
pub(super) struct Waiting {
    limits: WaitLimits,
    time: Chronometer,
    phase: Phase,
    /// When the part began, counted from the beginning of the wait.
    began: Duration,
}

impl Waiting {
    pub(super) fn new(limits: WaitLimits, phase: Phase, clock: Clock) -> Self {
        Self { limits, time: Chronometer::start(clock), phase, began: Duration::ZERO }
    }

    /// The job has come to this part; a part that it is in already goes on.
    pub(super) fn comes_to(&mut self, phase: Phase) {
        if self.phase != phase {
            (self.phase, self.began) = (phase, self.time.elapsed());
        }
    }

    /// How long is waited for the next change, and for which limit.
    pub(super) fn left(&self) -> (Duration, Limit) {
        let passed = self.time.elapsed();
        let limit = self.limits.of(self.phase).saturating_sub(passed.saturating_sub(self.began));
        let total = self.limits.total.saturating_sub(passed);
        if total < limit { (total, Limit::Total) } else { (limit, Limit::Phase(self.phase)) }
    }

    /// That this limit was met.
    pub(super) fn over(&self, limit: Limit, id: JobId) -> Error {
        let (code, time, what, fault) = match limit {
            Limit::Total => ("E_WAIT_TOTAL", self.limits.total, "the job has no result", Fault::Unknown),
            Limit::Phase(Phase::Matching) => {
                ("E_WAIT_MATCH", self.limits.matching, "no machine took the job", Fault::Network)
            }
            Limit::Phase(Phase::Execution) => {
                ("E_WAIT_EXECUTION", self.limits.execution, "nothing came of the job", Fault::Unknown)
            }
            Limit::Phase(Phase::Download) => (
                "E_WAIT_DOWNLOAD",
                self.limits.download,
                "the job's results were not fetched and accepted",
                Fault::Network,
            ),
        };
        let message = format!("{what} within {} s, the most that is waited here", time.as_secs_f64());
        Error::new(ErrorKind::Timeout, code, message)
            .with_fault(fault)
            .with_hint("only the waiting is over: wait for the job again by its id, or cancel it")
            .with("job_id", id)
    }
}

/// The limit that comes first.
#[derive(Clone, Copy, Debug)]
pub(super) enum Limit {
    Phase(Phase),
    Total,
}

impl WaitLimits {
    fn of(&self, phase: Phase) -> Duration {
        match phase {
            Phase::Matching => self.matching,
            Phase::Execution => self.execution,
            Phase::Download => self.download,
        }
    }
}
