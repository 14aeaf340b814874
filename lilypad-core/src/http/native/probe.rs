//! How good the way to a solver is: its delay, how fast bytes come, and whether both clocks agree.

use std::time::Duration;

use reqwest::header::DATE;

use super::HttpSolver;
use super::failure::unanswered;
use super::request::all;
use crate::error::Result;
use crate::rt::Stopwatch;

/// How often the delay is measured; the least counts.
const TIMES: usize = 4;
/// What is fetched to see how fast bytes come: a document of some 100 kB that every solver has.
const DOCUMENT: &str = "/openapi.json";
const READY: &str = "/healthz";
/// Most bytes of it.
const MOST: usize = 4 << 20;

/// How good the way to a solver is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probe {
    /// From a request to its answer, at least.
    pub delay: Duration,
    /// Bytes that came in a second, of one small document: the delay counts.
    pub bytes_per_second: f64,
    /// By how many seconds this machine's clock is ahead of the solver's, behind where it is negative, to a second; `None` where
    /// the solver does not say its time.
    pub clock_ahead: Option<i64>,
}

impl HttpSolver {
    /// Measures the way to the solver with a few small requests.
    ///
    /// # Errors
    /// Why it cannot be reached.
    pub async fn probe(&self) -> Result<Probe> {
        let mut delay = Duration::MAX;
        let mut clock_ahead = None;
        for _ in 0..TIMES {
            let (_, took, ahead) = self.timed(READY).await?;
            // The first one makes the connection.
            delay = delay.min(took);
            clock_ahead = ahead.or(clock_ahead);
        }
        let (bytes, took, _) = self.timed(DOCUMENT).await?;
        let bytes_per_second = bytes as f64 / took.as_secs_f64().max(1e-6);
        Ok(Probe { delay, bytes_per_second, clock_ahead })
    }

    async fn timed(&self, path: &str) -> Result<(usize, Duration, Option<i64>)> {
        let inner = &self.0;
        let watch = Stopwatch::start();
        let request = inner.http.get(inner.base.of(path)).timeout(inner.options.request_timeout);
        let response = request.send().await.map_err(|error| unanswered(&inner.base, error))?;
        let said = response.headers().get(DATE).and_then(|date| date.to_str().ok());
        let here = i64::try_from(inner.options.clock.now().as_millis() / 1_000).unwrap_or(i64::MAX);
        let there = said
            .and_then(|date| httpdate::parse_http_date(date).ok())
            .and_then(|time| i64::try_from(time.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()).ok());
        let bytes = all(&inner.base, response, MOST).await?;
        Ok((bytes.len(), watch.elapsed(), there.map(|there| here.saturating_sub(there))))
    }
}
