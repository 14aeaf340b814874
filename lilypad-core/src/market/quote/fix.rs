//! Which fields of a job would have to change for one offer, and which of these changes is the cheapest.

use super::{Change, FieldChange};
use crate::market::free::Free;
use crate::market::gpus;
use crate::market::order::Price;
use crate::market::rules;
use crate::market::select::{is_target, verdict_now};
use crate::market::sides::{Candidate, Request};
use crate::market::units::Capacity;
use crate::market::verdict::Verdict;
use crate::model::GpuRequirement;

/// Most fields of a change.
pub(super) const FIELDS: usize = 2;

/// The cheapest change that was seen so far.
#[derive(Debug, Default)]
pub(in crate::market) struct Cheapest {
    best: Option<(usize, Price, Change)>,
}

impl Cheapest {
    /// Looks at one offer; one that fits now needs no change.
    pub(in crate::market) fn see(&mut self, job: &Request<'_>, candidate: &Candidate<'_>, free: &Free) {
        let price = candidate.price(job);
        // No change has fewer fields than one.
        if self.best.as_ref().is_some_and(|(fewest, lowest, _)| (*fewest, *lowest) <= (1, price)) {
            return;
        }
        let fields = fields(job, candidate, free);
        let Some(fields) = fields.filter(|fields| (1..=FIELDS).contains(&fields.len())) else {
            return;
        };
        let count = fields.len();
        if self.best.as_ref().is_some_and(|(fewest, lowest, _)| (*fewest, *lowest) <= (count, price)) {
            return;
        }
        let change = Change {
            fields,
            offer_id: candidate.id,
            provider: candidate.offer.resource_provider.clone(),
            rate: candidate.rate(job),
            instruction_price: candidate.pricing(job).instruction_price,
        };
        // What does not match after all is not told: the rules decide, not this list.
        if change.fits(job, candidate, free) {
            self.best = Some((count, price, change));
        }
    }

    pub(in crate::market) fn into_change(self) -> Option<Change> {
        self.best.map(|(_, _, change)| change)
    }
}

impl Change {
    fn fits(&self, job: &Request<'_>, candidate: &Candidate<'_>, free: &Free) -> bool {
        let (mut offer, mut terms) = (job.offer.clone(), job.terms.clone());
        self.apply(&mut offer, &mut terms);
        let changed = Request { offer: &offer, terms: &terms, ..job.clone() };
        is_target(&changed, candidate) && verdict_now(&changed, candidate, free).is_match()
    }
}

/// The fields that keep this offer from this job, each with the least change; `None` where no field of the job can mend it.
fn fields(job: &Request<'_>, candidate: &Candidate<'_>, free: &Free) -> Option<Vec<FieldChange>> {
    if free.jobs == 0 {
        return None;
    }
    let mut fields = sizes(job, candidate, free)?;
    if !is_target(job, candidate) {
        fields.push(FieldChange::Target { from: job.offer.target.address.clone() });
    }
    if job.terms.price_cap > free.most_cap {
        fields.push(FieldChange::PriceCap { from: job.terms.price_cap, to: free.most_cap });
    }
    for fault in rules::faults(job, candidate) {
        match fault {
            // What counts is what is left of the machine: see `sizes`.
            Verdict::CpuMismatch { .. }
            | Verdict::GpuMismatch { .. }
            | Verdict::RamMismatch { .. }
            | Verdict::VramMismatch { .. }
            | Verdict::DiskMismatch { .. }
            | Verdict::GpuModelMismatch { .. } => {}
            fault => fields.push(field(job, candidate, fault)?),
        }
        if fields.len() > FIELDS {
            return None;
        }
    }
    Some(fields)
}

/// What would have to be smaller to fit what is left of the machine.
fn sizes(job: &Request<'_>, candidate: &Candidate<'_>, free: &Free) -> Option<Vec<FieldChange>> {
    let (need, have) = (Capacity::of(&job.offer.spec), &free.capacity);
    let mut fields = Vec::new();
    if have.milli_cpu < need.milli_cpu {
        fields.push(FieldChange::Cpu { from: need.milli_cpu, to: have.milli_cpu });
    }
    if have.ram_bytes < need.ram_bytes {
        fields.push(FieldChange::Ram { from: need.ram_bytes, to: have.ram_bytes });
    }
    if have.disk_bytes < need.disk_bytes {
        fields.push(FieldChange::Disk { from: need.disk_bytes, to: have.disk_bytes });
    }
    let fewer = have.milli_gpu < need.milli_gpu;
    let smaller = need.vram_mib.filter(|need| have.vram_mib.is_none_or(|have| have < *need));
    let named = &job.terms.gpus;
    if named.is_empty() {
        if fewer {
            fields.push(FieldChange::GpuCount { from: need.milli_gpu, to: have.milli_gpu });
        }
        fields.extend(smaller.map(|from| FieldChange::Vram { from, to: have.vram_mib }));
    } else if fewer || smaller.is_some() || !gpus_fit(named, candidate, free) {
        fields.push(FieldChange::Gpus { from: named.clone(), to: relaxed(named, candidate, free) });
    }
    Some(fields)
}

/// True where the wire's numbers and the requirements themselves hold on what is left.
fn gpus_fit(needs: &[GpuRequirement], candidate: &Candidate<'_>, free: &Free) -> bool {
    let (count, listed) = GpuRequirement::on_the_wire(needs);
    let largest = listed.iter().flatten().map(|gpu| gpu.vram.max(0)).max();
    let gpus = candidate.offer.spec.gpus.as_deref().unwrap_or_default();
    free.capacity.milli_gpu >= count.saturating_mul(1_000)
        && largest.is_none_or(|need| free.capacity.vram_mib.is_some_and(|have| have >= need))
        && gpus::assign(needs, gpus, free.gpus).is_some()
}

/// The requirements with as little taken away as lets them fit: nothing (where the wire's numbers ask for more than they
/// do), sizes, models, vendors, and in the end all of them.
fn relaxed(needs: &[GpuRequirement], candidate: &Candidate<'_>, free: &Free) -> Vec<GpuRequirement> {
    let steps: [fn(GpuRequirement) -> GpuRequirement; 5] = [
        |need| need,
        GpuRequirement::of_any_size,
        GpuRequirement::of_any_model,
        |need| need.of_any_model().of_any_size(),
        |need| need.of_any_make().of_any_size(),
    ];
    let mut tried = steps.iter().map(|step| needs.iter().cloned().map(step).collect::<Vec<_>>());
    tried.find(|needs| gpus_fit(needs, candidate, free)).unwrap_or_default()
}

fn field(job: &Request<'_>, candidate: &Candidate<'_>, fault: Verdict) -> Option<FieldChange> {
    Some(match fault {
        Verdict::PriceMismatch { most, asked } => FieldChange::InstructionPrice { from: most, to: asked },
        Verdict::MediatorMismatch { offered, .. } => {
            FieldChange::Mediator { add: offered.into_iter().next()? }
        }
        Verdict::DriverMismatch { need, have } => FieldChange::Driver { from: need, to: have },
        Verdict::CudaMismatch { need, have } => FieldChange::Cuda { from: need, to: have },
        Verdict::NetworkMismatch { need, have } => FieldChange::Network { from: need, to: have },
        Verdict::LabelMismatch { .. } => {
            let (from, offered) = (&job.terms.labels, &candidate.terms.labels);
            let kept = from.iter().filter(|(name, value)| offered.get(*name) == Some(value));
            let to = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
            FieldChange::Labels { from: from.clone(), to }
        }
        Verdict::VerificationMismatch { need, have } => FieldChange::Verification { from: need, to: have },
        Verdict::ReputationMismatch { need, have } => FieldChange::Reputation { from: need, to: have },
        Verdict::CollateralMismatch { need, have } => FieldChange::Collateral { from: need, to: have },
        Verdict::RateMismatch { most, asked } => FieldChange::MaxRate { from: most, to: asked },
        Verdict::PriceCapMismatch { cap, asked } => FieldChange::PriceCap { from: cap, to: asked.cost(1)? },
        _ => return None,
    })
}
