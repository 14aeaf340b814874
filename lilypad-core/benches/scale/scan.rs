//! The baseline: the protocol's own loop (v2, §5.1 to §5.3), written down plainly. For each job it looks at each offer.
//!
//! It knows nine rules where the index knows twenty-two, and one job per machine; what v2 pays beside (a look-up in a
//! database for each pair) is left out.

use lilypad_core::model::{JobOffer, PricingMode, ResourceOffer};

use crate::market::{Job, Machine};

fn fits(offer: &ResourceOffer, job: &JobOffer) -> bool {
    let (have, need) = (&offer.spec, &job.spec);
    if have.cpu < need.cpu || have.gpu < need.gpu || have.ram < need.ram {
        return false;
    }
    let wanted = need.gpus.iter().flatten().map(|gpu| gpu.vram).max();
    let largest = have.gpus.iter().flatten().map(|gpu| gpu.vram).max();
    if wanted.is_some_and(|wanted| largest.is_none_or(|largest| largest < wanted)) || have.disk < need.disk {
        return false;
    }
    if offer.mode == PricingMode::MarketPrice {
        return false;
    }
    let fixed = job.mode == PricingMode::FixedPrice && offer.mode == PricingMode::FixedPrice;
    if fixed && offer.default_pricing.instruction_price > job.pricing.instruction_price {
        return false;
    }
    let (mine, theirs) = (&offer.trusted_parties, &job.trusted_parties);
    let mut mediators = mine.mediator.iter().flatten();
    let mutual = mediators.any(|one| theirs.mediator.iter().flatten().any(|other| one == other));
    mutual && mine.solver == theirs.solver
}

/// Serves the jobs, oldest first, each machine once; gives how many got one.
pub(crate) fn scan(jobs: &[Job], machines: &[Machine]) -> usize {
    let mut offers: Vec<&ResourceOffer> = machines.iter().map(|machine| &machine.offer).collect();
    let mut jobs: Vec<&JobOffer> = jobs.iter().map(|job| &job.offer).collect();
    offers.sort_by_key(|offer| offer.created_at);
    jobs.sort_by_key(|job| job.created_at);
    let mut free = vec![true; offers.len()];
    let mut matches = 0;
    for job in jobs {
        let mut best: Option<usize> = None;
        for (at, offer) in offers.iter().enumerate() {
            let target = &job.target.address;
            if !free[at] || !(target.is_empty() || *target == offer.resource_provider) || !fits(offer, job) {
                continue;
            }
            let price = |at: usize| offers[at].default_pricing.instruction_price;
            if job.mode != PricingMode::MarketPrice {
                // The oldest that it pays.
                if price(at) <= job.pricing.instruction_price {
                    best = Some(at);
                    break;
                }
            } else if best.is_none_or(|best| price(at) < price(best)) {
                best = Some(at);
            }
        }
        if let Some(at) = best {
            free[at] = false;
            matches += 1;
        }
    }
    matches
}
