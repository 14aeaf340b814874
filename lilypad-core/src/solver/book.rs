//! What the solver remembers: jobs, offers, deals, and who is connected.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::error::{Error, ErrorKind, Result};
use crate::market::NoMatch;
use crate::model::{Address, AgreementState, Amount, Deal, DealId, FileSet, JobId, Outcome, ResourceOfferId};
use crate::rt::{CancelReason, CancelToken, Chronometer, Clock};
use crate::signer::{Receipt, Signed};
use crate::wire::{
    EventLog, JobEventKind, JobFailure, JobProposal, JobStatus, OfferProposal, ProviderMessage,
    ResultSubmission,
};

/// Everything that the solver remembers, behind one lock.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) jobs: BTreeMap<JobId, JobEntry>,
    /// Jobs without a deal, oldest first.
    pub(super) waiting: VecDeque<JobId>,
    /// Offers without a deal, oldest first.
    pub(super) offers: BTreeMap<u64, OfferEntry>,
    pub(super) deals: BTreeMap<DealId, JobId>,
    pub(super) links: HashMap<Address, mpsc::UnboundedSender<ProviderMessage>>,
    ended: VecDeque<JobId>,
    offer_seq: u64,
}

/// An offer that waits for a job.
#[derive(Clone, Debug)]
pub(super) struct OfferEntry {
    pub(super) id: ResourceOfferId,
    pub(super) provider: Address,
    pub(super) signed: Arc<Signed<OfferProposal>>,
}

/// A job and all that is known of it.
#[derive(Debug)]
pub(super) struct JobEntry {
    pub(super) id: JobId,
    pub(super) signed: Arc<Signed<JobProposal>>,
    pub(super) log: EventLog,
    /// How long ago the job came in.
    pub(super) age: Chronometer,
    pub(super) state: AgreementState,
    /// An offer is reserved and the money is on its way into escrow.
    pub(super) agreeing: bool,
    pub(super) cancelling: bool,
    pub(super) started: bool,
    /// The program has had its time, or very nearly: its provider may say that it ran too long.
    pub(super) overdue: bool,
    /// The time to find an offer was over while one was being agreed.
    pub(super) match_over: bool,
    pub(super) waiting_for: Option<NoMatch>,
    pub(super) deal: Option<AgreedDeal>,
    pub(super) result: Option<ResultSubmission>,
    pub(super) outcome: Option<Outcome>,
    pub(super) cost: Option<Amount>,
    pub(super) failure: Option<JobFailure>,
    pub(super) receipt: Option<Receipt>,
    /// Ends the timers of this job.
    pub(super) ended: CancelToken,
}

/// The deal of a job.
#[derive(Clone, Debug)]
pub(super) struct AgreedDeal {
    pub(super) id: DealId,
    pub(super) deal: Deal,
    pub(super) offer: OfferEntry,
    pub(super) price_cap: Amount,
    /// The ledger's epoch of the deal, as last seen.
    pub(super) epoch: u64,
}

impl JobEntry {
    pub(super) fn new(id: JobId, signed: Signed<JobProposal>, clock: Clock) -> Self {
        Self {
            id,
            signed: Arc::new(signed),
            age: Chronometer::start(clock.clone()),
            log: EventLog::new(id, clock),
            state: AgreementState::DealNegotiating,
            agreeing: false,
            cancelling: false,
            started: false,
            overdue: false,
            match_over: false,
            waiting_for: None,
            deal: None,
            result: None,
            outcome: None,
            cost: None,
            failure: None,
            receipt: None,
            ended: CancelToken::new(),
        }
    }

    /// Writes an event under the present state.
    pub(super) fn note(&self, kind: JobEventKind) {
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
        if state.is_terminal() {
            self.ended.cancel(CancelReason::Shutdown);
        }
        Ok(())
    }

    /// Lets go of the files that only a running job needs.
    fn forget_files(&mut self) {
        let mut signed = (*self.signed).clone();
        (signed.body.bundle, signed.body.files) = (FileSet::new(), FileSet::new());
        self.signed = Arc::new(signed);
    }

    pub(super) fn status(&self) -> JobStatus {
        JobStatus {
            job_id: self.id,
            state: self.state,
            deal_id: self.deal.as_ref().map(|deal| deal.id),
            resource_provider: self.deal.as_ref().map(|deal| deal.offer.provider),
            waiting_for: self.waiting_for.as_ref().map(ToString::to_string),
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
        self.jobs.values().filter(|job| !job.state.is_terminal()).count()
    }

    pub(super) fn add_offer(&mut self, offer: OfferEntry) {
        self.offer_seq += 1;
        self.offers.insert(self.offer_seq, offer);
    }

    /// Sends to a provider; false where it is not connected.
    pub(super) fn tell(&self, provider: Address, message: ProviderMessage) -> bool {
        self.links.get(&provider).is_some_and(|link| link.send(message).is_ok())
    }

    /// Remembers that a job has ended, and forgets the oldest ended ones beyond `most`.
    pub(super) fn ended(&mut self, id: JobId, most: usize) {
        self.waiting.retain(|waiting| *waiting != id);
        if let Some(job) = self.jobs.get_mut(&id) {
            job.forget_files();
        }
        if !self.ended.contains(&id) {
            self.ended.push_back(id);
        }
        while self.ended.len() > most {
            let Some(oldest) = self.ended.pop_front() else { break };
            if let Some(deal) = self.jobs.remove(&oldest).and_then(|job| job.deal) {
                self.deals.remove(&deal.id);
            }
        }
    }
}
