//! How long to wait for the network: the machine's time, whatever clock the protocol follows.

use std::time::Duration;

/// What the future gives, or `None` after `limit`.
pub(crate) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    tokio::time::timeout(limit, future).await.ok()
}
