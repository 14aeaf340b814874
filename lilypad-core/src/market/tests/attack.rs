//! What offers and jobs from strangers may say, and what they must not bring about.

use super::books::{Dice, Job, Offer};
use super::*;
use crate::model::GpuSpec;

fn offer_of(fit: &Fit, name: &str) -> Offer {
    let (offer, terms) = (fit.offer.clone(), fit.offer_terms.clone());
    Offer { id: ResourceOfferId(cid(name)), offer, terms, reputation: 500 }
}

fn job_of(fit: &Fit, name: &str) -> Job {
    let (offer, terms, module) = (fit.job.clone(), fit.job_terms.clone(), fit.module.clone());
    Job { id: JobId(cid(name)), offer, terms, module }
}

/// True where an index with this one offer gives it to the job.
fn found(job: &Job, offer: &Offer) -> bool {
    let mut index = Index::new();
    index.add_offer(offer.id, offer.clone(), offer.reputation).unwrap();
    index.add_job(job.id, job.clone()).unwrap();
    let by_job = index.next_match().is_some();
    // The same where the job waits and the offer comes.
    let mut index = Index::new();
    index.add_job(job.id, job.clone()).unwrap();
    assert_eq!(index.next_match(), None);
    index.add_offer(offer.id, offer.clone(), offer.reputation).unwrap();
    assert_eq!(index.next_match().is_some(), by_job);
    by_job
}

#[test]
fn whatever_a_gpu_is_called_the_index_finds_it_where_the_rules_do() {
    const MARKS: [&str; 12] = ["", "", "", "", " ", "-", "é", "ß", "٣", "_", " é ", "1"];
    const MODELS: [&str; 8] = ["RTX4090", "H100", "A100", "4090H", "GTX 10", "90A100", "1A0", "H100H"];
    let mut matched = 0;
    for seed in 0..20_000 {
        let mut dice = Dice(seed);
        let mut fit = fit();
        let (mut name, model) = (String::new(), dice.pick(&MODELS));
        for letter in ["Tesla ", "T4 ", ""][dice.below(3)].chars().chain(model.chars()) {
            name.push(letter);
            name.push_str(dice.pick(&MARKS));
        }
        fit.offer.spec.gpus = Some(vec![GpuSpec { name, vendor: "NVIDIA".into(), vram: 40_000 }]);
        fit.job_terms.gpus = vec![model.parse().unwrap()];
        let expected = fit.verdict().is_match();
        assert_eq!(
            found(&job_of(&fit, "job"), &offer_of(&fit, "offer")),
            expected,
            "{:?}",
            fit.offer.spec.gpus
        );
        matched += usize::from(expected);
    }
    assert!(matched > 2_000, "only {matched} matched");
}
