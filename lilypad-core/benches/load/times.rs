//! How long things took, in a line.

use std::time::Duration;

/// Times, from the shortest on.
#[derive(Debug)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The time below which so many of a hundred lie.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let place = (self.0.len() * percent / 100).min(self.0.len().saturating_sub(1));
        self.0.get(place).copied().unwrap_or_default()
    }

    pub(crate) fn median(&self) -> Duration {
        self.percentile(50)
    }

    pub(crate) fn line(&self) -> String {
        let [middle, most] = [50, 99].map(|percent| millis(self.percentile(percent)));
        format!("p50 {middle}, p99 {most} ({} times)", self.0.len())
    }
}

/// The median in seconds.
pub(crate) fn seconds(times: &Times) -> f64 {
    times.median().as_secs_f64()
}

pub(crate) fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}

/// How many times as long.
pub(crate) fn ratio(ours: Duration, baseline: Duration) -> f64 {
    ours.as_secs_f64() / baseline.as_secs_f64()
}
