//! A token that stops work and says why.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::Notify;

/// Why work was asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CancelReason {
    /// The user or the other side cancelled the job.
    Cancelled,
    /// The wall-clock limit of the job passed.
    TimedOut,
    /// The program that runs the work is stopping.
    Shutdown,
}

/// Stops work and says why. Clones share one state; the first reason stays.
///
/// ```
/// use lilypad_core::rt::{CancelReason, CancelToken};
/// let token = CancelToken::new();
/// assert!(token.reason().is_none());
/// token.cancel(CancelReason::TimedOut);
/// token.cancel(CancelReason::Cancelled);
/// assert_eq!(token.reason(), Some(CancelReason::TimedOut));
/// ```
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<State>);

#[derive(Debug, Default)]
struct State {
    reason: AtomicU8,
    changed: Notify,
}

impl CancelToken {
    /// A token that nobody has cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the work to stop. Later reasons are ignored.
    pub fn cancel(&self, reason: CancelReason) {
        let value = match reason {
            CancelReason::Cancelled => 1,
            CancelReason::TimedOut => 2,
            CancelReason::Shutdown => 3,
        };
        if self.0.reason.compare_exchange(0, value, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            self.0.changed.notify_waiters();
        }
    }

    /// Why the work was asked to stop, or `None` while nobody asked. Never blocks.
    #[must_use]
    pub fn reason(&self) -> Option<CancelReason> {
        match self.0.reason.load(Ordering::Acquire) {
            0 => None,
            1 => Some(CancelReason::Cancelled),
            2 => Some(CancelReason::TimedOut),
            _ => Some(CancelReason::Shutdown),
        }
    }

    /// True once somebody asked to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.reason().is_some()
    }

    /// Waits until somebody asks to stop.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn cancelled(&self) -> CancelReason {
        loop {
            let changed = self.0.changed.notified();
            if let Some(reason) = self.reason() {
                return reason;
            }
            changed.await;
        }
    }
}
