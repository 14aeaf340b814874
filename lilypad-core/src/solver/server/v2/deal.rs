//! What the two sides of a deal do.

use std::sync::Arc;

use bytes::Bytes;

use super::V2;
use super::book::{Book, Deal, result_bytes, size};
use super::hub::About;
use super::post::refused;
use crate::error::Result;
use crate::model::{
    AgreementEvent, AgreementState, DealContainer, DealId, DealTransactionsJobCreator,
    DealTransactionsResourceProvider, JobResult,
};

/// Room that is set aside for what somebody sends; given back unless it is filled.
pub(super) struct Room {
    market: V2,
    bytes: u64,
    /// The deal whose results come in.
    upload: Option<DealId>,
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut book = self.market.book();
        book.release(self.bytes);
        if let Some(deal) = self.upload.and_then(|id| book.deals.get_mut(&id)) {
            deal.uploading = false;
        }
    }
}

impl V2 {
    /// Sets room aside for what comes.
    pub(super) fn room(&self, bytes: u64) -> Result<Room> {
        self.book().reserve(bytes)?;
        Ok(Room { market: self.clone(), bytes, upload: None })
    }

    /// Begins to take results of a deal, of this many bytes at most.
    pub(super) fn begin_upload(&self, id: &str, signer: &str, bytes: u64) -> Result<Room> {
        let mut room = self.room(bytes)?;
        let mut book = self.book();
        let (id, deal) = book.deal(id)?;
        in_time(deal)?;
        is_provider(deal, signer)?;
        if deal.uploading {
            return Err(refused("the results of this deal are being uploaded already"));
        }
        if deal.container.state != AgreementState::Uploading {
            book.move_deal_alone(id, AgreementEvent::BeginUpload)?;
        }
        book.deal_mut(id)?.uploading = true;
        room.upload = Some(id);
        Ok(room)
    }

    /// Keeps the results that came, in place of what came before.
    pub(super) fn end_upload(&self, room: Room, files: Bytes) -> Result<JobResult> {
        // Room is given back first, so that it can be taken as needed.
        let id = room.upload;
        drop(room);
        let mut book = self.book();
        let id = id.and_then(|id| book.deals.contains_key(&id).then_some(id));
        let id = id.ok_or_else(|| super::book::unknown("deal not found"))?;
        let deal = book.deal_mut(id)?;
        in_time(deal)?;
        if deal.container.state != AgreementState::Uploading {
            return Err(refused("the deal takes no more results"));
        }
        let old = size(deal.files.take().as_ref());
        book.release(old);
        book.reserve(size(Some(&files)))?;
        let now = self.clock().now();
        let deal = book.deal_mut(id)?;
        deal.files = Some(files);
        Arc::make_mut(&mut deal.container).upload_at = now;
        Ok(JobResult { data_id: id.to_string(), ..JobResult::default() })
    }

    /// Takes what a provider says that a job gave. The same again changes nothing.
    pub(super) fn post_result(&self, id: &str, signer: &str, mut result: JobResult) -> Result<JobResult> {
        let (id, failed) = {
            let mut book = self.book();
            let (id, deal) = book.deal(id)?;
            in_time(deal)?;
            is_provider(deal, signer)?;
            if result.data_id.is_empty() && result.error.is_empty() {
                return Err(refused("a result has a data id or an error"));
            }
            result.id = String::new();
            result.deal_id = id.to_string();
            if deal.result.as_ref() == Some(&result) {
                return Ok(result);
            }
            // Refuses what has a result already.
            deal.container.state.after(AgreementEvent::SubmitResult)?;
            book.reserve(result_bytes(&result))?;
            book.deal_mut(id)?.result = Some(result.clone());
            book.move_deal(id, AgreementEvent::SubmitResult)?;
            (id, !result.error.is_empty())
        };
        self.watch_download(id, failed);
        Ok(result)
    }

    /// Notes the transactions of a provider. They are words: nothing follows from them.
    pub(super) fn provider_transactions(
        &self,
        id: &str,
        signer: &str,
        said: &DealTransactionsResourceProvider,
    ) -> Result<Arc<DealContainer>> {
        let mut book = self.book();
        let (id, deal) = book.deal(id)?;
        is_provider(deal, signer)?;
        book.note(id, "ResourceProviderTransactionsUpdated", |deal| {
            let known = &mut deal.transactions.resource_provider;
            let said = [
                (&mut known.agree, &said.agree),
                (&mut known.add_result, &said.add_result),
                (&mut known.timeout_agree, &said.timeout_agree),
                (&mut known.timeout_judge_result, &said.timeout_judge_result),
                (&mut known.timeout_mediate_result, &said.timeout_mediate_result),
            ];
            note(said);
        })
    }

    /// Notes the transactions of a job creator; `accept_result` accepts the result, once there is one.
    pub(super) fn creator_transactions(
        &self,
        id: &str,
        signer: &str,
        said: &DealTransactionsJobCreator,
    ) -> Result<Arc<DealContainer>> {
        let mut book = self.book();
        let (id, deal) = book.deal(id)?;
        is_creator(deal, signer)?;
        let accepts = !said.accept_result.is_empty();
        // Go's job creators accept twice.
        let accepts = accepts && deal.container.state != AgreementState::ResultsAccepted;
        if accepts {
            deal.container.state.after(AgreementEvent::AcceptResult)?;
        }
        let noted = book.note(id, "JobCreatorTransactionsUpdated", |deal| {
            let known = &mut deal.transactions.job_creator;
            let said = [
                (&mut known.agree, &said.agree),
                (&mut known.accept_result, &said.accept_result),
                (&mut known.check_result, &said.check_result),
                (&mut known.timeout_agree, &said.timeout_agree),
                (&mut known.timeout_submit_result, &said.timeout_submit_result),
                (&mut known.timeout_mediate_result, &said.timeout_mediate_result),
            ];
            note(said);
        })?;
        if accepts {
            book.move_deal(id, AgreementEvent::AcceptResult)?;
            // It may be forgotten already where few are remembered.
            return Ok(book.deals.get(&id).map_or(noted, |deal| Arc::clone(&deal.container)));
        }
        Ok(noted)
    }

    /// The results, for their job creator, who fetches them.
    pub(super) fn results(&self, id: &str, signer: &str) -> Result<Bytes> {
        let now = self.clock().now();
        let mut book = self.book();
        let (id, deal) = book.deal(id)?;
        is_creator(deal, signer)?;
        let files = deal.files.clone().ok_or_else(no_files)?;
        if deal.container.state == AgreementState::ResultsSubmitted {
            book.move_deal_alone(id, AgreementEvent::BeginDownload)?;
        }
        Arc::make_mut(&mut book.deal_mut(id)?.container).download_at = now;
        Ok(files)
    }

    /// The results of a job, for its creator, who accepts them by fetching them.
    pub(super) fn results_of_job(&self, id: &str, signer: &str) -> Result<Bytes> {
        let now = self.clock().now();
        let mut book = self.book();
        let id = book.job_created_by(id, signer)?;
        let deal = book.jobs.get(&id).and_then(|job| job.deal).ok_or_else(no_files)?;
        let known = book.deal_mut(deal)?;
        let files = known.files.clone().ok_or_else(no_files)?;
        Arc::make_mut(&mut known.container).download_at = now;
        if known.container.state != AgreementState::ResultsAccepted {
            book.move_deal(deal, AgreementEvent::AcceptResult)?;
        }
        Ok(files)
    }

    /// The input files of a deal's job, for its provider.
    pub(super) fn inputs(&self, id: &str, signer: &str) -> Result<Bytes> {
        let book = self.book();
        let (_, deal) = book.deal(id)?;
        is_provider(deal, signer)?;
        let inputs = book.jobs.get(&deal.job).and_then(|job| job.inputs.clone());
        inputs.ok_or_else(|| super::book::unknown("the job has no input files"))
    }

    /// What a provider said of a deal, for its parties.
    pub(super) fn result(&self, id: &str, signer: &str) -> Result<JobResult> {
        let book = self.book();
        let (_, deal) = book.deal(id)?;
        is_creator(deal, signer).or_else(|_| is_provider(deal, signer))?;
        deal.result.clone().ok_or_else(|| super::book::unknown("result not found"))
    }
}

impl Book {
    /// Changes what is noted in a deal, and tells of it.
    fn note(
        &mut self,
        id: DealId,
        event: &str,
        change: impl FnOnce(&mut DealContainer),
    ) -> Result<Arc<DealContainer>> {
        let deal = self.deals.get_mut(&id).ok_or_else(|| super::book::unknown("deal not found"))?;
        change(Arc::make_mut(&mut deal.container));
        self.hub.tell(event, About::Deal(&deal.container));
        Ok(Arc::clone(&deal.container))
    }
}

/// Most bytes of the name of a transaction.
const TRANSACTION_BYTES: usize = 128;

/// Notes what is said, and leaves what is not.
fn note<const N: usize>(said: [(&mut String, &String); N]) {
    for (known, said) in said {
        if !said.is_empty() {
            *known = said.chars().take(TRANSACTION_BYTES).collect();
        }
    }
}

fn no_files() -> crate::error::Error {
    super::book::unknown("the deal has no result files")
}

/// Passes where time did not run out.
fn in_time(deal: &Deal) -> Result<()> {
    let state = deal.container.state;
    if !state.is_timeout() {
        return Ok(());
    }
    let id = &deal.container.id;
    Err(refused(format!("job with deal ID {id} timed out with a {state} state")))
}

fn is_provider(deal: &Deal, signer: &str) -> Result<()> {
    if deal.container.resource_provider == signer {
        return Ok(());
    }
    Err(refused("resource provider address does not match signer address"))
}

fn is_creator(deal: &Deal, signer: &str) -> Result<()> {
    if deal.container.job_creator == signer {
        return Ok(());
    }
    Err(refused("job creator address does not match signer address"))
}
