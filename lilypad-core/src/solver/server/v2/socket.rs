//! The websocket of events.
//!
//! Everybody may read; what a reader says of itself in the query counts for nothing, and neither does its leaving.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State as Shared;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use tokio::sync::mpsc::Receiver;

use super::super::State;
use super::super::listen::Peer;
use super::super::metrics::Refused;
use super::{Served, answer};
use crate::rt::within;

/// Most bytes that a reader may send at once: it has nothing to say.
const MOST_BYTES: usize = 64 << 10;
/// How long one event may take to be written.
const SEND_TIME: Duration = Duration::from_secs(20);
/// How long a reader may be silent before it is asked for a sign of life, and again before it is dropped.
const SILENCE: Duration = Duration::from_secs(30);

pub(super) async fn events(
    Shared(served): Shared<Served>,
    Extension(Peer(peer)): Extension<Peer>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !same_origin(&headers) {
        return answer::refusal(StatusCode::FORBIDDEN, "Forbidden");
    }
    let reader = {
        let address = served.state.address_of(peer.ip(), &headers);
        served.market.book().hub.connect(address)
    };
    match reader {
        Ok(reader) => {
            let state = served.state;
            let upgrade = upgrade.max_message_size(MOST_BYTES).max_frame_size(MOST_BYTES);
            upgrade.on_upgrade(move |socket| tell(socket, reader, state))
        }
        Err(error) => answer::refusal(StatusCode::SERVICE_UNAVAILABLE, error.message()),
    }
}

/// A page of another site may not read along.
fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let host = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    host.is_some_and(|host| text(header::HOST).is_some_and(|own| own.eq_ignore_ascii_case(host)))
}

async fn tell(mut socket: WebSocket, mut events: Receiver<Arc<str>>, state: State) {
    let shutdown = state.0.shutdown.clone();
    let mut asked = false;
    loop {
        let next = tokio::select! {
            biased;
            _ = shutdown.cancelled() => break,
            event = events.recv() => match event {
                Some(event) => Some(Message::Text((&*event).into())),
                None => {
                    state.0.metrics.refused(Refused::SlowReader);
                    break;
                }
            },
            heard = within(SILENCE, socket.recv()) => match heard {
                Some(Some(Ok(Message::Close(_)) | Err(_)) | None) => return,
                Some(Some(Ok(_))) => {
                    asked = false;
                    None
                }
                None if asked => break,
                None => {
                    asked = true;
                    Some(Message::Ping(bytes::Bytes::new()))
                }
            },
        };
        if let Some(message) = next
            && !matches!(within(SEND_TIME, socket.send(message)).await, Some(Ok(())))
        {
            return;
        }
    }
    // Whoever does not read is not waited for.
    let _ = within(Duration::from_secs(1), socket.send(Message::Close(None))).await;
}
