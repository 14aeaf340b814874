//! Which offer is chosen, why none is, and that nothing cheaper was passed over.

use proptest::prelude::*;

use super::*;
use crate::error::ErrorKind;

/// Offers by (created at, wire price, rate), all of which fit the default job.
fn terms_of(offers: &[(u64, u64, Rate)]) -> (Vec<ResourceOffer>, Vec<OfferTerms>) {
    offers
        .iter()
        .enumerate()
        .map(|(at, (created, price, rate))| {
            let terms = OfferTerms { rate: *rate, executors: vec!["wasm".into()], ..OfferTerms::default() };
            (offered(&format!("p{at}"), *created, *price), terms)
        })
        .unzip()
}

fn candidates<'a>(offers: &'a [ResourceOffer], terms: &'a [OfferTerms]) -> Vec<Candidate<'a>> {
    offers.iter().zip(terms).map(|(offer, terms)| candidate(offer, terms)).collect()
}

fn job(mode: PricingMode, price: u64) -> JobOffer {
    let pricing = DealPricing { instruction_price: price, ..DealPricing::default() };
    JobOffer { mode, pricing, trusted_parties: services(), ..JobOffer::default() }
}

fn chosen(job: &JobOffer, offers: &[(u64, u64, Rate)]) -> Choice {
    let (offers, terms) = terms_of(offers);
    let (job_terms, module) = (JobTerms::new("wasm", wei(1_000)), module());
    choose(&request(job, &job_terms, &module), &candidates(&offers, &terms))
}

/// Which of these offers has the lower id.
fn first_by_id(places: &[usize]) -> usize {
    *places.iter().min_by_key(|at| *cid(format!("p{at}")).digest()).unwrap()
}

const FREE: Rate = Rate::FREE;

#[test]
fn the_market_gives_the_cheapest_then_the_oldest_whatever_came_in_first() {
    let job = job(PricingMode::MarketPrice, 0);
    assert_eq!(chosen(&job, &[(1, 9, FREE), (2, 7, FREE), (3, 8, FREE)]), Choice::Offer(1));
    assert_eq!(chosen(&job, &[(5, 7, FREE), (4, 7, FREE), (9, 7, FREE)]), Choice::Offer(1));
    assert_eq!(chosen(&job, &[(4, 7, FREE), (4, 7, FREE)]), Choice::Offer(first_by_id(&[0, 1])));
    assert_eq!(
        chosen(&job, &[(1, 0, rate(3, 10)), (2, 99, rate(2, 10))]),
        Choice::Offer(1),
        "the rate comes first"
    );
    assert_eq!(
        chosen(&job, &[(2, 0, rate(1, 2)), (1, 0, rate(2, 4))]),
        Choice::Offer(1),
        "the same price in other words"
    );
}

#[test]
fn a_fixed_price_gives_the_oldest_that_it_pays() {
    let job_at = |price| job(PricingMode::FixedPrice, price);
    let offers = [(9, 1, FREE), (3, 8, FREE), (5, 7, FREE)];
    assert_eq!(chosen(&job_at(8), &offers), Choice::Offer(1), "equal is paid, and older wins over cheaper");
    assert_eq!(chosen(&job_at(7), &offers), Choice::Offer(2));
    assert_eq!(chosen(&job_at(1), &offers), Choice::Offer(0));
    let Choice::None(reasons) = chosen(&job_at(0), &offers) else { panic!("nothing is affordable") };
    assert_eq!(reasons.to_string(), "3 offers: 3 too dear (pays 0 LP, cheapest costs 1 LP)");
    let other = job(PricingMode::Other("Auction".into()), 7);
    assert_eq!(chosen(&other, &offers), Choice::Offer(2), "any other mode pays its own price, oldest first");
}

#[test]
fn a_targeted_job_gets_that_provider_or_nobody_and_the_rules_still_count() {
    let mut fit = fit();
    fit.job.target.address = "provider".into();
    let cheaper = ResourceOffer { resource_provider: "other".into(), ..fit.offer.clone() };
    let free = OfferTerms { rate: FREE, ..fit.offer_terms.clone() };
    let both = [candidate(&cheaper, &free), fit.candidate()];
    let choice = choose(&fit.request(), &both);
    assert_eq!(choice, Choice::Offer(1));

    let Choice::None(absent) = choose(&fit.request(), &both[..1]) else { panic!("not its offer") };
    assert_eq!(absent.absent_target(), Some("provider"));
    assert_eq!(absent.to_string(), "no free offers of provider provider");

    let mut small = fit.clone();
    small.offer.spec.ram = 1;
    let choice = choose(&small.request(), &[small.candidate()]);
    let Choice::None(reasons) = choice else { panic!("its machine is too small") };
    assert_eq!(reasons.absent_target(), None);
    assert!(reasons.to_string().starts_with("1 offer of provider provider: 1 lacks memory"), "{reasons}");
}

#[test]
fn no_match_counts_each_reason_once_and_names_the_nearest() {
    let fit = fit();
    let with = |ram, rate| {
        let mut other = fit.clone();
        other.offer.spec.ram = ram;
        other.offer_terms.rate = rate;
        other
    };
    let fits = [with(1_024, rate(3, 10)), with(4_096, rate(2, 1)), with(4_095, rate(3, 10))];
    let all: Vec<Candidate<'_>> = fits.iter().map(Fit::candidate).collect();
    let Choice::None(reasons) = choose(&fit.request(), &all) else { panic!("none fits") };
    let text = reasons.to_string();
    assert!(text.starts_with("3 offers: 2 lack memory (need 4096 MB, most 4095 MB), 1 too dear ("), "{text}");
    assert!(
        text.ends_with(&format!("(pays {} per 10 work units, costs {} per 1 work units)", wei(3), wei(2))),
        "{text}"
    );
    let error = reasons.to_error(None);
    assert_eq!((error.kind(), error.code()), (ErrorKind::NoMatch, "E_NO_MATCH"));
    assert_eq!(error.hint(), Some("ask for less memory, or wait for a larger machine"));
    let Choice::None(nobody) = choose(&fit.request(), &[]) else { panic!("no offers") };
    assert_eq!((nobody.to_string().as_str(), nobody.offers()), ("no free offers", 0));
}

#[test]
fn older_jobs_are_served_first_and_no_offer_twice() {
    let (offers, terms) = terms_of(&[(1, 5, FREE), (2, 3, FREE)]);
    let at = |created| JobOffer { created_at: Timestamp(created), ..job(PricingMode::MarketPrice, 0) };
    let jobs = [at(30), at(10), at(20)];
    let (job_terms, module) = (JobTerms::new("wasm", wei(9)), module());
    let requests = jobs.each_ref().map(|offer| request(offer, &job_terms, &module));
    let matching = match_all(&requests, &candidates(&offers, &terms));
    assert_eq!(matching.matches, [(1, 1), (2, 0)]);
    let (job_at, reasons) = &matching.unmatched[0];
    assert_eq!((*job_at, reasons.to_string().as_str()), (0, "2 offers: 2 busy with earlier jobs"));
}

fn some_offer() -> impl Strategy<Value = (u64, u64, Rate)> {
    let rates = prop_oneof![Just(FREE), (0_u128..4, 1_u64..4).prop_map(|(amount, per)| rate(amount, per))];
    (0_u64..5, 0_u64..4, rates)
}

/// What a job pays for an offer, as one number that orders them: only for prices that are small.
fn price(offer: &(u64, u64, Rate)) -> (u128, u64) {
    // 12 is a multiple of every `per` in use.
    (offer.2.cost(12).unwrap().as_wei().unwrap(), offer.1)
}

proptest! {
    #[test]
    fn nothing_cheaper_is_passed_over(offers in prop::collection::vec(some_offer(), 0..12)) {
        let job = job(PricingMode::MarketPrice, 0);
        match chosen(&job, &offers) {
            Choice::None(reasons) => prop_assert!(offers.is_empty(), "{}", reasons),
            Choice::Offer(at) => {
                let key = |at: usize| (price(&offers[at]), offers[at].0, *cid(format!("p{at}")).digest());
                prop_assert_eq!(key(at), (0..offers.len()).map(key).min().unwrap());
            }
        }
    }

    #[test]
    fn a_fixed_price_is_never_exceeded(offers in prop::collection::vec(some_offer(), 0..12), most in 0_u64..4) {
        let affordable = (0..offers.len()).filter(|at| offers[*at].1 <= most);
        let oldest = affordable.min_by_key(|at| (offers[*at].0, *cid(format!("p{at}")).digest()));
        match chosen(&job(PricingMode::FixedPrice, most), &offers) {
            Choice::None(_) => prop_assert_eq!(oldest, None),
            Choice::Offer(at) => prop_assert_eq!(oldest, Some(at)),
        }
    }

    #[test]
    fn no_offer_is_booked_twice_and_every_job_has_an_answer(
        offers in prop::collection::vec(some_offer(), 0..8),
        jobs in prop::collection::vec((0_u64..5, 0_u64..4, any::<bool>()), 0..8),
    ) {
        let (offers, terms) = terms_of(&offers);
        let jobs: Vec<JobOffer> = jobs.iter().map(|(created, price, fixed)| {
            let mode = if *fixed { PricingMode::FixedPrice } else { PricingMode::MarketPrice };
            JobOffer { created_at: Timestamp(*created), ..job(mode, *price) }
        }).collect();
        let (job_terms, module) = (JobTerms::new("wasm", wei(1_000)), module());
        let requests: Vec<_> = jobs.iter().map(|offer| request(offer, &job_terms, &module)).collect();
        let matching = match_all(&requests, &candidates(&offers, &terms));
        let mut taken: Vec<usize> = matching.matches.iter().map(|(_, offer)| *offer).collect();
        taken.sort_unstable();
        taken.dedup();
        prop_assert_eq!(taken.len(), matching.matches.len());
        prop_assert_eq!(matching.matches.len() + matching.unmatched.len(), jobs.len());
        for (_, reasons) in &matching.unmatched {
            prop_assert_eq!(reasons.offers(), offers.len());
        }
    }
}
