//! The two sides of a match, as the rules see them.

use std::borrow::Cow;

use super::order::{Age, Price};
use super::{JobTerms, OfferTerms};
use crate::error::Result;
use crate::model::{
    DealPricing, JobId, JobOffer, ModuleConfig, ModulePin, Rate, ResourceOffer, ResourceOfferId,
};
use crate::rt::Timestamp;

/// A job that looks for a provider.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The job offer's id.
    pub id: JobId,
    /// The job offer as on the wire.
    pub offer: &'a JobOffer,
    /// What the job creator asks for beside it.
    pub terms: &'a JobTerms,
    /// The exact code.
    pub module: &'a ModulePin,
    /// [`module_id`] of the module as the offer names it.
    pub module_id: Cow<'a, str>,
    /// Since when it waits: who has waited longest is served first.
    pub since: Timestamp,
}

impl<'a> Request<'a> {
    /// A request with its module's id, which waits since its offer was made.
    ///
    /// # Errors
    /// `Unexpected` where the module cannot be written as JSON, which does not happen.
    pub fn new(id: JobId, offer: &'a JobOffer, terms: &'a JobTerms, module: &'a ModulePin) -> Result<Self> {
        let module_id = Cow::Owned(module_id(&offer.module)?);
        Ok(Self { id, offer, terms, module, module_id, since: offer.created_at })
    }

    pub(super) fn age(&self) -> Age {
        Age::new(self.since, &self.id.0)
    }
}

/// The id by which a resource offer lists and prices a module on the wire.
///
/// # Errors
/// `Unexpected` where it cannot be written as JSON, which does not happen.
pub fn module_id(module: &ModuleConfig) -> Result<String> {
    Ok(module.id()?.to_string())
}

/// An offer that waits for a job.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The resource offer's id.
    pub id: ResourceOfferId,
    /// The resource offer as on the wire.
    pub offer: &'a ResourceOffer,
    /// What the provider offers beside it.
    pub terms: &'a OfferTerms,
    /// What the solver thinks of the provider, from 0 to 1,000.
    pub reputation: u32,
}

impl Candidate<'_> {
    /// The price of work of this job's module.
    pub(super) fn rate(&self, job: &Request<'_>) -> Rate {
        self.terms.rate_for(job.module)
    }

    /// The wire's price of this job's module.
    pub(super) fn pricing(&self, job: &Request<'_>) -> DealPricing {
        pricing(self.offer, &job.module_id)
    }

    pub(super) fn age(&self) -> Age {
        Age::new(self.offer.created_at, &self.id.0)
    }

    pub(super) fn price(&self, job: &Request<'_>) -> Price {
        Price::new(self.rate(job), &self.pricing(job), self.age())
    }
}

/// The wire's price of a module: its own, where the offer has one for it.
pub(super) fn pricing(offer: &ResourceOffer, module_id: &str) -> DealPricing {
    let own = offer.module_pricing.as_ref().and_then(|prices| prices.get(module_id));
    own.copied().unwrap_or(offer.default_pricing)
}
