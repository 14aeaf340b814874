//! The seam on tokio.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A future that can be stored and sent.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Runs a future on the runtime of the caller; it goes on when the handle is dropped.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(future);
}

/// Runs what blocks on a thread that is there for that.
#[cfg(any(
    feature = "executor-docker",
    all(feature = "executor-cuda", target_os = "linux"),
    all(feature = "http", feature = "provider"),
    feature = "solver"
))]
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> crate::error::Result<T> + Send + 'static,
) -> crate::error::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| crate::error::Error::unexpected("work on a file did not come to its end"))?
}

pub(super) async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

pub(super) fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub(super) type Instant = std::time::Instant;

/// Tasks that belong together and can be waited for.
#[derive(Debug, Default)]
pub(crate) struct TaskGroup(tokio::task::JoinSet<()>);

impl TaskGroup {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn spawn(&mut self, future: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(future);
    }

    /// Waits until all of them have ended.
    pub(crate) async fn join(mut self) {
        while self.0.join_next().await.is_some() {}
    }
}
