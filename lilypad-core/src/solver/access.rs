//! Who may see and do what: jobs and deals are their parties' affair.

use crate::error::{Error, ErrorKind, Result};
use crate::model::{Address, DealId, JobId, ResourceOfferId};
use crate::rt::{Clock, spawn};
use crate::trace::span;
use crate::wire::{ArchiveId, DealNotice, EventStream, JobStatus, ResultSubmission};

use super::Solver;
use super::creator::no_result;
use super::files::{Kept, Shelf};

impl Solver {
    /// The clock of this solver's stamps and timeouts.
    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Passes for the account that submitted the job.
    ///
    /// # Errors
    /// `NotFound` (`E_JOB_UNKNOWN`); `Unauthorized` (`E_NOT_PARTY`).
    pub(super) fn is_creator(&self, job: JobId, account: Address) -> Result<()> {
        let creator = self.book().job(job)?.signed.body.offer.job_creator.clone();
        if creator != account.to_string() {
            return Err(not_yours("job", account));
        }
        span::of_job(job);
        Ok(())
    }

    /// Passes for the provider of the deal.
    ///
    /// # Errors
    /// `NotFound` (`E_DEAL_UNKNOWN`); `Unauthorized` (`E_NOT_PARTY`).
    pub(super) fn is_provider(&self, deal: DealId, account: Address) -> Result<()> {
        let mut book = self.book();
        let job = book.job_of_deal(deal)?;
        let own = job.deal.as_ref().is_some_and(|known| known.offer.provider == account);
        if !own {
            return Err(not_yours("deal", account));
        }
        span::of_job(job.id);
        span::of_deal(deal);
        Ok(())
    }

    /// Passes for the provider whose offer it is, and where there is no such offer.
    ///
    /// # Errors
    /// `Unauthorized` (`E_NOT_PARTY`).
    pub(super) fn owns_offer(&self, offer: ResourceOfferId, account: Address) -> Result<()> {
        match self.book().index.offer(&offer) {
            Some(known) if known.provider != account => Err(not_yours("offer", account)),
            _ => Ok(()),
        }
    }

    /// Where the newest jobs of an account stand, newest first, at most `most`.
    pub(super) fn jobs_of(&self, account: Address, most: usize) -> Vec<JobStatus> {
        let account = account.to_string();
        let book = self.book();
        let mut jobs: Vec<_> =
            book.jobs.values().filter(|job| job.signed.body.offer.job_creator == account).collect();
        jobs.sort_by_key(|job| std::cmp::Reverse(job.seq));
        jobs.into_iter().take(most).map(super::book::JobEntry::status).collect()
    }

    /// True where the job was submitted before.
    pub(super) fn knows(&self, job: JobId) -> bool {
        self.book().jobs.contains_key(&job)
    }

    /// The events of a job from the one with this number on.
    ///
    /// # Errors
    /// `NotFound` (`E_JOB_UNKNOWN`).
    pub(super) fn events_from(&self, job: JobId, seq: u64) -> Result<EventStream> {
        self.is_sound()?;
        Ok(self.book().job(job)?.log.stream_from(seq))
    }

    /// A provider's connection has ended. Where it does not come back in time, its offers take no more jobs; it makes them
    /// again when it does.
    pub(super) fn provider_left(&self, provider: Address) {
        let (solver, time) = (self.clone(), self.clock().sleep(self.config().provider_grace));
        spawn(async move {
            time.await;
            let mut book = solver.book();
            if book.is_connected(provider) {
                return;
            }
            for offer in book.index.offers_of(&provider.to_string()) {
                book.remove_offer(&offer);
            }
        });
    }

    /// What the provider of a deal is told, without the files.
    ///
    /// # Errors
    /// `NotFound` (`E_DEAL_UNKNOWN`).
    pub(super) fn notice_without_files(&self, deal: DealId) -> Result<DealNotice> {
        let mut book = self.book();
        let job = book.job_of_deal(deal)?;
        let notice = job.notice(self.time_left(job));
        notice.ok_or_else(|| Error::unexpected("a deal that is known has no deal"))
    }

    /// The archive with the files of a deal's job.
    ///
    /// # Errors
    /// `NotFound` (`E_DEAL_UNKNOWN`); `Conflict` (`E_DEAL_OVER`) where the job has ended.
    pub(super) fn files_of_deal(&self, deal: DealId) -> Result<Kept> {
        let mut book = self.book();
        let paper = book.job_of_deal(deal)?.proposal;
        if paper.here {
            return Ok(paper.archive);
        }
        let message = format!("deal {deal} is over: the files of its job are gone");
        Err(Error::new(ErrorKind::Conflict, "E_DEAL_OVER", message))
    }

    /// The job that came in as this archive, which may have gone since.
    pub(super) fn job_of_archive(&self, account: Address, archive: ArchiveId) -> Option<JobId> {
        let account = account.to_string();
        let book = self.book();
        let mut jobs = book.jobs.values().filter(|job| job.proposal.archive.id == archive);
        jobs.find(|job| job.signed.body.offer.job_creator == account).map(|job| job.id)
    }

    /// True where the result that the ledger has taken came in as this archive.
    pub(super) fn has_delivery(&self, deal: DealId, archive: ArchiveId) -> bool {
        let mut book = self.book();
        book.job_of_deal(deal).is_ok_and(|job| {
            job.result.is_some() && job.delivered.is_some_and(|paper| paper.archive.id == archive)
        })
    }

    /// Where the archives of its jobs are.
    pub(super) fn shelf(&self) -> &Shelf {
        &self.0.shelf
    }

    /// A job's result without its files, and the archive that has them; none where its creator has taken it over.
    ///
    /// # Errors
    /// `NotFound` (`E_JOB_UNKNOWN`, `E_RESULT_NONE`).
    pub(super) fn result_archive(&self, job: JobId) -> Result<(ResultSubmission, Option<Kept>)> {
        self.is_sound()?;
        let mut book = self.book();
        let entry = book.job(job)?;
        let result = entry.result.clone().ok_or_else(|| no_result(job))?;
        Ok((result, entry.delivered.filter(|paper| paper.here).map(|paper| paper.archive)))
    }
}

fn not_yours(what: &str, account: Address) -> Error {
    let message = format!("account {account} is no party of this {what}");
    Error::new(ErrorKind::Unauthorized, "E_NOT_PARTY", message)
        .with_hint("sign with the key of the account that made it")
        .with("account", account)
}
