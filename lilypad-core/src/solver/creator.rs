//! The solver as a job creator sees it.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Fault, Result};
use crate::market::Quote;
use crate::model::{Address, AgreementState, Amount, JobId};
use crate::rt::{BoxFuture, Timestamp, crash_point};
use crate::settlement::DealEvent;
use crate::signer::{Domain, Receipt, Signature, Signed};
use crate::wire::{
    EventStream, JobCreatorApi, JobEventKind, JobFailure, JobProposal, JobStatus, QuoteRequest,
    ResultSubmission, pack_job, unpack_result,
};

use super::Solver;
use super::book::{Book, JobEntry, Paper};
use super::files::Kept;
use super::intake::NewJob;

impl JobCreatorApi for Solver {
    fn identity(&self) -> (Address, Domain) {
        (self.0.address, self.0.domain)
    }

    fn quote<'a>(&'a self, job: QuoteRequest) -> BoxFuture<'a, Result<Quote>> {
        Box::pin(async move {
            self.is_sound()?;
            self.quote_now(&job)
        })
    }

    fn submit<'a>(&'a self, job: Signed<JobProposal>) -> BoxFuture<'a, Result<JobId>> {
        Box::pin(async move {
            self.is_sound()?;
            // What is beyond its bounds is said in these words, not in those of an archive.
            job.body.offer.check_limits()?;
            job.body.terms.check_limits()?;
            job.body.bundle.check_limits(&self.config().job_limits)?;
            job.body.files.check_limits(&self.config().job_limits)?;
            let archive = pack_job(&job)?;
            drop(job);
            let job = self.look_at_job(archive.into()).await?;
            self.take_job(job).await
        })
    }

    fn watch<'a>(&'a self, job_id: JobId) -> BoxFuture<'a, Result<EventStream>> {
        Box::pin(async move { self.events_from(job_id, 0) })
    }

    fn status<'a>(&'a self, job_id: JobId) -> BoxFuture<'a, Result<JobStatus>> {
        Box::pin(async move {
            self.is_sound()?;
            let mut book = self.book();
            book.explain(job_id);
            self.save(&mut book, &[job_id])?;
            Ok(book.job(job_id)?.status())
        })
    }

    fn result<'a>(&'a self, job_id: JobId) -> BoxFuture<'a, Result<ResultSubmission>> {
        Box::pin(async move {
            self.is_sound()?;
            let (without_files, archive) = self.result_archive(job_id)?;
            // The job creator that has accepted it holds the files now.
            let Some(archive) = archive else { return Ok(without_files) };
            unpack_result(&self.0.shelf.load(archive).await?, &self.config().result_limits)
        })
    }

    fn accept<'a>(&'a self, job_id: JobId, signature: Signature) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.is_sound()?;
            let (receipt, deal_id) = self.countersigned(job_id, signature)?;
            let epoch = {
                let mut book = self.book();
                let job = book.job(job_id)?;
                job.receipt = Some(receipt);
                let submitted = job.state == AgreementState::ResultsSubmitted;
                let epoch = job.deal.as_ref().filter(|_| submitted).map(|deal| deal.epoch);
                // What both have signed is safe before anything is paid for it.
                self.save(&mut book, &[job_id])?;
                epoch
            };
            crash_point("solver.countersigned");
            if let Some(epoch) = epoch {
                self.settle(deal_id, epoch, DealEvent::Accept).await?;
            }
            crash_point("solver.paid");
            self.accepted(job_id)?;
            crash_point("solver.accepted");
            Ok(())
        })
    }

    fn cancel<'a>(&'a self, job_id: JobId) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.is_sound()?;
            let running = {
                let mut book = self.book();
                let job = book.job(job_id)?;
                if job.cancelling || job.state.is_terminal() {
                    return Ok(());
                }
                job.cancelling = true;
                let (state, agreeing) = (job.state, job.agreeing);
                self.save(&mut book, &[job_id])?;
                match state {
                    AgreementState::DealAgreed => true,
                    AgreementState::DealNegotiating if !agreeing => false,
                    // Agreeing: the match sees the flag. Submitted: the work is done, the result stands.
                    _ => return Ok(()),
                }
            };
            if running {
                return self.stop_running(job_id).await;
            }
            self.cancel_waiting(job_id)
        })
    }
}

impl Solver {
    /// Takes in a job that was looked at. The same again is the same.
    pub(super) async fn take_job(&self, job: NewJob) -> Result<JobId> {
        self.is_sound()?;
        self.check_job(&job)?;
        let (id, created_at) = (job.id, job.signed.body.offer.created_at);
        if self.has_room_for(&mut self.book(), id, created_at)? {
            let archive = self.0.shelf.put(job.archive, &job.parcel).await?;
            if !self.add_job(job, archive)? {
                self.0.shelf.drop(archive);
                return Ok(id);
            }
        } else {
            return Ok(id);
        }
        crash_point("solver.submitted");
        self.watch_match_and_total(id, None);
        self.match_now().await;
        // It may stand behind those that are told of every change.
        let mut book = self.book();
        book.explain(id);
        self.save(&mut book, &[id])?;
        Ok(id)
    }

    /// Writes a new job down; false where it came in meanwhile.
    fn add_job(&self, job: NewJob, archive: Kept) -> Result<bool> {
        let mut book = self.book();
        let (id, created_at) = (job.id, job.signed.body.offer.created_at);
        match self.has_room_for(&mut book, id, created_at) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(error) => {
                self.0.shelf.drop(archive);
                return Err(error);
            }
        }
        let since = self.0.clock.now().max(created_at);
        let mut entry = JobEntry::new(id, job.signed, (job.inputs_id, archive), since, self.0.clock.clone());
        entry.trace.begin(id, &entry.signed.body.offer.job_creator);
        entry.note(JobEventKind::Submitted);
        book.add_job(entry)?;
        self.save(&mut book, &[id])?;
        Ok(true)
    }

    /// True where a job may come in, false where it is here already.
    fn has_room_for(&self, book: &mut Book, id: JobId, created_at: Timestamp) -> Result<bool> {
        if book.jobs.contains_key(&id) {
            return Ok(false);
        }
        self.check_moment(created_at)?;
        book.forget_before(self.oldest_moment());
        if book.is_forgotten(created_at, id) {
            let message = format!("job {id} has ended: what its creator signed is run once");
            return Err(Error::new(ErrorKind::Conflict, "E_JOB_OVER", message)
                .with_hint("submit the job anew, with another nonce"));
        }
        if book.open_jobs() >= self.config().max_open_jobs {
            return Err(Error::new(ErrorKind::Unavailable, "E_NETWORK_BUSY", "the solver is full")
                .with("limit", self.config().max_open_jobs)
                .with_fault(Fault::Solver));
        }
        Ok(true)
    }

    /// Ends a job that has no deal because its creator asked to.
    pub(super) fn cancel_waiting(&self, job_id: JobId) -> Result<()> {
        let mut book = self.book();
        let job = book.job(job_id)?;
        if job.state != AgreementState::DealNegotiating || job.agreeing {
            return Ok(());
        }
        job.failure = Some(cancelled());
        let cost = Amount::ZERO;
        if let Err(error) = job.move_to(AgreementState::JobOfferCancelled, JobEventKind::Cancelled { cost }) {
            tracing::error!(%error, "a waiting job could not be cancelled");
        }
        book.ended(job_id, self.config().max_ended_jobs);
        self.save(&mut book, &[job_id])
    }

    /// Ends a job whose result both have signed and that is paid.
    pub(super) fn accepted(&self, job_id: JobId) -> Result<()> {
        let mut book = self.book();
        let job = book.job(job_id)?;
        if job.state == AgreementState::ResultsSubmitted {
            let cost = job.result.as_ref().map_or(Amount::ZERO, |result| result.receipt.body.cost);
            job.cost = Some(cost);
            job.move_to(AgreementState::ResultsAccepted, JobEventKind::ResultsAccepted { cost })?;
        }
        // The job creator holds the results now; the book need not.
        let archive = job.delivered.as_mut().and_then(Paper::let_go);
        book.unnamed.extend(archive);
        book.ended(job_id, self.config().max_ended_jobs);
        self.save(&mut book, &[job_id])
    }

    /// Refuses an offer that was made too long ago: whoever has seen one could hand it in again once it is forgotten here.
    pub(super) fn check_moment(&self, created_at: Timestamp) -> Result<()> {
        self.check_not_ahead(created_at)?;
        self.check_apart(self.0.clock.now().since(created_at))
    }

    /// Refuses an offer from the future.
    pub(super) fn check_not_ahead(&self, created_at: Timestamp) -> Result<()> {
        self.check_apart(created_at.since(self.0.clock.now()))
    }

    fn check_apart(&self, apart: Duration) -> Result<()> {
        let most = self.config().offer_age;
        if apart <= most {
            return Ok(());
        }
        let (apart, most) = (apart.as_secs(), most.as_secs());
        let message =
            format!("the offer was made {apart} s from the solver's time; at most {most} s are allowed");
        Err(Error::invalid("E_OFFER_TIME", message)
            .with_hint("set this machine's clock, and sign the offer anew")
            .with("limit", most)
            .with("got", apart))
    }

    /// The earliest moment at which an offer that is still taken was made.
    fn oldest_moment(&self) -> Timestamp {
        let age = u64::try_from(self.config().offer_age.as_millis()).unwrap_or(u64::MAX);
        Timestamp(self.0.clock.now().as_millis().saturating_sub(age))
    }

    fn check_job(&self, job: &NewJob) -> Result<()> {
        let Signed { body, signature } = &job.signed;
        let offer = &body.offer;
        offer.check_limits()?;
        body.terms.check_limits()?;
        let creator: Address = offer.job_creator.parse()?;
        let data = body.typed_data_with(job.inputs_id, self.0.domain)?;
        signature.verify(&data.digest(), creator)?;
        if offer.trusted_parties.solver != self.0.address.to_string() {
            return Err(Error::invalid("E_OFFER_SOLVER", "the job offer names another solver")
                .with("got", &offer.trusted_parties.solver)
                .with("wanted", self.0.address));
        }
        if job.bundle_id != body.module.content() {
            return Err(Error::new(
                ErrorKind::VerificationFailed,
                "E_MODULE_CONTENT",
                "the module's files are not those that its pin names",
            ));
        }
        Ok(())
    }

    fn countersigned(&self, job_id: JobId, signature: Signature) -> Result<(Receipt, crate::model::DealId)> {
        let mut book = self.book();
        let job = book.job(job_id)?;
        let result = job.result.as_ref().ok_or_else(|| no_result(job_id))?;
        let receipt = Receipt {
            body: result.receipt.body.clone(),
            provider_signature: result.receipt.signature,
            job_creator_signature: signature,
        };
        receipt.verify()?;
        let deal_id = receipt.body.deal_id;
        Ok((receipt, deal_id))
    }
}

pub(super) fn cancelled() -> JobFailure {
    JobFailure {
        kind: ErrorKind::Cancelled,
        fault: Fault::User,
        code: "E_CANCELLED",
        message: "the job was cancelled".to_owned(),
        hint: None,
    }
}

pub(super) fn no_result(job_id: JobId) -> Error {
    Error::new(ErrorKind::NotFound, "E_RESULT_NONE", format!("job {job_id} has no result"))
}
