//! In which order offers and jobs come.

use crate::model::{Cid, DealPricing, Rate};
use crate::rt::Timestamp;

/// Older first; of one age by the first eight bytes of the id's digest, which nobody chooses freely.
///
/// So the same offers give the same order, in whatever order they came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Age {
    created_at: Timestamp,
    id: u64,
}

impl Age {
    pub(super) fn new(created_at: Timestamp, id: &Cid) -> Self {
        let first = id.digest().first_chunk().copied().unwrap_or_default();
        Self { created_at, id: u64::from_be_bytes(first) }
    }
}

/// Cheaper work first, then the lower price on the wire, then the older offer.
///
/// Prices of work are compared by [`Rate::rank`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Price {
    pub(super) rank: u128,
    pub(super) wire: u64,
    pub(super) age: Age,
}

impl Price {
    pub(super) fn new(rate: Rate, pricing: &DealPricing, age: Age) -> Self {
        Self { rank: rate.rank(), wire: pricing.instruction_price, age }
    }
}
