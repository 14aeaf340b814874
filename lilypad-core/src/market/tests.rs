//! The market against the rules' edges, cases from outside, and brute force.

mod deal;
mod gpus;
mod honesty;
mod policy;
mod rules;
mod select;
mod vectors;

use super::*;
use crate::model::{
    Amount, Cid, ContentId, DealPricing, JobOffer, MachineSpec, ModulePin, PricingMode, Rate, ResourceOffer,
    ServiceConfig,
};
use crate::rt::Timestamp;

/// A job and an offer that just fit in every respect, to be spoilt one field at a time.
#[derive(Clone)]
struct Fit {
    job: JobOffer,
    job_terms: JobTerms,
    offer: ResourceOffer,
    offer_terms: OfferTerms,
    module: ModulePin,
}

fn services() -> ServiceConfig {
    ServiceConfig {
        solver: "solver".into(),
        mediator: Some(vec!["mediator".into()]),
        ..ServiceConfig::default()
    }
}

fn wei(wei: u128) -> Amount {
    Amount::from_wei(wei)
}

fn rate(amount: u128, per: u64) -> Rate {
    Rate::new(wei(amount), per).unwrap()
}

fn module() -> ModulePin {
    ModulePin::Content { content: ContentId(Cid::of_block(b"bundle")) }
}

fn fit() -> Fit {
    let spec = MachineSpec { gpu: 1, gpus: None, cpu: 2_000, ram: 4_096, disk: 10_000 };
    let job = JobOffer { spec: spec.clone(), trusted_parties: services(), ..JobOffer::default() };
    let offer = offered("provider", 0, 0);
    let offer = ResourceOffer { spec, ..offer };
    let job_terms = JobTerms { max_rate: Some(rate(3, 10)), ..JobTerms::new("wasm", wei(1_000)) };
    let offer_terms =
        OfferTerms { rate: rate(3, 10), executors: vec!["wasm".into()], ..OfferTerms::default() };
    Fit { job, job_terms, offer, offer_terms, module: module() }
}

fn offered(provider: &str, created_at: u64, price: u64) -> ResourceOffer {
    ResourceOffer {
        created_at: Timestamp(created_at),
        resource_provider: provider.into(),
        mode: PricingMode::FixedPrice,
        default_pricing: DealPricing { instruction_price: price, ..DealPricing::default() },
        trusted_parties: services(),
        ..ResourceOffer::default()
    }
}

impl Fit {
    fn request(&self) -> Request<'_> {
        Request { offer: &self.job, terms: &self.job_terms, module: &self.module }
    }

    fn candidate(&self) -> Candidate<'_> {
        Candidate { offer: &self.offer, terms: &self.offer_terms }
    }

    fn verdict(&self) -> Verdict {
        judge(&self.request(), &self.candidate())
    }
}
