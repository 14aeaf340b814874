//! One job from deal to signed result.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Fault, Result, Retry};
use crate::executor::{EventSink, ExecutorEvent, LimitKind, RunOutcome, StopReason};
use crate::model::{DealId, FileSet, Outcome};
use crate::rt::{CancelReason, CancelToken, Chronometer, crash_point, spawn};
use crate::signer::{RECEIPT_VERSION, ReceiptBody, Signed};
use crate::wire::{DealNotice, ResultSubmission};

use super::deal::{Prepared, Time, cancel_text, is_earlier, restarted};
use super::machine::Machine;
use super::{Ended, Provider};

/// The code of an executor that does not stop.
const STUCK: &str = "E_EXECUTOR_STUCK";
/// How long an executor may take to stop.
const STOP_GRACE: Duration = Duration::from_secs(5);
/// The pauses before a result is handed in again: each twice as long as the one before, up to the second.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Provider {
    /// Runs a deal to its end and hands in what came of it. Never fails: what goes wrong is told to the solver.
    pub(super) async fn run_deal(&self, deal_id: DealId, machine: &Machine, cancel: CancelToken) -> Ended {
        let notice = match self.0.solver.notice(deal_id).await {
            Ok(notice) => notice,
            Err(error) => {
                tracing::warn!(%error, %deal_id, "a deal could not be fetched");
                if let Err(error) = self.0.solver.refuse(deal_id, error).await {
                    tracing::warn!(%error, %deal_id, "the solver did not take a deal back");
                }
                return Ended::Free;
            }
        };
        crash_point("provider.told");
        // What the job takes is given back before its result is handed in: from then on the solver counts on it.
        let ended = match machine.take(&notice) {
            Ok(part) => {
                let gpus = part.gpus(&self.0.config.gpu_ids);
                self.try_run(&notice, machine, gpus, &cancel).await
            }
            Err(error) => Err(error),
        };
        let is_stuck = ended.as_ref().is_err_and(|error| error.code() == STUCK);
        let handed_in = match ended {
            Ok(result) => self.hand_in(&notice, result, &cancel).await,
            Err(error) => self.0.solver.refuse(deal_id, error).await,
        };
        crash_point("provider.delivered");
        if let Err(error) = handed_in {
            tracing::warn!(%error, %deal_id, "the solver did not take the end of a job");
        }
        if is_stuck { Ended::Stuck } else { Ended::Free }
    }

    /// Hands a result in, for as long as that can help: work that is done is not thrown away because the solver cannot be
    /// reached for a while.
    async fn hand_in(
        &self,
        notice: &DealNotice,
        result: ResultSubmission,
        cancel: &CancelToken,
    ) -> Result<()> {
        let most = notice.time_left.unwrap_or(notice.job.body.execution_timeout);
        let (since, mut pause) = (Chronometer::start(self.0.clock.clone()), FIRST_PAUSE);
        loop {
            let Err(error) = self.0.solver.deliver(notice.deal_id, result.clone()).await else {
                return Ok(());
            };
            let leaving = cancel.reason() == Some(CancelReason::Shutdown);
            if error.retry() == Retry::Never || leaving || since.elapsed() >= most {
                return Err(error);
            }
            self.0.clock.sleep(pause).await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    async fn try_run(
        &self,
        notice: &DealNotice,
        machine: &Machine,
        gpus: Vec<String>,
        cancel: &CancelToken,
    ) -> Result<ResultSubmission> {
        let mut prepared = self.prepare(notice, machine.offer_id())?;
        prepared.request.gpus = gpus;
        let executor = prepared.executor.clone();
        let _timer = self.time_limit(prepared.time, cancel);
        self.0.solver.started(notice.deal_id, executor.name());
        if is_earlier(notice, machine.offer_id()) {
            let message = "the provider was started anew: the job runs from its beginning".to_owned();
            self.0.solver.report(notice.deal_id, ExecutorEvent::Warning(message));
        }
        crash_point("provider.started");
        let run = executor.run(prepared.request.clone(), self.events(notice), cancel.clone());
        let outcome = tokio::select! {
            biased;
            outcome = run => outcome?,
            error = self.stuck(cancel) => return Err(error),
        };
        crash_point("provider.ran");
        if outcome.stop == StopReason::Cancelled(CancelReason::Shutdown) {
            if let Time::Left(_) = prepared.time {
                return Err(restarted(
                    "the provider was started anew, and the time that was left was too short",
                ));
            }
            return Err(Error::new(
                ErrorKind::Unavailable,
                "E_PROVIDER_STOPPED",
                "the provider is shutting down",
            )
            .with_fault(Fault::Provider)
            .with_hint("nothing was charged; submit the job again"));
        }
        self.sign(notice, &prepared, outcome).await
    }

    /// Gives up on an executor that goes on although it was asked to stop: the job goes back unpaid, and nobody's
    /// collateral is lost to a program that holds its executor.
    async fn stuck(&self, cancel: &CancelToken) -> Error {
        cancel.cancelled().await;
        self.0.clock.sleep(STOP_GRACE).await;
        Error::new(ErrorKind::Unavailable, STUCK, "the executor did not stop when it was asked to")
            .with_fault(Fault::Provider)
            .with_hint("nothing was charged; submit the job again")
    }

    fn events(&self, notice: &DealNotice) -> EventSink {
        let (solver, deal_id) = (self.0.solver.clone(), notice.deal_id);
        EventSink::new(move |event| solver.report(deal_id, event))
    }

    /// Cancels the job when its time is up; the timer ends with the guard.
    fn time_limit(&self, time: Time, cancel: &CancelToken) -> Guard {
        let (limit, reason) = match time {
            Time::Allowed(limit) => (limit, CancelReason::TimedOut),
            // It did not have the time that it was promised: it is given back and not paid.
            Time::Left(limit) => (limit, CancelReason::Shutdown),
        };
        let (time, cancel, ended) = (self.0.clock.sleep(limit), cancel.clone(), CancelToken::new());
        let guard = Guard(ended.clone());
        spawn(async move {
            tokio::select! {
                biased;
                _ = ended.cancelled() => {}
                () = time => cancel.cancel(reason),
            }
        });
        guard
    }

    async fn sign(
        &self,
        notice: &DealNotice,
        prepared: &Prepared,
        outcome: RunOutcome,
    ) -> Result<ResultSubmission> {
        let job = &notice.job.body;
        let (_, domain) = self.0.solver.identity();
        let outcome = packed(outcome)?;
        let (ended, error) = describe(&outcome.stop);
        let mut body = ReceiptBody {
            version: RECEIPT_VERSION,
            chain_id: domain.chain_id,
            job_id: job.offer.id()?,
            deal_id: notice.deal_id,
            job_creator: prepared.job_creator,
            resource_provider: self.address(),
            module: job.module.clone(),
            inputs_id: job.inputs_id()?,
            data_id: outcome.results.content_id()?,
            outcome: ended,
            executor: prepared.executor.name().to_owned(),
            instruction_count: outcome.usage.instructions,
            rate: prepared.rate,
            price_cap: notice.price_cap,
            cost: notice.price_cap,
            created_at: self.0.clock.now(),
        };
        body.cost = body.expected_cost();
        let receipt = Signed::sign(body, self.0.signer.as_ref(), domain).await?;
        crash_point("provider.signed");
        Ok(ResultSubmission { receipt, usage: outcome.usage, error, results: outcome.results })
    }
}

/// Outputs that have no content id (too many names in one folder) end the job as a limit does: the work is still paid
/// and the logs are still handed over.
fn packed(outcome: RunOutcome) -> Result<RunOutcome> {
    if outcome.results.content_id().is_ok() {
        return Ok(outcome);
    }
    let stop = StopReason::Limit(LimitKind::OutputFiles);
    let mut results = FileSet::new();
    for name in ["stdout", "stderr"] {
        results.insert(name, outcome.results.get(name).cloned().unwrap_or_default())?;
    }
    results.insert("exitCode", describe(&stop).0.exit_code().to_string().into_bytes())?;
    Ok(RunOutcome { stop, results, ..outcome })
}

/// Why a program did not end by itself, in one line.
#[cfg(all(feature = "http", not(target_family = "wasm")))]
pub(super) fn text_of(stop: &StopReason) -> String {
    describe(stop).1
}

fn describe(stop: &StopReason) -> (Outcome, String) {
    match stop {
        StopReason::Exited(code) => (Outcome::Exited(*code), String::new()),
        StopReason::Trapped(why) => (Outcome::Trapped, format!("trapped: {why}")),
        StopReason::Limit(limit) => {
            (Outcome::Limit(limit.code().to_owned()), format!("stopped by {}", limit.code()))
        }
        StopReason::Cancelled(CancelReason::TimedOut) => {
            (Outcome::TimedOut, cancel_text(CancelReason::TimedOut).to_owned())
        }
        StopReason::Cancelled(reason) => (Outcome::Cancelled, cancel_text(*reason).to_owned()),
    }
}

/// Ends a timer when it is dropped.
struct Guard(CancelToken);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.cancel(CancelReason::Shutdown);
    }
}
