//! What offers and jobs from strangers may say, and what they must not bring about.

use super::books::{self, Dice, Job, Offer};
use super::index::{by_index, by_scan, drained};
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

#[test]
fn jobs_that_name_a_provider_with_many_offers_get_what_the_scan_gives() {
    let mut matched = 0;
    for seed in 0..20 {
        let mut dice = Dice(seed);
        let offers: Vec<Offer> = (0..150)
            .map(|number| {
                let mut offer = books::offer(&mut dice, number, false);
                offer.offer.resource_provider = format!("provider {}", dice.of(&[0, 0, 0, 1]));
                offer
            })
            .collect();
        let jobs: Vec<Job> = (0..100)
            .map(|number| {
                let mut job = books::job(&mut dice, number, false);
                job.offer.target.address = format!("provider {}", dice.below(3));
                job
            })
            .collect();
        let expected = by_scan(&jobs, &offers);
        matched += expected.len();
        assert_eq!(drained(&mut by_index(&jobs, &offers)), expected, "book {seed}");
    }
    assert!(matched > 300, "only {matched} matched");
}

/// An offer that says as much as it may: a price of its own for 1,000 modules of the terms and 1,000 of the wire.
#[test]
fn a_thousand_prices_of_one_offer_cost_a_thousand_steps_and_no_more() {
    let mut fit = fit();
    fit.job.mode = crate::model::PricingMode::MarketPrice;
    fit.job_terms.max_rate = None;
    fit.offer_terms.max_jobs = 1_000;
    fit.offer_terms.labels.clear();
    fit.job_terms.labels.clear();
    fit.job.spec = MachineSpec::default();
    let rates = (0..1_000).map(|at| (ContentId(cid(format!("module {at}"))), rate(1 + at, 7)));
    fit.offer_terms.module_rates = rates.collect();
    let price = |at| DealPricing { instruction_price: at, ..DealPricing::default() };
    let prices = (0..1_000).map(|at| (format!("Qm{at:044}"), price(at)));
    fit.offer.module_pricing = Some(prices.collect());
    fit.offer.check_limits().unwrap();
    fit.offer_terms.check_limits().unwrap();
    let offers: Vec<Offer> = (0..4).map(|at| offer_of(&fit, &format!("offer {at}"))).collect();
    let jobs: Vec<Job> = (0..40)
        .map(|at| {
            let mut job = job_of(&fit, &format!("job {at}"));
            job.module = ModulePin::Content { content: ContentId(cid(format!("module {}", at * 20))) };
            job
        })
        .collect();
    let expected = by_scan(&jobs, &offers);
    assert_eq!(expected.len(), jobs.len());
    // With a thousand steps for each price, this test is the one that everybody waits for.
    assert_eq!(drained(&mut by_index(&jobs, &offers)), expected);
}
