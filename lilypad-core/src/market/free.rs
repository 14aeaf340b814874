//! How much of a machine is not taken: capacity is a vector, and jobs run side by side while they fit.

use super::gpus;
use super::sides::Request;
use super::units::Capacity;
use super::{OfferTerms, rules};
use crate::model::{Amount, GpuSet, GpuSpec, ResourceOffer};

const MILLI: i64 = 1_000;

/// What of a machine is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Free {
    pub(super) capacity: Capacity,
    pub(super) gpus: GpuSet,
    pub(super) jobs: u32,
    /// The highest price cap for which its provider is known to have stake left.
    pub(super) most_cap: Amount,
}

/// What one job takes of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    milli_cpu: i64,
    milli_gpu: i64,
    ram_bytes: i64,
    disk_bytes: i64,
    gpus: GpuSet,
}

impl Taken {
    /// The places of the GPUs in the offer's list.
    #[must_use]
    pub fn gpus(&self) -> GpuSet {
        self.gpus
    }
}

impl Free {
    /// The whole machine.
    #[must_use]
    pub fn of(offer: &ResourceOffer, terms: &OfferTerms) -> Self {
        let gpus = GpuSet::full(listed(offer).len());
        Self { capacity: Capacity::of(&offer.spec), gpus, jobs: terms.max_jobs, most_cap: Amount::MAX }
    }

    /// What the job would take; `None` where it does not fit beside the others.
    #[must_use]
    pub fn fit(&self, job: &Request<'_>, offer: &ResourceOffer) -> Option<Taken> {
        let need = Capacity::of(&job.offer.spec);
        if self.jobs == 0 || !rules::holds(&need, &self.capacity) {
            return None;
        }
        let count = (need.milli_gpu.max(0)).saturating_add(MILLI - 1) / MILLI;
        let gpus = if job.terms.gpus.is_empty() {
            smallest(listed(offer), self.gpus, count, need.vram_mib)
        } else {
            gpus::assign(&job.terms.gpus, listed(offer), self.gpus)?
        };
        let chosen = i64::try_from(gpus.len()).unwrap_or(i64::MAX).saturating_mul(MILLI);
        // Those that are asked for one by one are whole ones, also where the offer counts in parts.
        if !job.terms.gpus.is_empty() && chosen > self.capacity.milli_gpu {
            return None;
        }
        let milli_gpu = count.saturating_mul(MILLI).max(chosen);
        Some(Taken {
            milli_cpu: need.milli_cpu.max(0),
            // The last part of a GPU makes a whole one of it; of less than none nothing is taken.
            milli_gpu: milli_gpu.min(self.capacity.milli_gpu.max(0)),
            ram_bytes: need.ram_bytes.max(0),
            disk_bytes: need.disk_bytes.max(0),
            gpus,
        })
    }

    /// Takes what [`Free::fit`] said.
    pub fn take(&mut self, taken: &Taken, offer: &ResourceOffer) {
        let free = &mut self.capacity;
        free.milli_cpu = free.milli_cpu.saturating_sub(taken.milli_cpu);
        free.milli_gpu = free.milli_gpu.saturating_sub(taken.milli_gpu);
        free.ram_bytes = free.ram_bytes.saturating_sub(taken.ram_bytes);
        free.disk_bytes = free.disk_bytes.saturating_sub(taken.disk_bytes);
        self.gpus = self.gpus.minus(taken.gpus);
        self.jobs = self.jobs.saturating_sub(1);
        self.see_gpus(offer);
    }

    /// Gives back what a job took.
    pub fn give_back(&mut self, taken: &Taken, offer: &ResourceOffer) {
        let free = &mut self.capacity;
        free.milli_cpu = free.milli_cpu.saturating_add(taken.milli_cpu);
        free.milli_gpu = free.milli_gpu.saturating_add(taken.milli_gpu);
        free.ram_bytes = free.ram_bytes.saturating_add(taken.ram_bytes);
        free.disk_bytes = free.disk_bytes.saturating_add(taken.disk_bytes);
        self.gpus = self.gpus.union(taken.gpus);
        self.jobs = self.jobs.saturating_add(1);
        self.see_gpus(offer);
    }

    fn see_gpus(&mut self, offer: &ResourceOffer) {
        let free = listed(offer).iter().enumerate().filter(|(at, _)| self.gpus.contains(*at));
        self.capacity.vram_mib = free.map(|(_, gpu)| gpu.vram.max(0)).max();
    }
}

fn listed(offer: &ResourceOffer) -> &[GpuSpec] {
    offer.spec.gpus.as_deref().unwrap_or_default()
}

/// The smallest free GPUs, one of them with this much video memory; fewer than `count` where fewer are listed.
fn smallest(gpus: &[GpuSpec], free: GpuSet, count: i64, vram: Option<i64>) -> GpuSet {
    let mut by_size: Vec<(i64, usize)> = gpus
        .iter()
        .enumerate()
        .filter(|(at, _)| free.contains(*at))
        .map(|(at, gpu)| (gpu.vram, at))
        .collect();
    by_size.sort_unstable();
    let mut chosen = GpuSet::default();
    let large = by_size.iter().find(|(size, _)| vram.is_some_and(|vram| size.max(&0) >= &vram));
    let wanted = usize::try_from(count).unwrap_or(usize::MAX);
    for (_, at) in large.into_iter().filter(|_| wanted > 0).chain(&by_size) {
        if chosen.len() < wanted {
            chosen.insert(*at);
        }
    }
    chosen
}
