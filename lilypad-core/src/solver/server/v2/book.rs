//! What the market of v2 remembers, and how its states move.
//!
//! It is a market of its own: what is in it meets nothing that was signed, and no money.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;

use super::config::V2Config;
use super::hub::{About, Hub, offer_without_inputs};
use crate::error::{Error, ErrorKind, Result};
use crate::market::{Index, JobTerms, OfferTerms, Offered, Wanted};
use crate::model::{
    AgreementEvent, AgreementState, ContentId, DealContainer, DealId, JobId, JobOffer, JobOfferContainer,
    JobResult, ModulePin, ResourceOffer, ResourceOfferContainer, ResourceOfferId,
};
use crate::rt::{CancelReason, CancelToken, Timestamp};

/// Everything that v2 peers said and agreed on.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) index: Index<Listed, Sought>,
    pub(super) jobs: BTreeMap<JobId, Job>,
    pub(super) offers: BTreeMap<ResourceOfferId, Offer>,
    pub(super) deals: BTreeMap<DealId, Deal>,
    /// The one offer of each provider that waits.
    pub(super) waiting: HashMap<String, ResourceOfferId>,
    pub(super) hub: Hub,
    /// Jobs that have ended, the first to end first.
    ended: VecDeque<JobId>,
    max_ended: usize,
    /// Bytes that are held, or that somebody is about to send.
    stored: u64,
    max_stored: u64,
}

#[derive(Debug)]
pub(super) struct Job {
    pub(super) container: Arc<JobOfferContainer>,
    pub(super) deal: Option<DealId>,
    pub(super) inputs: Option<Bytes>,
    /// Bytes of its offer.
    pub(super) bytes: u64,
    /// Cancelled when it has ended: ends its timers.
    pub(super) over: CancelToken,
}

#[derive(Debug)]
pub(super) struct Offer {
    pub(super) container: Arc<ResourceOfferContainer>,
    pub(super) bytes: u64,
    /// Whether its provider was heard since somebody looked.
    pub(super) heard: bool,
    /// Cancelled when it waits no more.
    pub(super) taken: CancelToken,
}

#[derive(Debug)]
pub(super) struct Deal {
    pub(super) container: Arc<DealContainer>,
    pub(super) job: JobId,
    pub(super) offer: ResourceOfferId,
    pub(super) result: Option<JobResult>,
    pub(super) files: Option<Bytes>,
    /// True while results come in.
    pub(super) uploading: bool,
}

/// A resource offer as the index sees it.
#[derive(Debug)]
pub(super) struct Listed(pub(super) ResourceOffer, pub(super) OfferTerms);

/// A job offer as the index sees it: without what matching does not look at.
#[derive(Debug)]
pub(super) struct Sought {
    offer: JobOffer,
    terms: JobTerms,
    module: ModulePin,
    since: Timestamp,
}

impl Sought {
    pub(super) fn new(offer: &JobOffer, since: Timestamp) -> Result<Self> {
        // v2 names modules by repository and tag alone; nobody in this market has a rule about their content.
        let module = ModulePin::Content { content: ContentId(offer.module.id()?) };
        let offer = offer_without_inputs(offer);
        Ok(Self { offer, terms: JobTerms::default(), module, since })
    }
}

impl Offered for Listed {
    fn offer(&self) -> &ResourceOffer {
        &self.0
    }

    fn terms(&self) -> &OfferTerms {
        &self.1
    }
}

impl Wanted for Sought {
    fn offer(&self) -> &JobOffer {
        &self.offer
    }

    fn terms(&self) -> &JobTerms {
        &self.terms
    }

    fn module(&self) -> &ModulePin {
        &self.module
    }

    fn since(&self) -> Timestamp {
        self.since
    }
}

impl Book {
    pub(super) fn new(config: &V2Config) -> Self {
        Self {
            index: Index::new(),
            jobs: BTreeMap::new(),
            offers: BTreeMap::new(),
            deals: BTreeMap::new(),
            waiting: HashMap::new(),
            hub: Hub::new(config.max_readers, config.reader_queue),
            ended: VecDeque::new(),
            max_ended: config.max_ended,
            stored: 0,
            max_stored: config.max_stored,
        }
    }

    /// Sets room aside, and drops the oldest ended jobs where that is needed.
    ///
    /// # Errors
    /// `Unavailable` (`E_NETWORK_BUSY`) where there is not enough.
    pub(super) fn reserve(&mut self, bytes: u64) -> Result<()> {
        while self.stored.saturating_add(bytes) > self.max_stored {
            let Some(oldest) = self.ended.pop_front() else { return Err(busy()) };
            self.forget(oldest);
        }
        self.stored = self.stored.saturating_add(bytes);
        Ok(())
    }

    pub(super) fn release(&mut self, bytes: u64) {
        self.stored = self.stored.saturating_sub(bytes);
    }

    pub(super) fn deal(&self, id: &str) -> Result<(DealId, &Deal)> {
        let known = id.parse::<DealId>().ok().and_then(|id| Some((id, self.deals.get(&id)?)));
        known.ok_or_else(|| unknown("deal not found"))
    }

    pub(super) fn deal_mut(&mut self, id: DealId) -> Result<&mut Deal> {
        self.deals.get_mut(&id).ok_or_else(|| unknown("deal not found"))
    }

    pub(super) fn job(&self, id: &str) -> Result<(JobId, &Job)> {
        let known = id.parse::<JobId>().ok().and_then(|id| Some((id, self.jobs.get(&id)?)));
        known.ok_or_else(|| unknown("job offer not found"))
    }

    /// Moves a job that has no deal.
    pub(super) fn move_job(&mut self, id: JobId, event: AgreementEvent) -> Result<()> {
        let job = self.jobs.get_mut(&id).ok_or_else(|| unknown("job offer not found"))?;
        let state = job.container.state.after(event)?;
        Arc::make_mut(&mut job.container).state = state;
        self.hub.tell("JobOfferStateUpdated", About::Job(&job.container));
        self.end_where_final(id, state);
        Ok(())
    }

    /// Moves a deal alone: v2 tells nobody that files travel.
    pub(super) fn move_deal_alone(&mut self, id: DealId, event: AgreementEvent) -> Result<()> {
        let deal = self.deal_mut(id)?;
        let state = deal.container.state.after(event)?;
        Arc::make_mut(&mut deal.container).state = state;
        Ok(())
    }

    /// Moves a deal and both of its offers, and tells of each.
    pub(super) fn move_deal(&mut self, id: DealId, event: AgreementEvent) -> Result<()> {
        let deal = self.deals.get_mut(&id).ok_or_else(|| unknown("deal not found"))?;
        let state = deal.container.state.after(event)?;
        Arc::make_mut(&mut deal.container).state = state;
        self.hub.tell("DealStateUpdated", About::Deal(&deal.container));
        let (job, offer) = (deal.job, deal.offer);
        self.tell_offers(job, offer, state);
        self.end_where_final(job, state);
        Ok(())
    }

    /// Gives both offers of a deal its state.
    pub(super) fn tell_offers(&mut self, job: JobId, offer: ResourceOfferId, state: AgreementState) {
        if let Some(job) = self.jobs.get_mut(&job) {
            Arc::make_mut(&mut job.container).state = state;
            self.hub.tell("JobOfferStateUpdated", About::Job(&job.container));
        }
        if let Some(offer) = self.offers.get_mut(&offer) {
            Arc::make_mut(&mut offer.container).state = state;
            self.hub.tell("ResourceOfferStateUpdated", About::Offer(&offer.container));
        }
    }

    fn end_where_final(&mut self, id: JobId, state: AgreementState) {
        if !state.is_terminal() {
            return;
        }
        self.index.remove_job(&id);
        if let Some(job) = self.jobs.get(&id) {
            job.over.cancel(CancelReason::Cancelled);
        }
        self.ended.push_back(id);
        while self.ended.len() > self.max_ended {
            if let Some(oldest) = self.ended.pop_front() {
                self.forget(oldest);
            }
        }
    }

    /// Drops an ended job and what hangs on it.
    fn forget(&mut self, id: JobId) {
        let Some(job) = self.jobs.remove(&id) else { return };
        let mut bytes = job.bytes.saturating_add(size(job.inputs.as_ref()));
        if let Some(deal) = job.deal.and_then(|deal| self.deals.remove(&deal)) {
            let said = deal.result.as_ref().map_or(0, result_bytes);
            bytes = bytes.saturating_add(size(deal.files.as_ref())).saturating_add(said);
            bytes = bytes.saturating_add(self.offers.remove(&deal.offer).map_or(0, |offer| offer.bytes));
        }
        self.release(bytes);
    }

    /// Takes away an offer that waits.
    pub(super) fn withdraw(&mut self, id: ResourceOfferId) {
        if self.offers.get(&id).is_none_or(|offer| !offer.container.deal_id.is_empty()) {
            return;
        }
        self.index.remove_offer(&id);
        if let Some(offer) = self.offers.remove(&id) {
            self.waiting.remove(&offer.container.resource_provider);
            self.release(offer.bytes);
        }
        self.hub.tell("ResourceOfferRemoved", About::Nothing);
    }

    #[cfg(test)]
    pub(super) fn stored(&self) -> u64 {
        self.stored
    }
}

/// What a result takes of the room.
pub(super) fn result_bytes(result: &JobResult) -> u64 {
    size_of_text(&result.error).saturating_add(size_of_text(&result.data_id))
}

fn size_of_text(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

pub(super) fn size(bytes: Option<&Bytes>) -> u64 {
    bytes.map_or(0, |bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX))
}

/// In v2's words: too many wait.
pub(super) fn busy() -> Error {
    Error::new(ErrorKind::Unavailable, "E_NETWORK_BUSY", "network busy")
}

pub(super) fn unknown(what: &str) -> Error {
    Error::new(ErrorKind::NotFound, "E_V2_UNKNOWN", what)
}
