//! The index against the plain scan, and what neither may ever do.

use std::collections::BTreeMap;

use super::books::{self, Dice, Job, Offer};
use super::*;
use crate::market::free::{Free, Taken};
use crate::market::select::match_all_free;

/// How many random books; the environment may ask for more.
fn books() -> usize {
    std::env::var("LILYPAD_BOOKS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000)
}

pub(super) type Pairs = Vec<(JobId, ResourceOfferId)>;

pub(super) fn drained(index: &mut Index<Offer, Job>) -> Pairs {
    std::iter::from_fn(|| index.next_match()).map(|found| (found.job, found.offer)).collect()
}

pub(super) fn by_scan(jobs: &[Job], offers: &[Offer]) -> Pairs {
    let requests: Vec<_> = jobs.iter().map(Job::request).collect();
    let candidates: Vec<_> = offers.iter().map(Offer::candidate).collect();
    let matching = match_all(&requests, &candidates);
    matching.matches.iter().map(|(job, offer)| (jobs[*job].id, offers[*offer].id)).collect()
}

pub(super) fn by_index(jobs: &[Job], offers: &[Offer]) -> Index<Offer, Job> {
    let mut index = Index::new();
    for offer in offers {
        assert!(index.add_offer(offer.id, offer.clone(), offer.reputation).unwrap());
    }
    for job in jobs {
        assert!(index.add_job(job.id, job.clone()).unwrap());
    }
    index
}

fn book(dice: &mut Dice, most: usize) -> (Vec<Job>, Vec<Offer>) {
    let (jobs, offers) = (dice.below(most), dice.below(most));
    let jobs = (0..jobs).map(|number| books::job(dice, number, false)).collect();
    (jobs, (0..offers).map(|number| books::offer(dice, number, false)).collect())
}

#[test]
fn the_index_gives_what_the_scan_gives_whatever_the_order_of_arrival() {
    let mut matched = 0;
    for seed in 0..books() as u64 {
        let mut dice = Dice(seed);
        let most = if dice.one_in(50) { 60 } else { 7 };
        let (mut jobs, mut offers) = book(&mut dice, most);
        let expected = by_scan(&jobs, &offers);
        matched += expected.len();
        dice.shuffle(&mut jobs);
        dice.shuffle(&mut offers);
        let mut index = by_index(&jobs, &offers);
        assert_eq!(drained(&mut index), expected, "book {seed}");
        assert!(!index.is_unsettled());
    }
    assert!(matched > books() / 2, "only {matched} matches: the books are too poor");
}

#[test]
fn a_large_book_gives_what_the_scan_gives() {
    for seed in 0..4 {
        let mut dice = Dice(seed);
        let offers: Vec<_> = (0..400).map(|number| books::offer(&mut dice, number, false)).collect();
        let jobs: Vec<_> = (0..400).map(|number| books::job(&mut dice, number, false)).collect();
        assert_eq!(drained(&mut by_index(&jobs, &offers)), by_scan(&jobs, &offers), "book {seed}");
    }
}

/// What a book holds, kept beside the index in the plainest way.
#[derive(Default)]
struct Shadow {
    offers: Vec<(Offer, Free, bool)>,
    jobs: Vec<(Job, Option<(ResourceOfferId, Taken)>)>,
}

impl Shadow {
    fn open(&self) -> impl Iterator<Item = &(Offer, Free, bool)> {
        self.offers.iter().filter(|(_, _, withdrawn)| !withdrawn)
    }

    /// What the plain scan would do now, at most so many matches; takes it.
    fn serve(&mut self, most: usize) -> Pairs {
        let waiting: Vec<Job> =
            self.jobs.iter().filter(|(_, deal)| deal.is_none()).map(|(job, _)| job.clone()).collect();
        let requests: Vec<_> = waiting.iter().map(Job::request).collect();
        let open: Vec<Offer> = self.open().map(|(offer, ..)| offer.clone()).collect();
        let candidates: Vec<_> = open.iter().map(Offer::candidate).collect();
        let mut free: Vec<Free> = self.open().map(|(_, free, _)| *free).collect();
        let matching = match_all_free(&requests, &candidates, &mut free);
        let pairs: Pairs = matching
            .matches
            .iter()
            .map(|(job, offer)| (waiting[*job].id, open[*offer].id))
            .take(most)
            .collect();
        for (job_id, offer_id) in &pairs {
            let (offer, free, _) = self.offers.iter_mut().find(|(offer, ..)| offer.id == *offer_id).unwrap();
            let (job, deal) = self.jobs.iter_mut().find(|(job, _)| job.id == *job_id).unwrap();
            let taken = free.fit(&job.request(), &offer.offer).unwrap();
            free.take(&taken, &offer.offer);
            *deal = Some((*offer_id, taken));
        }
        pairs
    }

    fn release(&mut self, job: JobId) {
        let (_, deal) = self.jobs.iter_mut().find(|(known, _)| known.id == job).unwrap();
        if let Some((offer, taken)) = deal.take() {
            let (offer, free, _) = self.offers.iter_mut().find(|(known, ..)| known.id == offer).unwrap();
            free.give_back(&taken, &offer.offer);
        }
    }

    /// No machine gives more than it has: counted from the offers' own numbers.
    fn check_capacity(&self) {
        for (offer, _, _) in &self.offers {
            let on_it =
                self.jobs.iter().filter(|(_, deal)| deal.as_ref().is_some_and(|(id, _)| *id == offer.id));
            let jobs: Vec<_> = on_it.collect();
            let sum =
                |of: fn(&MachineSpec) -> i64| jobs.iter().map(|(job, _)| of(&job.offer.spec)).sum::<i64>();
            assert!(jobs.len() <= offer.terms.max_jobs as usize, "{} jobs on one machine", jobs.len());
            assert!(sum(|spec| spec.cpu) <= offer.offer.spec.cpu);
            assert!(sum(|spec| spec.ram) <= offer.offer.spec.ram);
            assert!(sum(|spec| spec.disk) <= offer.offer.spec.disk);
            assert!(sum(|spec| spec.gpu) <= offer.offer.spec.gpu);
            let mut gpus: Vec<usize> =
                jobs.iter().flat_map(|(_, deal)| deal.as_ref().unwrap().1.gpus().iter()).collect();
            let given = gpus.len();
            gpus.sort_unstable();
            gpus.dedup();
            assert_eq!(gpus.len(), given, "a GPU was given away twice");
        }
    }

    /// No job waits that a free offer fits.
    fn check_nobody_starves(&self) {
        for (job, _) in self.jobs.iter().filter(|(_, deal)| deal.is_none()) {
            for (offer, free, _) in self.open() {
                let candidate = offer.candidate();
                let target = job.offer.target.address.as_str();
                let fits = judge(&job.request(), &candidate).is_match()
                    && (target.is_empty() || target == offer.offer.resource_provider)
                    && (job.offer.mode == PricingMode::MarketPrice
                        || candidate.pricing(&job.request()).instruction_price
                            <= job.offer.pricing.instruction_price)
                    && free.fit(&job.request(), &offer.offer).is_some();
                assert!(!fits, "{job:?} waits although {offer:?} is free");
            }
        }
    }
}

/// One random change of the book, on both sides.
fn step(dice: &mut Dice, shadow: &mut Shadow, index: &mut Index<Offer, Job>, number: usize) {
    match dice.below(12) {
        0..=2 => {
            let offer = books::offer(dice, number, false);
            index.add_offer(offer.id, offer.clone(), offer.reputation).unwrap();
            let free = Free::of(&offer.offer, &offer.terms);
            shadow.offers.push((offer, free, false));
        }
        3..=6 => {
            let job = books::job(dice, number, false);
            index.add_job(job.id, job.clone()).unwrap();
            shadow.jobs.push((job, None));
        }
        7 if !shadow.offers.is_empty() => {
            let at = dice.below(shadow.offers.len());
            let (offer, _, withdrawn) = &mut shadow.offers[at];
            assert_eq!(index.remove_offer(&offer.id), !*withdrawn);
            *withdrawn = true;
        }
        8 | 9 if !shadow.jobs.is_empty() => {
            let at = dice.below(shadow.jobs.len());
            let id = shadow.jobs[at].0.id;
            assert!(index.remove_job(&id));
            shadow.release(id);
            shadow.jobs.remove(at);
        }
        10 if !shadow.jobs.is_empty() => {
            let at = dice.below(shadow.jobs.len());
            let (id, matched) = (shadow.jobs[at].0.id, shadow.jobs[at].1.is_some());
            assert_eq!(index.requeue(&id), matched);
            shadow.release(id);
        }
        11 => {
            let (provider, reputation) = (format!("provider {}", dice.below(8)), dice.of(&[0, 500, 1_000]));
            index.set_reputation(&provider, reputation);
            for (offer, _, withdrawn) in &mut shadow.offers {
                if offer.offer.resource_provider == provider && !*withdrawn {
                    offer.reputation = reputation;
                }
            }
        }
        _ => {}
    }
}

#[test]
fn through_any_history_the_index_does_what_the_scan_does_and_sells_nothing_twice() {
    let (mut matched, mut waited) = (0, 0);
    let histories = (books() as u64 / 200).max(1);
    for seed in 0..histories {
        let mut dice = Dice(seed ^ 0xabcd);
        let (mut shadow, mut index) = (Shadow::default(), Index::new());
        for number in 0..80 {
            step(&mut dice, &mut shadow, &mut index, number);
            if dice.one_in(3) {
                continue;
            }
            // Whoever serves may stop after any match, and the book change before the next.
            let most = dice.of(&[1, 1, 2, usize::MAX, usize::MAX]);
            let got = std::iter::from_fn(|| index.next_match()).map(|found| (found.job, found.offer));
            let (got, expected): (Pairs, Pairs) = (got.take(most).collect(), shadow.serve(most));
            assert_eq!(got, expected, "history {seed}, step {number}");
            matched += got.len();
            waited += shadow.jobs.iter().filter(|(_, deal)| deal.is_none()).count();
            shadow.check_capacity();
            if got.len() < most {
                shadow.check_nobody_starves();
            }
            assert_eq!(index.offers(), shadow.open().count());
            assert_eq!(index.jobs(), shadow.jobs.len());
        }
    }
    assert!(
        matched > 6 * histories as usize && waited > matched,
        "{matched} matched, {waited} waited: nothing was tried"
    );
}

#[test]
fn nothing_that_fits_is_cheaper_than_what_is_chosen() {
    let mut compared = 0;
    for seed in 0..2_000 {
        let mut dice = Dice(seed);
        let (jobs, offers) = book(&mut dice, 12);
        for job in jobs.iter().filter(|job| job.offer.mode == PricingMode::MarketPrice) {
            let found = drained(&mut by_index(std::slice::from_ref(job), &offers));
            let request = job.request();
            let target = &job.offer.target.address;
            let fitting: BTreeMap<_, _> = offers
                .iter()
                .filter(|offer| target.is_empty() || offer.offer.resource_provider == *target)
                .filter(|offer| judge(&request, &offer.candidate()).is_match())
                .map(|offer| (offer.id, offer.terms.rate_for(&job.module)))
                .collect();
            let Some((_, chosen)) = found.first() else {
                assert!(fitting.is_empty(), "seed {seed}");
                continue;
            };
            for rate in fitting.values() {
                assert_ne!(rate.cmp_price(fitting[chosen]), std::cmp::Ordering::Less, "seed {seed}");
                compared += 1;
            }
        }
    }
    assert!(compared > 1_000, "{compared} compared");
}

#[test]
fn a_full_offer_takes_jobs_again_when_one_of_its_own_leaves() {
    let mut fit = fit();
    fit.offer_terms.max_jobs = 3;
    fit.offer.spec = MachineSpec { gpu: 9, gpus: None, cpu: 9_000, ram: 90_000, disk: 90_000 };
    let offer = Offer {
        id: ResourceOfferId(cid("offer")),
        offer: fit.offer.clone(),
        terms: fit.offer_terms.clone(),
        reputation: 500,
    };
    let job = |name: &str| Job {
        id: JobId(cid(name)),
        offer: fit.job.clone(),
        terms: fit.job_terms.clone(),
        module: fit.module.clone(),
    };
    let mut index = by_index(&[job("first")], std::slice::from_ref(&offer));
    assert!(!index.pledges(&offer.id, Amount::ZERO), "it has no job that could leave");
    assert_eq!(drained(&mut index).len(), 1);
    assert!(index.pledges(&offer.id, Amount::ZERO));
    let second = job("second");
    index.add_job(second.id, second.clone()).unwrap();
    assert_eq!(index.next_match(), None);
    let why = index.why_waiting(&second.id).unwrap().0.to_string();
    let cap = second.terms.price_cap;
    assert_eq!(why, format!("1 offer: 1 has too little stake for the price cap (cap {cap}, at most 0 LP)"));
    assert!(index.remove_job(&job("first").id));
    let third = job("third");
    index.add_job(third.id, third).unwrap();
    assert_eq!(drained(&mut index).len(), 2);
}

#[test]
fn a_waiting_job_has_its_reason_and_the_reason_changes_with_the_book() {
    let mut index = Index::new();
    let mut fit = fit();
    fit.offer.spec.ram = 1;
    let job = Job {
        id: JobId(cid("job")),
        offer: fit.job.clone(),
        terms: fit.job_terms.clone(),
        module: fit.module.clone(),
    };
    let offer = |name: &str, fit: &Fit| Offer {
        id: ResourceOfferId(cid(name)),
        offer: fit.offer.clone(),
        terms: fit.offer_terms.clone(),
        reputation: 500,
    };
    let reason = |index: &Index<Offer, Job>| index.why_waiting(&job.id).map(|(why, _)| why.to_string());
    index.add_job(job.id, job.clone()).unwrap();
    assert_eq!(index.next_match(), None);
    assert_eq!(reason(&index).as_deref(), Some("no free offers"));
    let before = index.version();
    let small = offer("small", &fit);
    index.add_offer(small.id, small, 500).unwrap();
    assert_eq!(index.next_match(), None);
    assert!(index.version() > before);
    assert_eq!(reason(&index).as_deref(), Some("1 offer: 1 lacks memory (needs 4096 MB, has 1 MB)"));
    index.set_reputation("provider", 500);
    fit.offer.spec.ram = 4_096;
    let large = offer("large", &fit);
    index.add_offer(large.id, large.clone(), 500).unwrap();
    assert_eq!(index.next_match().map(|found| (found.job, found.offer)), Some((job.id, large.id)));
    assert_eq!(reason(&index), None);
    let second = Job { id: JobId(cid("second")), ..job.clone() };
    index.add_job(second.id, second.clone()).unwrap();
    assert_eq!(index.next_match(), None);
    let why = index.why_waiting(&second.id).unwrap().0.to_string();
    assert!(why.contains("1 busy with earlier jobs") && why.contains("1 lacks memory"), "{why}");
    assert!(index.remove_job(&job.id));
    assert_eq!(index.next_match().map(|found| found.job), Some(second.id));
}

#[test]
fn an_offer_that_comes_back_is_not_sold_twice() {
    let (mut attached, mut full) = (0, 0);
    for seed in 0..2_000 {
        let mut dice = Dice(seed);
        let (jobs, offers) = book(&mut dice, 9);
        let mut before = by_index(&jobs, &offers);
        let pairs = drained(&mut before);
        // A new book, into which the offers come again, and the jobs that run on them are put back; in the old one an
        // offer is taken out and comes back while its jobs run.
        let mut again = by_index(&[], &offers);
        for (index, old) in [(&mut again, false), (&mut before, true)] {
            for offer in offers.iter().filter(|_| old) {
                index.remove_offer(&offer.id);
                index.add_offer(offer.id, offer.clone(), offer.reputation).unwrap();
            }
            for (job, offer) in &pairs {
                let item = jobs.iter().find(|known| known.id == *job).unwrap().clone();
                assert!(index.attach(*job, item.clone(), offer).unwrap(), "book {seed}");
                // Twice is once.
                assert!(index.attach(*job, item, offer).unwrap(), "book {seed}");
                attached += 1;
            }
            assert_eq!(drained(index), [], "book {seed}: what is taken is taken");
        }
        // When all have left, the whole machine is there again.
        pairs.iter().for_each(|(job, _)| assert!(again.remove_job(job)));
        for job in &jobs {
            again.add_job(job.id, job.clone()).unwrap();
        }
        assert_eq!(drained(&mut again), by_scan(&jobs, &offers), "book {seed}");
        if let (Some((_, offer)), Some(job)) = (pairs.first(), jobs.last()) {
            let mut gone = by_index(&jobs, &[]);
            assert!(!gone.attach(job.id, job.clone(), offer).unwrap());
            assert!(!gone.remove_job(&job.id), "it stands nowhere");
            full += 1;
        }
    }
    assert!(attached > 2_000 && full > 500, "{attached} {full}: the books are too poor");
}
