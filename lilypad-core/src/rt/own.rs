//! A runtime for one thread, which drives it only while it waits.

use std::future::Future;

use crate::error::{Error, Result};

/// A runtime of one thread's own. What is spawned on it goes on only during [`OwnRuntime::wait`].
#[derive(Debug)]
pub(crate) struct OwnRuntime(tokio::runtime::Runtime);

impl OwnRuntime {
    /// # Errors
    /// `Unavailable` (`E_RUNTIME`) where the system gives none.
    pub(crate) fn new() -> Result<Self> {
        let made = tokio::runtime::Builder::new_current_thread().enable_all().build();
        made.map(Self).map_err(|source| {
            Error::new(
                crate::error::ErrorKind::Unavailable,
                "E_RUNTIME",
                "the system gives no runtime for a thread",
            )
            .with_hint("are too many files open?")
            .with_source(source)
        })
    }

    /// Blocks this thread until the future is done. Must not be called on a thread of another runtime.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.0.block_on(future)
    }
}
