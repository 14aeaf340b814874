//! What a solver must not forget, and where it is kept.
//!
//! A [`Store`] takes [`Batch`]es, each whole or not at all, and gives back what they made. Ledger, jobs, nonces and grants of
//! one solver share one store, so the order in which they are saved is the order in which they happened.
//!
//! Layout: `batch` what is saved, `saved` what comes back; `memory` and `sqlite` two stores; `fuse` stops at the first failure. `docs/store.md` says what is saved when.

mod batch;
mod fuse;
mod memory;
mod saved;
#[cfg(feature = "store-sqlite")]
mod sqlite;

use std::fmt;

pub use batch::{Batch, Part, Write};
pub(super) use fuse::Fuse;
pub use memory::MemoryStore;
pub use saved::{Saved, SavedGrant, SavedJob, SavedNonce};
#[cfg(feature = "store-sqlite")]
pub use sqlite::SqliteStore;

use crate::error::{Error, ErrorKind, Fault, Result};

/// Where a solver keeps what it must not forget.
///
/// One process at a time uses what a store keeps.
pub trait Store: Send + Sync + fmt::Debug {
    /// Everything that was saved.
    ///
    /// # Errors
    /// `Unavailable` (`E_STORE`) where it cannot be read.
    fn load(&self) -> Result<Saved>;

    /// Saves a batch, whole or not at all; waits until it is safe. Batches are applied in the order of the calls.
    ///
    /// # Errors
    /// `Unavailable` (`E_STORE`) where it cannot be told that the batch is safe, or where its command has the number of
    /// another.
    fn save(&self, batch: Batch) -> Result<()>;
}

/// A store that cannot do its work.
fn failed(why: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Unavailable, "E_STORE", format!("the solver's store does not work: {why}"))
        .with_fault(Fault::Solver)
        .with_hint("see to the solver's disk, then start it again; nothing that was acknowledged is lost")
}

#[cfg(test)]
mod tests;
