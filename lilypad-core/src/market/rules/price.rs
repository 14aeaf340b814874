//! What the offer costs.

use std::cmp::Ordering;

use super::Pair;
use crate::market::Verdict;
use crate::market::sides::{Candidate, Request};
use crate::model::PricingMode;

pub(super) fn market_price(pair: &Pair<'_>) -> Option<Verdict> {
    (pair.candidate.offer.mode == PricingMode::MarketPrice).then_some(Verdict::MarketPriceUnavailable)
}

/// The wire's price, in LP: binds where both sides fixed theirs.
pub(super) fn fixed_price(pair: &Pair<'_>) -> Option<Verdict> {
    let both = [&pair.job.offer.mode, &pair.candidate.offer.mode]
        .iter()
        .all(|mode| **mode == PricingMode::FixedPrice);
    if both { too_dear(pair.job, pair.candidate) } else { None }
}

/// The verdict where the job has a price of its own and the wire's price of the offer is above it.
pub(crate) fn too_dear(job: &Request<'_>, candidate: &Candidate<'_>) -> Option<Verdict> {
    if job.offer.mode == PricingMode::MarketPrice {
        return None;
    }
    let (most, asked) = (job.offer.pricing.instruction_price, candidate.pricing(job).instruction_price);
    (asked > most).then_some(Verdict::PriceMismatch { most, asked })
}

pub(super) fn rate(pair: &Pair<'_>) -> Option<Verdict> {
    let (most, asked) = (pair.job.terms.max_rate?, pair.candidate.rate(pair.job));
    (asked.cmp_price(most) == Ordering::Greater).then_some(Verdict::RateMismatch { most, asked })
}

/// The cap must pay for something: a job that may use no work unit would end at its first instruction.
pub(super) fn price_cap(pair: &Pair<'_>) -> Option<Verdict> {
    let (cap, asked) = (pair.job.terms.price_cap, pair.candidate.rate(pair.job));
    (asked.affordable_units(cap) == 0).then_some(Verdict::PriceCapMismatch { cap, asked })
}
