//! Traces: which span of which process belongs to what, as `traceparent` says it between processes (W3C Trace Context).
//!
//! Layout: `parent` the header; `context` where a span stands, `context_never` without the feature `otel`; `span` all spans and
//! what they carry; `export` sends them to a collector. Only what `span` makes is exported: what is logged otherwise may hold words
//! of users. `docs/watching.md` says what there is.

#[cfg(all(feature = "otel", not(target_family = "wasm")))]
mod context;
#[cfg(not(all(feature = "otel", not(target_family = "wasm"))))]
#[path = "context_never.rs"]
mod context;
#[cfg(all(feature = "otel", not(target_family = "wasm")))]
mod export;
#[cfg_attr(not(feature = "otel"), allow(dead_code, reason = "only where spans are exported"))]
mod parent;
#[cfg_attr(
    not(all(feature = "http", feature = "server")),
    allow(dead_code, reason = "each role makes its own spans")
)]
pub(crate) mod span;

#[cfg(all(feature = "otel", not(target_family = "wasm")))]
pub use export::Exporter;
#[cfg_attr(
    not(all(feature = "http", feature = "server")),
    allow(unused_imports, reason = "each role uses its own part")
)]
pub(crate) use {context::current, parent::TraceParent};

/// The `target` of all that is exported.
pub const TARGET: &str = "lilypad::trace";

/// The header that says to which span a request belongs.
#[cfg_attr(
    not(any(feature = "http", feature = "server")),
    allow(dead_code, reason = "only over HTTP are there headers")
)]
pub(crate) const HEADER: &str = "traceparent";
