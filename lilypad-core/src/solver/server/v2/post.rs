//! Offers come in and are matched.

use std::sync::Arc;

use bytes::Bytes;

use super::V2;
use super::book::{Book, Deal, Job, Listed, Offer, Sought, busy, size};
use super::hub::About;
use crate::error::{Error, ErrorKind, Result};
use crate::market::{self, Match, OfferTerms};
use crate::model::{
    AgreementEvent, AgreementState, DealContainer, DealId, JobId, JobOffer, JobOfferContainer, PricingMode,
    ResourceOffer, ResourceOfferContainer, ServiceConfig,
};
use crate::rt::{CancelReason, CancelToken, Timestamp};

impl V2 {
    /// Passes while job offers are taken.
    pub(super) fn check_capacity(&self) -> Result<()> {
        let book = self.book();
        let waiting = book
            .jobs
            .values()
            .filter(|job| job.container.deal_id.is_empty() && !job.container.state.is_terminal());
        if waiting.count() >= self.config().max_job_offers { Err(busy()) } else { Ok(()) }
    }

    /// Takes a job offer of `signer`. The same offer again is the same job.
    pub(super) fn post_job(
        &self,
        signer: &str,
        mut offer: JobOffer,
        bytes: u64,
        inputs: Option<Bytes>,
    ) -> Result<Arc<JobOfferContainer>> {
        self.check_capacity()?;
        if offer.job_creator != signer {
            return Err(refused("job creator address does not match signer address"));
        }
        self.check_moment("job", offer.created_at)?;
        check_services(&offer.trusted_parties)?;
        offer.check_limits()?;
        let id = offer.id()?;
        offer.id = id.to_string();
        let now = self.clock().now();
        let (container, deals) = {
            let mut book = self.book();
            if let Some(job) = book.jobs.get(&id) {
                return Ok(Arc::clone(&job.container));
            }
            book.reserve(bytes.saturating_add(size(inputs.as_ref())))?;
            book.index.add_job(id, Sought::new(&offer, now)?)?;
            let container = Arc::new(JobOfferContainer {
                id: offer.id.clone(),
                deal_id: String::new(),
                job_creator: offer.job_creator.clone(),
                state: AgreementState::DealNegotiating,
                job_offer: offer,
            });
            book.hub.tell("JobOfferAdded", About::Job(&container));
            let over = CancelToken::new();
            let job = Job { container: Arc::clone(&container), deal: None, inputs, bytes, over };
            book.jobs.insert(id, job);
            (container, book.match_now(now))
        };
        self.watch_job(id);
        self.watch_deals(&deals);
        Ok(container)
    }

    /// Takes a resource offer of `signer`; `None` where the provider has one that waits already.
    pub(super) fn post_offer(
        &self,
        signer: &str,
        mut offer: ResourceOffer,
        bytes: u64,
    ) -> Result<Option<Arc<ResourceOfferContainer>>> {
        if offer.resource_provider != signer {
            return Err(refused("resource provider address does not match signer address"));
        }
        self.check_moment("resource", offer.created_at)?;
        if offer.mode == PricingMode::MarketPrice {
            return Err(refused("resource offers must have a price of their own, not MarketPrice"));
        }
        check_services(&offer.trusted_parties)?;
        offer.check_limits()?;
        let id = offer.id()?;
        offer.id = id.to_string();
        let now = self.clock().now();
        let (container, deals) = {
            let mut book = self.book();
            if let Some(known) = book.offers.get(&id) {
                return Ok(Some(Arc::clone(&known.container)));
            }
            if book.waiting.contains_key(signer) {
                return Ok(None);
            }
            if book.waiting.len() >= self.config().max_resource_offers {
                return Err(busy());
            }
            book.reserve(bytes)?;
            book.index.add_offer(id, Listed(offer.clone(), OfferTerms::default()), 0)?;
            let container = Arc::new(ResourceOfferContainer {
                id: offer.id.clone(),
                deal_id: String::new(),
                resource_provider: offer.resource_provider.clone(),
                state: AgreementState::DealNegotiating,
                resource_offer: offer,
            });
            book.hub.tell("ResourceOfferAdded", About::Offer(&container));
            let taken = CancelToken::new();
            let offer = Offer { container: Arc::clone(&container), bytes, heard: true, taken };
            book.offers.insert(id, offer);
            book.waiting.insert(signer.to_owned(), id);
            (container, book.match_now(now))
        };
        self.watch_offer(id);
        self.watch_deals(&deals);
        Ok(Some(container))
    }

    fn check_moment(&self, what: &str, created_at: Timestamp) -> Result<()> {
        let now = self.clock().now();
        if now.since(created_at).max(created_at.since(now)) <= self.config().offer_age {
            return Ok(());
        }
        let message = format!(
            "{what} offer rejected because CreatedAt time is not recent, the solver's time is {now} ms"
        );
        Err(refused(message))
    }
}

fn check_services(services: &ServiceConfig) -> Result<()> {
    if services.solver.is_empty() {
        return Err(refused("the offer trusts no solver"));
    }
    if services.mediator.as_deref().unwrap_or_default().is_empty() {
        return Err(refused("the offer trusts no mediator"));
    }
    Ok(())
}

pub(super) fn refused(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Rejected, "E_V2_REFUSED", why)
}

impl Book {
    /// Makes a deal of every pair that fits, the oldest job first.
    fn match_now(&mut self, now: Timestamp) -> Vec<DealId> {
        let mut deals = Vec::new();
        while let Some(found) = self.index.next_match() {
            match self.deal_of(found, now) {
                Ok(deal) => deals.push(deal),
                Err(error) => {
                    tracing::error!(%error, job = %found.job, "a chosen v2 offer does not make a deal");
                    if let Err(error) = self.move_job(found.job, AgreementEvent::Cancel) {
                        tracing::error!(%error, job = %found.job, "a v2 job cannot be ended");
                        self.index.remove_job(&found.job);
                    }
                }
            }
        }
        deals
    }

    fn deal_of(&mut self, found: Match, now: Timestamp) -> Result<DealId> {
        let missing = || Error::unexpected("a v2 offer was matched that is not there");
        let job = self.jobs.get_mut(&found.job).ok_or_else(missing)?;
        let offer = self.offers.get_mut(&found.offer).ok_or_else(missing)?;
        let deal = market::build_deal(&job.container.job_offer, &offer.container.resource_offer)?;
        let id = deal.id()?;
        let state = job.container.state.after(AgreementEvent::Match)?;
        offer.taken.cancel(CancelReason::Cancelled);
        // It is given once; the provider offers anew after the job.
        self.index.remove_offer(&found.offer);
        self.waiting.remove(&offer.container.resource_provider);
        job.deal = Some(id);
        Arc::make_mut(&mut job.container).deal_id.clone_from(&deal.id);
        Arc::make_mut(&mut offer.container).deal_id.clone_from(&deal.id);
        let container = Arc::new(DealContainer {
            id: deal.id.clone(),
            created_at: now,
            job_creator: deal.members.job_creator.clone(),
            resource_provider: deal.members.resource_provider.clone(),
            job_offer: deal.job_offer.id.clone(),
            resource_offer: deal.resource_offer.id.clone(),
            state,
            deal,
            ..DealContainer::default()
        });
        self.hub.tell("DealAdded", About::Deal(&container));
        let (job, offer) = (found.job, found.offer);
        let deal = Deal { container, job, offer, result: None, files: None, uploading: false };
        self.deals.insert(id, deal);
        self.tell_offers(job, offer, state);
        Ok(id)
    }

    /// A job, where `signer` created it.
    pub(super) fn job_created_by(&self, id: &str, signer: &str) -> Result<JobId> {
        let (id, job) = self.job(id)?;
        if job.container.job_creator == signer {
            return Ok(id);
        }
        Err(refused("job creator address does not match signer address"))
    }
}
