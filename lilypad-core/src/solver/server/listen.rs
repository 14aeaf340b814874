//! Connections: bounded in number, with a time limit for headers, ended in good order.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::{Extension, Router};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::auth::network;
use super::metrics::{self, Refused};
use super::paced::Paced;
use super::preface::{self, Came};
use super::{State, cors, kept};
use crate::error::{Error, ErrorKind, Fault, Result};
use crate::rt::{CancelReason, CancelToken, spawn, within};

/// How long requests may go on after the server was asked to stop.
const STOP_GRACE: Duration = Duration::from_secs(30);
/// Most bytes of the headers of a request.
const HEADER_BYTES: usize = 64 << 10;
/// What the counter of connections can count.
const MOST_PLACES: u32 = 1 << 24;
/// How long to wait after a connection could not be taken: there are too many files open, or the like.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Most connections at once of those who read the figures.
const OPERATORS: usize = 32;

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// The names of the process that passed a connection on.
#[derive(Clone, Debug)]
pub(super) struct CameBy(pub(super) Arc<[String]>);

pub(super) fn failed(source: std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "E_LISTEN", format!("the address cannot be listened on: {source}"))
        .with_fault(Fault::Solver)
        .with_hint("is another program listening there? name another address")
        .with_source(source)
}

pub(super) async fn serve(state: State, shutdown: CancelToken) -> Result<()> {
    let listener = state.0.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
    let listener = ready(listener.ok_or_else(|| Error::unexpected("the server is served already"))?)?;
    let operators = state.0.operators.lock().unwrap_or_else(PoisonError::into_inner).take();
    let operators = operators.map(ready).transpose()?;
    let router = state.router();
    let router = router
        .layer(axum::middleware::from_fn_with_state(state.clone(), kept::settled))
        .layer(axum::middleware::from_fn_with_state(state.clone(), cors::pages))
        .layer(axum::middleware::from_fn_with_state(state.clone(), metrics::counted));
    let door = Door { router, public: true };
    let clients = Entrance { listener, door, most: state.config().max_connections };
    let clients = clients.serve(&state, &shutdown);
    let Some(listener) = operators else {
        clients.await;
        return Ok(());
    };
    let router = metrics::router(&state);
    let operators = Entrance { listener, door: Door { router, public: false }, most: OPERATORS };
    tokio::join!(clients, operators.serve(&state, &shutdown));
    Ok(())
}

pub(super) fn ready(listener: std::net::TcpListener) -> Result<TcpListener> {
    listener.set_nonblocking(true).map_err(failed)?;
    TcpListener::from_std(listener).map_err(failed)
}

/// The next connection, once there is a place for it; `None` once `stop` is asked for.
pub(super) async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    stop: &CancelToken,
) -> Option<((TcpStream, SocketAddr), OwnedSemaphorePermit)> {
    let place = tokio::select! {
        biased;
        _ = stop.cancelled() => return None,
        place = Arc::clone(places).acquire_owned() => place.ok()?,
    };
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.cancelled() => return None,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(accepted) => return Some((accepted, place)),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                within(ACCEPT_PAUSE, std::future::pending::<()>()).await;
            }
        }
    }
}

/// A listener and what is behind it.
struct Entrance {
    listener: TcpListener,
    door: Door,
    /// Most connections at once.
    most: usize,
}

/// Where a connection comes in.
#[derive(Clone)]
struct Door {
    router: Router,
    /// Open to everybody: connections are counted, and an address may have so many.
    public: bool,
}

impl Entrance {
    async fn serve(self, state: &State, shutdown: &CancelToken) {
        let most = u32::try_from(self.most).unwrap_or(MOST_PLACES).min(MOST_PLACES);
        let places = Arc::new(Semaphore::new(most as usize));
        while let Some((accepted, place)) = next(&self.listener, &places, shutdown).await {
            self.let_in(state, accepted, place);
        }
        drop(self.listener);
        state.0.shutdown.cancel(CancelReason::Shutdown);
        // Once every place is free, every connection has ended.
        if within(STOP_GRACE, places.acquire_many(most)).await.is_none() {
            tracing::warn!("requests that still ran were cut off");
        }
    }

    /// Finds out whose connection it is, where others may pass theirs on, and serves it.
    fn let_in<P: Send + 'static>(
        &self,
        state: &State,
        (mut stream, peer): (TcpStream, SocketAddr),
        place: P,
    ) {
        let Some(leader) = state.config().leader.clone().filter(|_| self.door.public) else {
            let came = Came { client: peer, names: Arc::default() };
            return self.door.take(state, (stream, came), place);
        };
        let (door, state) = (self.door.clone(), state.clone());
        spawn(async move {
            match preface::read(&mut stream, peer, &leader.key, state.config().header_timeout).await {
                Ok(came) => door.take(&state, (stream, came), place),
                Err(error) => tracing::debug!(%error, "a connection is not taken"),
            }
        });
    }
}

impl Door {
    /// Serves a connection in a task of its own; `place` is free when it has ended.
    fn take<P: Send + 'static>(&self, state: &State, (stream, came): (TcpStream, Came), place: P) {
        let Came { client: peer, names } = came;
        // Behind proxies all connections are theirs.
        let counted = self.public && state.config().proxies == 0;
        let own = counted.then(|| state.0.connections.take(network(peer.ip())));
        if let Some(None) = own {
            state.0.metrics.refused(Refused::Connections);
            // It costs us nothing more: not even a place for what it may have sent.
            let _ = stream.set_zero_linger();
            return;
        }
        let entered = self.public.then(|| state.0.metrics.connections.enter());
        let router = self.router.clone().layer(Extension(Peer(peer))).layer(Extension(CameBy(names)));
        let config = state.config();
        let mut http = hyper::server::conn::http1::Builder::new();
        // Its time begins with the connection and anew after each answer: it ends idle ones too.
        http.timer(TokioTimer::new())
            .header_read_timeout(config.header_timeout)
            .max_header_size(HEADER_BYTES)
            .max_buf_size(HEADER_BYTES);
        let stream = Paced::new(stream, config.write_timeout, Arc::clone(&state.0.metrics));
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
        let (connection, stopping) = (connection.with_upgrades(), state.0.shutdown.clone());
        spawn(async move {
            tokio::pin!(connection);
            // How a connection ends is the client's affair.
            tokio::select! {
                _ = connection.as_mut() => {}
                _ = stopping.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
            drop((place, own, entered));
        });
    }
}
