//! One job from deal to signed result.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Fault, Result};
use crate::executor::{EventSink, RunOutcome, StopReason};
use crate::model::Outcome;
use crate::rt::{CancelReason, CancelToken, spawn};
use crate::signer::{RECEIPT_VERSION, ReceiptBody, Signed};
use crate::wire::{DealNotice, ResultSubmission};

use super::Provider;
use super::deal::{Prepared, cancel_text};

impl Provider {
    /// Runs a deal to its end and hands in what came of it. Never fails: what goes wrong is told to the solver.
    pub(super) async fn run_deal(&self, notice: DealNotice, cancel: CancelToken) {
        let deal_id = notice.deal_id;
        let handed_in = match self.try_run(&notice, &cancel).await {
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
        let outcome = executor.run(prepared.request.clone(), self.events(notice), cancel.clone()).await?;
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
            rate: self.0.config.rate,
            price_cap: notice.price_cap,
            cost: notice.price_cap,
            created_at: self.0.clock.now(),
        };
        body.cost = body.expected_cost();
        let receipt = Signed::sign(body, self.0.signer.as_ref(), domain).await?;
        Ok(ResultSubmission { receipt, usage: outcome.usage, error, results: outcome.results })
    }
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
