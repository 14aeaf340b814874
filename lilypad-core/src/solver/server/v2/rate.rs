//! How often an address may ask for a path, as v2 counts it: a window that slides.
//!
//! What the last window counted still weighs, by the part of it that lies less than a window back.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use crate::rt::Timestamp;

/// Most names that are counted at once; beyond it all unknown ones share one count.
const NAMES: usize = 100_000;

/// Counts requests by name.
#[derive(Debug)]
pub(super) struct Rate<K> {
    limit: u32,
    window: u64,
    /// The number of the present window since the beginning of time.
    number: u64,
    now: Counts<K>,
    before: Counts<K>,
}

#[derive(Debug)]
struct Counts<K> {
    of: HashMap<K, u32>,
    others: u32,
}

/// What a client is told about its rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) allowed: bool,
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// When the present window ends, in Unix seconds.
    pub(super) reset: u64,
    /// The length of a window in seconds.
    pub(super) window: u64,
}

impl<K: Eq + Hash> Rate<K> {
    pub(super) fn new(limit: u32, window: Duration) -> Self {
        let window = u64::try_from(window.as_millis()).unwrap_or(u64::MAX).max(1);
        Self { limit, window, number: 0, now: Counts::default(), before: Counts::default() }
    }

    /// Counts one request, where it is allowed.
    pub(super) fn count(&mut self, name: K, now: Timestamp) -> Verdict {
        let number = now.as_millis().checked_div(self.window).unwrap_or(0);
        if number != self.number {
            let next = self.number.checked_add(1) == Some(number);
            let last = std::mem::take(&mut self.now);
            self.before = if next { last } else { Counts::default() };
            self.number = number;
        }
        let passed = now.as_millis().checked_rem(self.window).unwrap_or(0);
        let left = u128::from(self.window.saturating_sub(passed));
        let window = u128::from(self.window);
        // Rounded half up.
        let old = u128::from(self.before.get(&name)).saturating_mul(left).saturating_mul(2);
        let old = old.saturating_add(window).checked_div(window.saturating_mul(2)).unwrap_or(0);
        let rate = u32::try_from(old).unwrap_or(u32::MAX).saturating_add(self.now.get(&name));
        let allowed = rate < self.limit;
        if allowed {
            self.now.add(name);
        }
        Verdict {
            allowed,
            limit: self.limit,
            remaining: self.limit.saturating_sub(rate).saturating_sub(u32::from(allowed)),
            reset: number.saturating_add(1).saturating_mul(self.window) / 1_000,
            window: self.window.div_ceil(1_000),
        }
    }
}

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self { of: HashMap::new(), others: 0 }
    }
}

impl<K: Eq + Hash> Counts<K> {
    fn get(&self, name: &K) -> u32 {
        let shared = if self.of.len() >= NAMES { self.others } else { 0 };
        self.of.get(name).copied().unwrap_or(shared)
    }

    fn add(&mut self, name: K) {
        let full = self.of.len() >= NAMES && !self.of.contains_key(&name);
        let count = if full { &mut self.others } else { self.of.entry(name).or_insert(0) };
        *count = count.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_hundred_quick_requests_five_pass() {
        let mut rate = Rate::new(5, Duration::from_secs(10));
        let at = Timestamp(1_700_000_003_000);
        let verdicts: Vec<Verdict> = (0..100).map(|_| rate.count("a", at)).collect();
        assert_eq!(verdicts.iter().filter(|verdict| verdict.allowed).count(), 5);
        let told = |verdict: &Verdict| (verdict.limit, verdict.remaining, verdict.reset, verdict.window);
        assert_eq!(told(&verdicts[0]), (5, 4, 1_700_000_010, 10));
        assert_eq!(told(&verdicts[4]), (5, 0, 1_700_000_010, 10));
        assert_eq!(told(&verdicts[99]), (5, 0, 1_700_000_010, 10));
        assert!(rate.count("b", at).allowed);
    }

    #[test]
    fn the_last_window_weighs_by_what_is_left_of_it() {
        let mut rate = Rate::new(5, Duration::from_secs(10));
        let allowed = |rate: &mut Rate<&str>, at: u64| {
            (0..9).filter(|_| rate.count("a", Timestamp(at)).allowed).count()
        };
        assert_eq!(allowed(&mut rate, 5_000), 5);
        // Five of the last window weigh 5 × 0.6 = 3 four seconds into the next one.
        assert_eq!(allowed(&mut rate, 14_000), 2);
        assert_eq!(allowed(&mut rate, 40_000), 5, "what lies further back weighs nothing");
    }
}
