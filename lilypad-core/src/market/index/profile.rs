//! What an offer has and a job needs, in few numbers: of one, and of many together.
//!
//! [`Supply`] joins to the most that any of its offers has, [`Demand`] to the least that any of its jobs needs. Where even
//! those do not fit, none of the pairs does, and a search leaves them out. The converse does not hold: the rules decide.
//!
//! Words (executors, mediators, labels…) are kept as one bit each of 64, by a hash: two words may share a bit.

use std::collections::BTreeMap;

use super::tree::Summary;
use crate::market::free::Free;
use crate::market::order::{Age, Price};
use crate::market::sides::{Candidate, Request};
use crate::market::units::Capacity;
use crate::market::{deal, rule, select};
use crate::model::{GpuModel, PricingMode, Rate};

/// The bit that every offer has: what a job needs that has no wish.
const ALWAYS: u64 = 1 << 63;

/// What offers have at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Supply {
    free: Capacity,
    /// The cheapest in the order of price.
    pub(super) price: Price,
    /// The oldest.
    pub(super) age: Age,
    /// The lowest price of work.
    rank: u128,
    /// The lowest price on the wire.
    wire: u64,
    collateral: u64,
    levels: Levels,
    words: Words,
}

/// What jobs need at least.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand {
    need: Capacity,
    /// The oldest.
    pub(super) age: Age,
    /// The highest price of work that is taken.
    rank: u128,
    /// The highest price on the wire that is taken.
    wire: u64,
    collateral: u64,
    levels: Levels,
    words: Words,
    /// Labels that all of them need.
    labels: u64,
}

/// Quantities of which more is always enough.
#[derive(Clone, Copy, Debug)]
struct Levels {
    driver: Option<crate::model::SoftwareVersion>,
    cuda: Option<crate::model::SoftwareVersion>,
    network: crate::market::NetworkAccess,
    verification: crate::market::VerificationClass,
    reputation: u32,
}

/// Words of which at least one must be in common.
#[derive(Clone, Copy, Debug)]
struct Words {
    solver: u64,
    mediators: u64,
    executors: u64,
    provider: u64,
    policy: u64,
    listed: u64,
    gpus: [u64; 2],
    /// Of an offer all its labels, of a job one that it needs.
    labels: u64,
}

impl Supply {
    /// `None` for what no job can have now.
    pub(super) fn of(candidate: &Candidate<'_>, free: &Free, price: Price) -> Option<Self> {
        if free.jobs == 0 || candidate.offer.mode == PricingMode::MarketPrice {
            return None;
        }
        let terms = candidate.terms;
        Some(Self {
            free: free.capacity,
            price,
            age: candidate.age(),
            rank: price.rank,
            wire: price.wire,
            collateral: terms.collateral_multiple,
            levels: Levels {
                driver: terms.driver,
                cuda: terms.cuda,
                network: terms.network,
                verification: terms.verification,
                reputation: candidate.reputation,
            },
            words: Words::of_offer(candidate),
        })
    }

    /// The same at another price.
    pub(super) fn at(&self, price: Price) -> Self {
        Self { price, rank: price.rank, wire: price.wire, ..*self }
    }

    /// False where no job of `demand` can have any offer of these.
    pub(super) fn may_serve(&self, demand: &Demand) -> bool {
        let (have, need) = (&self.words, &demand.words);
        crate::market::rules::holds(&demand.need, &self.free)
            && self.rank <= demand.rank
            && self.wire <= demand.wire
            && self.collateral >= demand.collateral
            && self.levels.hold(&demand.levels)
            && have.meet(need)
            && demand.labels & !have.labels == 0
    }
}

impl Demand {
    pub(super) fn of(job: &Request<'_>) -> Self {
        let terms = job.terms;
        // A price that the cap does not pay for one unit of is above cap + 1 wei for one unit.
        let above = terms.price_cap.checked_add(1_u64.into()).unwrap_or(crate::model::Amount::MAX);
        let cap = Rate::new(above, 1).map_or(u128::MAX, Rate::rank);
        let market = select::takes_market_price(job);
        Self {
            need: need(job),
            age: job.age(),
            rank: terms.max_rate.map_or(cap, |most| most.rank().min(cap)),
            wire: if market { u64::MAX } else { job.offer.pricing.instruction_price },
            collateral: terms.min_collateral_multiple,
            levels: Levels {
                driver: terms.min_driver,
                cuda: terms.min_cuda,
                network: terms.network,
                verification: terms.verification,
                reputation: terms.min_reputation,
            },
            words: Words::of_job(job),
            labels: labels(&terms.labels),
        }
    }
}

impl Summary for Supply {
    fn join(&mut self, other: &Self) {
        let (free, more) = (&mut self.free, &other.free);
        free.milli_cpu = free.milli_cpu.max(more.milli_cpu);
        free.milli_gpu = free.milli_gpu.max(more.milli_gpu);
        free.ram_bytes = free.ram_bytes.max(more.ram_bytes);
        free.vram_mib = free.vram_mib.max(more.vram_mib);
        free.disk_bytes = free.disk_bytes.max(more.disk_bytes);
        self.price = self.price.min(other.price);
        self.age = self.age.min(other.age);
        self.rank = self.rank.min(other.rank);
        self.wire = self.wire.min(other.wire);
        self.collateral = self.collateral.max(other.collateral);
        let (mine, theirs) = (&mut self.levels, &other.levels);
        mine.driver = mine.driver.max(theirs.driver);
        mine.cuda = mine.cuda.max(theirs.cuda);
        mine.network = mine.network.max(theirs.network);
        mine.verification = mine.verification.max(theirs.verification);
        mine.reputation = mine.reputation.max(theirs.reputation);
        self.words.join(&other.words);
    }
}

impl Summary for Demand {
    fn join(&mut self, other: &Self) {
        let (need, less) = (&mut self.need, &other.need);
        need.milli_cpu = need.milli_cpu.min(less.milli_cpu);
        need.milli_gpu = need.milli_gpu.min(less.milli_gpu);
        need.ram_bytes = need.ram_bytes.min(less.ram_bytes);
        // None, which is no need, is below every size.
        need.vram_mib = need.vram_mib.min(less.vram_mib);
        need.disk_bytes = need.disk_bytes.min(less.disk_bytes);
        self.age = self.age.min(other.age);
        self.rank = self.rank.max(other.rank);
        self.wire = self.wire.max(other.wire);
        self.collateral = self.collateral.min(other.collateral);
        let (mine, theirs) = (&mut self.levels, &other.levels);
        mine.driver = mine.driver.min(theirs.driver);
        mine.cuda = mine.cuda.min(theirs.cuda);
        mine.network = mine.network.min(theirs.network);
        mine.verification = mine.verification.min(theirs.verification);
        mine.reputation = mine.reputation.min(theirs.reputation);
        self.words.join(&other.words);
        self.labels &= other.labels;
    }
}

impl Levels {
    fn hold(&self, need: &Self) -> bool {
        self.driver >= need.driver
            && self.cuda >= need.cuda
            && self.network >= need.network
            && self.verification >= need.verification
            && self.reputation >= need.reputation
    }
}

impl Words {
    fn of_offer(candidate: &Candidate<'_>) -> Self {
        let (offer, terms) = (candidate.offer, candidate.terms);
        let names = terms.module_policy.allowed_names();
        let listed = offer.modules.as_deref().unwrap_or_default();
        let gpus = offer.spec.gpus.as_deref().unwrap_or_default();
        Self {
            solver: bit(&offer.trusted_parties.solver),
            mediators: bits(deal::mediators(&offer.trusted_parties)),
            executors: bits(&terms.executors) | ALWAYS,
            provider: bit(&offer.resource_provider) | ALWAYS,
            policy: names.map_or(ALWAYS, |names| names.fold(0, |all, name| all | bit(&name))),
            listed: if listed.is_empty() { ALWAYS } else { bits(listed) },
            gpus: gpus.iter().map(|gpu| numbers(&gpu.name)).fold([ALWAYS; 2], both),
            labels: labels(&terms.labels) | ALWAYS,
        }
    }

    fn of_job(job: &Request<'_>) -> Self {
        let target = &job.offer.target.address;
        let executor = &job.terms.executor;
        let names = rule::Named::of(job.module).all();
        Self {
            solver: bit(&job.offer.trusted_parties.solver),
            mediators: bits(deal::mediators(&job.offer.trusted_parties)),
            executors: if executor.is_empty() { ALWAYS } else { bit(executor) },
            provider: if target.is_empty() { ALWAYS } else { bit(target) },
            policy: bits(&names) | ALWAYS,
            listed: bit(&job.module_id) | ALWAYS,
            gpus: gpu_words(job),
            labels: one_label(&job.terms.labels),
        }
    }

    fn join(&mut self, other: &Self) {
        self.solver |= other.solver;
        self.mediators |= other.mediators;
        self.executors |= other.executors;
        self.provider |= other.provider;
        self.policy |= other.policy;
        self.listed |= other.listed;
        self.gpus = both(self.gpus, other.gpus);
        self.labels |= other.labels;
    }

    fn meet(&self, need: &Self) -> bool {
        self.solver & need.solver != 0
            && self.mediators & need.mediators != 0
            && self.executors & need.executors != 0
            && self.provider & need.provider != 0
            && self.policy & need.policy != 0
            && self.listed & need.listed != 0
            && self.labels & need.labels != 0
            && self.gpus.iter().zip(&need.gpus).all(|(have, need)| have & need != 0)
    }
}

/// The wire's numbers and what the GPUs that are asked for one by one need beside them: so many whole ones free, one of
/// them with so much memory. [`Free::fit`] asks for no less.
fn need(job: &Request<'_>) -> Capacity {
    let mut need = Capacity::of(&job.offer.spec);
    let gpus = &job.terms.gpus;
    if gpus.is_empty() {
        return need;
    }
    let count =
        gpus.iter().fold(0_i64, |sum, gpu| sum.saturating_add(i64::try_from(gpu.count()).unwrap_or(0)));
    need.milli_gpu = need.milli_gpu.max(count.saturating_mul(1_000));
    let least = gpus.iter().map(|gpu| gpu.memory().least().map_or(0, |least| least.0));
    need.vram_mib = need.vram_mib.max(least.max());
    need
}

/// What tells the models that would do for the first requirement that names some: two bits for each, by two hashes.
fn gpu_words(job: &Request<'_>) -> [u64; 2] {
    let named = job.terms.gpus.iter().map(|need| need.models()).find(|models| !models.is_empty());
    let numbers = |models: &[GpuModel]| {
        models
            .iter()
            .fold([0; 2], |all, model| both(all, first_number(model.as_str()).unwrap_or([ALWAYS; 2])))
    };
    named.map_or([ALWAYS; 2], numbers)
}

/// The bits of the first number in a model that has a letter before it: an `A100` is no `H100`.
fn first_number(model: &str) -> Option<[u64; 2]> {
    let letters = model.find(|c: char| c.is_ascii_alphabetic())?;
    let (_, model) = model.split_at_checked(letters)?;
    let (letters, from) = model.split_at_checked(model.find(|c: char| c.is_ascii_digit())?)?;
    let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
    Some(number_bits(letters.chars().next_back()?, from.get(..end)?))
}

fn number_bits(letter: char, digits: &str) -> [u64; 2] {
    let hash = hash(&std::iter::once(letter.to_ascii_uppercase()).chain(digits.chars()).collect::<String>());
    [1 << (hash % 63), 1 << (hash / 63 % 63)]
}

fn both(one: [u64; 2], other: [u64; 2]) -> [u64; 2] {
    let ([first, second], [more_first, more_second]) = (one, other);
    [first | more_first, second | more_second]
}

/// Most numbers in a row, with nothing but marks between them, that are put together in every way.
const IN_A_ROW: usize = 4;

/// The bits of each number in a GPU's name, with the letter before it, and of each that the numbers right behind it make
/// of it. A name that fits a model has the model's among these: the model is some whole words of the name one behind the
/// other, and words end at whatever is no ASCII letter or digit.
fn numbers(name: &str) -> [u64; 2] {
    let mut all = [ALWAYS; 2];
    let mut letter = None;
    let mut rest = name;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at_checked(start).unwrap_or_default();
        letter = before.chars().rfind(char::is_ascii_alphabetic).or(letter);
        let end = from.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(from.len());
        let (row, after) = from.split_at_checked(end).unwrap_or_default();
        let mut digits = String::new();
        for (at, run) in row.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()).enumerate() {
            if at >= IN_A_ROW {
                return [u64::MAX; 2];
            }
            digits.push_str(run);
            all = letter.map_or(all, |letter| both(all, number_bits(letter, &digits)));
        }
        rest = after;
    }
    all
}

fn labels(labels: &BTreeMap<String, String>) -> u64 {
    labels.iter().map(|(name, value)| label(name, value)).fold(0, |all, bit| all | bit)
}

/// The highest bit of the labels that a job needs: many jobs that need many labels have none in common, and say by this one
/// that they all need some.
pub(super) fn one_label(needed: &BTreeMap<String, String>) -> u64 {
    1_u64.checked_shl(labels(needed).checked_ilog2().unwrap_or(63)).unwrap_or(ALWAYS)
}

fn label(name: &str, value: &str) -> u64 {
    1 << (hash(name).wrapping_mul(31).wrapping_add(hash(value)) % 63)
}

fn bits(words: &[String]) -> u64 {
    words.iter().fold(0, |all, word| all | bit(word))
}

/// One of the lower 63 bits.
fn bit(word: &str) -> u64 {
    1 << (hash(word) % 63)
}

/// FNV-1a, then spread: the same on every machine.
pub(super) fn hash(word: &str) -> u64 {
    let hash = word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash ^ (hash >> 32)
}
