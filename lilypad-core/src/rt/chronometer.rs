//! Protocol time that passes on every clock, also on one whose stamps stand still.

use std::time::Duration;

use super::clock::{Clock, Timestamp};
use super::stopwatch::Stopwatch;

/// Says how much protocol time has passed since it was made, in step with [`Clock::sleep`]: on a manual clock what the
/// hand was moved, on every other clock real time, also where the stamps are frozen. It never runs backwards.
///
/// ```
/// use lilypad_core::rt::{Chronometer, Clock, ManualClock, Timestamp};
/// use std::time::Duration;
/// let hand = ManualClock::new(Timestamp(5_000));
/// let time = Chronometer::start(Clock::from(hand.clone()));
/// hand.advance(Duration::from_secs(1));
/// assert_eq!((time.now(), time.elapsed()), (Timestamp(6_000), Duration::from_secs(1)));
/// ```
#[derive(Clone, Debug)]
pub struct Chronometer {
    clock: Clock,
    start: Timestamp,
    /// The least that it shows.
    least: Timestamp,
    watch: Stopwatch,
}

impl Chronometer {
    /// Starts at the moment that `clock` shows.
    #[must_use]
    pub fn start(clock: Clock) -> Self {
        Self { start: clock.now(), clock, least: Timestamp::default(), watch: Stopwatch::start() }
    }

    /// Starts at the moment that `clock` shows, or at `least` where that is later: after a restart, time goes on from what
    /// was written down, also where the machine's clock was set back meanwhile.
    #[must_use]
    pub fn not_before(clock: Clock, least: Timestamp) -> Self {
        Self { start: clock.now().max(least), clock, least, watch: Stopwatch::start() }
    }

    /// The present moment of the protocol: the clock's moment at the start, and the time that has passed since.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        if self.clock.is_manual() {
            return self.clock.now().max(self.least);
        }
        let passed = u64::try_from(self.watch.elapsed().as_millis()).unwrap_or(u64::MAX);
        Timestamp(self.start.as_millis().saturating_add(passed))
    }

    /// How much time has passed, in whole milliseconds.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.now().since(self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::ManualClock;

    #[test]
    fn time_that_was_written_down_is_not_shown_again() {
        let hand = ManualClock::new(Timestamp(100));
        let time = Chronometer::not_before(Clock::from(hand.clone()), Timestamp(150));
        assert_eq!(time.now(), Timestamp(150));
        hand.advance(Duration::from_millis(60));
        assert_eq!(time.now(), Timestamp(160));
        assert_eq!(Chronometer::not_before(Clock::frozen(Timestamp(7)), Timestamp(9_000)).now().0 / 1_000, 9);
        assert!(Chronometer::not_before(Clock::frozen(Timestamp(7)), Timestamp(3)).now() >= Timestamp(7));
    }

    #[tokio::test]
    async fn time_passes_while_the_stamps_are_frozen_and_keeps_up_with_sleeps() {
        let clock = Clock::frozen(Timestamp(7));
        let time = Chronometer::start(clock.clone());
        clock.sleep(Duration::from_millis(3)).await;
        assert_eq!(clock.now(), Timestamp(7));
        assert!(time.elapsed() >= Duration::from_millis(3));
        assert!(time.now() >= Timestamp(10));
    }
}
