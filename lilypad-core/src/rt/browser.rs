//! The seam on the page's event loop. Only what the client's pure parts need so far: timers and spawning come
//! with the browser binding.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::error::{Error, Result};

/// A future that can be stored; a page has one thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

pub(crate) fn spawn(_future: impl Future<Output = ()> + 'static) {
    tracing::error!("spawning is not available in this build for the browser");
}

pub(crate) async fn spawn_blocking<T: 'static>(_work: impl FnOnce() -> T + 'static) -> Result<T> {
    Err(Error::unsupported("E_NO_THREADS", "blocking work is not available in a browser"))
}

pub(super) async fn sleep(_duration: Duration) {
    std::future::pending::<()>().await;
}

pub(super) fn unix_millis() -> u64 {
    0
}
