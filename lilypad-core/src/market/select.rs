//! Which of the offers that fit, and the reference scan over many jobs.

use super::NoMatch;
use super::free::Free;
use super::order::{Age, Price};
use super::rules::judge_selected;
use super::sides::{Candidate, Request};
use super::verdict::Verdict;
use crate::model::PricingMode;

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
/// * A job that takes the market's price gets the cheapest: lowest rate for its module, then lowest price on the wire,
///   then oldest. Its own highest rate and price cap hold all the same.
/// * Any other job gets the oldest whose price on the wire it pays.
/// * Offers of one age come in the order of their ids, so that nothing depends on who was faster.
/// * A job that names a provider gets one of that provider's, and the same rules count: a provider that v2 would
///   give a job that its machine cannot hold, or at a price that was never agreed, is no favour to either.
#[must_use]
pub fn choose(job: &Request<'_>, candidates: &[Candidate<'_>]) -> Choice {
    let free: Vec<Free> = candidates.iter().map(|one| Free::of(one.offer, one.terms)).collect();
    choose_free(job, candidates, &free)
}

fn choose_free(job: &Request<'_>, candidates: &[Candidate<'_>], free: &[Free]) -> Choice {
    let mut no_match = NoMatch::new(&job.offer.target.address);
    let mut best: Option<(Precedence, usize)> = None;
    for (at, (candidate, free)) in candidates.iter().zip(free).enumerate() {
        if !is_target(job, candidate) {
            continue;
        }
        match verdict_now(job, candidate, free) {
            Verdict::Match => {
                let this = precedence(job, candidate);
                if best.is_none_or(|(best, _)| this < best) {
                    best = Some((this, at));
                }
            }
            verdict => no_match.note(verdict),
        }
    }
    best.map_or(Choice::None(no_match), |(_, at)| Choice::Offer(at))
}

/// True where the job takes this provider.
pub(super) fn is_target(job: &Request<'_>, candidate: &Candidate<'_>) -> bool {
    let target = &job.offer.target.address;
    target.is_empty() || candidate.offer.resource_provider == *target
}

/// The verdict on an offer whose machine has this much left.
pub(super) fn verdict_now(job: &Request<'_>, candidate: &Candidate<'_>, free: &Free) -> Verdict {
    let (cap, most) = (job.terms.price_cap, free.most_cap);
    match judge_selected(job, candidate) {
        Verdict::Match if cap > most => Verdict::StakeMismatch { cap, most },
        Verdict::Match if free.fit(job, candidate.offer).is_none() => Verdict::OfferTaken,
        verdict => verdict,
    }
}

/// Which of two offers that fit comes first: the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Precedence {
    Cheapest(Price),
    Oldest(Age),
}

pub(super) fn precedence(job: &Request<'_>, candidate: &Candidate<'_>) -> Precedence {
    if takes_market_price(job) {
        Precedence::Cheapest(candidate.price(job))
    } else {
        Precedence::Oldest(candidate.age())
    }
}

pub(super) fn takes_market_price(job: &Request<'_>) -> bool {
    job.offer.mode == PricingMode::MarketPrice
}

/// Which jobs got which offers, by their places in the lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    /// Job and offer, in the order in which the jobs were served.
    pub matches: Vec<(usize, usize)>,
    /// Jobs that got none, and why.
    pub unmatched: Vec<(usize, NoMatch)>,
}

/// Serves every job, oldest first, each machine as far as it goes: a plain scan, the measure for anything faster.
#[must_use]
pub fn match_all(jobs: &[Request<'_>], candidates: &[Candidate<'_>]) -> Matching {
    let mut free: Vec<Free> = candidates.iter().map(|one| Free::of(one.offer, one.terms)).collect();
    match_all_free(jobs, candidates, &mut free)
}

/// The same on machines that already run something; takes what it gives away.
pub(super) fn match_all_free(
    jobs: &[Request<'_>],
    candidates: &[Candidate<'_>],
    free: &mut [Free],
) -> Matching {
    let mut oldest_first: Vec<(usize, &Request<'_>)> = jobs.iter().enumerate().collect();
    oldest_first.sort_by_key(|(at, job)| (job.age(), *at));
    let mut matching = Matching::default();
    for (job_at, job) in oldest_first {
        match choose_free(job, candidates, free) {
            Choice::None(no_match) => matching.unmatched.push((job_at, no_match)),
            Choice::Offer(at) => {
                if let (Some(free), Some(candidate)) = (free.get_mut(at), candidates.get(at))
                    && let Some(taken) = free.fit(job, candidate.offer)
                {
                    free.take(&taken, candidate.offer);
                }
                matching.matches.push((job_at, at));
            }
        }
    }
    matching
}
