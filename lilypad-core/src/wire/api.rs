//! The solver as its two kinds of peer see it.

use std::fmt;
use std::path::Path;

use tokio::sync::mpsc;

use super::{
    DealNotice, EventStream, JobProposal, JobStatus, OfferProposal, QuoteRequest, ResultSubmission,
    StoredFiles,
};
use crate::error::Result;
use crate::market::Quote;
use crate::model::{Address, DealId, ExecutorEvent, JobId, ResourceOfferId};
use crate::rt::{BoxFuture, CancelReason};
use crate::signer::{Domain, Signature, Signed};

/// The solver as a job creator sees it.
pub trait JobCreatorApi: Send + Sync + fmt::Debug {
    /// The solver's account and the domain in which its network signs.
    fn identity(&self) -> (Address, Domain);

    /// What a job would cost, who would run it and when, and what keeps the other offers from it. Nothing is reserved.
    ///
    /// # Errors
    /// `InvalidInput` (broken offer).
    fn quote<'a>(&'a self, job: QuoteRequest) -> BoxFuture<'a, Result<Quote>>;

    /// Hands in a job. Sending the same job again is the same as sending it once.
    ///
    /// # Errors
    /// `VerificationFailed` (bad signature), `InvalidInput` (broken offer), `Unavailable` (the solver is full).
    fn submit<'a>(&'a self, job: Signed<JobProposal>) -> BoxFuture<'a, Result<JobId>>;

    /// Follows a job from its first event on.
    ///
    /// # Errors
    /// `NotFound` (`E_JOB_UNKNOWN`).
    fn watch<'a>(&'a self, job_id: JobId) -> BoxFuture<'a, Result<EventStream>>;

    /// Where the job stands now.
    ///
    /// # Errors
    /// `NotFound` (`E_JOB_UNKNOWN`).
    fn status<'a>(&'a self, job_id: JobId) -> BoxFuture<'a, Result<JobStatus>>;

    /// The result that the provider handed in.
    ///
    /// # Errors
    /// `NotFound` (`E_JOB_UNKNOWN`, `E_RESULT_NONE`).
    fn result<'a>(&'a self, job_id: JobId) -> BoxFuture<'a, Result<ResultSubmission>>;

    /// The same with its files apart from it, and in `folder` rather than in memory where they come from elsewhere.
    ///
    /// # Errors
    /// Those of [`JobCreatorApi::result`]; where the folder cannot be written to.
    fn result_in<'a>(
        &'a self,
        job_id: JobId,
        _folder: &'a Path,
    ) -> BoxFuture<'a, Result<(ResultSubmission, StoredFiles)>> {
        Box::pin(async move {
            let mut result = self.result(job_id).await?;
            let files = std::mem::take(&mut result.results);
            Ok((result, files.into()))
        })
    }

    /// Accepts the result: the job creator's signature under the receipt.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` (no result to accept), `VerificationFailed` (bad signature), `Settlement`.
    fn accept<'a>(&'a self, job_id: JobId, signature: Signature) -> BoxFuture<'a, Result<()>>;

    /// Asks to cancel the job. Returns at once; the log says when it has ended. A job that has ended stays as it is.
    ///
    /// # Errors
    /// `NotFound` (`E_JOB_UNKNOWN`).
    fn cancel<'a>(&'a self, job_id: JobId) -> BoxFuture<'a, Result<()>>;
}

/// The solver as a resource provider sees it.
pub trait ProviderApi: Send + Sync + fmt::Debug {
    /// The solver's account and the domain in which its network signs.
    fn identity(&self) -> (Address, Domain);

    /// Opens the provider's inbox; a second call closes the first inbox. It begins with the deals that this provider has to
    /// run, told before or not.
    ///
    /// # Errors
    /// `Unavailable` where the solver takes no more providers.
    fn connect<'a>(&'a self, provider: Address) -> BoxFuture<'a, Result<ProviderInbox>>;

    /// Offers a machine. It takes as many jobs at once as its terms say and as fit beside each other, until it is taken back;
    /// a job has left the machine once its result was delivered or its deal refused. It takes the place of earlier offers of the
    /// same machine (the provider and its `index`), and what runs on them runs on it. An offer whose provider was silent
    /// about a deal is dropped. Whoever calls is the provider itself: an offer that somebody has kept says nothing of today.
    ///
    /// # Errors
    /// `VerificationFailed` (bad signature), `InvalidInput` (broken offer, `E_OFFER_TIME` from the future).
    fn offer<'a>(&'a self, offer: Signed<OfferProposal>) -> BoxFuture<'a, Result<ResourceOfferId>>;

    /// Takes an offer back; deals that it has already stay.
    ///
    /// # Errors
    /// `NotFound` (`E_OFFER_UNKNOWN`).
    fn withdraw<'a>(&'a self, offer: ResourceOfferId) -> BoxFuture<'a, Result<()>>;

    /// A deal with the files of its job.
    ///
    /// # Errors
    /// `NotFound` (`E_DEAL_UNKNOWN`), `Conflict` (`E_DEAL_OVER`).
    fn notice<'a>(&'a self, deal_id: DealId) -> BoxFuture<'a, Result<DealNotice>>;

    /// Says that the program of a deal has started.
    fn started(&self, deal_id: DealId, executor: &str);

    /// Passes on what happens while the job runs; never blocks.
    fn report(&self, deal_id: DealId, event: ExecutorEvent);

    /// Hands in the result of a job, however it ended.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` (the deal is over), `VerificationFailed` (signature, content id or cost do not check out).
    fn deliver<'a>(&'a self, deal_id: DealId, result: ResultSubmission) -> BoxFuture<'a, Result<()>>;

    /// Gives a deal back that this provider will not or cannot run.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` (the deal is over).
    fn refuse<'a>(&'a self, deal_id: DealId, why: crate::error::Error) -> BoxFuture<'a, Result<()>>;
}

/// What the solver tells a provider.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProviderMessage {
    /// A deal to run: [`ProviderApi::notice`] says what.
    Deal {
        /// The deal.
        deal_id: DealId,
    },
    /// Stop running this deal and hand in what there is.
    Stop {
        /// The deal.
        deal_id: DealId,
        /// Why.
        reason: CancelReason,
    },
}

/// Where the solver's messages to one provider arrive. It has an end: it closes where its provider does not read it, and a new
/// one begins with everything that there is to do.
pub type ProviderInbox = mpsc::Receiver<ProviderMessage>;
