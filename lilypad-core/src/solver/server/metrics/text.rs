//! The text format of Prometheus, version 0.0.4.

use std::fmt::Write;
use std::sync::atomic::Ordering;

use super::{Gauge, Metrics, Refused};
use crate::solver::figures::{Figures, Histogram};
use crate::solver::server::auth::lock;

/// The content type.
pub(super) const TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything, as it is read.
pub(super) fn write(metrics: &Metrics, figures: &Figures) -> String {
    let mut page = Page(String::new());
    page.family("lilypad_build_info", "gauge", "The program that serves.");
    page.sample("lilypad_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    requests(&mut page, metrics);
    solver(&mut page, figures);
    page.0
}

fn requests(page: &mut Page, metrics: &Metrics) {
    let name = "lilypad_http_requests_total";
    page.family(name, "counter", "Requests that were answered.");
    for (answered, count) in lock(&metrics.requests).iter() {
        let status = answered.status.to_string();
        let labels = [("route", answered.route), ("method", answered.method), ("status", &status)];
        page.sample(name, &labels, *count);
    }
    let name = "lilypad_http_request_duration_seconds";
    page.family(name, "histogram", "Time until the answer began.");
    for (route, times) in lock(&metrics.seconds).iter() {
        page.histogram(name, &[("route", route)], times);
    }
    let name = "lilypad_http_refused_total";
    page.family(name, "counter", "Requests, connections and streams that were not served, or cut off.");
    for ((_, reason), count) in Refused::ALL.iter().zip(&metrics.refused) {
        page.sample(name, &[("reason", reason)], count.load(Ordering::Relaxed));
    }
    page.family("lilypad_http_connections", "gauge", "Connections that are open.");
    page.sample("lilypad_http_connections", &[], metrics.connections.get());
    let name = "lilypad_http_streams";
    page.family(name, "gauge", "Streams of events that are open.");
    let streams = |page: &mut Page, of, gauge: &Gauge| page.sample(name, &[("of", of)], gauge.get());
    streams(page, "job", &metrics.job_streams);
    streams(page, "provider", &metrics.provider_streams);
}

fn solver(page: &mut Page, figures: &Figures) {
    page.family("lilypad_offers", "gauge", "Offers in the book.");
    page.sample("lilypad_offers", &[], figures.offers);
    let name = "lilypad_jobs";
    page.family(name, "gauge", "Jobs that are not at their end, by where they stand.");
    for (state, count) in
        [("waiting", figures.waiting), ("running", figures.running), ("judged", figures.judged)]
    {
        page.sample(name, &[("state", state)], count);
    }
    let name = "lilypad_jobs_ended_total";
    page.family(name, "counter", "Jobs that have ended, by the state in which they did.");
    for (state, count) in &figures.ended {
        page.sample(name, &[("state", state)], *count);
    }
    page.family("lilypad_matches_total", "counter", "Deals that were agreed.");
    page.sample("lilypad_matches_total", &[], figures.matches);
    page.family("lilypad_ledger_commands_total", "counter", "Commands that the ledger has taken.");
    page.sample("lilypad_ledger_commands_total", &[], figures.commands);
    if let Some((sound, saves)) = &figures.store {
        page.family(
            "lilypad_store_sound",
            "gauge",
            "1 while everything can be saved; at 0 no request is taken.",
        );
        page.sample("lilypad_store_sound", &[], u64::from(*sound));
        let name = "lilypad_store_save_duration_seconds";
        page.family(name, "histogram", "Time until a batch was safe in the store.");
        page.histogram(name, &[], saves);
    }
}

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, about: &str) {
        // Writing to a text does not fail.
        let _ = writeln!(self.0, "# HELP {name} {about}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let _ = write!(self.0, "{name}");
        for (place, (label, value)) in labels.iter().enumerate() {
            let open = if place == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{open}{label}=\"{value}\"");
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{close} {value}");
    }

    fn histogram(&mut self, name: &str, labels: &[(&str, &str)], times: &Histogram) {
        let bucket = format!("{name}_bucket");
        for (bound, count) in times.buckets() {
            let bound = bound.map_or_else(|| "+Inf".to_owned(), |bound| bound.to_string());
            let with_bound: Vec<_> = labels.iter().copied().chain([("le", bound.as_str())]).collect();
            self.sample(&bucket, &with_bound, count);
        }
        self.sample(&format!("{name}_sum"), labels, times.sum().as_secs_f64());
        self.sample(&format!("{name}_count"), labels, times.count());
    }
}
