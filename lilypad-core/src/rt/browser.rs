//! The seam on the page's event loop. Only what the client's pure parts need so far: timers and spawning come
//! with the browser binding.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A future that can be stored; a page has one thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

pub(crate) fn spawn(_future: impl Future<Output = ()> + 'static) {
    tracing::error!("spawning is not available in this build for the browser");
}

pub(super) async fn sleep(_duration: Duration) {
    std::future::pending::<()>().await;
}

pub(super) fn unix_millis() -> u64 {
    0
}

/// Elapsed time is not measured in this build for the browser.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instant;

impl Instant {
    pub(super) fn now() -> Self {
        Self
    }

    pub(super) fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}
