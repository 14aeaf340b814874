//! What goes back.

use std::ops::Range;
use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;

use super::State;
use super::jobs::SMALL;
use super::range::{Wanted, wanted};
use crate::error::{Code, Error, ErrorKind, Result, Retry};
use crate::solver::files::{Kept, Shelf};
use crate::wire::{ArchiveId, Body as _, Done};

/// The code of a body beyond its bound, which HTTP has a status for.
pub(super) const TOO_LARGE: &str = "E_BODY_TOO_LARGE";

/// The code of the error that an answer holds, for those who count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed(pub(super) Code);

/// JSON, or the error.
pub(super) fn json<T: crate::wire::Body>(answer: Result<T>) -> Response {
    match answer.and_then(|value| value.to_body()) {
        Ok(text) => of(StatusCode::OK, "application/json", text.into()),
        Err(error) => failed(&error),
    }
}

/// That it is done, or the error.
pub(super) fn done(answer: Result<()>) -> Response {
    json(answer.map(|()| Done {}))
}

/// An archive: in memory, or where the solver keeps it.
#[derive(Debug)]
pub(super) enum Archive {
    Here(Bytes),
    Kept(Shelf, Kept),
}

impl Archive {
    fn name(&self) -> (ArchiveId, u64) {
        match self {
            Self::Here(bytes) => (ArchiveId::of(bytes), bytes.len() as u64),
            Self::Kept(_, kept) => (kept.id, kept.length),
        }
    }

    /// A part of it, read while it is sent.
    fn body(self, part: Range<u64>) -> Body {
        match self {
            Self::Here(bytes) => {
                let at = |at| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                bytes.slice(at(part.start)..at(part.end)).into()
            }
            Self::Kept(shelf, kept) => Body::from_stream(stream::try_unfold(part, move |part| {
                let shelf = shelf.clone();
                async move {
                    if part.is_empty() {
                        return Ok(None);
                    }
                    let piece = shelf.piece(kept, part.clone()).await?;
                    let next = part.start.saturating_add(piece.len() as u64)..part.end;
                    Ok::<_, Error>(Some((piece, next)))
                }
            })),
        }
    }
}

/// An archive or the part of it that these headers ask for, or the error.
pub(super) fn archive(answer: Result<(HeaderMap, Archive)>) -> Response {
    let (headers, archive) = match answer {
        Ok(answer) => answer,
        Err(error) => return failed(&error),
    };
    let (id, length) = archive.name();
    let (status, part, range) = match wanted(&headers, id, length) {
        Wanted::Whole => (StatusCode::OK, 0..length, None),
        Wanted::Part(part) => {
            let range = format!("bytes {}-{}/{length}", part.start, part.end - 1);
            (StatusCode::PARTIAL_CONTENT, part, Some(range))
        }
        Wanted::Beyond => (StatusCode::RANGE_NOT_SATISFIABLE, 0..0, Some(format!("bytes */{length}"))),
    };
    let sent = part.end - part.start;
    let mut response = of(status, "application/x-tar", archive.body(part));
    let mut set = |name, value: String| {
        // What is made of digits and hex is always a header's value.
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    };
    set(header::CONTENT_LENGTH, sent.to_string());
    set(header::ETAG, id.etag());
    set(header::ACCEPT_RANGES, "bytes".to_owned());
    if let Some(range) = range {
        set(header::CONTENT_RANGE, range);
    }
    response
}

/// An error, as every client reads it.
pub(super) fn failed(error: &Error) -> Response {
    if error.kind() == ErrorKind::Unexpected {
        tracing::error!(%error, "a request met a fault of this server");
    }
    let mut response = of(status(error), "application/json", error.to_body().unwrap_or_default().into());
    response.extensions_mut().insert(Failed(error.code()));
    if let Retry::After(delay) = error.retry() {
        let seconds = delay.as_millis().div_ceil(1_000).max(1);
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX)));
    }
    response
}

/// That the process runs.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Whether requests are taken: not once something could not be saved.
pub(super) async fn ready(Shared(state): Shared<State>) -> Response {
    match state.solver().is_sound() {
        Ok(()) => "ok\n".into_response(),
        Err(error) => failed(&error),
    }
}

/// The interface, described for programs.
pub(super) async fn description(Shared(state): Shared<State>, request: Request) -> Response {
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| crate::wire::openapi::document().into());
    match state.open(request, SMALL).await {
        Ok(_) => of(StatusCode::OK, "application/json", DOCUMENT.clone().into()),
        Err(error) => failed(&error),
    }
}

pub(super) async fn unknown(method: Method, uri: Uri, _request: Request) -> Response {
    let path: String = uri.path().chars().take(120).collect();
    failed(
        &Error::new(ErrorKind::NotFound, "E_ROUTE", format!("there is no {method} {path} here"))
            .with_hint("check the address, and that client and solver speak the same version"),
    )
}

pub(super) async fn wrong_method(method: Method, uri: Uri) -> Response {
    let path: String = uri.path().chars().take(120).collect();
    let error = Error::new(ErrorKind::NotFound, "E_ROUTE", format!("{path} does not take {method}"));
    let mut response = failed(&error);
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}

fn of(status: StatusCode, kind: &'static str, body: Body) -> Response {
    (status, [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], body).into_response()
}

fn status(error: &Error) -> StatusCode {
    if error.code() == TOO_LARGE {
        return StatusCode::PAYLOAD_TOO_LARGE;
    }
    match error.kind() {
        ErrorKind::InvalidInput | ErrorKind::Protocol => StatusCode::BAD_REQUEST,
        ErrorKind::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorKind::Rejected => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Timeout => StatusCode::REQUEST_TIMEOUT,
        ErrorKind::Conflict | ErrorKind::Cancelled => StatusCode::CONFLICT,
        ErrorKind::VersionMismatch => StatusCode::UPGRADE_REQUIRED,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unsupported => StatusCode::NOT_IMPLEMENTED,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::NoMatch
        | ErrorKind::ExecutionFailed
        | ErrorKind::VerificationFailed
        | ErrorKind::InsufficientFunds
        | ErrorKind::Settlement => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
