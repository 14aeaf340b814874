//! What a solver must not forget, and where it is kept.
//!
//! A [`Store`] takes [`Batch`]es, each whole or not at all, and gives back what they made. Ledger, jobs, nonces and grants of
//! one solver share one store, so the order in which they are saved is the order in which they happened.
//!
//! Layout: `batch` what is saved, `saved` what comes back; `memory`, `sqlite` and `postgres` the stores, `writer` the
//! thread that the latter two have; `fuse` stops at the first failure. `docs/store.md` says what is saved when.

mod batch;
mod fuse;
mod memory;
#[cfg(feature = "store-postgres")]
pub mod postgres;
mod saved;
#[cfg(feature = "store-sqlite")]
mod sqlite;
#[cfg(any(feature = "store-sqlite", feature = "store-postgres"))]
mod writer;

use std::fmt;

pub use batch::{Batch, Part, Write};
pub(super) use fuse::Fuse;
pub use memory::MemoryStore;
#[cfg(feature = "store-postgres")]
pub use postgres::PostgresStore;
pub use saved::{Saved, SavedGrant, SavedJob, SavedNonce};
#[cfg(feature = "store-sqlite")]
pub use sqlite::SqliteStore;

use crate::error::{Error, ErrorKind, Fault, Result};
use crate::rt::CancelToken;

/// What is called when a batch has come to its end. It must not wait.
pub type Done = Box<dyn FnOnce(Result<()>) + Send>;

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

    /// Begins to save a batch, and calls `done` once it is safe or cannot be: batches are applied, and end, in the order of the
    /// calls. A store with a thread of its own does not wait for it here.
    fn begin(&self, batch: Batch, done: Done) {
        done(self.save(batch));
    }

    /// Cancelled once nothing can be saved any more, where the store notices that by itself.
    fn lost(&self) -> Option<CancelToken> {
        None
    }
}

/// What a newer program wrote.
#[cfg(any(feature = "store-sqlite", feature = "store-postgres"))]
fn newer(version: impl fmt::Display, known: impl fmt::Display) -> Error {
    let message = format!("the solver's store has version {version}; this program knows {known}");
    Error::unsupported("E_STORE_VERSION", message)
        .with_hint("start the newer program that wrote it")
        .with("limit", known)
        .with("got", version)
}

/// How a failure of a store begins.
const FAILED: &str = "the solver's store does not work: ";

/// A store that cannot do its work.
fn failed(why: impl fmt::Display) -> Error {
    // What failed below may say so already.
    let why = why.to_string();
    let why = why.strip_prefix(FAILED).unwrap_or(&why);
    Error::new(ErrorKind::Unavailable, "E_STORE", format!("{FAILED}{why}"))
        .with_fault(Fault::Solver)
        .with_hint("see to the solver's disk, then start it again; nothing that was acknowledged is lost")
}

#[cfg(test)]
pub(super) mod tests;
