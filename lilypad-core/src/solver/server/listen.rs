//! Connections: bounded in number, with a time limit for headers, ended in good order.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::State;
use crate::error::{Error, ErrorKind, Fault, Result};
use crate::rt::{CancelReason, CancelToken, spawn, within};

/// How long requests may go on after the server was asked to stop.
const STOP_GRACE: Duration = Duration::from_secs(30);
/// Most bytes of the headers of a request.
const HEADER_BYTES: usize = 64 << 10;
/// How long to wait after a connection could not be taken: there are too many files open, or the like.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

pub(super) fn failed(source: std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "E_LISTEN", format!("the address cannot be listened on: {source}"))
        .with_fault(Fault::Solver)
        .with_hint("is another program listening there? name another address")
        .with_source(source)
}

pub(super) async fn serve(state: State, shutdown: CancelToken) -> Result<()> {
    let listener = state.0.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
    let listener = listener.ok_or_else(|| Error::unexpected("the server is served already"))?;
    listener.set_nonblocking(true).map_err(failed)?;
    let listener = TcpListener::from_std(listener).map_err(failed)?;
    let places = Arc::new(Semaphore::new(state.config().max_connections));
    let open = GracefulShutdown::new();
    let router = state.router().layer(middleware::from_fn_with_state(state.clone(), pages));
    loop {
        let place = tokio::select! {
            biased;
            _ = shutdown.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let (stream, peer) = tokio::select! {
            biased;
            _ = shutdown.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    within(ACCEPT_PAUSE, std::future::pending::<()>()).await;
                    continue;
                }
            },
        };
        let router = router.clone().layer(Extension(Peer(peer)));
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(state.config().header_timeout)
            .max_buf_size(HEADER_BYTES);
        let connection = http.serve_connection(io(stream), TowerToHyperService::new(router));
        let connection = open.watch(connection);
        spawn(async move {
            // How a connection ends is the client's affair.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    state.0.shutdown.cancel(CancelReason::Shutdown);
    if within(STOP_GRACE, open.shutdown()).await.is_none() {
        tracing::warn!("requests that still ran were cut off");
    }
    Ok(())
}

fn io(stream: TcpStream) -> TokioIo<TcpStream> {
    // Answers are small and must not wait for more.
    let _ = stream.set_nodelay(true);
    TokioIo::new(stream)
}

/// Lets pages of the named origins read answers, and nobody else's.
async fn pages(
    axum::extract::State(state): axum::extract::State<State>,
    request: Request,
    next: Next,
) -> Response {
    let origin = state.allowed_origin(request.headers().get(header::ORIGIN));
    let asks_first = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response =
        if asks_first { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let allow = |name: HeaderName, value| (name, HeaderValue::from_static(value));
        headers.extend(asks_first.then(|| {
            [
                allow(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"),
                allow(
                    header::ACCESS_CONTROL_ALLOW_HEADERS,
                    "content-type, content-digest, lilypad-audience, lilypad-target, lilypad-grant, signature, \
                     signature-input, last-event-id",
                ),
                allow(header::ACCESS_CONTROL_MAX_AGE, "600"),
            ]
        }).into_iter().flatten());
    }
    response
}
