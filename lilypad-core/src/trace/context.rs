//! Where a span stands, as OpenTelemetry knows it.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::TraceParent;

/// The span in which the caller is; `None` where nothing is exported.
pub(crate) fn current() -> Option<TraceParent> {
    of(&Span::current())
}

pub(super) fn of(span: &Span) -> Option<TraceParent> {
    if span.is_disabled() {
        return None;
    }
    let context = span.context();
    let known = context.span().span_context().clone();
    known.is_valid().then(|| TraceParent {
        trace: u128::from_be_bytes(known.trace_id().to_bytes()),
        span: u64::from_be_bytes(known.span_id().to_bytes()),
        flags: known.trace_flags().to_u8(),
        remote: false,
    })
}

/// Says to which span a new one belongs.
pub(super) fn adopt(span: &Span, parent: Option<TraceParent>) {
    let Some(TraceParent { trace, span: id, flags, remote }) = parent else { return };
    let parent = SpanContext::new(
        TraceId::from(trace),
        SpanId::from(id),
        TraceFlags::new(flags),
        remote,
        TraceState::default(),
    );
    // A span that is not exported belongs to nothing.
    let _ = span.set_parent(Context::new().with_remote_span_context(parent));
}
