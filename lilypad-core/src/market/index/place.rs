//! Where an offer or a job stands in its tree: alike ones are neighbours.
//!
//! What tells most comes first: the kind of GPU, then sizes in steps of a quarter of a doubling, then everything else. A
//! place only decides how much a search can leave out, never what it finds.

use super::profile::hash;
use super::tree::Place;
use crate::market::deal;
use crate::market::order::Price;
use crate::market::sides::{Candidate, Request};
use crate::market::units::Capacity;

pub(super) fn of_offer(candidate: &Candidate<'_>, price: &Price, slot: u32) -> Place {
    let (offer, terms) = (candidate.offer, candidate.terms);
    let gpus = offer.spec.gpus.as_deref().unwrap_or_default();
    let names = gpus.iter().map(|gpu| hash(&gpu.name)).max().unwrap_or(0);
    let executors = terms.executors.iter().map(|name| hash(name)).fold(0, u64::wrapping_add);
    let trusted = &offer.trusted_parties;
    let mediators = deal::mediators(trusted).iter().map(|name| hash(name)).fold(0, u64::wrapping_add);
    let labels = terms.labels.iter().map(|(name, value)| hash(name) ^ hash(value)).fold(0, u64::wrapping_add);
    let rest = mix(&[hash(&trusted.solver), mediators, labels, u64::from(terms.network as u8)]);
    (shape(&Capacity::of(&offer.spec), names, executors, rest), price.rank, slot)
}

pub(super) fn of_job(job: &Request<'_>, slot: u32) -> Place {
    let (offer, terms) = (job.offer, job.terms);
    let models = terms.gpus.iter().flat_map(|need| need.models()).map(|model| hash(model.as_str()));
    let labels = terms.labels.iter().map(|(name, value)| hash(name) ^ hash(value)).fold(0, u64::wrapping_add);
    let rest = mix(&[hash(&offer.trusted_parties.solver), hash(&offer.target.address), labels]);
    let shape =
        shape(&Capacity::of(&offer.spec), models.fold(0, u64::wrapping_add), hash(&terms.executor), rest);
    (shape, u128::from(offer.created_at.as_millis()), slot)
}

fn shape(capacity: &Capacity, gpu_names: u64, executors: u64, rest: u64) -> u128 {
    let parts = [
        (gpu_names & 0xffff, 16),
        (step(capacity.milli_gpu), 9),
        (step(capacity.vram_mib.unwrap_or(0)), 9),
        (step(capacity.ram_bytes), 9),
        (step(capacity.milli_cpu), 9),
        (step(capacity.disk_bytes), 9),
        (executors & 0xffff, 16),
        (rest & 0xffff_ffff, 32),
    ];
    parts.iter().fold(0, |shape, (part, bits)| (shape << bits) | u128::from(*part))
}

/// The number's length in bits and its next two bits: at most 9 bits.
fn step(number: i64) -> u64 {
    let number = u64::try_from(number).unwrap_or(0);
    let length = u64::from(64 - number.leading_zeros());
    let next = if length > 2 { (number >> (length - 3)) & 3 } else { number & 3 };
    (length << 2) | next
}

fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |mixed, part| (mixed ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29))
}
