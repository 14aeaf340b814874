//! What operators watch: counts and times, in the text format of Prometheus.
//!
//! Layout: `text` how it is written; `served` who may read it. No label has a value that a client chooses: routes are those of
//! the table, codes are HTTP's, reasons are listed here.

mod served;
mod text;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::{Method, StatusCode};

pub(super) use served::{counted, router};

use super::auth::lock;
use crate::error::Code;
use crate::solver::figures::Histogram;

/// Why something was not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// More requests than an address or an account may make.
    Rate,
    /// Who asks could not be told, or may not.
    Signature,
    /// A body that is too large.
    Size,
    /// A body that did not come in time.
    SlowBody,
    /// A client that did not read what it was sent.
    SlowReader,
    /// More connections than an address may have.
    Connections,
    /// More streams than an account may have.
    Streams,
}

impl Refused {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Rate, "rate"),
        (Self::Signature, "signature"),
        (Self::Size, "size"),
        (Self::SlowBody, "slow_body"),
        (Self::SlowReader, "slow_reader"),
        (Self::Connections, "connections"),
        (Self::Streams, "streams"),
    ];

    /// The reason behind an error's code, where it is one that is counted.
    pub(super) fn of(code: Code) -> Option<Self> {
        let signature = [
            "E_AUTH",
            "E_SIGNATURE",
            "E_REQUEST_EXPIRED",
            "E_CLOCK_SKEW",
            "E_NONCE",
            "E_GRANT",
            "E_HOST",
            "E_NOT_PARTY",
        ];
        match code {
            "E_RATE_LIMIT" => Some(Self::Rate),
            "E_STREAMS" => Some(Self::Streams),
            super::answer::TOO_LARGE | "E_BODY_LIMIT" => Some(Self::Size),
            "E_BODY_SLOW" => Some(Self::SlowBody),
            code => signature.iter().any(|start| code.starts_with(start)).then_some(Self::Signature),
        }
    }
}

/// What a server counts from its start on.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    requests: Mutex<BTreeMap<Answered, u64>>,
    seconds: Mutex<BTreeMap<&'static str, Histogram>>,
    refused: [AtomicU64; Refused::ALL.len()],
    /// Connections that are open.
    pub(super) connections: Gauge,
    /// Streams of jobs' events that are open.
    pub(super) job_streams: Gauge,
    /// Streams of providers' messages that are open.
    pub(super) provider_streams: Gauge,
}

/// The method by its name, which is one of a few.
fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// Requests that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Answered {
    route: &'static str,
    method: &'static str,
    status: u16,
}

impl Metrics {
    /// Counts a request, which took so long until its answer began.
    pub(super) fn answered(&self, route: &'static str, method: &Method, status: StatusCode, time: Duration) {
        let method = known_method(method);
        let answered = Answered { route, method, status: status.as_u16() };
        let mut requests = lock(&self.requests);
        let count = requests.entry(answered).or_insert(0);
        *count = count.saturating_add(1);
        drop(requests);
        lock(&self.seconds).entry(route).or_default().add(time);
    }

    /// Counts something that was not served.
    pub(super) fn refused(&self, why: Refused) {
        let place = Refused::ALL.iter().position(|(reason, _)| *reason == why);
        if let Some(count) = place.and_then(|place| self.refused.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// How many there are now.
#[derive(Debug, Default)]
pub(super) struct Gauge(std::sync::Arc<AtomicU64>);

impl Gauge {
    /// One more, until what comes back is dropped.
    pub(super) fn enter(&self) -> Entered {
        self.0.fetch_add(1, Ordering::Relaxed);
        Entered(std::sync::Arc::clone(&self.0))
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One of those that are counted.
#[derive(Debug)]
pub(super) struct Entered(std::sync::Arc<AtomicU64>);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
impl Metrics {
    pub(super) fn count(&self, why: Refused) -> u64 {
        let place = Refused::ALL.iter().position(|(reason, _)| *reason == why).unwrap();
        self.refused[place].load(Ordering::Relaxed)
    }
}
