//! Which providers answer: a stream of messages says nothing of whether anybody hears it, least of all behind a proxy.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::auth::lock;
use crate::model::Address;
use crate::rt::{Chronometer, Clock};

/// Whose provider asked for nothing for so long hears nothing. Providers answer every 30 s.
const SILENCE: Duration = Duration::from_secs(75);

/// When each provider with a stream of messages asked for something last. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard(Arc<Mutex<HashMap<Address, Entry>>>);

#[derive(Debug)]
struct Entry {
    last: Chronometer,
    streams: usize,
}

impl Heard {
    /// A provider opens a stream.
    pub(super) fn listen(&self, provider: Address, clock: &Clock) -> Listener {
        let mut heard = lock(&self.0);
        let now = Chronometer::start(clock.clone());
        let entry = heard.entry(provider).or_insert_with(|| Entry { last: now.clone(), streams: 0 });
        (entry.last, entry.streams) = (now, entry.streams.saturating_add(1));
        Listener { heard: self.clone(), provider }
    }

    /// An account has asked for something.
    pub(super) fn note(&self, account: Address, clock: &Clock) {
        if let Some(entry) = lock(&self.0).get_mut(&account) {
            entry.last = Chronometer::start(clock.clone());
        }
    }
}

/// A provider's stream; no longer one when it is dropped.
#[derive(Debug)]
pub(super) struct Listener {
    heard: Heard,
    provider: Address,
}

impl Listener {
    /// True where nothing came from it for too long.
    pub(super) fn is_silent(&self) -> bool {
        lock(&self.heard.0).get(&self.provider).is_none_or(|entry| entry.last.elapsed() >= SILENCE)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut heard = lock(&self.heard.0);
        let Some(entry) = heard.get_mut(&self.provider) else { return };
        entry.streams = entry.streams.saturating_sub(1);
        if entry.streams == 0 {
            heard.remove(&self.provider);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::{ManualClock, Timestamp};

    #[test]
    fn who_asks_for_nothing_for_too_long_is_silent_until_it_asks() {
        let hand = ManualClock::new(Timestamp(5_000));
        let clock = Clock::from(hand.clone());
        let (heard, [provider, other]) = (Heard::default(), [Address::new([1; 20]), Address::new([2; 20])]);
        let first = heard.listen(provider, &clock);
        hand.advance(SILENCE - Duration::from_millis(1));
        heard.note(other, &clock);
        assert!(!first.is_silent());
        hand.advance(Duration::from_millis(1));
        assert!(first.is_silent());
        heard.note(provider, &clock);
        assert!(!first.is_silent());
        hand.advance(SILENCE);
        let second = heard.listen(provider, &clock);
        assert!(!first.is_silent() && !second.is_silent(), "it is there again");
        drop(first);
        assert!(!second.is_silent());
        drop(second);
        assert!(lock(&heard.0).is_empty(), "nothing is kept of who has no stream");
    }
}
