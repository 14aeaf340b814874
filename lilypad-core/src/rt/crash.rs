//! Moments at which this process can be made to die without a word, for tests that kill it at each of them. Only with the
//! feature `crash-points`: elsewhere its twin `crash_never` stands in its place.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Which moment, as `NAME` or `NAME:COUNT`: the process dies when it comes there for the COUNT-th time.
const VARIABLE: &str = "LILYPAD_CRASH_AT";

/// A moment that has a name. Nothing is flushed and nothing is dropped where the process dies here, as after `kill -9`.
pub(crate) fn crash_point(name: &str) {
    static WANTED: OnceLock<Option<(String, AtomicU32)>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| wanted(&std::env::var(VARIABLE).ok()?));
    if let Some((wanted, left)) = wanted
        && wanted == name
        && left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        std::process::abort();
    }
}

fn wanted(text: &str) -> Option<(String, AtomicU32)> {
    let (name, count) = text.split_once(':').unwrap_or((text, "1"));
    Some((name.to_owned(), AtomicU32::new(count.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_a_name_and_a_count() {
        let read = |text| wanted(text).map(|(name, left)| (name, left.into_inner()));
        assert_eq!(read("solver.agreed"), Some(("solver.agreed".to_owned(), 1)));
        assert_eq!(read("solver.agreed:3"), Some(("solver.agreed".to_owned(), 3)));
        assert_eq!(read("solver.agreed:x"), None);
    }
}
