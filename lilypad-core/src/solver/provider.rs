//! The solver as a resource provider sees it.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::error::{Error, ErrorKind, Fault, Result};
use crate::executor::ExecutorEvent;
use crate::model::{Address, AgreementState, DealId, Outcome, ResourceOfferId};
use crate::rt::{BoxFuture, CancelReason, crash_point};
use crate::settlement::DealEvent;
use crate::signer::{Domain, RECEIPT_VERSION, ReceiptBody, Signature, Signed, verify_provider};
use crate::wire::{
    DealNotice, JobEventKind, JobFailure, OfferProposal, ProviderApi, ProviderInbox, ProviderMessage,
    ResultSubmission, TimeoutPhase, pack_result,
};

use super::Solver;
use super::book::{AgreedDeal, JobEntry, OfferEntry, Paper};
use super::creator::cancelled;
use super::files::Kept;
use super::intake::NewResult;
use super::matching::{drop_failure, failure_of};
use super::quota::Standing;
use super::timeouts::ran_too_long;

/// Most messages to a provider that wait until it reads them.
const INBOX: usize = 256;
/// What is thought of every provider: nobody keeps the score yet.
const REPUTATION: u32 = 500;

impl ProviderApi for Solver {
    fn identity(&self) -> (Address, Domain) {
        (self.0.address, self.0.domain)
    }

    fn connect<'a>(&'a self, provider: Address) -> BoxFuture<'a, Result<ProviderInbox>> {
        Box::pin(async move {
            self.is_sound()?;
            let mut book = self.book();
            // A provider that comes back is told again what it has to run.
            let known = book.open_deals(provider).into_iter();
            let known: Vec<_> =
                known.filter_map(|job| Some((job.deal.as_ref()?.id, job.cancelling))).collect();
            let (link, inbox) = mpsc::channel(known.len().saturating_mul(2).saturating_add(INBOX));
            book.links.insert(provider, link);
            for (deal_id, stopping) in known {
                let stop = ProviderMessage::Stop { deal_id, reason: CancelReason::Cancelled };
                book.tell(provider, ProviderMessage::Deal { deal_id });
                if stopping {
                    book.tell(provider, stop);
                }
            }
            Ok(inbox)
        })
    }

    fn offer<'a>(&'a self, offer: Signed<OfferProposal>) -> BoxFuture<'a, Result<ResourceOfferId>> {
        Box::pin(async move {
            self.is_sound()?;
            offer.body.offer.check_limits()?;
            offer.body.terms.check_limits()?;
            let provider: Address = offer.body.offer.resource_provider.parse()?;
            let entry = OfferEntry { id: offer.body.offer.id()?, provider, signed: Arc::new(offer) };
            // A crowd of fresh keys is turned away before anything is computed for it.
            let (standing, pool) = self.standing(&entry).await?;
            entry.signed.verify(self.0.domain, provider)?;
            // An old one is as good as when it was made: a provider makes it again after a break, and nobody else may.
            self.check_not_ahead(entry.signed.body.offer.created_at)?;
            let id = entry.id;
            {
                let mut book = self.book();
                if book.add_offer(entry, REPUTATION, &self.config().offers, standing)? {
                    book.put_running_jobs_on(id)?;
                    if standing == Standing::Newcomer {
                        book.pledge(id, pool)?;
                    }
                }
            }
            self.match_now().await;
            Ok(id)
        })
    }

    fn withdraw<'a>(&'a self, offer: ResourceOfferId) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if !self.book().remove_offer(&offer) {
                return Err(Error::new(
                    ErrorKind::NotFound,
                    "E_OFFER_UNKNOWN",
                    format!("no offer {offer} is open"),
                ));
            }
            Ok(())
        })
    }

    fn notice<'a>(&'a self, deal_id: DealId) -> BoxFuture<'a, Result<DealNotice>> {
        Box::pin(async move {
            self.is_sound()?;
            let notice = self.notice_without_files(deal_id)?;
            let archive = self.files_of_deal(deal_id)?;
            Ok(DealNotice { job: self.with_files(notice.job, archive).await?, ..notice })
        })
    }

    fn started(&self, deal_id: DealId, executor: &str) {
        let mut book = self.book();
        if let Ok(job) = book.job_of_deal(deal_id)
            && !std::mem::replace(&mut job.started, true)
        {
            job.note(JobEventKind::Started { executor: executor.to_owned() });
            let id = job.id;
            drop_failure(self.save(&mut book, &[id]));
        }
    }

    fn report(&self, deal_id: DealId, event: ExecutorEvent) {
        drop_failure(self.report_all(deal_id, "", [event]));
    }

    fn deliver<'a>(&'a self, deal_id: DealId, result: ResultSubmission) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.is_sound()?;
            if self.was_delivered(deal_id, &result.receipt.signature)? {
                return Ok(());
            }
            self.running_deal(deal_id)?;
            // What is beyond its bounds is said in these words, not in those of an archive.
            result.results.check_limits(&self.config().result_limits)?;
            let archive = pack_result(&result)?;
            drop(result);
            let result = self.look_at_result(archive.into()).await?;
            self.take_result(deal_id, result).await
        })
    }

    fn refuse<'a>(&'a self, deal_id: DealId, why: Error) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.is_sound()?;
            let deal = self.running_deal(deal_id)?;
            self.settle(deal_id, deal.epoch, DealEvent::CancelByProvider).await?;
            self.ended_without_result(deal_id, failure_of(&why))?;
            self.match_now().await;
            Ok(())
        })
    }
}

impl Solver {
    /// Takes a result that was looked at. The same again is the same.
    pub(super) async fn take_result(&self, deal_id: DealId, new: NewResult) -> Result<()> {
        self.is_sound()?;
        if self.was_delivered(deal_id, &new.result.receipt.signature)? {
            return Ok(());
        }
        let deal = self.running_deal(deal_id)?;
        self.check_result(deal_id, &deal, &new)?;
        let archive = self.0.shelf.put(new.archive, &new.parcel).await?;
        self.note_delivery(deal_id, new.result, archive)?;
        crash_point("solver.delivered");
        self.finish_delivery(deal_id).await?;
        crash_point("solver.recorded");
        self.match_now().await;
        Ok(())
    }

    /// Writes down what happened while a job ran, in order. A batch that has a name and comes twice in a row is one whose answer
    /// was lost.
    pub(super) fn report_all(
        &self,
        deal_id: DealId,
        batch: &str,
        events: impl IntoIterator<Item = ExecutorEvent>,
    ) -> Result<()> {
        let mut book = self.book();
        let job = book.job_of_deal(deal_id)?;
        if !batch.is_empty() && job.reported == batch {
            return Ok(());
        }
        batch.clone_into(&mut job.reported);
        for event in events {
            job.note(match event {
                ExecutorEvent::Stdout(text) => JobEventKind::Stdout { text },
                ExecutorEvent::Stderr(text) => JobEventKind::Stderr { text },
                ExecutorEvent::Progress { instructions } => {
                    JobEventKind::Progress { instruction_count: instructions }
                }
                ExecutorEvent::Preparing(message) => JobEventKind::Preparing { message },
                ExecutorEvent::Warning(message) => JobEventKind::Warning { message },
            });
        }
        let id = job.id;
        self.save(&mut book, &[id])
    }

    /// Ends a job that its provider gave back, of which the ledger knows.
    pub(super) fn ended_without_result(&self, deal_id: DealId, why: JobFailure) -> Result<()> {
        let mut book = self.book();
        let job = book.job_of_deal(deal_id)?;
        let job_id = job.id;
        job.delivery = None;
        job.fail(AgreementState::JobOfferCancelled, why);
        book.ended(job_id, self.config().max_ended_jobs);
        self.save(&mut book, &[job_id])
    }

    /// True where this very result was taken before: who did not hear the answer may ask again.
    fn was_delivered(&self, deal_id: DealId, receipt: &Signature) -> Result<bool> {
        let mut book = self.book();
        let known = &book.job_of_deal(deal_id)?.result;
        Ok(known.as_ref().is_some_and(|known| known.receipt.signature == *receipt))
    }

    /// Keeps a checked result until the ledger has taken it. Only one: what was counted to the ledger must be what is kept.
    fn note_delivery(&self, deal_id: DealId, result: ResultSubmission, archive: Kept) -> Result<()> {
        let mut book = self.book();
        let job = book.job_of_deal(deal_id)?;
        match &job.delivery {
            Some(known) if known.receipt != result.receipt => {
                self.0.shelf.drop(archive);
                let message = format!("another result of deal {deal_id} was handed in before");
                return Err(
                    Error::new(ErrorKind::Conflict, "E_DEAL_OVER", message).with_fault(Fault::Provider)
                );
            }
            // The same, sent twice at once: it is kept once.
            Some(_) => {
                self.0.shelf.drop(archive);
                return Ok(());
            }
            None => (job.delivery, job.delivered) = (Some(result), Some(Paper { archive, here: true })),
        }
        let id = job.id;
        self.save(&mut book, &[id])
    }

    /// Tells the ledger of the result that is kept, and writes it down.
    pub(super) async fn finish_delivery(&self, deal_id: DealId) -> Result<()> {
        let (body, epoch) = {
            let mut book = self.book();
            let job = book.job_of_deal(deal_id)?;
            let Some(result) = &job.delivery else { return Ok(()) };
            (result.receipt.body.clone(), job.deal.as_ref().map_or(0, |deal| deal.epoch))
        };
        let event = match body.outcome {
            Outcome::TimedOut => DealEvent::Fail { work_units: body.instruction_count },
            Outcome::Cancelled => DealEvent::CancelByCreator { work_units: body.instruction_count },
            _ => DealEvent::Submit { work_units: body.instruction_count },
        };
        match self.settle(deal_id, epoch, event).await {
            Ok(epoch) => {
                crash_point("solver.counted");
                self.record(deal_id, epoch)
            }
            Err(error) => {
                let mut book = self.book();
                if self.is_sound().is_ok()
                    && let Ok(job) = book.job_of_deal(deal_id)
                {
                    job.delivery = None;
                    let (id, archive) = (job.id, job.delivered.take());
                    book.unnamed.extend(archive.map(|paper| paper.archive));
                    drop_failure(self.save(&mut book, &[id]));
                }
                Err(error)
            }
        }
    }

    fn running_deal(&self, deal_id: DealId) -> Result<AgreedDeal> {
        let mut book = self.book();
        let job = book.job_of_deal(deal_id)?;
        match (&job.deal, job.state) {
            (Some(deal), AgreementState::DealAgreed) => Ok(deal.clone()),
            (_, state) => Err(Error::new(
                ErrorKind::Conflict,
                "E_DEAL_OVER",
                format!("deal {deal_id} is in state {state}: nothing more is taken from its provider"),
            )
            .with_fault(Fault::Provider)),
        }
    }

    /// A result must speak of this deal, be signed by its provider, and carry files that hash to what was signed.
    fn check_result(&self, deal_id: DealId, deal: &AgreedDeal, new: &NewResult) -> Result<()> {
        let body = &new.result.receipt.body;
        let wrong = |what: &str| {
            Error::new(
                ErrorKind::VerificationFailed,
                "E_RESULT",
                format!("the result's {what} is not the deal's"),
            )
            .with_fault(Fault::Provider)
            .with("deal_id", deal_id)
        };
        let (job, inputs_id, cancelling, overdue) = {
            let mut book = self.book();
            let job = book.job_of_deal(deal_id)?;
            (Arc::clone(&job.signed), job.inputs_id, job.cancelling, job.overdue)
        };
        let expected = [
            ("version", body.version == RECEIPT_VERSION),
            ("chain", body.chain_id == self.0.domain.chain_id),
            ("job", job.body.offer.id()? == body.job_id),
            ("deal id", body.deal_id == deal_id),
            // The same account may be written in more than one way.
            (
                "job creator",
                deal.deal
                    .members
                    .job_creator
                    .parse()
                    .is_ok_and(|creator: Address| creator == body.job_creator),
            ),
            ("provider", body.resource_provider == deal.offer.provider),
            ("module", body.module == job.body.module),
            ("inputs id", body.inputs_id == inputs_id),
            ("rate", body.rate == deal.rate),
            ("price cap", body.price_cap == deal.price_cap),
            ("instruction count", body.instruction_count <= job.body.instruction_limit),
            ("cancellation", cancelling || body.outcome != Outcome::Cancelled),
            ("time limit", overdue || body.outcome != Outcome::TimedOut),
            ("content id", body.data_id == new.data_id),
        ];
        if let Some((what, _)) = expected.iter().find(|(_, holds)| !holds) {
            return Err(wrong(what));
        }
        verify_provider(body, &new.result.receipt.signature)
    }

    /// Writes the result down that the ledger has taken; where the job creator has to judge it now, its time begins.
    pub(super) fn record(&self, deal_id: DealId, epoch: u64) -> Result<()> {
        let mut book = self.book();
        let job = book.job_of_deal(deal_id)?;
        let job_id = job.id;
        let Some(result) = job.delivery.take() else { return Ok(()) };
        let body = result.receipt.body.clone();
        let module = job.signed.body.module.content();
        job.outcome = Some(body.outcome.clone());
        job.result = Some(result);
        if let Some(deal) = &mut job.deal {
            deal.epoch = epoch;
        }
        job.times.results = Some(self.0.clock.now());
        let submitted = end_or_submit(job, &body)?;
        if matches!(body.outcome, Outcome::Exited(_)) {
            book.history.note(module, body.instruction_count);
        }
        if submitted {
            // The machine is free while the job creator looks at the results.
            book.leave_market(job_id);
        } else {
            book.ended(job_id, self.config().max_ended_jobs);
        }
        self.save(&mut book, &[job_id])?;
        drop(book);
        if submitted {
            self.watch_download(job_id, None);
        }
        Ok(())
    }
}

fn end_or_submit(job: &mut JobEntry, body: &ReceiptBody) -> Result<bool> {
    let cost = body.cost;
    match body.outcome {
        Outcome::TimedOut => {
            let failure = ran_too_long(job.signed.body.execution_timeout);
            let message = failure.message.clone();
            (job.cost, job.failure) = (Some(cost), Some(failure));
            let event = JobEventKind::TimedOut { phase: TimeoutPhase::Execution, message };
            job.move_to(AgreementState::TimeoutExecution, event).map(|()| false)
        }
        Outcome::Cancelled => {
            (job.cost, job.failure) = (Some(cost), Some(cancelled()));
            job.move_to(AgreementState::JobOfferCancelled, JobEventKind::Cancelled { cost }).map(|()| false)
        }
        _ => {
            let event = JobEventKind::ResultsSubmitted {
                data_id: body.data_id,
                outcome: body.outcome.clone(),
                instruction_count: body.instruction_count,
            };
            job.move_to(AgreementState::ResultsSubmitted, event).map(|()| true)
        }
    }
}
