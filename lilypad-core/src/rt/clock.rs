//! Time that a test can hold still.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::platform;

/// A moment in Unix milliseconds: the wire's `created_at`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The moment in Unix milliseconds.
    #[must_use]
    pub fn as_millis(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this moment is; zero where it is not after.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Where the protocol's time comes from: the machine, a fixed moment, or a test's hand.
///
/// [`Clock::now`] stamps objects; [`Clock::sleep`] drives every timeout; a [`Chronometer`](super::Chronometer) says how
/// much time has passed. No part of the protocol compares two stamps to decide that time is up, so a frozen clock still
/// has timeouts.
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    Frozen(Timestamp),
    Manual(ManualClock),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// Stamps always show `moment`; sleeping takes real time. With it, a seeded run repeats its ids.
    #[must_use]
    pub fn frozen(moment: Timestamp) -> Self {
        Self(Source::Frozen(moment))
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp(platform::unix_millis()),
            Source::Frozen(moment) => *moment,
            Source::Manual(manual) => manual.now(),
        }
    }

    /// True where time passes only by somebody's hand.
    pub(super) fn is_manual(&self) -> bool {
        matches!(self.0, Source::Manual(_))
    }

    /// Waits for `duration`; on a manual clock until somebody advances it that far. The time counts from this call,
    /// not from the first poll.
    pub fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static + use<> {
        let woken = match &self.0 {
            Source::System | Source::Frozen(_) => Err(duration),
            Source::Manual(manual) => Ok(manual.sleeper(duration)),
        };
        async move {
            match woken {
                Err(duration) => platform::sleep(duration).await,
                // A clock that is gone never comes to that time.
                Ok(Some(woken)) => {
                    if woken.await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
                Ok(None) => {}
            }
        }
    }
}

impl From<ManualClock> for Clock {
    fn from(manual: ManualClock) -> Self {
        Self(Source::Manual(manual))
    }
}

/// A clock that moves only when told. Clones share the hand.
///
/// ```
/// use lilypad_core::rt::{Clock, ManualClock, Timestamp};
/// use std::time::Duration;
/// let hand = ManualClock::new(Timestamp(1_700_000_000_000));
/// let clock = Clock::from(hand.clone());
/// hand.advance(Duration::from_secs(30));
/// assert_eq!(clock.now(), Timestamp(1_700_000_030_000));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Hand>>);

#[derive(Debug)]
struct Hand {
    now: Timestamp,
    sleepers: Vec<(Timestamp, oneshot::Sender<()>)>,
}

impl ManualClock {
    /// A clock that shows `start` until it is advanced.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Hand { now: start, sleepers: Vec::new() })))
    }

    /// The moment that the clock shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.hand().now
    }

    /// Moves the clock and wakes, in order of their time, all sleepers whose time has come.
    pub fn advance(&self, by: Duration) {
        let mut due = {
            let mut hand = self.hand();
            let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
            hand.now = Timestamp(hand.now.0.saturating_add(millis));
            let now = hand.now;
            let (due, later) = std::mem::take(&mut hand.sleepers).into_iter().partition(|(at, _)| *at <= now);
            hand.sleepers = later;
            due
        };
        due.sort_by_key(|(at, _): &(Timestamp, _)| *at);
        for (_, wake) in due {
            // A sleeper that was dropped meanwhile needs no waking.
            let _ = wake.send(());
        }
    }

    /// How many tasks sleep on this clock; a test waits for it before it advances.
    #[must_use]
    pub fn sleepers(&self) -> usize {
        let mut hand = self.hand();
        hand.sleepers.retain(|(_, wake)| !wake.is_closed());
        hand.sleepers.len()
    }

    /// A sleeper that is woken `duration` from now; `None` where that is now.
    fn sleeper(&self, duration: Duration) -> Option<oneshot::Receiver<()>> {
        let mut hand = self.hand();
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let at = Timestamp(hand.now.0.saturating_add(millis));
        if at <= hand.now {
            return None;
        }
        let (wake, woken) = oneshot::channel();
        hand.sleepers.push((at, wake));
        Some(woken)
    }

    fn hand(&self) -> std::sync::MutexGuard<'_, Hand> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
