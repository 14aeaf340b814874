//! A job as it is saved: its JSON document, its events, and what was signed. Its files are not in the store.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::book::{AgreedDeal, JobEntry, Marks, OfferEntry, Paper, Times};
use super::files::Kept;
use super::intake::both;
use super::store::{Batch, Part, SavedJob, Write};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    Address, AgreementState, Amount, ContentId, Deal, DealId, FileLimits, JobId, Outcome, Rate,
};
use crate::rt::{CancelReason, Clock};
use crate::signer::{Receipt, Signed};
use crate::wire::{
    ArchiveId, EventLog, JobEvent, JobFailure, OfferProposal, OpenJob, ReadAt, ResultSubmission, open_job,
    open_result, pack_job, pack_result,
};

/// Everything of a job but its files and events.
#[derive(Serialize, Deserialize)]
struct Document {
    state: AgreementState,
    times: Times,
    agreeing: bool,
    cancelling: bool,
    stopping: bool,
    started: bool,
    match_over: bool,
    reserved: Option<SavedDeal>,
    deal: Option<SavedDeal>,
    /// Absent where an older program wrote it, which kept the files in the store itself.
    #[serde(default)]
    inputs_id: Option<ContentId>,
    #[serde(default)]
    proposal: Option<Paper>,
    #[serde(default)]
    delivered: Option<Paper>,
    /// The archive of the result is one that the ledger had not taken yet.
    delivery: bool,
    outcome: Option<Outcome>,
    cost: Option<Amount>,
    failure: Option<JobFailure>,
    receipt: Option<Receipt>,
    /// The span that submitted the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SavedDeal {
    id: DealId,
    deal: Deal,
    provider: Address,
    offer: Signed<OfferProposal>,
    rate: Rate,
    price_cap: Amount,
    epoch: u64,
}

impl From<&AgreedDeal> for SavedDeal {
    fn from(known: &AgreedDeal) -> Self {
        let AgreedDeal { id, deal, offer, rate, price_cap, epoch } = known.clone();
        let (provider, offer) = (offer.provider, (*offer.signed).clone());
        Self { id, deal, provider, offer, rate, price_cap, epoch }
    }
}

impl SavedDeal {
    fn read(self) -> Result<AgreedDeal> {
        let Self { id, deal, provider, offer, rate, price_cap, epoch } = self;
        let offer_id = offer.body.offer.id()?;
        let offer = OfferEntry { id: offer_id, provider, signed: offer.into() };
        Ok(AgreedDeal { id, deal, offer, rate, price_cap, epoch })
    }
}

/// Adds what is new of a job to a batch. The job's marks say then that it is saved: a batch that fails stops the solver.
pub(super) fn changes(job: &mut JobEntry, batch: &mut Batch) -> Result<()> {
    let document = serde_json::to_string(&document(job)).map_err(|error| broken(job.id, &error))?;
    if document != job.saved.document {
        job.saved.document.clone_from(&document);
        batch.push(Write::Job { id: job.id, seq: job.seq, ended: job.ended_seq, document });
    }
    if !std::mem::replace(&mut job.saved.proposal, true) {
        batch.push(Write::Archive { job: job.id, part: Part::Proposal, bytes: pack_job(&job.signed)? });
    }
    if let Some(result) = job.delivery.as_ref().or(job.result.as_ref()) {
        let mark = Some(result.receipt.signature);
        if job.saved.result != mark {
            job.saved.result = mark;
            batch.push(Write::Archive { job: job.id, part: Part::Result, bytes: pack_result(result)? });
        }
    }
    for event in job.log.hidden() {
        let text = serde_json::to_string(&event).map_err(|error| broken(job.id, &error))?;
        batch.push(Write::Event { job: job.id, seq: event.seq, event: text });
    }
    Ok(())
}

fn document(job: &JobEntry) -> Document {
    Document {
        state: job.state,
        times: job.times,
        agreeing: job.agreeing,
        cancelling: job.cancelling,
        stopping: job.stopping,
        started: job.started,
        match_over: job.match_over,
        reserved: job.reserved.as_ref().map(SavedDeal::from),
        deal: job.deal.as_ref().map(SavedDeal::from),
        inputs_id: Some(job.inputs_id),
        proposal: Some(job.proposal),
        delivered: job.delivered,
        delivery: job.delivery.is_some(),
        outcome: job.outcome.clone(),
        cost: job.cost,
        failure: job.failure.clone(),
        receipt: job.receipt.clone(),
        traceparent: job.trace.parent(),
    }
}

/// A job as it was saved, and the archives of its files where they are in the store itself, as older programs had them.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) job: JobEntry,
    pub(super) old_proposal: Option<Bytes>,
    pub(super) old_result: Option<Bytes>,
}

/// A job as it was saved.
///
/// # Errors
/// `Unexpected` (`E_STORE_BROKEN`) where it cannot be read, with the job.
pub(super) fn read(saved: SavedJob, clock: &Clock, results: &FileLimits) -> Result<Read> {
    let id = saved.id;
    read_job(saved, clock, results).map_err(|error| broken(id, &error).with_source(error))
}

fn read_job(saved: SavedJob, clock: &Clock, results: &FileLimits) -> Result<Read> {
    let text = |error: serde_json::Error| Error::unexpected(error.to_string());
    let document: Document = serde_json::from_str(&saved.document).map_err(text)?;
    let proposal = saved.proposal.ok_or_else(|| Error::unexpected("its proposal is missing"))?;
    // Those of the bundle and of the inputs were each within the limits.
    let limits = both(&FileLimits::default());
    let OpenJob { job: signed, bundle, inputs } = open_job(&proposal, &limits)?;
    let inputs_id = match document.inputs_id {
        Some(known) => known,
        None => inputs.inputs_id(&proposal, signed.body.offer.inputs.as_ref())?,
    };
    let has_files = bundle.lengths().chain(inputs.lengths()).next().is_some();
    let events = saved.events.iter().map(|event| serde_json::from_str(event));
    let events = events.collect::<std::result::Result<Vec<JobEvent>, _>>().map_err(text)?;
    let result = saved.result.as_ref().map(|archive| open_result(archive, results)).transpose()?;
    let old_result =
        saved.result.filter(|_| result.as_ref().is_some_and(|(_, files)| files.lengths().next().is_some()));
    let result = result.map(|(result, _)| result);
    let mark = result.as_ref().map(|result| result.receipt.signature);
    let (delivery, result): (_, Option<ResultSubmission>) =
        if document.delivery { (result, None) } else { (None, result) };
    let since = document.times.submitted.max(signed.body.offer.created_at);
    let gone =
        Paper { archive: Kept { id: ArchiveId::of(&proposal), length: proposal.length() }, here: false };
    let paper = document.proposal.unwrap_or(gone);
    let mut job = JobEntry::new(saved.id, signed, (inputs_id, paper.archive), since, clock.clone());
    (job.proposal, job.delivered) = (paper, document.delivered);
    job.log = EventLog::held(saved.id, clock.clone(), events);
    job.seq = saved.seq;
    (job.ended_seq, job.over) = (saved.ended, saved.ended.is_some());
    job.age_before = clock.now().since(document.times.submitted);
    job.saved = Marks { document: saved.document, proposal: true, result: mark };
    (job.delivery, job.result) = (delivery, result);
    fill(&mut job, document)?;
    Ok(Read { job, old_proposal: Some(proposal).filter(|_| has_files), old_result })
}

fn fill(job: &mut JobEntry, document: Document) -> Result<()> {
    job.state = document.state;
    job.times = document.times;
    job.agreeing = document.agreeing;
    job.cancelling = document.cancelling;
    job.stopping = document.stopping;
    job.started = document.started;
    job.match_over = document.match_over;
    job.reserved = document.reserved.map(SavedDeal::read).transpose()?;
    job.deal = document.deal.map(SavedDeal::read).transpose()?;
    job.outcome = document.outcome;
    job.cost = document.cost;
    job.failure = document.failure;
    job.receipt = document.receipt;
    let creator = job.signed.body.offer.job_creator.clone();
    job.trace.resume(job.id, &creator, document.traceparent.as_deref(), job.state);
    // A result that the ledger did not take leaves its archive behind.
    if !matches!(job.state, AgreementState::DealNegotiating | AgreementState::DealAgreed)
        || job.delivery.is_some()
    {
        if job.state.is_terminal() {
            job.ended.cancel(CancelReason::Shutdown);
        }
        return Ok(());
    }
    job.result = None;
    Ok(())
}

fn broken(job: JobId, why: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::Unexpected, "E_STORE_BROKEN", format!("job {job} cannot be saved or read: {why}"))
        .with_hint("restore the store from a backup; nothing was changed")
        .with("job", job)
}
