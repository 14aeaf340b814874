//! Spans on their way to a collector, in batches, from a thread of their own: OTLP over HTTP with protobuf.
//!
//! Nobody waits for it: spans wait in a queue of a fixed size (2,048, or `OTEL_BSP_MAX_QUEUE_SIZE`), and what does not fit is left
//! out.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SdkTracerProvider, SpanData, SpanExporter as Export};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

use super::TARGET;
use crate::error::{Error, ErrorKind, Fault, Result};

/// How long the last spans of a process may take to leave it.
const LAST: Duration = Duration::from_secs(2);
/// How long a collector may take to take a batch, where `OTEL_EXPORTER_OTLP_TIMEOUT` says nothing else.
const TAKE: Duration = Duration::from_secs(10);
/// How long a connection to it may take.
const CONNECT: Duration = Duration::from_secs(3);
/// Where traces belong below a collector's address.
const PATH: &str = "/v1/traces";

/// Sends the spans of this process to a collector until it is dropped, which waits at most 2 s for the last of them.
pub struct Exporter {
    provider: SdkTracerProvider,
    address: String,
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Exporter {
    /// Begins to export the spans of this whole process to the collector at `collector` (`http://127.0.0.1:4318`), else to the one
    /// that the environment names as OpenTelemetry says (`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, `OTEL_EXPORTER_OTLP_ENDPOINT`). `None`
    /// where neither does, or the environment forbids it (`OTEL_SDK_DISABLED=true`, `OTEL_TRACES_EXPORTER=none`). `service` is the
    /// name for the process where `OTEL_SERVICE_NAME` gives none.
    ///
    /// `say` gets one line when the collector takes nothing, and one when it does again. It is called on the exporter's thread.
    ///
    /// # Errors
    /// `InvalidInput` (`E_OTLP_URL`) for what is no address of a collector; `Unsupported` (`E_OTLP_PROTOCOL`) where the environment asks
    /// for another protocol; `Conflict` (`E_OTLP_TWICE`) where the process already has a subscriber of spans.
    pub fn start(
        collector: Option<&str>,
        service: &'static str,
        say: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Option<Self>> {
        let Some(address) = address(collector, |name| std::env::var(name).ok())? else { return Ok(None) };
        let shown = address.clone();
        let exporter = exporter(address)?;
        let exporter = Told { exporter, failing: AtomicBool::new(false), say: Arc::new(say) };
        let named = Resource::builder().build();
        let unnamed = |name: &opentelemetry::Value| name.as_str().starts_with("unknown_service");
        let unnamed = named.get(&"service.name".into()).as_ref().is_none_or(unnamed);
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder().with_attribute(version);
        let resource = if unnamed { resource.with_service_name(service) } else { resource };
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.build())
            .with_span_processor(BatchSpanProcessor::builder(exporter).build())
            .build();
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("lilypad"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_level(false)
            .with_target(false)
            .with_filter(filter_fn(|about| about.target() == TARGET));
        tracing::subscriber::set_global_default(Registry::default().with(layer)).map_err(|_| {
            Error::new(ErrorKind::Conflict, "E_OTLP_TWICE", "this process has a subscriber of spans already")
                .with_fault(Fault::User)
                .with_hint("start one exporter, or add a layer of OpenTelemetry to your own subscriber")
        })?;
        Ok(Some(Self { provider, address: shown }))
    }

    /// Where spans are sent.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        // A collector that is down has been told of.
        let _ = self.provider.shutdown_with_timeout(LAST);
    }
}

/// Where spans are sent: as it is said, else as the environment says.
fn address(said: Option<&str>, environment: impl Fn(&str) -> Option<String>) -> Result<Option<String>> {
    let told = |name: &str| environment(name).filter(|told| !told.is_empty());
    let below = |base: &str| format!("{}{PATH}", base.trim_end_matches('/').trim_end_matches(PATH));
    let found = match said {
        Some(said) => Some(below(said)),
        None if told("OTEL_SDK_DISABLED").is_some_and(|told| told.eq_ignore_ascii_case("true")) => None,
        None if told("OTEL_TRACES_EXPORTER").is_some_and(|told| told == "none") => None,
        // This one names the very place, the other what it is below.
        None => told("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
            .or_else(|| told("OTEL_EXPORTER_OTLP_ENDPOINT").map(|base| below(&base))),
    };
    let Some(found) = found else { return Ok(None) };
    let protocol = told("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL").or_else(|| told("OTEL_EXPORTER_OTLP_PROTOCOL"));
    if let Some(protocol) = protocol.filter(|protocol| protocol != "http/protobuf") {
        let message = format!("spans are sent as http/protobuf, not as {protocol:?}");
        return Err(Error::unsupported("E_OTLP_PROTOCOL", message)
            .with_hint("name the collector's address for OTLP over HTTP, usually with port 4318"));
    }
    check(&found)?;
    Ok(Some(found))
}

fn check(address: &str) -> Result<()> {
    // What was got may hold a password: it is not shown.
    let refuse = |why: &str| {
        Err(Error::invalid("E_OTLP_URL", format!("this is no address of a collector of spans: {why}"))
            .with_hint("write http://HOST:4318; what it wants to know of you belongs into OTEL_EXPORTER_OTLP_HEADERS")
            .with("field", "otlp"))
    };
    let Ok(url) = reqwest::Url::parse(address) else { return refuse("it is no URL") };
    // The reader of URLs takes `http:/a` too.
    if !address.starts_with("http://") && !address.starts_with("https://") {
        return refuse("it does not begin with http:// or https://");
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return refuse("it has a login or a query in it");
    }
    Ok(())
}

fn exporter(address: String) -> Result<SpanExporter> {
    let failed = |why: &dyn fmt::Display| {
        Error::invalid("E_OTLP_URL", format!("spans cannot be exported: {why}"))
            .with_hint("see the variables of the environment whose names begin with OTEL_")
    };
    // Somebody else may have installed one already: any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // A client that blocks is made and used on no thread of a runtime.
    let told = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
    let told = told.iter().find_map(|name| std::env::var(name).ok()?.parse().ok());
    let take = told.map_or(TAKE, Duration::from_millis);
    let client = std::thread::spawn(move || {
        reqwest::blocking::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(take)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("lilypad/", env!("CARGO_PKG_VERSION")))
            .build()
    });
    let client = client.join().map_err(|_| failed(&"the client cannot be made"))?;
    let client = client.map_err(|error| failed(&error))?;
    SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_endpoint(address)
        .build()
        .map_err(|error| failed(&error))
}

/// Tells once that a collector takes nothing, and once that it does again.
struct Told {
    exporter: SpanExporter,
    failing: AtomicBool,
    say: Arc<dyn Fn(&str) + Send + Sync>,
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told").field("exporter", &self.exporter).finish_non_exhaustive()
    }
}

impl Export for Told {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let taken = self.exporter.export(batch).await;
        let failing = taken.is_err();
        match (self.failing.swap(failing, Ordering::Relaxed), &taken) {
            (false, Err(error)) => (self.say)(&format!(
                "the collector does not take spans ({error}): they are left out until it does; nothing waits for it"
            )),
            (true, Ok(())) => (self.say)("the collector takes spans again"),
            _ => {}
        }
        taken
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(said: Option<&str>, environment: &[(&str, &str)]) -> Result<Option<String>> {
        address(said, |name| {
            let told = environment.iter().find(|(known, _)| *known == name);
            told.map(|(_, told)| (*told).to_owned())
        })
    }

    #[test]
    fn the_collector_is_found_as_open_telemetry_says() {
        let (general, exact) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
        type Case<'a> = (Option<&'a str>, &'a [(&'a str, &'a str)], Option<&'a str>);
        let cases: [Case<'_>; 8] = [
            (None, &[], None),
            (None, &[(general, "")], None),
            (Some("http://a:4318"), &[], Some("http://a:4318/v1/traces")),
            (Some("http://a:4318/v1/traces"), &[(general, "http://b")], Some("http://a:4318/v1/traces")),
            (None, &[(general, "http://b:1/otlp/")], Some("http://b:1/otlp/v1/traces")),
            (None, &[(general, "http://b"), (exact, "https://c/here")], Some("https://c/here")),
            (None, &[(general, "http://b"), ("OTEL_SDK_DISABLED", "true")], None),
            (None, &[(general, "http://b"), ("OTEL_TRACES_EXPORTER", "none")], None),
        ];
        for (said, environment, wanted) in cases {
            assert_eq!(of(said, environment).unwrap().as_deref(), wanted, "{said:?} {environment:?}");
        }
    }

    #[test]
    fn what_is_no_collector_is_refused_without_showing_it() {
        for bad in
            ["collector:4318", "ftp://a", "http://user:secret@a", "http://a/?key=secret", "http://", "x"]
        {
            let error = of(Some(bad), &[]).unwrap_err();
            assert_eq!(error.code(), "E_OTLP_URL", "{bad}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        let grpc = [("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")];
        assert_eq!(of(Some("http://a"), &grpc).unwrap_err().code(), "E_OTLP_PROTOCOL");
    }
}
