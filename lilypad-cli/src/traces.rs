//! Spans of this process on their way to a collector, where one is named.

use lilypad_core::Result;

use crate::report::Report;

/// Sends spans until it is dropped.
#[cfg(feature = "otel")]
pub(crate) type Traces = lilypad_core::trace::Exporter;
/// There are none.
#[cfg(not(feature = "otel"))]
pub(crate) type Traces = std::convert::Infallible;

/// Begins to export: to the collector that is named, else to that of the environment.
#[cfg(feature = "otel")]
pub(crate) fn export(
    collector: Option<&str>,
    service: &'static str,
    report: &Report,
) -> Result<Option<Traces>> {
    let teller = report.clone();
    let traces = Traces::start(collector, service, move |line| teller.field("traces", line))?;
    if let Some(traces) = &traces {
        report.field("traces", format!("sent to {}", traces.address()));
    }
    Ok(traces)
}

/// Says that there is no exporter in this program, where one was asked for.
#[cfg(not(feature = "otel"))]
pub(crate) fn export(
    collector: Option<&str>,
    _service: &'static str,
    _report: &Report,
) -> Result<Option<Traces>> {
    match collector {
        None => Ok(None),
        Some(_) => Err(lilypad_core::Error::unsupported(
            "E_FEATURE",
            "this program was built without the feature otel: it exports no spans",
        )
        .with_hint("build it with --features otel, or leave --otlp out")),
    }
}
