//! Waiting for async work on a plain thread.

use std::future::Future;

use tokio::runtime::Handle;

use crate::error::{Error, Result};

/// Waits for futures on a thread that is not the runtime's.
#[derive(Clone, Debug)]
pub(crate) struct Waiter(Handle);

impl Waiter {
    /// A waiter on the runtime of the caller.
    ///
    /// # Errors
    /// `Unsupported` (`E_RUNTIME`) where the caller does not run on tokio.
    pub(crate) fn current() -> Result<Self> {
        let handle = Handle::try_current().map_err(|source| {
            Error::unsupported("E_RUNTIME", "a job can be run on a tokio runtime only").with_source(source)
        })?;
        Ok(Self(handle))
    }

    /// Blocks this thread until the future is done.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.0.block_on(future)
    }
}
