//! Who may read the figures: whoever reaches their own listener, which is no part of the public interface.

use axum::Router;
use axum::extract::{MatchedPath, Request, State as Shared};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tracing::Instrument;

use super::super::{State, answer, v2};
use super::{Refused, known_method, text};
use crate::rt::Stopwatch;
use crate::trace::{self, span};
use crate::wire::routes::Route;

/// Routes that are no part of the interface.
const PLAIN: [&str; 3] = ["/healthz", "/readyz", "/openapi.json"];

/// The routes of the operator's own listener.
pub(in super::super) fn router(state: &State) -> Router {
    let text = async |Shared(state): Shared<State>| {
        let figures = state.solver().figures(state.0.ledger.commands());
        ([(header::CONTENT_TYPE, text::TYPE)], text::write(&state.0.metrics, &figures)).into_response()
    };
    Router::new()
        .route("/metrics", get(text))
        .route("/healthz", get(answer::alive))
        .route("/readyz", get(answer::ready))
        .fallback(answer::unknown)
        .with_state(state.clone())
}

/// Counts a request of the interface, and makes it a span.
pub(in super::super) async fn counted(
    Shared(state): Shared<State>,
    request: Request,
    next: Next,
) -> Response {
    let since = Stopwatch::start();
    let route = route(&request);
    let method = request.method().clone();
    let parent = request.headers().get(trace::HEADER).and_then(|parent| parent.to_str().ok());
    let span = span::answer(known_method(&method), route, parent);
    let response = next.run(request).instrument(span.clone()).await;
    span::status(&span, response.status().as_u16());
    let metrics = &state.0.metrics;
    metrics.answered(route, &method, response.status(), since.elapsed());
    if let Some(answer::Failed(code)) = response.extensions().get::<answer::Failed>() {
        span::refused(&span, code);
        if let Some(why) = Refused::of(code) {
            metrics.refused(why);
        }
    }
    response
}

/// The route as it is written in the table: what a client writes itself would be without bound.
fn route(request: &Request) -> &'static str {
    let known = Route::ALL.iter().map(|route| route.path()).chain(PLAIN).chain(v2::PATHS);
    let matched = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    known.into_iter().find(|path| Some(*path) == matched).unwrap_or("other")
}
