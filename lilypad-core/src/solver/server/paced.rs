//! A connection whose other end must take what it is sent: who does not read is cut off, never waited for.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Sleep, Timer};
use hyper_util::rt::TokioTimer;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::metrics::{Metrics, Refused};

/// What a reader must take within the time, where that much waits for it.
const LEAST: usize = 16 << 10;
/// Most bytes of a connection that wait in the system before they are on their way.
#[cfg(any(target_os = "linux", target_os = "android"))]
const WAITING: u32 = 64 << 10;

/// A connection with a time limit for writing. It runs while something waits to be taken: then the other end must take all
/// of it, or 16 KiB, within the limit.
pub(super) struct Paced {
    stream: TcpStream,
    limit: Duration,
    metrics: Arc<Metrics>,
    /// When the time is up, where something waits.
    due: Option<Pin<Box<dyn Sleep>>>,
    /// What was taken since it began to wait.
    taken: usize,
}

impl Paced {
    pub(super) fn new(stream: TcpStream, limit: Duration, metrics: Arc<Metrics>) -> Self {
        // Answers are small and must not wait for more.
        let _ = stream.set_nodelay(true);
        // What the system holds for a slow reader is memory too; where it knows no such bound it has its own.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            let socket = socket2::SockRef::from(&stream);
            let _ = socket.set_tcp_notsent_lowat(WAITING);
            // Small events all fit into what the system holds: only it knows that nobody confirms them. Not as soon as who
            // confirms and does not read, which is noted below.
            let _ = socket.set_tcp_user_timeout(Some(limit.saturating_mul(2)));
        }
        Self { stream, limit, metrics, due: None, taken: 0 }
    }

    /// Notes how a write of `wanted` bytes went.
    fn noted(
        &mut self,
        cx: &mut Context<'_>,
        wanted: usize,
        written: Poll<Result<usize>>,
    ) -> Poll<Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) => {
                self.taken = self.taken.saturating_add(bytes);
                if bytes >= wanted || self.taken >= LEAST {
                    (self.due, self.taken) = (None, 0);
                }
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(failed) => Poll::Ready(failed),
            Poll::Pending => {
                let due = self.due.get_or_insert_with(|| TokioTimer::new().sleep(self.limit));
                ready!(due.as_mut().poll(cx));
                self.metrics.refused(Refused::SlowReader);
                // Nothing of it is kept, not even by the system.
                let _ = self.stream.set_zero_linger();
                Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the other end does not read")))
            }
        }
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Paced {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.noted(cx, bytes.len(), written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let wanted = pieces.iter().fold(0_usize, |sum, piece| sum.saturating_add(piece.len()));
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.noted(cx, wanted, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
