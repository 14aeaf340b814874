//! Which of several solver processes leads, and how the others reach it.

use std::fmt;
#[cfg(feature = "store-postgres")]
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Result;
use crate::rt::Random;

/// A solver process, as the others on its database reach it.
#[derive(Clone, PartialEq, Eq)]
pub struct Leader {
    /// Host and port (`10.0.0.7:8080`).
    pub address: String,
    /// What only processes on this database know: who shows it passes on connections of others.
    pub key: String,
}

impl Leader {
    /// A process that is reached at `address`, with a new key.
    ///
    /// # Errors
    /// `Unexpected` where the system gives no random numbers.
    pub fn new(address: impl Into<String>) -> Result<Self> {
        Ok(Self { address: address.into(), key: hex::encode(Random::system().bytes()?) })
    }
}

impl fmt::Debug for Leader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leader").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Who leads, as far as is known. Clones know the same.
#[cfg(feature = "store-postgres")]
#[derive(Clone, Debug, Default)]
pub struct Leaders(Arc<Mutex<Option<Leader>>>);

#[cfg(feature = "store-postgres")]
impl Leaders {
    /// Who led last; `None` where nobody ever did.
    #[must_use]
    pub fn current(&self) -> Option<Leader> {
        self.lock().clone()
    }

    /// Notes who leads now.
    pub(super) fn set(&self, leader: Option<Leader>) {
        *self.lock() = leader;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Leader>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
