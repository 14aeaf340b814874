//! One job from deal to signed result.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Fault, Result};
use crate::executor::{EventSink, LimitKind, RunOutcome, StopReason};
use crate::model::{FileSet, Outcome};
use crate::rt::{CancelReason, CancelToken, spawn};
use crate::signer::{RECEIPT_VERSION, ReceiptBody, Signed};
use crate::wire::{DealNotice, ResultSubmission};

use super::Provider;
use super::deal::{Prepared, cancel_text};
use super::machine::Machine;

/// How long an executor may take to stop.
const STOP_GRACE: Duration = Duration::from_secs(5);

impl Provider {
    /// Runs a deal to its end and hands in what came of it. Never fails: what goes wrong is told to the solver.
    pub(super) async fn run_deal(&self, notice: DealNotice, machine: &Machine, cancel: CancelToken) {
        let deal_id = notice.deal_id;
        // What the job takes is given back before its result is handed in: from then on the solver counts on it.
        let ended = match machine.take(&notice) {
            Ok(_part) => self.try_run(&notice, &cancel).await,
            Err(error) => Err(error),
        };
        let handed_in = match ended {
            Ok(result) => self.0.solver.deliver(deal_id, result).await,
            Err(error) => self.0.solver.refuse(deal_id, error).await,
        };
        if let Err(error) = handed_in {
            tracing::warn!(%error, %deal_id, "the solver did not take the end of a job");
        }
    }

    async fn try_run(&self, notice: &DealNotice, cancel: &CancelToken) -> Result<ResultSubmission> {
        let prepared = self.prepare(notice)?;
        let executor = prepared.executor.clone();
        let _timer = self.time_limit(notice.job.body.execution_timeout, cancel);
        self.0.solver.started(notice.deal_id, executor.name());
        let run = executor.run(prepared.request.clone(), self.events(notice), cancel.clone());
        let outcome = tokio::select! {
            biased;
            outcome = run => outcome?,
            error = self.stuck(cancel) => return Err(error),
        };
        if outcome.stop == StopReason::Cancelled(CancelReason::Shutdown) {
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
        Error::new(
            ErrorKind::Unavailable,
            "E_EXECUTOR_STUCK",
            "the executor did not stop when it was asked to",
        )
        .with_fault(Fault::Provider)
        .with_hint("nothing was charged; submit the job again")
    }

    fn events(&self, notice: &DealNotice) -> EventSink {
        let (solver, deal_id) = (self.0.solver.clone(), notice.deal_id);
        EventSink::new(move |event| solver.report(deal_id, event))
    }

    /// Cancels the job when its time is up; the timer ends with the guard.
    fn time_limit(&self, limit: Duration, cancel: &CancelToken) -> Guard {
        let (time, cancel, ended) = (self.0.clock.sleep(limit), cancel.clone(), CancelToken::new());
        let guard = Guard(ended.clone());
        spawn(async move {
            tokio::select! {
                biased;
                _ = ended.cancelled() => {}
                () = time => cancel.cancel(CancelReason::TimedOut),
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
            rate: self.0.config.rate_for(&job.module),
            price_cap: notice.price_cap,
            cost: notice.price_cap,
            created_at: self.0.clock.now(),
        };
        body.cost = body.expected_cost();
        let receipt = Signed::sign(body, self.0.signer.as_ref(), domain).await?;
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
