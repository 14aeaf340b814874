//! The market against the rules' edges, cases from outside, and brute force.

mod attack;
mod books;
mod deal;
mod gpus;
mod honesty;
mod index;
mod policy;
mod quote;
mod rules;
mod select;
mod v2;
mod vectors;

use std::collections::BTreeMap;

use super::*;
use crate::model::{
    Amount, Cid, ContentId, DealPricing, JobId, JobOffer, MachineSpec, ModulePin, PricingMode, Rate,
    ResourceOffer, ResourceOfferId, ServiceConfig,
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
    reputation: u32,
}

/// An id for the `number`-th offer or job.
fn cid(number: impl std::fmt::Display) -> Cid {
    Cid::of_block(number.to_string().as_bytes())
}

fn request<'a>(offer: &'a JobOffer, terms: &'a JobTerms, module: &'a ModulePin) -> Request<'a> {
    Request::new(JobId(cid(&offer.nonce)), offer, terms, module).unwrap()
}

fn candidate<'a>(offer: &'a ResourceOffer, terms: &'a OfferTerms) -> Candidate<'a> {
    let id = ResourceOfferId(cid(&offer.resource_provider));
    Candidate { id, offer, terms, reputation: 500 }
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
    let labels = BTreeMap::from([("region".to_owned(), "eu".to_owned())]);
    let job_terms = JobTerms {
        max_rate: Some(rate(3, 10)),
        min_cuda: Some("12.4".parse().unwrap()),
        labels: labels.clone(),
        network: NetworkAccess::Domains,
        verification: VerificationClass::Tolerance,
        min_reputation: 500,
        ..JobTerms::new("wasm", wei(1_000))
    };
    let offer_terms = OfferTerms {
        rate: rate(3, 10),
        executors: vec!["wasm".into()],
        cuda: Some("12.4".parse().unwrap()),
        labels,
        network: NetworkAccess::Domains,
        verification: VerificationClass::Tolerance,
        ..OfferTerms::default()
    };
    Fit { job, job_terms, offer, offer_terms, module: module(), reputation: 500 }
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
        request(&self.job, &self.job_terms, &self.module)
    }

    fn candidate(&self) -> Candidate<'_> {
        Candidate { reputation: self.reputation, ..candidate(&self.offer, &self.offer_terms) }
    }

    fn verdict(&self) -> Verdict {
        judge(&self.request(), &self.candidate())
    }
}
