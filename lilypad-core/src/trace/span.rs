//! All spans, and what they carry: accounts, ids, states, codes and times. Never keys, signatures, inputs, query values or what a
//! program wrote.
//!
//! None has a parent in this process's own bookkeeping: a span there would stay open until its children have ended, and a
//! request would seem to take as long as its job.

use std::fmt::Display;

use tracing::field::{Empty, display};
use tracing::{Level, Span};

use super::context::{adopt, current, of};
use super::{TARGET, TraceParent};

/// A request that is answered here. What its sender says of its parent is believed: it leads nowhere but to a name.
pub(crate) fn answer(method: &str, route: &'static str, parent: Option<&str>) -> Span {
    let span = tracing::info_span!(
        target: TARGET, parent: None, "answer",
        otel.name = format!("{method} {route}"), otel.kind = "server", otel.status_code = Empty,
        http.request.method = method, http.route = route, http.response.status_code = Empty,
        "error.type" = Empty, lilypad.account = Empty, lilypad.job = Empty, lilypad.deal = Empty,
    );
    adopt(&span, parent.and_then(|parent| parent.parse().ok()));
    span
}

/// A request that is sent from here.
pub(crate) fn request(method: &str, route: &'static str) -> Span {
    let span = tracing::info_span!(
        target: TARGET, parent: None, "request",
        otel.name = format!("{method} {route}"), otel.kind = "client", otel.status_code = Empty,
        http.request.method = method, url.template = route, http.response.status_code = Empty,
        "error.type" = Empty,
    );
    adopt(&span, current());
    span
}

/// What a job creator does for one job, from signing it to accepting its result.
pub(crate) fn wanted() -> Span {
    let span = tracing::info_span!(
        target: TARGET, parent: None, "run job",
        otel.kind = "internal", otel.status_code = Empty, "error.type" = Empty, lilypad.job = Empty,
    );
    adopt(&span, current());
    span
}

/// What a provider does for one deal.
pub(crate) fn run(deal: impl Display) -> Span {
    let span = tracing::info_span!(
        target: TARGET, parent: None, "run deal",
        otel.kind = "internal", otel.status_code = Empty, "error.type" = Empty, lilypad.deal = display(deal),
    );
    adopt(&span, current());
    span
}

/// The life of a job at its solver.
pub(crate) fn job(
    id: impl Display,
    creator: impl Display,
    parent: Option<TraceParent>,
    resumed: bool,
) -> Span {
    let span = tracing::info_span!(
        target: TARGET, parent: None, "job",
        otel.kind = "internal", lilypad.job = display(id), lilypad.account = display(creator),
        lilypad.deal = Empty, lilypad.provider = Empty, lilypad.state = Empty, lilypad.resumed = resumed,
    );
    adopt(&span, parent);
    span
}

/// One phase of a job's life: `match`, `execute` or `judge`.
pub(crate) fn phase(job: &Span, name: &'static str) -> Span {
    let span =
        tracing::info_span!(target: TARGET, parent: None, "phase", otel.name = name, otel.kind = "internal");
    adopt(&span, of(job));
    span
}

/// Something that happened to a job.
pub(crate) fn event(job: &Span, name: &'static str, state: impl Display) {
    tracing::event!(target: TARGET, parent: job, Level::INFO, { lilypad.state = %state }, "{name}");
}

/// Adds to a job who runs it.
pub(crate) fn deal(job: &Span, deal: impl Display, provider: impl Display) {
    job.record("lilypad.deal", display(deal));
    job.record("lilypad.provider", display(provider));
}

/// Adds to a job how it ended.
pub(crate) fn state(job: &Span, state: impl Display) {
    job.record("lilypad.state", display(state));
}

/// Adds to the request that is answered whom it is of.
pub(crate) fn account(account: impl Display) {
    Span::current().record("lilypad.account", display(account));
}

/// Adds to the span in which the caller is of which job it speaks.
pub(crate) fn of_job(id: impl Display) {
    Span::current().record("lilypad.job", display(id));
}

/// Adds to the request that is answered of which deal it speaks.
pub(crate) fn of_deal(id: impl Display) {
    Span::current().record("lilypad.deal", display(id));
}

/// Adds how a request was answered.
pub(crate) fn status(span: &Span, status: u16) {
    span.record("http.response.status_code", status);
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// Adds the code with which a request is refused: no fault of whoever answers it.
pub(crate) fn refused(span: &Span, code: &'static str) {
    span.record("error.type", code);
}

/// Adds the code of what went wrong.
pub(crate) fn failed(span: &Span, code: &'static str) {
    span.record("error.type", code);
    span.record("otel.status_code", "ERROR");
}
