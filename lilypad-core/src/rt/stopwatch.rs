//! Real elapsed time, for figures that people read; the protocol's decisions go by a `Chronometer`.

use std::time::Duration;

use super::platform::Instant;

/// Measures real time from its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
