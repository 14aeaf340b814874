//! What a quote says against the plain scan, and that the change it proposes matches and is the least.

use super::books::{self, Dice, Job, Offer};
use super::*;
use crate::market::free::Free;
use crate::market::select::verdict_now;
use crate::market::{Change, CheckPolicy, FieldChange, Multiple, QuoteOptions, Sampling, WorkEstimate};
use crate::model::GpuRequirement;

fn options() -> QuoteOptions {
    QuoteOptions {
        now: Timestamp(1_000),
        work: WorkEstimate { least: 10, most: Some(1_000), runs: 3 },
        checks: CheckPolicy::Unchecked,
        most: 100,
    }
}

fn index(offers: &[Offer]) -> Index<Offer, Job> {
    let mut index = Index::new();
    for offer in offers {
        index.add_offer(offer.id, offer.clone(), offer.reputation).unwrap();
    }
    index
}

fn changed(job: &Job, fields: &[FieldChange]) -> Job {
    let mut job = job.clone();
    fields.iter().for_each(|field| field.apply(&mut job.offer, &mut job.terms));
    job
}

/// The offer that the plain scan gives, with its price.
fn scanned<'a>(job: &Job, offers: &'a [Offer]) -> Option<(&'a Offer, Rate, u64)> {
    let candidates: Vec<_> = offers.iter().map(Offer::candidate).collect();
    let request = job.request();
    let Choice::Offer(at) = choose(&request, &candidates) else { return None };
    let candidate = &candidates[at];
    Some((&offers[at], candidate.rate(&request), candidate.pricing(&request).instruction_price))
}

/// Every value that one field could sensibly take, seen from the offers' own numbers: written apart from the code that
/// proposes changes.
fn single_changes(job: &Job, offers: &[Offer]) -> Vec<FieldChange> {
    let (spec, terms) = (&job.offer.spec, &job.terms);
    let mut all = vec![FieldChange::Target { from: job.offer.target.address.clone() }];
    for mask in 0..1 << terms.labels.len() {
        let kept = terms.labels.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1);
        let to = kept.map(|(_, (name, value))| (name.clone(), value.clone())).collect();
        all.push(FieldChange::Labels { from: terms.labels.clone(), to });
    }
    let needs: [fn(GpuRequirement) -> GpuRequirement; 5] = [
        |need| need,
        GpuRequirement::of_any_size,
        GpuRequirement::of_any_model,
        GpuRequirement::of_any_make,
        |need| need.of_any_make().of_any_size(),
    ];
    if !terms.gpus.is_empty() {
        let from = terms.gpus.clone();
        let weaker = needs.map(|step| from.iter().cloned().map(step).collect());
        all.extend(
            weaker.into_iter().chain([Vec::new()]).map(|to| FieldChange::Gpus { from: from.clone(), to }),
        );
    }
    for offer in offers {
        let (have, offered) = (&offer.offer.spec, &offer.terms);
        let rate = offered.rate_for(&job.module);
        let largest = have.gpus.iter().flatten().map(|gpu| gpu.vram).max();
        all.push(FieldChange::Cpu { from: spec.cpu, to: have.cpu });
        all.push(FieldChange::Ram { from: spec.ram, to: have.ram * 1_000_000 });
        all.push(FieldChange::Disk { from: spec.disk, to: have.disk * 1_000_000 });
        if terms.gpus.is_empty() {
            all.push(FieldChange::GpuCount { from: spec.gpu, to: have.gpu * 1_000 });
            all.push(FieldChange::Vram { from: 0, to: largest });
        }
        if let Some(from) = terms.min_cuda {
            all.push(FieldChange::Cuda { from, to: offered.cuda });
        }
        all.push(FieldChange::Network { from: terms.network, to: offered.network });
        for add in offer.offer.trusted_parties.mediator.clone().unwrap_or_default() {
            all.push(FieldChange::Mediator { add });
        }
        all.push(FieldChange::Verification { from: terms.verification, to: offered.verification });
        all.push(FieldChange::Reputation { from: terms.min_reputation, to: offer.reputation });
        let multiple = offered.collateral_multiple;
        all.push(FieldChange::Collateral { from: terms.min_collateral_multiple, to: multiple });
        let price = offer.candidate().pricing(&job.request()).instruction_price;
        all.push(FieldChange::InstructionPrice { from: job.offer.pricing.instruction_price, to: price });
        if let Some(from) = terms.max_rate {
            all.push(FieldChange::MaxRate { from, to: rate });
        }
        all.push(FieldChange::PriceCap { from: terms.price_cap, to: rate.cost(1).unwrap() });
    }
    all
}

/// The fewest fields, and the lowest price among changes of so many fields, by trying all of them.
fn brute_force(job: &Job, offers: &[Offer]) -> Option<(usize, Rate, u64)> {
    let singles = single_changes(job, offers);
    let cheaper = |one: &(Rate, u64), other: &(Rate, u64)| one.0.cmp_price(other.0).then(one.1.cmp(&other.1));
    let price =
        |fields: &[FieldChange]| scanned(&changed(job, fields), offers).map(|(_, rate, wire)| (rate, wire));
    let one = singles.iter().filter_map(|field| price(std::slice::from_ref(field))).min_by(cheaper);
    if let Some((rate, wire)) = one {
        return Some((1, rate, wire));
    }
    let pairs = singles
        .iter()
        .enumerate()
        .flat_map(|(at, first)| singles[at + 1..].iter().map(move |second| [first.clone(), second.clone()]));
    pairs.filter_map(|pair| price(&pair)).min_by(cheaper).map(|(rate, wire)| (2, rate, wire))
}

#[test]
fn a_quote_says_what_the_scan_gives_and_counts_every_offer() {
    let mut quoted = 0;
    for seed in 0..5_000 {
        let mut dice = Dice(seed);
        let offers: Vec<_> =
            (0..dice.below(10)).map(|number| books::offer(&mut dice, number, false)).collect();
        let job = books::job(&mut dice, 0, false);
        let quote = index(&offers).quote(&job.request(), &options());
        let target = &job.offer.target.address;
        let looked_at = offers
            .iter()
            .filter(|offer| target.is_empty() || offer.offer.resource_provider == *target)
            .count();
        assert_eq!(quote.looked_at(), looked_at, "seed {seed}");
        assert_eq!(quote.refusals.iter().map(|refusal| refusal.count).sum::<usize>(), quote.refused);
        let found = scanned(&job, &offers);
        assert_eq!(quote.offers.first().map(|offer| offer.offer_id), found.map(|(offer, ..)| offer.id));
        assert_eq!(quote.matches_now(), found.is_some());
        assert!(quote.change.is_none() || !quote.matches_now());
        for offer in &quote.offers {
            assert!(offer.cost.least <= offer.cost.most && offer.cost.most <= job.terms.price_cap);
            assert_eq!((offer.wait, offer.honesty_margin), (Some(std::time::Duration::ZERO), Multiple::ZERO));
            quoted += 1;
        }
        let text = serde_json::to_string(&quote).unwrap();
        assert_eq!(serde_json::from_str::<Quote>(&text).unwrap(), quote, "{text}");
    }
    assert!(quoted > 2_000, "{quoted} offers quoted");
}

#[test]
fn the_proposed_change_always_matches_and_nothing_less_does() {
    let (mut ones, mut twos, mut nones, mut just_enough) = (0, 0, 0, 0);
    for seed in 0..2_000 {
        let mut dice = Dice(seed);
        let offers: Vec<_> =
            (0..1 + dice.below(4)).map(|number| books::offer(&mut dice, number, false)).collect();
        let job = books::job(&mut dice, 0, false);
        let quote = index(&offers).quote(&job.request(), &options());
        if quote.matches_now() {
            continue;
        }
        let expected = brute_force(&job, &offers);
        let Some(change) = quote.change else {
            assert_eq!(expected, None, "seed {seed}: {job:?} against {offers:?}");
            nones += 1;
            continue;
        };
        let found = scanned(&changed(&job, &change.fields), &offers);
        let (_, rate, wire) = found.unwrap_or_else(|| panic!("seed {seed}: {change} does not match"));
        let (fields, lowest, lowest_wire) = expected.unwrap_or_else(|| panic!("seed {seed}: {change}"));
        assert_eq!(change.fields.len(), fields, "seed {seed}: {change}");
        if job.offer.mode == PricingMode::MarketPrice {
            assert_eq!(rate.cmp_price(change.rate), std::cmp::Ordering::Equal, "seed {seed}: {change}");
            assert_eq!(lowest.cmp_price(change.rate), std::cmp::Ordering::Equal, "seed {seed}: {change}");
            assert_eq!((wire, lowest_wire), (change.instruction_price, change.instruction_price));
        }
        let offer: Vec<_> = offers.iter().filter(|offer| offer.id == change.offer_id).cloned().collect();
        for at in 0..change.fields.len() {
            let mut less = change.fields.clone();
            if let Some(one) = one_step_less(&change.fields[at]) {
                less[at] = one;
                let found = scanned(&changed(&job, &less), &offer);
                assert!(found.is_none(), "seed {seed}: less than {change} is enough");
                just_enough += 1;
            }
        }
        let (explained, same) = index(&offers).explain(&job.request());
        assert_eq!(same.as_ref(), Some(&change));
        assert_eq!(explained.offers(), quote.refused);
        if fields == 1 { ones += 1 } else { twos += 1 }
    }
    assert!(ones > 400 && twos > 150 && nones > 70, "{ones} of one field, {twos} of two, {nones} without");
    assert!(just_enough > 100, "{just_enough}");
}

/// A change that goes one step less far; `None` for a field that has no steps.
fn one_step_less(field: &FieldChange) -> Option<FieldChange> {
    const MB: i64 = 1_000_000;
    Some(match *field {
        FieldChange::Cpu { from, to } => FieldChange::Cpu { from, to: to + 1 },
        FieldChange::GpuCount { from, to } => FieldChange::GpuCount { from, to: to + 1_000 },
        FieldChange::Ram { from, to } => FieldChange::Ram { from, to: to + MB },
        FieldChange::Disk { from, to } => FieldChange::Disk { from, to: to + MB },
        FieldChange::Reputation { from, to } => FieldChange::Reputation { from, to: to + 1 },
        FieldChange::Collateral { from, to } => FieldChange::Collateral { from, to: to + 1 },
        FieldChange::PriceCap { from, to } if to > from => {
            FieldChange::PriceCap { from, to: to.checked_sub(wei(1)).unwrap() }
        }
        _ => return None,
    })
}

/// A machine with room for one of these jobs, half of it in use until a known moment.
fn busy() -> (Index<Offer, Job>, Job) {
    let mut fit = fit();
    fit.offer_terms.max_jobs = 2;
    fit.offer_terms.collateral_multiple = 22;
    let offer = Offer {
        id: ResourceOfferId(cid("offer")),
        offer: fit.offer.clone(),
        terms: fit.offer_terms.clone(),
        reputation: 500,
    };
    let job = |name: &str| Job {
        id: JobId(cid(name)),
        offer: JobOffer { nonce: name.to_owned(), ..fit.job.clone() },
        terms: fit.job_terms.clone(),
        module: fit.module.clone(),
    };
    let mut index = index(&[offer]);
    let first = job("first");
    index.add_job(first.id, first.clone()).unwrap();
    assert!(index.next_match().is_some());
    index.set_deadline(&first.id, Timestamp(5_000));
    (index, job("second"))
}

#[test]
fn a_busy_machine_says_when_it_is_free_and_what_would_fit_beside() {
    let (index, job) = busy();
    let checks = CheckPolicy::Sampled(Sampling::default());
    let quote = index.quote(&job.request(), &QuoteOptions { checks, ..options() });
    assert_eq!((quote.fitting, quote.busy, quote.refused), (0, 1, 0));
    let [offer] = quote.offers.as_slice() else { panic!("one offer: {quote:?}") };
    assert_eq!(offer.wait, Some(std::time::Duration::from_millis(4_000)));
    // 3 per 10: 10 units cost 3 wei, 1,000 cost 300.
    assert_eq!((offer.cost.least, offer.cost.most), (wei(3), wei(300)));
    assert!(offer.honesty_margin > Multiple::ONE, "{}", offer.honesty_margin);
    // All four sizes are in use: no change of two fields is enough.
    assert_eq!(quote.change, None);
    let mut smaller = job;
    (smaller.offer.spec.ram, smaller.offer.spec.disk, smaller.offer.spec.gpu) = (0, 0, 0);
    let change = index.quote(&smaller.request(), &options()).change.unwrap();
    assert_eq!(
        change.to_string(),
        "ask for 0 CPUs instead of 2 (machine.cpu): then an offer fits, at 0.000000000000000003 LP per 10 work units"
    );
}

#[test]
fn every_change_says_what_and_where_in_one_line() {
    for seed in 0..2_000 {
        let mut dice = Dice(seed);
        let offers = [books::offer(&mut dice, 0, false)];
        let job = books::job(&mut dice, 0, false);
        let Some(change) = index(&offers).quote(&job.request(), &options()).change else { continue };
        let text = change.to_string();
        assert!(!text.contains('\n') && text.contains(" (") && text.contains("then an offer fits"), "{text}");
        let read: Change = serde_json::from_str(&serde_json::to_string(&change).unwrap()).unwrap();
        assert_eq!(read, change);
        let free = Free::of(&offers[0].offer, &offers[0].terms);
        let after = changed(&job, &change.fields);
        assert!(verdict_now(&after.request(), &offers[0].candidate(), &free).is_match());
    }
}

#[test]
fn a_label_with_an_empty_value_is_not_told_as_none() {
    let need = Verdict::LabelMismatch { name: "region".to_owned(), need: String::new(), have: None };
    let text = "lacks a label (needs region = \"\", has none): ask for another label, or for none";
    assert_eq!(need.to_string(), text);
}
