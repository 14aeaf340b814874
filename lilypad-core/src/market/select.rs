//! Which of the offers that fit, and the reference scan over many jobs.

use std::cmp::Ordering;

use super::rules::{self, Candidate, Request};
use super::{JobTerms, NoMatch, Verdict};
use crate::model::{JobOffer, ModulePin, PricingMode};

/// What came of looking for an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The offer at this place of the list.
    Offer(usize),
    /// None fits, and why.
    None(NoMatch),
}

/// Chooses an offer for one job among those that are free.
///
/// * A job that takes the market's price gets the cheapest: lowest rate, then lowest price on the wire, then oldest, then
///   first in the list.
/// * Any other job gets the oldest whose price on the wire it pays, then the first in the list.
/// * A job that names a provider gets one of that provider's, and the same rules count: a provider that v2 would
///   give a job that its machine cannot hold, or at a price that was never agreed, is no favour to either.
#[must_use]
pub fn choose(
    offer: &JobOffer,
    terms: &JobTerms,
    module: &ModulePin,
    candidates: &[Candidate<'_>],
) -> Choice {
    choose_free(&Request { offer, terms, module }, candidates, |_| false)
}

fn choose_free(job: &Request<'_>, candidates: &[Candidate<'_>], taken: impl Fn(usize) -> bool) -> Choice {
    let target = job.offer.target.address.as_str();
    let mut no_match = NoMatch::new(target);
    let mut best: Option<usize> = None;
    let wanted = |candidate: &Candidate<'_>| target.is_empty() || candidate.offer.resource_provider == target;
    for (at, candidate) in candidates.iter().enumerate().filter(|(_, candidate)| wanted(candidate)) {
        let verdict = match judge_selected(job, candidate) {
            Verdict::Match if taken(at) => Verdict::OfferTaken,
            verdict => verdict,
        };
        if !verdict.is_match() {
            no_match.note(verdict);
            continue;
        }
        let better = |best: usize| {
            candidates.get(best).is_none_or(|best| order(job.offer, candidate, best) == Ordering::Less)
        };
        if best.is_none_or(better) {
            best = Some(at);
        }
    }
    best.map_or(Choice::None(no_match), Choice::Offer)
}

/// The rules, and that a job with a price of its own pays for the offer whatever mode the provider is in.
fn judge_selected(job: &Request<'_>, candidate: &Candidate<'_>) -> Verdict {
    match rules::judge(job, candidate) {
        Verdict::Match if job.offer.mode != PricingMode::MarketPrice => {
            rules::too_dear(job.offer, candidate.offer).unwrap_or(Verdict::Match)
        }
        verdict => verdict,
    }
}

/// Which of two offers that fit comes first; equal where the list decides.
fn order(job: &JobOffer, one: &Candidate<'_>, other: &Candidate<'_>) -> Ordering {
    let age = one.offer.created_at.cmp(&other.offer.created_at);
    if job.mode != PricingMode::MarketPrice {
        return age;
    }
    let wire_price = |candidate: &Candidate<'_>| candidate.offer.default_pricing.instruction_price;
    one.terms.rate.cmp_price(other.terms.rate).then(wire_price(one).cmp(&wire_price(other))).then(age)
}

/// Which jobs got which offers, by their places in the lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    /// Job and offer, in the order in which the jobs were served.
    pub matches: Vec<(usize, usize)>,
    /// Jobs that got none, and why.
    pub unmatched: Vec<(usize, NoMatch)>,
}

/// Serves every job, oldest first, each offer at most once: a plain scan, the measure for anything faster.
#[must_use]
pub fn match_all(jobs: &[Request<'_>], candidates: &[Candidate<'_>]) -> Matching {
    let mut oldest_first: Vec<(usize, &Request<'_>)> = jobs.iter().enumerate().collect();
    oldest_first.sort_by_key(|(at, job)| (job.offer.created_at, *at));
    let mut taken = vec![false; candidates.len()];
    let mut matching = Matching::default();
    for (job_at, job) in oldest_first {
        match choose_free(job, candidates, |at| taken.get(at).copied().unwrap_or(true)) {
            Choice::None(no_match) => matching.unmatched.push((job_at, no_match)),
            Choice::Offer(at) => {
                if let Some(slot) = taken.get_mut(at) {
                    *slot = true;
                }
                matching.matches.push((job_at, at));
            }
        }
    }
    matching
}
