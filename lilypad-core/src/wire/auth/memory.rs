//! Which nonces were used.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use super::Nonce;
use super::envelope::{MAX_LIFETIME_SECONDS, MAX_SKEW_SECONDS};
use super::error::refused;
use crate::error::{Error, ErrorKind, Result, Retry};
use crate::model::Address;

/// Remembers nonces until nothing that carries them can be accepted any more. [`NonceBook`] keeps them in memory; one
/// that writes them to a disk or a database survives a restart.
pub trait NonceMemory: Send + fmt::Debug {
    /// Takes the nonce of a request of `signer` that is verified otherwise. It must be kept to the end of the Unix second
    /// `until`; `now` is the present one.
    ///
    /// # Errors
    /// `Unauthorized` (`E_NONCE_USED`) where the same signer used it before; `Unavailable` where it cannot be kept, or
    /// where it cannot be told whether it was used: then the request must not be acted on.
    fn remember(&mut self, signer: Address, nonce: Nonce, until: u64, now: u64) -> Result<()>;
}

/// Nonces in this process's memory, at most a given number. When it is full it refuses new requests rather than forget.
///
/// ```
/// use lilypad_core::wire::auth::{Nonce, NonceBook, NonceMemory};
/// let signer = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc".parse()?;
/// let nonce = Nonce::random()?;
/// let mut book = NonceBook::new(100_000);
/// book.remember(signer, nonce, 1_700_000_090, 1_700_000_000)?;
/// let error = book.remember(signer, nonce, 1_700_000_090, 1_700_000_001).unwrap_err();
/// assert_eq!(error.code(), "E_NONCE_USED");
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct NonceBook {
    limit: usize,
    used: BTreeMap<(Address, Nonce), u64>,
    by_end: BTreeSet<(u64, Address, Nonce)>,
    /// Everything that must be kept to this second or less may have been forgotten.
    forgotten: Option<u64>,
}

impl NonceBook {
    /// An empty book for at most `limit` nonces (about 150 bytes each), for a server that starts for the first time.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, used: BTreeMap::new(), by_end: BTreeSet::new(), forgotten: None }
    }

    /// An empty book for a server that started again at the Unix second `started` and does not know what was used before.
    ///
    /// It refuses every request that could have been used then: all for the first 30 seconds, those with the usual
    /// lifetime of 60 seconds for the first 90, none after 180.
    #[must_use]
    pub fn restarted(limit: usize, started: u64) -> Self {
        // Accepted before the restart: created at most the skew later, kept at most lifetime and skew longer.
        let span = MAX_SKEW_SECONDS + MAX_LIFETIME_SECONDS + MAX_SKEW_SECONDS;
        Self { forgotten: Some(started.saturating_add(span)), ..Self::new(limit) }
    }

    /// How many nonces are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.used.len()
    }

    /// True where none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.used.is_empty()
    }

    /// Forgets what no request can carry any more, and from when on.
    fn forget(&mut self, now: u64) {
        let mut over = false;
        while let Some((until, signer, nonce)) = self.by_end.first().copied().filter(|first| first.0 < now) {
            self.by_end.remove(&(until, signer, nonce));
            self.used.remove(&(signer, nonce));
            over = true;
        }
        // A clock that jumps ahead and back must not bring forgotten nonces to life.
        if over {
            self.forgotten = self.forgotten.max(now.checked_sub(1));
        }
    }
}

impl NonceMemory for NonceBook {
    fn remember(&mut self, signer: Address, nonce: Nonce, until: u64, now: u64) -> Result<()> {
        self.forget(now);
        if self.used.contains_key(&(signer, nonce)) {
            return Err(refused("E_NONCE_USED", format!("the nonce {nonce} was used before by {signer}"))
                .with_hint("sign the request again; each one needs a new nonce"));
        }
        if let Some(forgotten) = self.forgotten.filter(|forgotten| until <= *forgotten) {
            let why = format!(
                "it is not known whether the nonce {nonce} was used: those up to {forgotten} are forgotten"
            );
            let wait = forgotten.saturating_sub(until).saturating_add(1);
            return Err(unavailable("E_NONCE_FORGOTTEN", why, wait));
        }
        if self.used.len() >= self.limit {
            let why = format!("{} nonces are kept, the limit is {}", self.used.len(), self.limit);
            let next = self.by_end.first().map_or(1, |first| first.0.saturating_sub(now).saturating_add(1));
            return Err(unavailable("E_NONCE_FULL", why, next));
        }
        self.used.insert((signer, nonce), until);
        self.by_end.insert((until, signer, nonce));
        Ok(())
    }
}

fn unavailable(code: &'static str, why: String, seconds: u64) -> Error {
    Error::new(ErrorKind::Unavailable, code, why)
        .with_hint(format!("sign it again and retry after {seconds} s"))
        .with_retry(Retry::After(Duration::from_secs(seconds)))
}

#[cfg(test)]
mod tests;
