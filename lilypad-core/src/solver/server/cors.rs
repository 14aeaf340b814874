//! Which web pages may use the interface: those of the named origins, and nobody else's.

use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::State;

/// Methods that the routes have.
const METHODS: &str = "GET, POST, PUT, DELETE";
/// Headers that a page may send beside those that every page may.
const HEADERS: &str = "content-type, content-digest, lilypad-audience, lilypad-target, lilypad-grant, signature, \
                       signature-input, last-event-id, range, if-range";
/// Headers of an answer that a page may read beside those that every page may.
const SHOWN: &str = "retry-after, etag, accept-ranges, content-range";
/// How long a browser may remember the answer to its question, in seconds.
const MAX_AGE: &str = "600";
/// What an answer depends on.
const VARY: &str = "origin, access-control-request-method, access-control-request-headers";

/// Answers the question that a browser asks first, and lets pages of the named origins read answers. No cookies and no
/// other means of a browser's own are taken, so nothing is allowed with them.
pub(super) async fn pages(Shared(state): Shared<State>, request: Request, next: Next) -> Response {
    let origin = state.allowed_origin(request.headers());
    let asks_first = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response =
        if asks_first { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static(VARY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let Some(origin) = origin else { return response };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let mut allow = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
    if asks_first {
        allow(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        allow(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        allow(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    } else {
        allow(header::ACCESS_CONTROL_EXPOSE_HEADERS, SHOWN);
    }
    response
}

impl State {
    /// The origin of a page that may read the answer. A request has at most one.
    fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let (origin, None) = (origins.next()?, origins.next()) else { return None };
        let known = self.config().origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes());
        known.then(|| origin.clone())
    }
}
