//! A client that sends what it is told, byte by byte, and reads when it likes.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::TcpStream;

use super::Served;
use crate::rt::Clock;
use crate::signer::{Domain, Signer};
use crate::wire::auth::{RequestEnvelope, RequestParts, RequestTarget, Scheme, sign_request};

/// Longer than any test takes; what is waited for comes before it, or the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// What comes before the test loses patience.
pub(super) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.unwrap()
}

/// Waits until something is so; others run in between.
pub(super) async fn until(so: impl Fn() -> bool) {
    soon(async {
        while !so() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// A connection.
pub(super) struct Raw(pub(super) TcpStream);

impl Raw {
    pub(super) async fn connect(served: &Served) -> Self {
        Self(TcpStream::connect(served.authority()).await.unwrap())
    }

    /// A connection on which this was sent; an end that did not take all of it has closed.
    pub(super) async fn with(served: &Served, text: impl AsRef<[u8]>) -> Self {
        let mut connection = Self::connect(served).await;
        let _ = connection.0.write_all(text.as_ref()).await;
        connection
    }

    /// Everything that comes until the other end closes the connection, in whatever way.
    pub(super) async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let mut piece = [0; 4_096];
        while let Ok(count @ 1..) = soon(self.0.read(&mut piece)).await {
            bytes.extend_from_slice(&piece[..count]);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What comes up to `wanted`, and nothing behind it, or all of it.
    pub(super) async fn read_to(&mut self, wanted: &str) -> String {
        let mut bytes = Vec::new();
        let mut byte = [0];
        while !bytes.ends_with(wanted.as_bytes()) && soon(self.0.read_exact(&mut byte)).await.is_ok() {
            bytes.extend_from_slice(&byte);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// False once the other end has broken the connection off.
    pub(super) fn is_whole(&self) -> bool {
        use futures_util::FutureExt;

        let now = self.0.ready(Interest::ERROR).now_or_never();
        !matches!(now, Some(Ok(ready)) if ready.is_error())
    }

    /// Waits until the other end has broken the connection off, without reading anything.
    pub(super) async fn broken(&self) {
        soon(async {
            while !self.0.ready(Interest::ERROR).await.unwrap().is_error() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

impl Served {
    pub(super) fn authority(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// The head of a request that nobody signed, with these further lines.
    pub(super) fn head(&self, method: &str, path: &str, lines: &str) -> String {
        format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n{lines}\r\n", self.authority())
    }

    /// The head of a signed request without a body.
    pub(super) async fn signed(
        &self,
        signer: &Arc<dyn Signer>,
        method: &str,
        path: &str,
        lines: &str,
    ) -> String {
        let target = RequestTarget::new(Scheme::Http, method, self.authority(), path, "").unwrap();
        let parts = RequestParts::new(target, b"");
        let envelope = RequestEnvelope::new(parts, self.solver.address(), Clock::system().now()).unwrap();
        let headers = sign_request(envelope, signer.as_ref(), Domain::local()).await.unwrap();
        let signed: String =
            headers.into_iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        self.head(method, path, &format!("{signed}{lines}"))
    }
}

impl Raw {
    /// The status of the answer to a request on this connection, whose body is read too.
    pub(super) async fn ask(&mut self, head: &str) -> u16 {
        self.0.write_all(head.as_bytes()).await.unwrap();
        let head = self.read_to("\r\n\r\n").await;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        soon(self.0.read_exact(&mut vec![0; length.parse().unwrap()])).await.unwrap();
        head.split(' ').nth(1).unwrap().parse().unwrap()
    }
}
