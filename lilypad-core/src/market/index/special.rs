//! Modules that an offer prices on their own.
//!
//! A module can have two names, the content id of the terms and the id of the wire, each with a half of the price. So an
//! offer stands under each name with a lower bound: the half that belongs to the name, and the lowest other half.

use crate::market::order::Price;
use crate::market::sides::{Candidate, Request};
use crate::model::{ContentId, Rate};

/// A module that some offers price on its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Special {
    /// By the terms.
    Content(ContentId),
    /// By the wire.
    Listed(String),
}

impl Special {
    /// The names of a job's module.
    pub(super) fn of(job: &Request<'_>) -> [Self; 2] {
        [Self::Content(job.module.content()), Self::Listed(job.module_id.clone().into_owned())]
    }
}

/// What an offer asks; worked out once, for it does not change.
#[derive(Clone, Debug)]
pub(super) struct Prices {
    /// Of a module without a price of its own.
    pub(super) default: Price,
    /// For each other one a price that no job of this module finds undercut.
    pub(super) own: Box<[(Special, Price)]>,
}

impl Prices {
    pub(super) fn of(candidate: &Candidate<'_>) -> Self {
        let (offer, terms, age) = (candidate.offer, candidate.terms, candidate.age());
        let listed = || offer.module_pricing.iter().flatten();
        let default = offer.default_pricing;
        let lowest_pricing = listed().fold(default, |lowest, (_, next)| {
            if next.instruction_price < lowest.instruction_price { *next } else { lowest }
        });
        let lowest_rate = terms.module_rates.values().fold(terms.rate, |lowest: Rate, next| {
            if next.cmp_price(lowest) == std::cmp::Ordering::Less { *next } else { lowest }
        });
        let by_terms = terms
            .module_rates
            .iter()
            .map(|(content, rate)| (Special::Content(*content), Price::new(*rate, &lowest_pricing, age)));
        let by_wire = listed()
            .map(|(id, pricing)| (Special::Listed(id.clone()), Price::new(lowest_rate, pricing, age)));
        Self { default: Price::new(terms.rate, &default, age), own: by_terms.chain(by_wire).collect() }
    }
}
