//! What v2 decides, written down from the protocol's text (§5.1 to §5.3, §5.5) and nothing else, beside what we decide.
//!
//! Where only v2's rules apply the two agree, but for the faults below. Each has a test that shows it on a small book.
//!
//! | fault of v2 | ours |
//! |---|---|
//! | one pass gives an offer to several jobs; the later deal overwrites the earlier | an offer goes once |
//! | a pair that was looked at once is never looked at again | nothing is remembered |
//! | a job that names a provider skips all rules, and the price | the rules count |
//! | a job that names a provider without a free offer is cancelled | it waits |
//! | of offers with one age and price the first of the list wins | the lower id wins, whatever the order |

use std::collections::BTreeSet;

use super::books::{self, Dice, Job, Offer};
use super::index::{Pairs, by_index, by_scan, drained};
use super::*;

/// Which of v2's faults a pass has.
#[derive(Clone, Copy, Default)]
struct Faults {
    double_booking: bool,
    targets_skip_rules: bool,
}

const ALL: Faults = Faults { double_booking: true, targets_skip_rules: true };

/// Decisions about pairs: those that have one are skipped.
type Decisions = BTreeSet<(JobId, ResourceOfferId)>;

/// §5.2: true where no rule fails.
fn offers_match(resource: &ResourceOffer, job: &JobOffer) -> bool {
    let (r, j) = (&resource.spec, &job.spec);
    let vram = |spec: &MachineSpec| spec.gpus.iter().flatten().map(|gpu| gpu.vram).max();
    let mediators = |services: &ServiceConfig| services.mediator.clone().unwrap_or_default();
    let (rp, jc) = (mediators(&resource.trusted_parties), mediators(&job.trusted_parties));
    let mismatches = [
        r.cpu < j.cpu,
        r.gpu < j.gpu,
        r.ram < j.ram,
        vram(j).is_some_and(|wanted| vram(r).is_none_or(|largest| largest < wanted)),
        r.disk < j.disk,
        resource.mode == PricingMode::MarketPrice,
        resource.mode == PricingMode::FixedPrice
            && job.mode == PricingMode::FixedPrice
            && resource.default_pricing.instruction_price > job.pricing.instruction_price,
        !rp.iter().any(|mediator| jc.contains(mediator)),
        resource.trusted_parties.solver != job.trusted_parties.solver,
    ];
    !mismatches.contains(&true)
}

/// §5.3, of the offers that were collected, oldest first.
fn select(collected: &[&Offer], job: &JobOffer) -> Option<ResourceOfferId> {
    let price = |offer: &Offer| offer.offer.default_pricing.instruction_price;
    if job.mode == PricingMode::MarketPrice {
        // The first of the least: a full tie goes to the one that is earlier in the list.
        let least = collected.iter().min_by_key(|offer| (price(offer), offer.offer.created_at));
        return least.map(|offer| offer.id);
    }
    collected.iter().find(|offer| price(offer) <= job.pricing.instruction_price).map(|offer| offer.id)
}

/// §5.1: one pass over what is unmatched, in the order of the lists where the ages are equal.
fn pass(jobs: &[Job], offers: &[Offer], faults: Faults, decisions: &mut Decisions) -> Pairs {
    let (mut jobs, mut offers): (Vec<&Job>, Vec<&Offer>) = (jobs.iter().collect(), offers.iter().collect());
    jobs.sort_by_key(|job| job.offer.created_at);
    offers.sort_by_key(|offer| offer.offer.created_at);
    let mut deals: Pairs = Vec::new();
    for job in jobs {
        let target = &job.offer.target.address;
        let free = |offer: &&&Offer| {
            (faults.double_booking || !deals.iter().any(|(_, taken)| *taken == offer.id))
                && (target.is_empty() || offer.offer.resource_provider == *target)
        };
        let chosen = if !target.is_empty() && faults.targets_skip_rules {
            offers.iter().find(free).map(|offer| offer.id)
        } else {
            let looked_at = offers.iter().filter(free).filter(|offer| decisions.insert((job.id, offer.id)));
            let collected: Vec<&Offer> =
                looked_at.copied().filter(|offer| offers_match(&offer.offer, &job.offer)).collect();
            select(&collected, &job.offer)
        };
        deals.extend(chosen.map(|offer| (job.id, offer)));
    }
    deals
}

fn fresh_pass(jobs: &[Job], offers: &[Offer], faults: Faults) -> Pairs {
    pass(jobs, offers, faults, &mut Decisions::new())
}

#[test]
fn without_its_faults_v2_decides_as_we_do() {
    const BOOKS: u64 = 20_000;
    let (mut matched, mut fixed, mut targeted, mut differs) = (0, 0, 0, 0);
    for seed in 0..BOOKS {
        let mut dice = Dice(seed ^ 0x52);
        let most = if dice.one_in(20) { 40 } else { 9 };
        let (job_count, offer_count) = (dice.below(most), dice.below(most));
        let mut jobs: Vec<Job> = (0..job_count).map(|number| books::job(&mut dice, number, true)).collect();
        let mut offers: Vec<Offer> =
            (0..offer_count).map(|number| books::offer(&mut dice, number, true)).collect();
        for job in &mut jobs {
            if dice.one_in(6) {
                job.offer.target.address = format!("provider {}", dice.below(6));
            }
        }
        // Ties go by the order of the list, which is ours where the list is in the order of the ids.
        jobs.sort_by_key(|job| *job.id.0.digest());
        offers.sort_by_key(|offer| *offer.id.0.digest());
        let expected = fresh_pass(&jobs, &offers, Faults::default());
        assert_eq!(by_scan(&jobs, &offers), expected, "book {seed}");
        assert_eq!(drained(&mut by_index(&jobs, &offers)), expected, "book {seed}");
        let of = |id: &JobId| jobs.iter().find(|job| job.id == *id).unwrap();
        matched += expected.len();
        fixed += expected.iter().filter(|(job, _)| of(job).offer.mode == PricingMode::FixedPrice).count();
        targeted += expected.iter().filter(|(job, _)| !of(job).offer.target.address.is_empty()).count();
        differs += usize::from(fresh_pass(&jobs, &offers, ALL) != expected);
    }
    let rich = matched > 20_000 && fixed > 3_000 && targeted > 1_000 && differs > 2_000;
    assert!(
        rich,
        "{matched} matched, {fixed} of them fixed, {targeted} targeted; the faults show in {differs}"
    );
}

/// A job that any offer of [`offer`] fits.
fn job(name: &str) -> Job {
    let offer = JobOffer {
        spec: MachineSpec { cpu: 1_000, ..MachineSpec::default() },
        trusted_parties: services(),
        mode: PricingMode::MarketPrice,
        ..JobOffer::default()
    };
    Job { id: JobId(cid(name)), offer, terms: JobTerms::default(), module: module() }
}

fn offer(name: &str, price: u64) -> Offer {
    let mut offer = offered(name, 0, price);
    offer.spec.cpu = 1_000;
    Offer { id: ResourceOfferId(cid(name)), offer, terms: OfferTerms::default(), reputation: 0 }
}

#[test]
fn double_booking_v2_gives_one_offer_to_two_jobs_and_the_later_deal_overwrites() {
    let (mut jobs, offers) = ([job("first"), job("second")], [offer("only", 1)]);
    jobs[1].offer.created_at = Timestamp(1);
    let theirs = fresh_pass(&jobs, &offers, ALL);
    assert_eq!(theirs, [(jobs[0].id, offers[0].id), (jobs[1].id, offers[0].id)]);
    let deal_of: BTreeMap<_, _> = theirs.iter().map(|(job, offer)| (offer.to_string(), *job)).collect();
    assert_eq!(deal_of.values().collect::<Vec<_>>(), [&jobs[1].id], "the first job's deal is lost");
    let mut index = by_index(&jobs, &offers);
    assert_eq!(drained(&mut index), [(jobs[0].id, offers[0].id)]);
    assert!(index.why_waiting(&jobs[1].id).unwrap().0.to_string().contains("busy"));
}

#[test]
fn remembered_refusals_v2_never_tries_a_pair_again() {
    let (jobs, offers) = ([job("job")], [offer("cheap", 1), offer("dear", 2)]);
    let mut decisions = Decisions::new();
    assert_eq!(pass(&jobs, &offers, ALL, &mut decisions), [(jobs[0].id, offers[0].id)]);
    // The cheap one goes away and the job looks again: the dear one fitted all along, and has a decision.
    assert_eq!(pass(&jobs, &offers[1..], ALL, &mut decisions), []);
    let mut index = by_index(&jobs, &offers);
    assert_eq!(drained(&mut index), [(jobs[0].id, offers[0].id)]);
    assert!(index.remove_offer(&offers[0].id) && index.requeue(&jobs[0].id));
    assert_eq!(drained(&mut index), [(jobs[0].id, offers[1].id)]);
}

#[test]
fn a_target_in_v2_skips_all_rules_and_the_price() {
    let (mut jobs, mut offers) = ([job("job")], [offer("provider", 9)]);
    jobs[0].offer.target.address = "provider".into();
    jobs[0].offer.mode = PricingMode::FixedPrice;
    let both = |jobs: &[Job], offers: &[Offer]| {
        (fresh_pass(jobs, offers, ALL).len(), drained(&mut by_index(jobs, offers)).len())
    };
    assert_eq!(both(&jobs, &offers), (1, 0), "dearer than the job pays");
    jobs[0].offer.pricing.instruction_price = 9;
    assert_eq!(both(&jobs, &offers), (1, 1));
    offers[0].offer.spec.cpu = 999;
    assert_eq!(both(&jobs, &offers), (1, 0), "too small");
}

#[test]
fn a_target_that_is_not_there_waits_where_v2_cancels_the_job() {
    let mut jobs = [job("job")];
    jobs[0].offer.target.address = "late".into();
    assert_eq!(fresh_pass(&jobs, &[], ALL), [], "and v2 cancels what got nothing here");
    let mut index = by_index(&jobs, &[]);
    assert_eq!(drained(&mut index), []);
    let late = offer("late", 1);
    index.add_offer(late.id, late.clone(), 0).unwrap();
    assert_eq!(drained(&mut index), [(jobs[0].id, late.id)]);
}

#[test]
fn ties_go_by_the_list_in_v2_and_by_the_id_here() {
    let jobs = [job("job")];
    let (one, other) = (offer("one", 1), offer("other", 1));
    let lower = *one.id.0.digest().min(other.id.0.digest());
    for offers in [[one.clone(), other.clone()], [other, one]] {
        assert_eq!(fresh_pass(&jobs, &offers, ALL), [(jobs[0].id, offers[0].id)]);
        let ours = drained(&mut by_index(&jobs, &offers));
        assert_eq!(*ours[0].1.0.digest(), lower);
    }
}
