//! How many requests an address and an account may make: fixed windows, bounded memory.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result, Retry};
use crate::rt::Timestamp;

/// Most names that are counted at once; beyond it all unknown ones share one count.
const NAMES: usize = 100_000;

/// Counts requests by name.
#[derive(Debug)]
pub(super) struct Rate<K> {
    limit: u32,
    window: Duration,
    started: Timestamp,
    counts: HashMap<K, u32>,
    others: u32,
}

impl<K: Eq + Hash> Rate<K> {
    pub(super) fn new(limit: u32, window: Duration) -> Self {
        Self { limit, window, started: Timestamp(0), counts: HashMap::new(), others: 0 }
    }

    /// Counts one request.
    ///
    /// # Errors
    /// `RateLimited` (`E_RATE_LIMIT`) with how long to wait.
    pub(super) fn count(&mut self, name: K, now: Timestamp) -> Result<()> {
        if now.since(self.started) >= self.window || now < self.started {
            self.started = now;
            self.counts.clear();
            self.others = 0;
        }
        let full = self.counts.len() >= NAMES && !self.counts.contains_key(&name);
        let count = if full { &mut self.others } else { self.counts.entry(name).or_insert(0) };
        *count = count.saturating_add(1);
        if *count <= self.limit {
            return Ok(());
        }
        let wait = self.window.saturating_sub(now.since(self.started));
        let message = format!("more than {} requests in {} s", self.limit, self.window.as_secs_f64());
        Err(Error::new(ErrorKind::RateLimited, "E_RATE_LIMIT", message)
            .with_retry(Retry::After(wait))
            .with_hint("wait, then go on more slowly")
            .with("limit", self.limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_its_own_count_and_a_new_window_starts_anew() {
        let mut rate = Rate::new(2, Duration::from_secs(10));
        let at = Timestamp;
        assert!(rate.count("a", at(50_000)).is_ok() && rate.count("a", at(51_000)).is_ok());
        let error = rate.count("a", at(52_000)).unwrap_err();
        assert_eq!(
            (error.kind(), error.retry()),
            (ErrorKind::RateLimited, Retry::After(Duration::from_secs(8)))
        );
        assert!(rate.count("b", at(52_000)).is_ok());
        assert!(rate.count("a", at(60_000)).is_ok());
    }
}
