//! What happens when nothing happens: every state that is not final has one deadline, and this is who calls it.

use std::time::Duration;

use crate::error::{ErrorKind, Fault, Result};
use crate::market::NoMatch;
use crate::model::{AgreementState, Amount, DealId, JobId};
use crate::rt::{CancelReason, Timestamp, spawn};
use crate::settlement::{DealEvent, EscrowState};
use crate::wire::{JobEventKind, JobFailure, ProviderMessage, TimeoutPhase};

use super::Solver;
use super::book::{AgreedDeal, JobEntry};
use super::matching::{drop_failure, failure_of};

impl Solver {
    /// How much is left of a time that has run since a moment before this process began; all of it where it begins now.
    /// After a restart everybody has the grace to come back.
    fn left(&self, time: Duration, since: Option<Timestamp>) -> Duration {
        since.map_or(time, |since| {
            let left = time.saturating_sub(self.0.clock.now().since(since));
            left.max(self.config().provider_grace.min(time))
        })
    }

    pub(super) fn watch_match_and_total(&self, id: JobId, since: Option<Timestamp>) {
        let match_timeout = self.left(self.config().match_timeout, since);
        self.after(id, match_timeout, move |solver| async move { solver.match_timed_out(id) });
        self.watch_total(id, since);
    }

    pub(super) fn watch_total(&self, id: JobId, since: Option<Timestamp>) {
        let total = self.left(self.config().total_timeout, since);
        self.after(id, total, move |solver| async move { solver.total_timed_out(id).await });
    }

    pub(super) fn watch_execution(&self, id: JobId, deal_id: DealId, since: Option<Timestamp>) {
        let (allowed, deadline) = {
            let mut book = self.book();
            let Ok(job) = book.job(id) else { return };
            (job.signed.body.execution_timeout, self.submit_window(job))
        };
        // A little early: the provider's own timer must not be faster than this one.
        let nearly = allowed.saturating_sub((allowed / 10).min(Duration::from_secs(1)));
        // The program's own time has run on also while this solver did not: no grace.
        let passed = since.map_or(Duration::ZERO, |since| self.0.clock.now().since(since));
        self.after(id, nearly.saturating_sub(passed), move |solver| async move {
            if let Ok(job) = solver.book().job(id) {
                job.overdue = true;
            }
        });
        self.after(id, self.left(deadline, since), move |solver| async move {
            let message =
                format!("the provider was silent for {} after the deal was made", seconds(deadline));
            let ending = (AgreementState::TimeoutExecution, TimeoutPhase::Execution);
            solver.provider_silent(id, deal_id, ending, message).await;
        });
    }

    /// How long after agreement a provider may take to hand its results in.
    pub(super) fn submit_window(&self, job: &JobEntry) -> Duration {
        job.signed.body.execution_timeout.saturating_add(self.config().provider_grace)
    }

    /// How much of it is left; a restart of this solver gives nothing more, so that nobody counts on it.
    pub(super) fn time_left(&self, job: &JobEntry) -> Duration {
        let passed = job.times.agreed.map_or(Duration::ZERO, |agreed| self.0.clock.now().since(agreed));
        self.submit_window(job).saturating_sub(passed)
    }

    /// A provider that does not answer a cancellation is not waited for.
    pub(super) fn watch_cancel(&self, id: JobId, since: Option<Timestamp>) {
        let grace = self.config().provider_grace;
        self.after(id, self.left(grace, since), move |solver| async move {
            let Some(deal) = solver.deal_in(id, AgreementState::DealAgreed) else { return };
            let message = format!("the provider did not answer the cancellation for {}", seconds(grace));
            let ending = (AgreementState::TimeoutExecution, TimeoutPhase::Execution);
            solver.provider_silent(id, deal.id, ending, message).await;
        });
    }

    pub(super) fn watch_download(&self, id: JobId, since: Option<Timestamp>) {
        let limit = self.config().download_timeout;
        self.after(id, self.left(limit, since), move |solver| async move {
            let message = format!(
                "the result was not fetched and judged within {}: it counts as accepted",
                seconds(limit)
            );
            solver.creator_silent(id, message).await;
        });
    }

    /// Calls `act` after `delay` unless the job has ended by then.
    fn after<F, A>(&self, id: JobId, delay: Duration, act: A)
    where
        A: FnOnce(Self) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let Ok(ended) = self.book().job(id).map(|job| job.ended.clone()) else { return };
        let (solver, time) = (self.clone(), self.0.clock.sleep(delay));
        spawn(async move {
            tokio::select! {
                biased;
                _ = ended.cancelled() => {}
                () = time => act(solver).await,
            }
        });
    }

    pub(super) fn match_timed_out(&self, id: JobId) {
        let mut book = self.book();
        let Ok(job) = book.job(id) else { return };
        job.match_over = true;
        if job.state != AgreementState::DealNegotiating || job.agreeing {
            return;
        }
        let error = match book.explain(id) {
            Some(waiting) => waiting.why.to_error(waiting.fix.as_ref()),
            None => NoMatch::default().to_error(None),
        };
        let Ok(job) = book.job(id) else { return };
        let failure = failure_of(&error);
        let why = format!("{} (waited {})", failure.message, seconds(self.0.config.match_timeout));
        job.failure = Some(failure);
        job.cost = Some(Amount::ZERO);
        let event = JobEventKind::TimedOut { phase: TimeoutPhase::Match, message: why };
        if let Err(error) = job.move_to(AgreementState::TimeoutMatch, event) {
            tracing::error!(%error, "a waiting job could not be ended");
        }
        book.ended(id, self.config().max_ended_jobs);
        drop_failure(self.save(&mut book, &[id]));
    }

    /// Ends a job without results. Where results are in, the time to judge them is fixed in the deal and ends the job.
    async fn total_timed_out(&self, id: JobId) {
        let limit = seconds(self.config().total_timeout);
        let state = self.book().job(id).map(|job| job.state);
        match state {
            Ok(AgreementState::DealAgreed) => {
                let Some(deal) = self.deal_in(id, AgreementState::DealAgreed) else { return };
                let message = format!("the job took longer than {limit} in all");
                let ending = (AgreementState::JobTimedOut, TimeoutPhase::Total);
                self.provider_silent(id, deal.id, ending, message).await;
            }
            Ok(AgreementState::DealNegotiating) => self.match_timed_out(id),
            _ => {}
        }
    }

    async fn provider_silent(
        &self,
        id: JobId,
        deal_id: DealId,
        (state, phase): (AgreementState, TimeoutPhase),
        message: String,
    ) {
        let Some(deal) = self.deal_in(id, AgreementState::DealAgreed) else { return };
        if !self
            .time_out(deal_id, deal.epoch, DealEvent::ProviderTimeout, EscrowState::ProviderTimedOut)
            .await
        {
            return;
        }
        {
            let mut book = self.book();
            // Who was silent once is not given more jobs on the same word.
            book.remove_offer(&deal.offer.id);
            book.tell(deal.offer.provider, ProviderMessage::Stop { deal_id, reason: CancelReason::TimedOut });
        }
        drop_failure(self.silent_provider(id, state, phase, message));
    }

    /// Ends a job whose provider was silent, for which the ledger has given everything back.
    pub(super) fn silent_provider(
        &self,
        id: JobId,
        state: AgreementState,
        phase: TimeoutPhase,
        message: String,
    ) -> Result<()> {
        let mut book = self.book();
        let Ok(job) = book.job(id) else { return Ok(()) };
        if job.state.is_terminal() {
            return Ok(());
        }
        job.delivery = None;
        job.failure = Some(JobFailure {
            kind: ErrorKind::Timeout,
            fault: Fault::Provider,
            code: "E_PROVIDER_SILENT",
            message: message.clone(),
            hint: Some("nothing was charged; submit the job again".to_owned()),
        });
        job.cost = Some(Amount::ZERO);
        if let Err(error) = job.move_to(state, JobEventKind::TimedOut { phase, message }) {
            tracing::error!(%error, "a silent provider's job could not be ended");
        }
        book.ended(id, self.config().max_ended_jobs);
        self.save(&mut book, &[id])
    }

    async fn creator_silent(&self, id: JobId, message: String) {
        let Some(deal) = self.deal_in(id, AgreementState::ResultsSubmitted) else { return };
        if !self.time_out(deal.id, deal.epoch, DealEvent::CreatorTimeout, EscrowState::CreatorTimedOut).await
        {
            return;
        }
        drop_failure(self.silent_creator(id, message));
    }

    /// Ends a job whose results nobody has judged, which the ledger has paid for.
    pub(super) fn silent_creator(&self, id: JobId, message: String) -> Result<()> {
        let mut book = self.book();
        let Ok(job) = book.job(id) else { return Ok(()) };
        if job.state.is_terminal() {
            return Ok(());
        }
        job.cost = job.result.as_ref().map(|result| result.receipt.body.cost);
        job.failure = Some(JobFailure {
            kind: ErrorKind::Timeout,
            fault: Fault::User,
            code: "E_DOWNLOAD_TIMEOUT",
            message: message.clone(),
            hint: None,
        });
        let event = JobEventKind::TimedOut { phase: TimeoutPhase::Download, message };
        if let Err(error) = job.move_to(AgreementState::TimeoutDownload, event) {
            tracing::error!(%error, "an unjudged job could not be ended");
        }
        book.ended(id, self.config().max_ended_jobs);
        self.save(&mut book, &[id])
    }

    pub(super) fn deal_in(&self, id: JobId, state: AgreementState) -> Option<AgreedDeal> {
        let mut book = self.book();
        let job = book.job(id).ok()?;
        if job.state == state { job.deal.clone() } else { None }
    }
}

/// The failure of a job that ran for longer than it may: the module's fault.
pub(super) fn ran_too_long(limit: Duration) -> JobFailure {
    JobFailure {
        kind: ErrorKind::Timeout,
        fault: Fault::Module,
        code: "E_EXECUTION_TIMEOUT",
        message: format!("the module ran for longer than its limit of {}", seconds(limit)),
        hint: Some("raise the limit with --timeout, or give the module less to do".to_owned()),
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
