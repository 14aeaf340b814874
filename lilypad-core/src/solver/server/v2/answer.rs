//! What goes back to a v2 peer: JSON as Go writes it, and errors as plain text.

use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;

use super::super::answer::{Failed, TOO_LARGE};
use super::rate::Verdict;
use crate::error::{Code, Error, ErrorKind, Result};
use crate::model::json;

/// v2 names no type, so that its peers see this one for everything but archives.
const TEXT: &str = "text/plain; charset=utf-8";
/// Most bytes of a list.
const LIST_BYTES: usize = 32 << 20;

/// JSON and a line end, or the error.
pub(super) fn value<T: Serialize>(answer: Result<T>) -> Response {
    match answer.and_then(|value| json::to_string(&value)) {
        Ok(text) => said(StatusCode::OK, text),
        Err(error) => failed(&error),
    }
}

/// A list, or the error. An item is made when its turn comes.
pub(super) fn list<T: Serialize>(items: impl Iterator<Item = Arc<T>>) -> Response {
    match list_text(items) {
        Ok(text) => said(StatusCode::OK, text),
        Err(error) => failed(&error),
    }
}

fn list_text<T: Serialize>(items: impl Iterator<Item = Arc<T>>) -> Result<String> {
    let mut text = String::from("[");
    for (at, item) in items.enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&json::to_string(&*item)?);
        if text.len() > LIST_BYTES {
            let message = format!("the list has more than {LIST_BYTES} bytes: ask for fewer");
            return Err(Error::new(ErrorKind::Rejected, "E_V2_LIST", message));
        }
    }
    text.push(']');
    Ok(text)
}

/// An archive, or the error.
pub(super) fn archive(name: &'static str, answer: Result<Bytes>) -> Response {
    match answer {
        Ok(bytes) => {
            let disposition = format!("attachment; filename={name}");
            let headers = [
                (header::CONTENT_TYPE, "application/x-tar"),
                (header::CONTENT_DISPOSITION, disposition.as_str()),
            ];
            (headers, bytes).into_response()
        }
        // The routes of files answer every refusal so.
        Err(error) => counted(refusal(StatusCode::INTERNAL_SERVER_ERROR, error.message()), error.code()),
    }
}

/// An error with v2's status, which is 500 for most of them.
pub(super) fn failed(error: &Error) -> Response {
    let status = match (error.code(), error.kind()) {
        (TOO_LARGE, _) => StatusCode::PAYLOAD_TOO_LARGE,
        (_, ErrorKind::Unauthorized) => StatusCode::UNAUTHORIZED,
        (_, ErrorKind::InvalidInput) if error.code() != "E_V2_QUERY" => StatusCode::BAD_REQUEST,
        (_, ErrorKind::Timeout) => StatusCode::REQUEST_TIMEOUT,
        (_, ErrorKind::RateLimited) => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    counted(refusal(status, error.message()), error.code())
}

/// An answer with the code of what it refuses, for those who count.
pub(super) fn counted(mut response: Response, code: Code) -> Response {
    response.extensions_mut().insert(Failed(code));
    response
}

/// An error of the route that takes input files, which has statuses of its own.
pub(super) fn failed_with_files(error: &Error) -> Response {
    let status = match error.kind() {
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorKind::InvalidInput | ErrorKind::Rejected => StatusCode::BAD_REQUEST,
        ErrorKind::Timeout => StatusCode::REQUEST_TIMEOUT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    counted(refusal(status, error.message()), error.code())
}

/// A status and a line of text.
pub(super) fn refusal(status: StatusCode, message: &str) -> Response {
    if status.is_server_error() {
        tracing::debug!(%status, message, "a v2 request is refused");
    }
    said(status, message.to_owned())
}

fn said(status: StatusCode, mut text: String) -> Response {
    text.push('\n');
    (status, [(header::CONTENT_TYPE, TEXT), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], text)
        .into_response()
}

/// Tells a client its rate.
pub(super) fn tell_rate(response: &mut Response, rate: &Verdict) {
    let mut tell = |name: &'static str, number: u64| {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(number));
    };
    tell("x-ratelimit-limit", rate.limit.into());
    tell("x-ratelimit-remaining", rate.remaining.into());
    tell("x-ratelimit-reset", rate.reset);
    if !rate.allowed {
        tell("retry-after", rate.window);
    }
}
