//! The rules in their order, one function each. Equal passes everywhere.

mod machine;
mod price;
mod trust;

use super::Verdict;
use super::sides::{Candidate, Request};
use super::units::Capacity;

pub(super) use price::too_dear;

/// One job against one offer, in one unit per quantity.
struct Pair<'a> {
    job: &'a Request<'a>,
    candidate: &'a Candidate<'a>,
    need: Capacity,
    have: Capacity,
}

type Rule = fn(&Pair<'_>) -> Option<Verdict>;

/// The wire's nine rules in their order, then ours: machine, software, trust, price. The first that fails is the verdict.
const RULES: [Rule; 22] = [
    machine::cpu,
    machine::gpu,
    machine::ram,
    machine::vram,
    machine::disk,
    price::market_price,
    price::fixed_price,
    trust::mediator,
    trust::solver,
    machine::gpus,
    machine::driver,
    machine::cuda,
    machine::executor,
    machine::network,
    trust::policy,
    trust::listed,
    trust::labels,
    trust::verification,
    trust::reputation,
    trust::collateral,
    price::rate,
    price::price_cap,
];

/// Judges one offer for one job, as if nothing else ran on its machine.
#[must_use]
pub fn judge(job: &Request<'_>, candidate: &Candidate<'_>) -> Verdict {
    let pair = Pair::new(job, candidate);
    RULES.iter().find_map(|rule| rule(&pair)).unwrap_or(Verdict::Match)
}

/// The same, and that a job with a price of its own pays for the offer whatever mode the provider is in: what decides
/// over a match.
pub(super) fn judge_selected(job: &Request<'_>, candidate: &Candidate<'_>) -> Verdict {
    match judge(job, candidate) {
        Verdict::Match => too_dear(job, candidate).unwrap_or(Verdict::Match),
        verdict => verdict,
    }
}

/// Every rule that fails, in their order, found as they are asked for. What a job with a price of its own does not pay comes
/// last where it is no fault under the rules alone.
pub(super) fn faults<'a>(
    job: &'a Request<'a>,
    candidate: &'a Candidate<'a>,
) -> impl Iterator<Item = Verdict> + use<'a> {
    let pair = Pair::new(job, candidate);
    let beyond = price::fixed_price(&pair).is_none().then(|| too_dear(job, candidate)).flatten();
    RULES.iter().filter_map(move |rule| rule(&pair)).chain(beyond)
}

/// True where each quantity that is needed is there.
pub(super) fn holds(need: &Capacity, have: &Capacity) -> bool {
    have.milli_cpu >= need.milli_cpu
        && have.milli_gpu >= need.milli_gpu
        && have.ram_bytes >= need.ram_bytes
        && need.vram_mib.is_none_or(|need| have.vram_mib.is_some_and(|have| have >= need))
        && have.disk_bytes >= need.disk_bytes
}

impl<'a> Pair<'a> {
    fn new(job: &'a Request<'a>, candidate: &'a Candidate<'a>) -> Self {
        let (need, have) = (Capacity::of(&job.offer.spec), Capacity::of(&candidate.offer.spec));
        Self { job, candidate, need, have }
    }
}
