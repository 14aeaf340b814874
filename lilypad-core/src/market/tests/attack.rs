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

/// A number that somebody might send: small, at an edge of the units, or absurd.
fn odd(dice: &mut Dice, most: usize) -> i64 {
    let edges = [i64::MIN, i64::MIN + 1, -1, 999, 1_000, 1_001, (1 << 26) - 1, 1 << 26, 1 << 30, i64::MAX];
    if dice.one_in(8) { dice.of(&edges) } else { dice.below(most) as i64 }
}

fn odd_spec(dice: &mut Dice, most: usize) -> MachineSpec {
    let listed = dice.below(most.min(6));
    let vrams = [i64::MIN, -1, 0, 8_000, 24_000, 81_559, i64::MAX];
    let gpu = |dice: &mut Dice| GpuSpec {
        name: dice.pick(&["NVIDIA H100", "Tesla T4", ""]).to_owned(),
        vendor: dice.pick(&["NVIDIA", ""]).to_owned(),
        vram: dice.of(&vrams),
    };
    let gpus = (0..listed).map(|_| gpu(dice)).collect();
    MachineSpec {
        // As often as not it is another number than that of the list.
        gpu: if dice.one_in(2) { listed as i64 } else { odd(dice, most) },
        gpus: if dice.below(12) >= most { None } else { Some(gpus) },
        cpu: odd(dice, most),
        ram: odd(dice, most),
        disk: odd(dice, most),
    }
}

fn odd_pair(dice: &mut Dice, number: usize) -> (Offer, Job) {
    let (mut offer, mut job) = (books::offer(dice, number, false), books::job(dice, number, false));
    offer.offer.spec = odd_spec(dice, 12);
    offer.terms.max_jobs = dice.of(&[0, 1, 4, 4, u32::MAX]);
    job.offer.spec = odd_spec(dice, 3);
    // Mostly nothing but the machines decides.
    if !dice.one_in(4) {
        offer.terms = OfferTerms { max_jobs: offer.terms.max_jobs, ..OfferTerms::default() };
        (offer.offer.modules, offer.offer.trusted_parties) = (None, services());
        job.terms = JobTerms { gpus: job.terms.gpus, ..JobTerms::default() };
        (job.offer.trusted_parties, job.offer.target.address) = (services(), String::new());
    }
    if dice.one_in(3) {
        job.terms.gpus = vec![dice.pick(&["1", "2", "H100", "20GB..", "3"]).parse().unwrap()];
    }
    (offer, job)
}

/// What the raw numbers of an offer or a job say, in the units' own rules, written down again: CPUs, memory, disk, GPUs.
fn counted(spec: &MachineSpec) -> [i128; 4] {
    let wide = |number: i64, from: i64, factor: i128| {
        let number = i128::from(number);
        (if number >= i128::from(from) { number } else { number * factor }).max(0)
    };
    let (ram, disk) = (wide(spec.ram, 1 << 26, 1_000_000), wide(spec.disk, 1 << 30, 1_000_000));
    [i128::from(spec.cpu).max(0), ram, disk, wide(spec.gpu, 1_000, 1_000)]
}

/// Nothing is given twice, counted from the raw offers.
fn check_given(offers: &[Offer], jobs: &[Job], given: &[Match]) {
    for offer in offers {
        let here: Vec<&Match> = given.iter().filter(|one| one.offer == offer.id).collect();
        assert!(here.len() <= offer.terms.max_jobs as usize);
        let mut sum = [0_i128; 4];
        let mut gpus = std::collections::BTreeSet::new();
        for one in &here {
            let job = jobs.iter().find(|job| job.id == one.job).unwrap();
            let mut need = counted(&job.offer.spec);
            let named: usize = job.terms.gpus.iter().map(|need| need.count()).sum();
            need[3] = need[3].max(named as i128 * 1_000);
            for (sum, need) in sum.iter_mut().zip(need) {
                *sum += need;
            }
            assert!(one.taken.gpus().iter().all(|gpu| gpus.insert(gpu)), "a GPU was given twice");
            assert!(one.taken.gpus().len() >= named, "fewer GPUs than asked for");
        }
        let has = counted(&offer.offer.spec);
        assert!(sum.iter().zip(has).all(|(sum, has)| *sum <= has), "{sum:?} of {has:?}: {offer:?}");
        let listed = offer.offer.spec.gpus.as_ref().map_or(0, Vec::len);
        assert!(gpus.iter().all(|gpu| *gpu < listed), "a GPU that is not listed");
    }
}

#[test]
fn of_odd_machines_no_more_is_given_than_there_is_and_all_comes_back() {
    let (mut matched, mut shared) = (0, 0);
    for seed in 0..30_000 {
        let mut dice = Dice(seed);
        let count = 1 + dice.below(6);
        let (offers, jobs): (Vec<Offer>, Vec<Job>) = (0..count).map(|at| odd_pair(&mut dice, at)).unzip();
        let expected = by_scan(&jobs, &offers);
        let mut index = by_index(&jobs, &offers);
        let mut given: Vec<Match> = std::iter::from_fn(|| index.next_match()).collect();
        let pairs: Vec<_> = given.iter().map(|found| (found.job, found.offer)).collect();
        assert_eq!(pairs, expected, "book {seed}");
        check_given(&offers, &jobs, &given);
        matched += given.len();
        shared += offers.iter().filter(|o| given.iter().filter(|one| one.offer == o.id).count() > 1).count();
        // All of them go and look again, in whatever order: the machines are as they were.
        dice.shuffle(&mut given);
        assert!(given.iter().all(|found| index.requeue(&found.job)));
        assert_eq!(drained(&mut index), expected, "book {seed} a second time");
    }
    assert!(matched > 20_000 && shared > 1_000, "only {matched} matched, {shared} machines shared");
}

#[test]
fn whole_gpus_are_not_had_of_parts_and_taking_never_adds() {
    let mut fit = fit();
    let gpu = GpuSpec { vram: 8_000, ..GpuSpec::default() };
    fit.offer.spec = MachineSpec { gpu: 1_500, gpus: Some(vec![gpu.clone(), gpu]), ..MachineSpec::default() };
    fit.job.spec = MachineSpec { gpu: 1_500, ..MachineSpec::default() };
    let free = Free::of(&fit.offer, &fit.offer_terms);
    assert_eq!(
        free.fit(&fit.request(), &fit.offer).map(|taken| taken.gpus().len()),
        Some(2),
        "by the wire's number"
    );
    fit.job_terms.gpus = vec!["2".parse().unwrap()];
    assert_eq!(free.fit(&fit.request(), &fit.offer), None, "two whole ones of one and a half");

    fit.job_terms.gpus.clear();
    fit.offer_terms.max_jobs = 2;
    (fit.offer.spec.gpu, fit.job.spec.gpu) = (-1, -1);
    let mut free = Free::of(&fit.offer, &fit.offer_terms);
    let taken = free.fit(&fit.request(), &fit.offer).unwrap();
    free.take(&taken, &fit.offer);
    fit.job.spec.gpu = 0;
    assert_eq!(free.fit(&fit.request(), &fit.offer), None, "taking must not make more of it");
}

#[test]
fn a_job_in_the_place_of_one_that_went_waits_for_its_turn() {
    let mut fit = fit();
    (fit.job_terms.max_rate, fit.job.mode) = (None, crate::model::PricingMode::MarketPrice);
    let job = |name: &str, created_at: u64| {
        let mut job = job_of(&fit, name);
        job.offer.created_at = Timestamp(created_at);
        job
    };
    let mut index = Index::new();
    let [mut first, second, older, younger] =
        [job("first", 1), job("second", 2), job("older", 50), job("younger", 100)];
    first.offer.target.address = "a".into();
    for job in [&first, &second] {
        index.add_job(job.id, job.clone()).unwrap();
    }
    assert_eq!(index.next_match(), None);
    let mut offers = [offer_of(&fit, "a"), offer_of(&fit, "b")];
    offers[0].offer.resource_provider = "a".into();
    for offer in &offers {
        index.add_offer(offer.id, offer.clone(), 500).unwrap();
    }
    // The second job's turn is prepared when it goes away, and a younger job comes to where it stood.
    assert_eq!(index.next_match().map(|found| found.job), Some(first.id));
    assert!(index.remove_job(&second.id));
    for job in [&younger, &older] {
        index.add_job(job.id, job.clone()).unwrap();
    }
    assert_eq!(index.next_match().map(|found| found.job), Some(older.id));
    assert_eq!(index.next_match(), None);
}
