//! Whether trying again can help.

use std::fmt;
use std::time::Duration;

/// Whether trying again can help. Never derived from the text of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// The same call will fail again.
    Never,
    /// Try again after this long.
    After(Duration),
    /// It was tried this many times already.
    Exhausted(u32),
}

impl Retry {
    /// True where the same call may succeed later.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::After(_))
    }
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::After(delay) => write!(f, "after {} ms", delay.as_millis()),
            Self::Exhausted(tries) => write!(f, "exhausted after {tries}"),
        }
    }
}
