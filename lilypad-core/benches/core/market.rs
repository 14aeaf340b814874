//! One verdict, beside the comparison of two numbers.

use std::hint::black_box;

use criterion::Criterion;
use lilypad_core::market::{Candidate, JobTerms, OfferTerms, Request, Verdict, judge};
use lilypad_core::model::{
    Amount, Cid, ContentId, JobId, JobOffer, MachineSpec, ModulePin, PricingMode, ResourceOffer,
    ResourceOfferId, ServiceConfig,
};

use crate::pair::pair;

/// Offers in a market.
const OFFERS: i64 = 1_000;

pub(crate) fn all(criterion: &mut Criterion) {
    let services = ServiceConfig {
        solver: "0x1".into(),
        mediator: Some(vec!["0x2".into()]),
        ..ServiceConfig::default()
    };
    let job = JobOffer {
        spec: MachineSpec { cpu: 1_000, ram: 1_000, ..MachineSpec::default() },
        trusted_parties: services.clone(),
        mode: PricingMode::FixedPrice,
        ..JobOffer::default()
    };
    let job_terms = JobTerms::new("wasm", Amount::from_lp(1));
    let module = ModulePin::Content { content: ContentId(Cid::of_block(b"module")) };
    let id = JobId(Cid::of_block(b"job"));
    let request = Request::new(id, &job, &job_terms, &module).expect("plain data");

    let offer_terms = OfferTerms { executors: vec!["wasm".into()], ..OfferTerms::default() };
    // Half of them fit; the rest have too few CPUs.
    let offers: Vec<ResourceOffer> = (0..OFFERS)
        .map(|at| ResourceOffer {
            index: at,
            spec: MachineSpec { cpu: 500 + 1_000 * (at % 2), ram: 2_000, ..MachineSpec::default() },
            trusted_parties: services.clone(),
            mode: PricingMode::FixedPrice,
            ..ResourceOffer::default()
        })
        .collect();
    let offer_id = ResourceOfferId(Cid::of_block(b"offer"));
    let fits = || {
        let candidates = offers.iter().map(|offer| Candidate {
            id: offer_id,
            offer,
            terms: &offer_terms,
            reputation: 500,
        });
        candidates.filter(|candidate| judge(&request, candidate) == Verdict::Match).count()
    };
    assert_eq!(fits(), offers.len() / 2, "half of the offers fit");
    pair(
        criterion,
        "verdicts on 1,000 offers",
        ("compare the CPUs", || {
            offers.iter().filter(|offer| black_box(offer.spec.cpu) >= job.spec.cpu).count()
        }),
        ("judge", fits),
    );
}
