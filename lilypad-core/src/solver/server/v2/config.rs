//! How v2 peers are served.

use std::time::Duration;

use crate::error::{Error, Result};

/// How peers of Lilypad v2 are served. Limits and times are v2's own where it has them.
#[derive(Clone, Debug)]
pub struct V2Config {
    /// How far from the solver's time an offer may say that it was made.
    pub offer_age: Duration,
    /// How long a job may wait for an offer.
    pub match_timeout: Duration,
    /// How long a job may run that names no time of its own.
    pub execution_timeout: Duration,
    /// How long a job creator may take to accept results.
    pub download_timeout: Duration,
    /// How long a job may take from its offer to its end.
    pub total_timeout: Duration,
    /// How long a job that failed stays before it ends: v2's job creators learn of no failure but from a timeout.
    pub failed_grace: Duration,
    /// A provider whose signed requests have stopped for this long, and at most twice this long, has left: its offer goes.
    pub provider_silence: Duration,
    /// Most job offers that wait for a match.
    pub max_job_offers: usize,
    /// Most resource offers that wait for a match, one of each provider.
    pub max_resource_offers: usize,
    /// Most jobs that have ended and are still shown.
    pub max_ended: usize,
    /// Most bytes of a request with input files.
    pub max_inputs: usize,
    /// Most bytes of a job's results: v2 sends them in one request.
    pub max_results: usize,
    /// Most bytes of offers, input files and results together.
    pub max_stored: u64,
    /// Most requests of one network address for one path in [`rate_window`](Self::rate_window).
    pub requests: u32,
    /// The window of that rate.
    pub rate_window: Duration,
    /// Most readers of events; of one network address an eighth of them.
    pub max_readers: usize,
    /// Most events that wait for one reader, which is dropped beyond that.
    pub reader_queue: usize,
}

impl Default for V2Config {
    /// Offers made within 30 s, match 30 s, execution 15 min, download 1 h, total 2 h, failed jobs 20 s, silence 2 min, 1,000 job
    /// offers, 10,000 resource offers, 1,000 ended jobs, inputs of 10 MiB, results of 128 MiB, 512 MiB in all, 5 requests in 10 s, 1,024 readers
    /// with 256 events.
    fn default() -> Self {
        Self {
            offer_age: Duration::from_secs(30),
            match_timeout: Duration::from_secs(30),
            execution_timeout: Duration::from_secs(900),
            download_timeout: Duration::from_secs(3_600),
            total_timeout: Duration::from_secs(7_200),
            failed_grace: Duration::from_secs(20),
            provider_silence: Duration::from_secs(120),
            max_job_offers: 1_000,
            max_resource_offers: 10_000,
            max_ended: 1_000,
            max_inputs: 10 << 20,
            max_results: 128 << 20,
            max_stored: 512 << 20,
            requests: 5,
            rate_window: Duration::from_secs(10),
            max_readers: 1_024,
            reader_queue: 256,
        }
    }
}

impl V2Config {
    pub(in super::super) fn check(&self) -> Result<()> {
        let works = self.requests > 0 && !self.rate_window.is_zero() && self.reader_queue > 0;
        if works {
            return Ok(());
        }
        let why = "v2_compat: requests, rate_window and reader_queue must be above zero";
        Err(Error::invalid("E_SERVER_CONFIG", why).with("field", "v2_compat"))
    }
}
