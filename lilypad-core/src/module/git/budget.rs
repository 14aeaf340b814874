//! What one fetch may still use: time, bytes, patience. The first limit that is hit stays.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Fault, Result};
use crate::rt::{CancelReason, CancelToken};

use super::GitPolicy;

/// Slower than this many bytes in one idle time is as good as silent.
const LEAST_PROGRESS: u64 = 1_024;
/// How soon a wait notices that it was cancelled.
const TICK: Duration = Duration::from_millis(50);

/// Why a fetch stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Cancelled(CancelReason),
    Time,
    Slow,
    Bytes,
}

#[derive(Debug)]
pub(super) struct Budget {
    start: Instant,
    timeout: Duration,
    idle: Duration,
    max_bytes: u64,
    cancel: CancelToken,
    received: AtomicU64,
    window: Mutex<Window>,
    stop: OnceLock<Stop>,
}

/// Bytes that came and time that was spent waiting for them since the last judgement.
#[derive(Debug, Default)]
struct Window {
    bytes: u64,
    waited: Duration,
}

impl Budget {
    pub(super) fn new(policy: &GitPolicy, cancel: &CancelToken) -> Self {
        Self {
            start: Instant::now(),
            timeout: policy.timeout,
            idle: policy.idle_timeout,
            max_bytes: policy.max_bytes,
            cancel: cancel.clone(),
            received: AtomicU64::new(0),
            window: Mutex::default(),
            stop: OnceLock::new(),
        }
    }

    /// Time and cancellation.
    pub(super) fn check(&self) -> Result<(), Stop> {
        if let Some(stop) = self.stop.get() {
            return Err(*stop);
        }
        if let Some(reason) = self.cancel.reason() {
            return Err(self.stop(Stop::Cancelled(reason)));
        }
        if self.left().is_zero() {
            return Err(self.stop(Stop::Time));
        }
        Ok(())
    }

    /// The time that is left.
    pub(super) fn left(&self) -> Duration {
        self.timeout.saturating_sub(self.start.elapsed())
    }

    /// How long one wait may last before the budget is looked at again; never zero.
    pub(super) fn tick(&self) -> Duration {
        TICK.min(self.left()).min(self.idle / 4).max(Duration::from_millis(1))
    }

    /// Counts what a read brought and how long it waited.
    pub(super) fn progress(&self, bytes: usize, waited: Duration) -> Result<(), Stop> {
        let bytes = bytes as u64;
        let before = self.received.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.max_bytes {
            return Err(self.stop(Stop::Bytes));
        }
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.bytes = window.bytes.saturating_add(bytes);
        window.waited = window.waited.saturating_add(waited);
        if window.waited >= self.idle {
            if window.bytes < LEAST_PROGRESS {
                return Err(self.stop(Stop::Slow));
            }
            *window = Window::default();
        }
        Ok(())
    }

    /// Runs work that blocks and cannot be interrupted on a thread of its own; waits while the budget lasts.
    pub(super) fn wait_for<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Stop> {
        let (answer, waiting) = sync_channel(1);
        std::thread::spawn(move || {
            // Nobody listens any more where the budget ended first.
            let _ = answer.send(work());
        });
        loop {
            self.check()?;
            match waiting.recv_timeout(self.tick()) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(self.stop(Stop::Time)),
            }
        }
    }

    /// The limit that was hit, if any.
    pub(super) fn stopped(&self) -> Option<Stop> {
        self.stop.get().copied()
    }

    /// The error that names the limit.
    pub(super) fn error(&self, stop: Stop, url: &str) -> Error {
        let error = match stop {
            Stop::Cancelled(CancelReason::TimedOut) => {
                Error::new(ErrorKind::Timeout, "E_MODULE_TIMEOUT", format!("fetching {url} ran out of time"))
            }
            Stop::Cancelled(_) => {
                Error::new(ErrorKind::Cancelled, "E_CANCELLED", format!("fetching {url} was cancelled"))
            }
            Stop::Time => self.timed_out(url, "did not end within", self.timeout, "timeout"),
            Stop::Slow => self.timed_out(url, "brought nearly nothing for", self.idle, "idle_timeout"),
            Stop::Bytes => {
                too_large(url, format!("more than {} bytes", self.max_bytes)).with("limit", self.max_bytes)
            }
        };
        error.with("repo", url)
    }

    fn timed_out(&self, url: &str, what: &str, limit: Duration, name: &'static str) -> Error {
        let message = format!("fetching {url} {what} {} ms", limit.as_millis());
        Error::new(ErrorKind::Timeout, "E_MODULE_TIMEOUT", message)
            .with_hint(format!("try again, or raise {name} in the git policy"))
            .with_fault(Fault::Network)
            .with("limit", limit.as_millis())
    }

    fn stop(&self, stop: Stop) -> Stop {
        *self.stop.get_or_init(|| stop)
    }
}

/// The error for a repository that is larger than the policy allows.
pub(super) fn too_large(url: &str, what: impl std::fmt::Display) -> Error {
    Error::invalid("E_MODULE_TOO_LARGE", format!("{url} has {what}"))
        .with_hint("keep the module in a small repository of its own, or raise the limit in the git policy")
        .with_fault(Fault::Module)
}
