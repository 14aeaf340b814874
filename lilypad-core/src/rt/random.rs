//! Random bytes: from the operating system, or a repeatable stream from a seed.

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// A source of random bytes that can be split by purpose, so that one use never shifts another.
#[derive(Clone)]
pub(crate) struct Random {
    seed: Option<[u8; 32]>,
    counter: u64,
}

impl Random {
    /// The operating system's random numbers.
    pub(crate) fn system() -> Self {
        Self { seed: None, counter: 0 }
    }

    /// The same bytes for the same seed.
    pub(crate) fn seeded(seed: u64) -> Self {
        let digest = Sha256::new_with_prefix(b"lilypad seed").chain_update(seed.to_le_bytes()).finalize();
        Self { seed: Some(digest.into()), counter: 0 }
    }

    /// The same bytes for the same 32 bytes of seed.
    pub(crate) fn from_seed(seed: [u8; 32]) -> Self {
        Self { seed: Some(seed), counter: 0 }
    }

    /// An independent source for `purpose`; seeded from this one where this one is seeded.
    pub(crate) fn child(&self, purpose: &str) -> Self {
        let seed = self.seed.map(|seed| {
            Sha256::new_with_prefix(seed)
                .chain_update(b"/")
                .chain_update(purpose.as_bytes())
                .finalize()
                .into()
        });
        Self { seed, counter: 0 }
    }

    /// The next 32 bytes.
    ///
    /// # Errors
    /// `Unexpected` where the operating system gives no random numbers.
    pub(crate) fn bytes(&mut self) -> Result<[u8; 32]> {
        let mut bytes = [0; 32];
        match self.seed {
            Some(seed) => {
                let digest =
                    Sha256::new_with_prefix(seed).chain_update(self.counter.to_le_bytes()).finalize();
                bytes.copy_from_slice(&digest);
                self.counter += 1;
            }
            None => getrandom::fill(&mut bytes).map_err(|source| {
                Error::unexpected("the operating system gives no random numbers").with_source(source)
            })?,
        }
        Ok(bytes)
    }
}

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.seed.is_some() { "Random(seeded)" } else { "Random(system)" })
    }
}
