//! What the solver remembers: jobs, offers, deals, and who is connected.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::figures::Tally;
use super::files::Kept;
use super::history::History;
use super::quota::Newcomers;
use super::traced::JobTrace;
use crate::error::{Error, ErrorKind, Result};
use crate::market::{Change, Index, JobTerms, NoMatch, OfferTerms, Offered, Wanted};
use crate::model::{
    Address, AgreementState, Amount, ContentId, Deal, DealId, JobId, JobOffer, ModulePin, Outcome, Rate,
    ResourceOffer, ResourceOfferId,
};
use crate::rt::{CancelReason, CancelToken, Chronometer, Clock, Timestamp};
use crate::signer::{Receipt, Signature, Signed};
use crate::wire::{
    DealNotice, EventLog, JobEventKind, JobFailure, JobProposal, JobStatus, OfferProposal, ProviderMessage,
    ResultSubmission,
};

/// Everything that the solver remembers, behind one lock.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) jobs: BTreeMap<JobId, JobEntry>,
    /// Jobs without a deal, in the order in which they came.
    pub(super) waiting: BTreeMap<u64, JobId>,
    /// Offers, and the jobs that look for one or run on one.
    pub(super) index: Index<OfferEntry, Asked>,
    pub(super) newcomers: Newcomers,
    pub(super) deals: BTreeMap<DealId, JobId>,
    pub(super) links: HashMap<Address, mpsc::Sender<ProviderMessage>>,
    /// How much work modules took so far.
    pub(super) history: History,
    /// What happened since this process began.
    pub(super) tally: Tally,
    ended: VecDeque<JobId>,
    /// Jobs that are forgotten here and not yet where they are saved.
    pub(super) dropped: Vec<(Timestamp, JobId)>,
    /// The ids of jobs that were made before this moment are forgotten here and not yet where they are saved.
    pub(super) forgotten_to: Option<Timestamp>,
    /// Archives that no job names any more; they go once that is saved.
    pub(super) unnamed: Vec<Kept>,
    /// Jobs of which nothing else is known any more, by the moment at which they were made.
    forgotten: BTreeSet<(Timestamp, JobId)>,
    /// Jobs that are not at their end.
    open_jobs: usize,
    job_seq: u64,
    ended_seq: u64,
}

/// What a job creator hands in, as the market reads it.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    signed: Arc<Signed<JobProposal>>,
    since: Timestamp,
}

impl Wanted for Asked {
    fn offer(&self) -> &JobOffer {
        &self.signed.body.offer
    }

    fn terms(&self) -> &JobTerms {
        &self.signed.body.terms
    }

    fn module(&self) -> &ModulePin {
        &self.signed.body.module
    }

    fn since(&self) -> Timestamp {
        self.since
    }
}

impl Offered for OfferEntry {
    fn offer(&self) -> &ResourceOffer {
        &self.signed.body.offer
    }

    fn terms(&self) -> &OfferTerms {
        &self.signed.body.terms
    }
}

/// An offer that takes jobs.
#[derive(Clone, Debug)]
pub(super) struct OfferEntry {
    pub(super) id: ResourceOfferId,
    pub(super) provider: Address,
    pub(super) signed: Arc<Signed<OfferProposal>>,
}

impl OfferEntry {
    /// True where both offer the same machine: a provider that is started anew offers it again.
    pub(super) fn is_machine_of(&self, other: &Self) -> bool {
        self.provider == other.provider && self.signed.body.offer.index == other.signed.body.offer.index
    }
}

/// A job and all that is known of it.
#[derive(Debug)]
pub(super) struct JobEntry {
    pub(super) id: JobId,
    /// Its place in the order in which jobs came.
    pub(super) seq: u64,
    /// Its place among those that wait: when it came in, or the later moment that it names itself.
    since: Timestamp,
    /// What its creator signed, without the files.
    pub(super) signed: Arc<Signed<JobProposal>>,
    pub(super) inputs_id: ContentId,
    /// The archive of what its creator handed in.
    pub(super) proposal: Paper,
    /// The archive of what its provider handed in.
    pub(super) delivered: Option<Paper>,
    pub(super) log: EventLog,
    /// How long ago the job came in.
    pub(super) age: Chronometer,
    /// How old it was when this process began.
    pub(super) age_before: Duration,
    pub(super) times: Times,
    pub(super) state: AgreementState,
    /// An offer is reserved and the money is on its way into escrow.
    pub(super) agreeing: bool,
    pub(super) cancelling: bool,
    pub(super) started: bool,
    /// The last batch of events that its provider sent; not over a restart.
    pub(super) reported: String,
    /// The program has had its time, or very nearly: its provider may say that it ran too long.
    pub(super) overdue: bool,
    /// It is among those that have ended.
    pub(super) over: bool,
    /// The time to find an offer was over while one was being agreed.
    pub(super) match_over: bool,
    pub(super) waiting_for: Option<WaitingFor>,
    /// The deal that is being agreed: saved before the ledger hears of it.
    pub(super) reserved: Option<AgreedDeal>,
    pub(super) deal: Option<AgreedDeal>,
    /// A result, without its files, that was checked and that the ledger has not taken yet: saved before the ledger hears of it.
    pub(super) delivery: Option<ResultSubmission>,
    /// The log says that the provider was asked to stop.
    pub(super) stopping: bool,
    pub(super) result: Option<ResultSubmission>,
    pub(super) outcome: Option<Outcome>,
    pub(super) cost: Option<Amount>,
    pub(super) failure: Option<JobFailure>,
    pub(super) receipt: Option<Receipt>,
    /// Ends the timers of this job.
    pub(super) ended: CancelToken,
    /// Its place among those that have ended.
    pub(super) ended_seq: Option<u64>,
    pub(super) saved: Marks,
    pub(super) trace: JobTrace,
}

/// When a job came to where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Times {
    pub(super) submitted: Timestamp,
    pub(super) agreed: Option<Timestamp>,
    pub(super) stopping: Option<Timestamp>,
    pub(super) results: Option<Timestamp>,
}

/// An archive that a job has named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Paper {
    pub(super) archive: Kept,
    /// False once it is not needed any more.
    pub(super) here: bool,
}

impl Paper {
    /// Lets the archive go; `None` where it has gone before.
    pub(super) fn let_go(&mut self) -> Option<Kept> {
        std::mem::replace(&mut self.here, false).then_some(self.archive)
    }
}

/// What of a job is saved already.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) document: String,
    pub(super) proposal: bool,
    /// The receipt of the result that is saved.
    pub(super) result: Option<Signature>,
}

/// Why a job waits, and the version of the index of which that is true.
#[derive(Clone, Debug)]
pub(super) struct WaitingFor {
    version: u64,
    pub(super) why: NoMatch,
    pub(super) fix: Option<Change>,
}

/// The deal of a job.
#[derive(Clone, Debug)]
pub(super) struct AgreedDeal {
    pub(super) id: DealId,
    pub(super) deal: Deal,
    pub(super) offer: OfferEntry,
    /// The offer's price of work of this module.
    pub(super) rate: Rate,
    pub(super) price_cap: Amount,
    /// The ledger's epoch of the deal, as last seen.
    pub(super) epoch: u64,
}

impl JobEntry {
    pub(super) fn new(
        id: JobId,
        signed: Signed<JobProposal>,
        (inputs_id, proposal): (ContentId, Kept),
        since: Timestamp,
        clock: Clock,
    ) -> Self {
        Self {
            id,
            seq: 0,
            since,
            signed: Arc::new(signed),
            inputs_id,
            proposal: Paper { archive: proposal, here: true },
            delivered: None,
            age: Chronometer::start(clock.clone()),
            age_before: Duration::ZERO,
            times: Times { submitted: clock.now(), ..Times::default() },
            log: EventLog::held(id, clock, Vec::new()),
            state: AgreementState::DealNegotiating,
            agreeing: false,
            cancelling: false,
            started: false,
            reported: String::new(),
            overdue: false,
            over: false,
            match_over: false,
            waiting_for: None,
            reserved: None,
            deal: None,
            delivery: None,
            stopping: false,
            result: None,
            outcome: None,
            cost: None,
            failure: None,
            receipt: None,
            ended: CancelToken::new(),
            ended_seq: None,
            saved: Marks::default(),
            trace: JobTrace::none(),
        }
    }

    /// The job as the market reads it.
    fn asked(&self) -> Asked {
        Asked { signed: Arc::clone(&self.signed), since: self.since }
    }

    /// Writes an event under the present state.
    pub(super) fn note(&self, kind: JobEventKind) {
        self.trace.note(&kind, self.state);
        self.log.push(self.state, kind);
    }

    /// Moves to another state along the one table of legal transitions, and writes the event.
    pub(super) fn move_to(&mut self, state: AgreementState, kind: JobEventKind) -> Result<()> {
        if !self.state.can_move_to(state) {
            return Err(Error::new(
                ErrorKind::Conflict,
                "E_STATE",
                format!("job {} is in state {} and cannot move to {state}", self.id, self.state),
            ));
        }
        self.state = state;
        self.note(kind);
        self.trace.enter(state);
        if state.is_terminal() {
            self.ended.cancel(CancelReason::Shutdown);
        }
        Ok(())
    }

    /// What the provider of its deal is told, which has so much time left, without the files; `None` without a deal.
    pub(super) fn notice(&self, time_left: Duration) -> Option<DealNotice> {
        let deal = self.deal.as_ref()?;
        Some(DealNotice {
            deal_id: deal.id,
            deal: deal.deal.clone(),
            job: (*self.signed).clone(),
            price_cap: deal.price_cap,
            offer: Some((*deal.offer.signed).clone()),
            time_left: Some(time_left),
        })
    }

    pub(super) fn status(&self) -> JobStatus {
        JobStatus {
            job_id: self.id,
            state: self.state,
            deal_id: self.deal.as_ref().map(|deal| deal.id),
            resource_provider: self.deal.as_ref().map(|deal| deal.offer.provider),
            waiting_for: self.waiting_for.as_ref().map(|waiting| waiting.why.to_string()),
            fix: self.waiting_for.as_ref().and_then(|waiting| waiting.fix.as_ref()).map(Change::to_string),
            outcome: self.outcome.clone(),
            cost: self.cost,
            failure: self.failure.clone(),
            receipt: self.receipt.clone(),
        }
    }
}

impl Book {
    pub(super) fn job(&mut self, id: JobId) -> Result<&mut JobEntry> {
        self.jobs.get_mut(&id).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "E_JOB_UNKNOWN", format!("no job {id} is known here"))
                .with_hint("check the id, and that this is the network where it was submitted")
        })
    }

    pub(super) fn job_of_deal(&mut self, id: DealId) -> Result<&mut JobEntry> {
        let unknown =
            || Error::new(ErrorKind::NotFound, "E_DEAL_UNKNOWN", format!("no deal {id} is known here"));
        let job_id = *self.deals.get(&id).ok_or_else(unknown)?;
        self.jobs.get_mut(&job_id).ok_or_else(unknown)
    }

    pub(super) fn open_jobs(&self) -> usize {
        self.open_jobs
    }

    /// Takes a job back in that was saved; where it stands is for the repair to say.
    pub(super) fn take_back(&mut self, entry: JobEntry) {
        self.job_seq = self.job_seq.max(entry.seq);
        if let Some(deal) = &entry.deal {
            self.deals.insert(deal.id, entry.id);
        }
        match entry.ended_seq {
            Some(seq) => {
                self.ended_seq = self.ended_seq.max(seq);
                self.ended.push_back(entry.id);
            }
            None => self.open_jobs += 1,
        }
        self.jobs.insert(entry.id, entry);
    }

    /// Lets a job that was taken back look for an offer.
    pub(super) fn wait_again(&mut self, id: JobId) -> Result<()> {
        let Some(job) = self.jobs.get_mut(&id) else { return Ok(()) };
        (job.reserved, job.agreeing) = (None, false);
        self.index.add_job(id, job.asked())?;
        self.waiting.insert(job.seq, id);
        Ok(())
    }

    /// Takes a new job in; it looks for an offer from now on.
    pub(super) fn add_job(&mut self, mut entry: JobEntry) -> Result<()> {
        self.job_seq += 1;
        entry.seq = self.job_seq;
        let asked = entry.asked();
        self.index.add_job(entry.id, asked)?;
        self.waiting.insert(entry.seq, entry.id);
        self.open_jobs += 1;
        self.jobs.insert(entry.id, entry);
        Ok(())
    }

    /// True where a job that waits has not been told why, or the book has changed much since.
    pub(super) fn should_explain(&self, id: JobId) -> bool {
        let told = self.jobs.get(&id).and_then(|job| job.waiting_for.as_ref());
        told.is_none_or(|told| {
            // An explanation looks at every offer: so told, each change of the book costs a few looks.
            let changes = self.index.version().wrapping_sub(told.version);
            changes > self.index.offers() as u64 / 16
        })
    }

    /// Brings what is known of why a job waits up to date, and writes it down where it is new. `None` for a job that does
    /// not wait.
    pub(super) fn explain(&mut self, id: JobId) -> Option<&WaitingFor> {
        let version = self.index.version();
        let job = self.jobs.get_mut(&id)?;
        if job.state != AgreementState::DealNegotiating || job.agreeing {
            return None;
        }
        if job.waiting_for.as_ref().is_none_or(|waiting| waiting.version != version) {
            let (why, fix) = self.index.why_waiting(&id)?;
            if job.waiting_for.as_ref().is_none_or(|known| known.why != why || known.fix != fix) {
                let fix = fix.as_ref().map(Change::to_string);
                job.note(JobEventKind::Waiting { reason: why.to_string(), fix });
            }
            job.waiting_for = Some(WaitingFor { version, why, fix });
        }
        job.waiting_for.as_ref()
    }

    /// The jobs that a provider has to run now, oldest first.
    pub(super) fn open_deals(&self, provider: Address) -> Vec<&JobEntry> {
        let mut jobs: Vec<&JobEntry> = self
            .jobs
            .values()
            .filter(|job| job.state == AgreementState::DealAgreed)
            .filter(|job| job.deal.as_ref().is_some_and(|deal| deal.offer.provider == provider))
            .collect();
        jobs.sort_by_key(|job| job.seq);
        jobs
    }

    /// Takes earlier offers of the same machine out, and puts the jobs that run on it onto this one: it has come back, and is
    /// not free.
    pub(super) fn put_running_jobs_on(&mut self, offer: ResourceOfferId) -> Result<()> {
        let Some(entry) = self.index.offer(&offer).cloned() else { return Ok(()) };
        for earlier in self.index.offers_of(&entry.signed.body.offer.resource_provider) {
            let replaced = self.index.offer(&earlier).is_some_and(|earlier| earlier.is_machine_of(&entry));
            if replaced && earlier != offer {
                self.remove_offer(&earlier);
            }
        }
        let runs = |job: &&JobEntry| {
            job.state == AgreementState::DealAgreed
                && job.deal.as_ref().is_some_and(|deal| deal.offer.is_machine_of(&entry))
        };
        let running: Vec<_> = self.jobs.values().filter(runs).map(|job| (job.id, job.asked())).collect();
        for (id, asked) in running {
            if !self.index.attach(id, asked, &offer)? {
                tracing::warn!(%offer, job = %id, "an offer has no room for its own jobs: it takes no more");
                self.remove_offer(&offer);
            }
        }
        Ok(())
    }

    /// True where a provider listens to what it is told.
    #[cfg_attr(not(feature = "server"), allow(dead_code, reason = "only a server loses connections"))]
    pub(super) fn is_connected(&self, provider: Address) -> bool {
        self.links.get(&provider).is_some_and(|link| !link.is_closed())
    }

    /// True where a provider has listened and does not any more.
    pub(super) fn has_left(&self, provider: Address) -> bool {
        self.links.get(&provider).is_some_and(mpsc::Sender::is_closed)
    }

    /// Sends to a provider; false where it is not connected. One that does not read what it is told is waited for by nobody:
    /// its inbox is closed, and it hears everything when it opens another.
    pub(super) fn tell(&mut self, provider: Address, message: ProviderMessage) -> bool {
        let Some(link) = self.links.get_mut(&provider) else { return false };
        let sent = link.try_send(message);
        if let Err(mpsc::error::TrySendError::Full(_)) = &sent {
            tracing::warn!(%provider, "a provider does not read its messages: its inbox is closed");
            *link = mpsc::channel(1).0;
        }
        sent.is_ok()
    }

    /// The machine of a job is free again, or the job looks for one no more.
    pub(super) fn leave_market(&mut self, id: JobId) {
        self.index.remove_job(&id);
        if let Some(job) = self.jobs.get(&id) {
            self.waiting.remove(&job.seq);
        }
    }

    /// Remembers that a job has ended, and forgets the oldest ended ones beyond `most`.
    pub(super) fn ended(&mut self, id: JobId, most: usize) {
        self.leave_market(id);
        let Some(job) = self.jobs.get_mut(&id) else { return };
        // Only a running job needs what its creator handed in.
        self.unnamed.extend(job.proposal.let_go());
        if job.result.is_none() {
            self.unnamed.extend(job.delivered.as_mut().and_then(Paper::let_go));
        }
        if !std::mem::replace(&mut job.over, true) {
            self.ended_seq += 1;
            job.ended_seq = Some(self.ended_seq);
            self.open_jobs = self.open_jobs.saturating_sub(1);
            self.ended.push_back(id);
            let count = self.tally.ended.entry(job.state).or_insert(0);
            *count = count.saturating_add(1);
            job.trace.end(job.state);
        }
        self.forget_beyond(most);
    }

    pub(super) fn forget_beyond(&mut self, most: usize) {
        while self.ended.len() > most {
            let Some(oldest) = self.ended.pop_front() else { break };
            let Some(mut job) = self.jobs.remove(&oldest) else { continue };
            self.unnamed.extend(job.proposal.let_go());
            self.unnamed.extend(job.delivered.as_mut().and_then(Paper::let_go));
            let created_at = job.signed.body.offer.created_at;
            self.dropped.push((created_at, oldest));
            job.log.show();
            self.forgotten.insert((created_at, oldest));
            if let Some(deal) = job.deal {
                self.deals.remove(&deal.id);
            }
        }
    }

    /// Remembers jobs that have ended and of which nothing else is known.
    pub(super) fn remember_forgotten(&mut self, jobs: Vec<(Timestamp, JobId)>) {
        self.forgotten.extend(jobs);
    }

    /// True for a job that has ended and of which nothing else is known.
    pub(super) fn is_forgotten(&self, created_at: Timestamp, id: JobId) -> bool {
        self.forgotten.contains(&(created_at, id))
    }

    /// Forgets even the ids of jobs that were made before `moment`: they are too old to be taken again.
    pub(super) fn forget_before(&mut self, moment: Timestamp) {
        while self.forgotten.first().is_some_and(|(created_at, _)| *created_at < moment) {
            self.forgotten.pop_first();
            self.forgotten_to = Some(moment);
        }
    }
}
