//! Random books: few values of each kind, so that equal ones, edges and near misses are common.

use super::*;
use crate::model::{GpuSpec, ModuleConfig, TargetConfig};

/// SplitMix64: the same numbers on every machine.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub(super) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub(super) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    pub(super) fn of<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) id: JobId,
    pub(super) offer: JobOffer,
    pub(super) terms: JobTerms,
    pub(super) module: ModulePin,
}

#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) id: ResourceOfferId,
    pub(super) offer: ResourceOffer,
    pub(super) terms: OfferTerms,
    pub(super) reputation: u32,
}

impl Wanted for Job {
    fn offer(&self) -> &JobOffer {
        &self.offer
    }

    fn terms(&self) -> &JobTerms {
        &self.terms
    }

    fn module(&self) -> &ModulePin {
        &self.module
    }
}

impl Offered for Offer {
    fn offer(&self) -> &ResourceOffer {
        &self.offer
    }

    fn terms(&self) -> &OfferTerms {
        &self.terms
    }
}

impl Job {
    pub(super) fn request(&self) -> Request<'_> {
        Request::new(self.id, &self.offer, &self.terms, &self.module).unwrap()
    }
}

impl Offer {
    pub(super) fn candidate(&self) -> Candidate<'_> {
        Candidate { id: self.id, offer: &self.offer, terms: &self.terms, reputation: self.reputation }
    }
}

const GPUS: [(&str, &str, i64); 5] = [
    ("NVIDIA H100 80GB HBM3", "NVIDIA", 81_559),
    ("NVIDIA A100-SXM4-40GB", "NVIDIA", 40_960),
    ("NVIDIA GeForce RTX 4090", "NVIDIA", 24_564),
    ("Tesla T4", "NVIDIA", 15_360),
    ("AMD Instinct MI300X", "AMD/ATI", 196_592),
];

const NEEDS: [&str; 8] = [
    "nvidia",
    "nvidia:H100,A100:40GB..",
    "24GB..",
    "RTX4090:2",
    "amd:MI300X",
    "nvidia:T4,RTX 4090:..24GB",
    "2",
    "nvidia:H100:2",
];

fn services(dice: &mut Dice) -> ServiceConfig {
    let mediators: Vec<String> =
        (0..=dice.below(2)).map(|_| dice.pick(&["m1", "m1", "m1", "m1", "m1", "m2"]).to_owned()).collect();
    let solver = if dice.one_in(30) { "other" } else { "solver" }.to_owned();
    ServiceConfig { solver, mediator: Some(mediators), ..ServiceConfig::default() }
}

fn modules() -> [(ModuleConfig, ModulePin); 3] {
    ["one", "two", "three"].map(|name| {
        let config = ModuleConfig { name: name.to_owned(), ..ModuleConfig::default() };
        let content = ContentId(cid(name));
        let pin = match name {
            "one" => ModulePin::Content { content },
            _ => ModulePin::Git {
                repo: format!("https://github.com/owner/{name}"),
                commit: "0123456789abcdef0123456789abcdef01234567".to_owned(),
                path: "lilypad.toml".to_owned(),
                content,
            },
        };
        (config, pin)
    })
}

fn some_rate(dice: &mut Dice) -> Rate {
    dice.of(&[Rate::FREE, rate(1, 3), rate(2, 6), rate(1, 2), rate(1, 1), rate(3, 1), rate(2_000, 1)])
}

fn labels(dice: &mut Dice, odds: usize) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    if dice.one_in(odds) {
        labels.insert("region".to_owned(), dice.pick(&["eu", "us"]).to_owned());
    }
    if dice.one_in(odds + 2) {
        labels.insert("disk".to_owned(), dice.pick(&["nvme", "hdd"]).to_owned());
    }
    labels
}

/// The `number`-th offer: `plain` ones say nothing but what the wire of v2 says and counts.
pub(super) fn offer(dice: &mut Dice, number: usize, plain: bool) -> Offer {
    let mut resource = offered(&format!("provider {}", dice.below(number + 2)), 0, 0);
    resource.index = number as i64;
    resource.created_at = Timestamp(dice.below(6) as u64);
    resource.default_pricing.instruction_price = dice.below(4) as u64;
    resource.trusted_parties = services(dice);
    let count = if dice.one_in(2) { dice.below(4) } else { 0 };
    let gpus = (0..count).map(|_| dice.of(&GPUS));
    let gpus = gpus.map(|(name, vendor, vram)| GpuSpec { name: name.into(), vendor: vendor.into(), vram });
    resource.spec = MachineSpec {
        gpu: count as i64,
        gpus: Some(gpus.collect()),
        cpu: dice.of(&[1_000, 2_000, 4_000, 8_000]),
        ram: dice.of(&[1_024, 4_096, 8_192, 8_192]),
        disk: dice.of(&[1_000, 100_000, 100_000]),
    };
    if dice.one_in(20) {
        resource.mode = PricingMode::MarketPrice;
    }
    let id = ResourceOfferId(cid(format!("offer {number}")));
    if plain {
        return Offer { id, offer: resource, terms: OfferTerms::default(), reputation: 0 };
    }
    let [(one, _), (two, pin), _] = modules();
    if dice.one_in(5) {
        let price = DealPricing { instruction_price: dice.below(3) as u64, ..DealPricing::default() };
        resource.module_pricing = Some(BTreeMap::from([(module_id(&two).unwrap(), price)]));
    }
    if dice.one_in(8) {
        resource.modules = Some(vec![module_id(dice.pick(&[&one, &two])).unwrap()]);
    }
    let mut terms = OfferTerms {
        rate: some_rate(dice),
        executors: vec![dice.pick(&["wasm", "wasm", "wasm", "wasm", "docker"]).to_owned()],
        collateral_multiple: dice.of(&[0, 1, 2, 2]),
        max_jobs: dice.of(&[1, 1, 2, 3]),
        cuda: dice.of(&[None, Some("11.8".parse().unwrap()), Some("12.4".parse().unwrap())]),
        labels: labels(dice, 2),
        network: dice.of(&[NetworkAccess::None, NetworkAccess::Full, NetworkAccess::Full]),
        verification: dice.of(&[VerificationClass::None, VerificationClass::Exact]),
        ..OfferTerms::default()
    };
    if dice.one_in(4) {
        terms.module_rates.insert(pin.content(), some_rate(dice));
    }
    terms.module_policy = match dice.below(10) {
        0 => ModulePolicy::deny_all().allow("author:github.com/owner".parse().unwrap()),
        1 => ModulePolicy::deny_all().allow(ModuleRule::Content(pin.content())),
        2 => ModulePolicy::allow_all().deny("repo:github.com/owner/three".parse().unwrap()),
        _ => ModulePolicy::allow_all(),
    };
    Offer { id, offer: resource, terms, reputation: dice.of(&[0, 500, 1_000, 1_000]) }
}

/// The `number`-th job.
pub(super) fn job(dice: &mut Dice, number: usize, plain: bool) -> Job {
    let (config, pin) = modules()[dice.below(3)].clone();
    let gpus = match dice.below(10) {
        0 => Some(vec![GpuSpec { vram: dice.of(&[0, 16_000, 24_564, 50_000]), ..GpuSpec::default() }]),
        1 => Some(Vec::new()),
        _ => None,
    };
    let mut offer = JobOffer {
        created_at: Timestamp(dice.below(6) as u64),
        nonce: number.to_string(),
        module: config,
        spec: MachineSpec {
            gpu: dice.of(&[0, 0, 0, 0, 0, 1, 2]),
            gpus,
            cpu: dice.of(&[0, 500, 1_000, 2_000]),
            ram: dice.of(&[0, 512, 512, 1_024, 4_096]),
            disk: dice.of(&[0, 0, 0, 1_000, 50_000]),
        },
        mode: dice
            .pick(&[&PricingMode::MarketPrice, &PricingMode::MarketPrice, &PricingMode::FixedPrice])
            .clone(),
        pricing: DealPricing { instruction_price: dice.below(4) as u64, ..DealPricing::default() },
        trusted_parties: services(dice),
        ..JobOffer::default()
    };
    let id = JobId(cid(format!("job {number}")));
    if plain {
        return Job { id, offer, terms: JobTerms::default(), module: pin };
    }
    if dice.one_in(8) {
        offer.target = TargetConfig { address: format!("provider {}", dice.below(6)) };
    }
    let terms = JobTerms {
        price_cap: wei(dice.of(&[0, 1, 1_000, 1_000, 1_000, 1_000, 1_000])),
        max_rate: if dice.one_in(5) { Some(some_rate(dice)) } else { None },
        executor: dice.pick(&["", "", "wasm", "wasm", "docker"]).to_owned(),
        min_collateral_multiple: dice.of(&[0, 0, 0, 0, 0, 1]),
        gpus: if dice.one_in(8) { vec![dice.pick(&NEEDS).parse().unwrap()] } else { Vec::new() },
        min_driver: None,
        min_cuda: if dice.one_in(12) { Some("12".parse().unwrap()) } else { None },
        labels: labels(dice, 12),
        network: dice.of(&[
            NetworkAccess::None,
            NetworkAccess::None,
            NetworkAccess::None,
            NetworkAccess::Domains,
        ]),
        verification: if dice.one_in(8) { VerificationClass::Tolerance } else { VerificationClass::None },
        min_reputation: dice.of(&[0, 0, 0, 0, 0, 501]),
    };
    Job { id, offer, terms, module: pin }
}
