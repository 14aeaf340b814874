//! What is tried again, how often, and how long is waited in between.

use std::fmt;
use std::time::Duration;

use super::HttpOptions;
use crate::error::{Error, Result, Retry};
use crate::rt::{Random, Stopwatch};

/// Who is told that a request is tried again later: [`HttpOptions::on_wait`].
pub trait WaitListener: Send + Sync + fmt::Debug {
    /// What went wrong, and how long is waited before the next try: as long as the solver asks for, at least.
    fn waits(&self, error: &Error, pause: Duration);
}

/// The tries of one request, within what the options allow.
#[derive(Debug)]
pub(super) struct Tries<'a> {
    options: &'a HttpOptions,
    tries: u32,
    /// On the options' clock, which tests let run at once.
    waited: Duration,
    since: Stopwatch,
}

impl<'a> Tries<'a> {
    pub(super) fn new(options: &'a HttpOptions) -> Self {
        Self { options, tries: 0, waited: Duration::ZERO, since: Stopwatch::start() }
    }

    /// Something was won: what was tried so far counts no more.
    pub(super) fn progress(&mut self) {
        *self = Self::new(self.options);
    }

    /// Waits before the next try, longer each time, and at least as long as the error says.
    ///
    /// # Errors
    /// The error itself, where another try cannot help, or there were enough, or the pause is longer than may be waited.
    pub(super) async fn wait(&mut self, error: Error) -> Result<()> {
        let Retry::After(told) = error.retry() else { return Err(error) };
        self.wait_for(told, error).await
    }

    /// The same, where trying again after `told` helps whatever the error says.
    pub(super) async fn wait_for(&mut self, told: Duration, error: Error) -> Result<()> {
        self.tries = self.tries.saturating_add(1);
        let patience = self.options.patience;
        if told > patience {
            let message = format!(
                "the solver asks to wait {} s, and at most {} s are waited here: try again then",
                told.as_secs_f64(),
                patience.as_secs_f64()
            );
            return Err(error.with_hint(message));
        }
        let pause = pause(told, self.tries);
        let spent = self.waited.max(self.since.elapsed());
        if self.tries >= self.options.attempts || spent.saturating_add(pause) > patience {
            return Err(error.with_retry(Retry::Exhausted(self.tries)).with("tries", self.tries));
        }
        if let Some(listener) = &self.options.on_wait {
            listener.waits(&error, pause);
        }
        self.options.clock.sleep(pause).await;
        self.waited = self.waited.saturating_add(pause);
        Ok(())
    }
}

/// Tries until it works, cannot work, or was tried often and long enough.
pub(super) async fn again<T, F>(options: &HttpOptions, mut attempt: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let mut tries = Tries::new(options);
    loop {
        match attempt().await {
            Ok(answer) => return Ok(answer),
            Err(error) => tries.wait(error).await?,
        }
    }
}

/// As long as the solver says at least, and not in step with all the others.
fn pause(told: Duration, tries: u32) -> Duration {
    let backoff = Duration::from_millis(100_u64.saturating_mul(1 << tries.min(6)));
    let part = Random::system().bytes().map_or(0, |bytes| u32::from(bytes[0]));
    told.max(backoff).saturating_add(backoff / 4 * part / 255)
}
