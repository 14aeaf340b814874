//! Where an offer or a job stands in its tree: alike ones are neighbours, and among them the cheapest or oldest is first.
//!
//! What is left of a machine decides, not what it has: a search goes past whole subtrees of cheap machines that are busy.
//! The steps are coarse, a factor of eight each: with finer ones there are more kinds than a search can look into, with
//! none the busy ones stand among the others. A place only decides how much a search can leave out, never what it finds.

use super::profile::{hash, one_label};
use super::tree::Place;
use crate::market::free::Free;
use crate::market::sides::{Candidate, Request};
use crate::market::units::Capacity;

/// The first part of an offer's place; its price and its slot follow.
pub(super) fn shape_of(candidate: &Candidate<'_>, free: &Free) -> u128 {
    let gpus = candidate.offer.spec.gpus.as_deref().unwrap_or_default();
    // Of most machines all GPUs have one name.
    let names = gpus.first().map_or(0, |gpu| hash(&gpu.name));
    shape(&free.capacity, names)
}

pub(super) fn of_job(job: &Request<'_>, slot: u32) -> Place {
    let (offer, terms) = (job.offer, job.terms);
    let models = terms.gpus.iter().flat_map(|need| need.models()).map(|model| hash(model.as_str()));
    let label = u64::from(one_label(&terms.labels).trailing_zeros());
    // Whoever waits for one provider, or for a label, stands apart: most offers are none of theirs.
    let target = &offer.target.address;
    let target = if target.is_empty() { 0 } else { hash(target) | 1 };
    let apart = [(target, 20), (label, 6), (hash(&terms.executor), 8)].iter().fold(0, part);
    let shape = shape(&Capacity::of(&offer.spec), models.fold(0, u64::wrapping_add));
    ((apart << 64) | shape, u128::from(job.since.as_millis()), slot)
}

/// At most 36 bits.
fn shape(capacity: &Capacity, gpu_names: u64) -> u128 {
    let parts = [
        (u64::from(capacity.milli_gpu > 0), 1),
        (length(capacity.milli_cpu) / 3, 6),
        (length(capacity.ram_bytes) / 3, 6),
        (gpu_names, 16),
        (length(capacity.milli_gpu), 7),
    ];
    parts.iter().fold(0, part)
}

/// Puts the lowest bits of a part behind the others.
fn part(all: u128, (part, bits): &(u64, u32)) -> u128 {
    let kept = part & u64::MAX.checked_shr(64_u32.saturating_sub(*bits)).unwrap_or(0);
    (all << bits) | u128::from(kept)
}

/// How many bits a number has.
fn length(number: i64) -> u64 {
    u64::from(64 - u64::try_from(number).unwrap_or(0).leading_zeros())
}
