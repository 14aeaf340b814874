//! The rules in their order, one function each. Equal passes everywhere.

use std::cmp::Ordering;

use super::units::Capacity;
use super::{JobTerms, OfferTerms, Verdict, deal};
use crate::model::{JobOffer, ModulePin, PricingMode, ResourceOffer};

/// A job that looks for a provider.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The job offer as on the wire.
    pub offer: &'a JobOffer,
    /// What the job creator asks for beside it.
    pub terms: &'a JobTerms,
    /// The exact code.
    pub module: &'a ModulePin,
}

/// An offer that waits for a job.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The resource offer as on the wire.
    pub offer: &'a ResourceOffer,
    /// What the provider offers beside it.
    pub terms: &'a OfferTerms,
}

/// One job against one offer, in one unit per quantity.
struct Pair<'a> {
    job: &'a Request<'a>,
    candidate: &'a Candidate<'a>,
    need: Capacity,
    have: Capacity,
}

type Rule = fn(&Pair<'_>) -> Option<Verdict>;

/// The wire's nine rules in their order, then ours. The first that fails is the verdict.
const RULES: [Rule; 14] = [
    cpu,
    gpu,
    ram,
    vram,
    disk,
    market_price,
    fixed_price,
    mediator,
    solver,
    executor,
    module,
    rate,
    price_cap,
    collateral,
];

/// Judges one offer for one job.
#[must_use]
pub fn judge(job: &Request<'_>, candidate: &Candidate<'_>) -> Verdict {
    let (need, have) = (Capacity::of(&job.offer.spec), Capacity::of(&candidate.offer.spec));
    let pair = Pair { job, candidate, need, have };
    RULES.iter().find_map(|rule| rule(&pair)).unwrap_or(Verdict::Match)
}

fn cpu(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, have) = (pair.need.milli_cpu, pair.have.milli_cpu);
    (have < need).then_some(Verdict::CpuMismatch { need, have })
}

fn gpu(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, have) = (pair.need.milli_gpu, pair.have.milli_gpu);
    (have < need).then_some(Verdict::GpuMismatch { need, have })
}

fn ram(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, have) = (pair.need.ram_bytes, pair.have.ram_bytes);
    (have < need).then_some(Verdict::RamMismatch { need, have })
}

/// A job that lists no GPU asks for no video memory.
fn vram(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, have) = (pair.need.vram_mib?, pair.have.vram_mib);
    have.is_none_or(|have| have < need).then_some(Verdict::VramMismatch { need, have })
}

fn disk(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, have) = (pair.need.disk_bytes, pair.have.disk_bytes);
    (have < need).then_some(Verdict::DiskMismatch { need, have })
}

fn market_price(pair: &Pair<'_>) -> Option<Verdict> {
    (pair.candidate.offer.mode == PricingMode::MarketPrice).then_some(Verdict::MarketPriceUnavailable)
}

/// The wire's price, in LP: binds where both sides fixed theirs.
fn fixed_price(pair: &Pair<'_>) -> Option<Verdict> {
    let both = [&pair.job.offer.mode, &pair.candidate.offer.mode]
        .iter()
        .all(|mode| **mode == PricingMode::FixedPrice);
    if both { too_dear(pair.job.offer, pair.candidate.offer) } else { None }
}

/// The verdict where the wire's price of the offer is above what the job pays.
pub(super) fn too_dear(job: &JobOffer, offer: &ResourceOffer) -> Option<Verdict> {
    let (most, asked) = (job.pricing.instruction_price, offer.default_pricing.instruction_price);
    (asked > most).then_some(Verdict::PriceMismatch { most, asked })
}

fn mediator(pair: &Pair<'_>) -> Option<Verdict> {
    let wanted = deal::mediators(&pair.job.offer.trusted_parties);
    let offered = deal::mediators(&pair.candidate.offer.trusted_parties);
    let none = !offered.iter().any(|mediator| wanted.contains(mediator));
    none.then_some(Verdict::MediatorMismatch { wanted: wanted.len(), offered: offered.len() })
}

fn solver(pair: &Pair<'_>) -> Option<Verdict> {
    let wanted = &pair.job.offer.trusted_parties.solver;
    let offered = &pair.candidate.offer.trusted_parties.solver;
    (wanted != offered).then(|| Verdict::SolverMismatch { wanted: wanted.clone(), offered: offered.clone() })
}

fn executor(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, offered) = (&pair.job.terms.executor, &pair.candidate.terms.executors);
    let fits = need.is_empty() || offered.contains(need);
    (!fits).then(|| Verdict::ExecutorMismatch { need: need.clone(), offered: offered.clone() })
}

fn module(pair: &Pair<'_>) -> Option<Verdict> {
    pair.candidate.terms.module_policy.refusal(pair.job.module).map(|rule| Verdict::ModuleRefused { rule })
}

fn rate(pair: &Pair<'_>) -> Option<Verdict> {
    let (most, asked) = (pair.job.terms.max_rate?, pair.candidate.terms.rate);
    (asked.cmp_price(most) == Ordering::Greater).then_some(Verdict::RateMismatch { most, asked })
}

/// The cap must pay for something: a job that may use no work unit would end at its first instruction.
fn price_cap(pair: &Pair<'_>) -> Option<Verdict> {
    let (cap, asked) = (pair.job.terms.price_cap, pair.candidate.terms.rate);
    (asked.affordable_units(cap) == 0).then_some(Verdict::PriceCapMismatch { cap, asked })
}

fn collateral(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, have) = (pair.job.terms.min_collateral_multiple, pair.candidate.terms.collateral_multiple);
    (have < need).then_some(Verdict::CollateralMismatch { need, have })
}
