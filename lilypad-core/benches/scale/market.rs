//! A market as it might be: a few thousand kinds of machines, jobs of mixed needs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use lilypad_core::market::{Candidate, JobTerms, OfferTerms, Offered, Request, Wanted, module_id};
use lilypad_core::model::{
    Amount, Cid, ContentId, DealPricing, GpuSpec, JobId, JobOffer, MachineSpec, ModuleConfig, ModulePin,
    PricingMode, Rate, ResourceOffer, ResourceOfferId, ServiceConfig, TargetConfig,
};
use lilypad_core::rt::Timestamp;

use crate::dice::Dice;

/// How many kinds of machines there are.
const SHAPES: usize = 3_000;
/// How many modules there are.
const MODULES: usize = 50;

/// Model, video memory in MiB, and the middle price of one in wei per million units.
const GPUS: [(&str, i64, u64); 12] = [
    ("NVIDIA H100 80GB HBM3", 81_559, 2_400_000),
    ("NVIDIA H200", 143_771, 3_500_000),
    ("NVIDIA A100-SXM4-80GB", 81_920, 1_500_000),
    ("NVIDIA A100-SXM4-40GB", 40_960, 1_100_000),
    ("NVIDIA L40S", 46_068, 900_000),
    ("NVIDIA GeForce RTX 4090", 24_564, 400_000),
    ("NVIDIA GeForce RTX 3090", 24_576, 220_000),
    ("NVIDIA GeForce RTX 4070 Ti", 12_282, 180_000),
    ("NVIDIA RTX A4000", 16_376, 200_000),
    ("Tesla T4", 15_360, 150_000),
    ("NVIDIA GeForce GTX 1080 Ti", 11_264, 90_000),
    ("AMD Instinct MI300X", 196_592, 2_800_000),
];
const NEEDS: [&str; 8] = [
    "nvidia:H100,H200",
    "RTX4090",
    "nvidia:A100:40GB..",
    "24GB..:2",
    "nvidia:T4,RTX 3090",
    "16GB..",
    "L40S",
    "H100:4",
];
const REGIONS: [&str; 8] = ["eu", "us-east", "us-west", "apac", "sa", "af", "me", "in"];

pub(crate) struct Machine {
    pub(crate) id: ResourceOfferId,
    pub(crate) offer: ResourceOffer,
    pub(crate) terms: Arc<OfferTerms>,
    pub(crate) reputation: u32,
}

pub(crate) struct Job {
    pub(crate) id: JobId,
    pub(crate) offer: JobOffer,
    pub(crate) terms: Arc<JobTerms>,
    pub(crate) module: Arc<ModulePin>,
}

impl Offered for Machine {
    fn offer(&self) -> &ResourceOffer {
        &self.offer
    }

    fn terms(&self) -> &OfferTerms {
        &self.terms
    }
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

impl Machine {
    pub(crate) fn candidate(&self) -> Candidate<'_> {
        Candidate { id: self.id, offer: &self.offer, terms: &self.terms, reputation: self.reputation }
    }
}

impl Job {
    pub(crate) fn request(&self) -> Request<'_> {
        Request::new(self.id, &self.offer, &self.terms, &self.module).expect("plain data")
    }
}

struct Shape {
    spec: MachineSpec,
    terms: OfferTerms,
    price: u64,
}

/// Makes machines and jobs, one after the other.
pub(crate) struct Market {
    dice: Dice,
    shapes: Vec<Shape>,
    modules: Vec<(ModuleConfig, Arc<ModulePin>)>,
    providers: usize,
    made: usize,
    /// Terms that many say alike, kept once, as a book may that has this many.
    offer_terms: HashMap<(usize, u64), Arc<OfferTerms>>,
    job_terms: HashMap<String, Arc<JobTerms>>,
}

impl Market {
    /// A market of about so many machines.
    pub(crate) fn new(seed: u64, machines: usize) -> Self {
        let mut dice = Dice(seed);
        let modules = (0..MODULES).map(|number| {
            let name = format!("module-{number}");
            let content = ContentId(Cid::of_block(name.as_bytes()));
            let config = ModuleConfig { name, ..ModuleConfig::default() };
            (config, Arc::new(ModulePin::Content { content }))
        });
        let modules = modules.collect();
        let shapes = (0..SHAPES).map(|_| shape(&mut dice)).collect();
        let providers = machines.div_ceil(8).max(1);
        let (offer_terms, job_terms) = (HashMap::new(), HashMap::new());
        Self { dice, shapes, modules, providers, made: 0, offer_terms, job_terms }
    }

    fn services(&mut self) -> ServiceConfig {
        let first = self.dice.of(&["0xm1", "0xm1", "0xm1", "0xm2", "0xm3"]).to_owned();
        ServiceConfig {
            solver: "0xd4646ef9f7336b06841db3019b617ceadf435316".to_owned(),
            mediator: Some(vec![first, "0xm4".to_owned()]),
            ..ServiceConfig::default()
        }
    }

    fn created_at(&mut self) -> Timestamp {
        Timestamp(1_700_000_000_000 + self.made as u64 * 1_000 + self.dice.below(60_000) as u64)
    }

    pub(crate) fn machine(&mut self) -> Machine {
        self.made += 1;
        let dice = &mut self.dice;
        let kind = dice.below(SHAPES);
        let shape = &self.shapes[kind];
        let price = two_digits(dice.price(shape.price));
        let mut terms = OfferTerms { rate: rate(price), ..shape.terms.clone() };
        let spec = shape.spec.clone();
        let provider = format!("0x{:040x}", dice.below(self.providers));
        let mut prices = None;
        let (config, pin) = &self.modules[dice.below(MODULES)];
        match dice.below(50) {
            0 => drop(terms.module_rates.insert(pin.content(), rate(price / 2))),
            1 => {
                let own = DealPricing { instruction_price: price / 3, ..DealPricing::default() };
                prices = Some(BTreeMap::from([(module_id(config).expect("plain data"), own)]));
            }
            _ => {}
        }
        let reputation = dice.of(&[300, 500, 500, 800, 1_000]);
        let terms = if terms.module_rates.is_empty() {
            self.offer_terms.entry((kind, price)).or_insert_with(|| Arc::new(terms)).clone()
        } else {
            Arc::new(terms)
        };
        Machine {
            id: ResourceOfferId(Cid::of_block(format!("machine {}", self.made).as_bytes())),
            offer: ResourceOffer {
                created_at: self.created_at(),
                resource_provider: provider,
                index: self.made as i64,
                spec,
                modules: Some(Vec::new()),
                mode: PricingMode::FixedPrice,
                default_pricing: DealPricing { instruction_price: price / 1_000, ..DealPricing::default() },
                module_pricing: Some(prices.unwrap_or_default()),
                trusted_parties: self.services(),
                ..ResourceOffer::default()
            },
            terms,
            reputation,
        }
    }

    pub(crate) fn job(&mut self) -> Job {
        self.made += 1;
        let dice = &mut self.dice;
        let (mut spec, mut terms) = needs(dice);
        if dice.percent(3) {
            impossible(dice, &mut spec, &mut terms);
        }
        let (config, pin) = self.modules[dice.below(MODULES)].clone();
        let fixed = dice.percent(20);
        let most = dice.price(4_000);
        // A provider with eight machines seldom has the right one: a job that names it asks for little.
        let target =
            if dice.percent(3) { format!("0x{:040x}", dice.below(self.providers)) } else { String::new() };
        if !target.is_empty() {
            spec = MachineSpec { cpu: 500, ram: 500, ..MachineSpec::default() };
            terms = JobTerms::new("", Amount::from_lp(1));
        }
        let nonce = format!("nonce {:015}", self.made);
        let plain = terms.max_rate.is_none() && terms.labels.is_empty() && terms.gpus.is_empty();
        let terms = if plain {
            let words =
                format!("{} {} {}", terms.executor, terms.min_reputation, terms.min_collateral_multiple);
            self.job_terms.entry(words).or_insert_with(|| Arc::new(terms)).clone()
        } else {
            Arc::new(terms)
        };
        Job {
            id: JobId(Cid::of_block(format!("job {}", self.made).as_bytes())),
            offer: JobOffer {
                created_at: self.created_at(),
                nonce,
                job_creator: format!("0x{:040x}", self.dice.below(100_000)),
                module: config,
                spec,
                mode: if fixed { PricingMode::FixedPrice } else { PricingMode::MarketPrice },
                pricing: DealPricing { instruction_price: most, ..DealPricing::default() },
                trusted_parties: self.services(),
                target: TargetConfig { address: target },
                ..JobOffer::default()
            },
            terms,
            module: pin,
        }
    }
}

/// People ask for round prices.
fn two_digits(price: u64) -> u64 {
    let step = 10_u64.pow(price.max(1).ilog10().saturating_sub(1));
    price / step * step
}

fn rate(price: u64) -> Rate {
    Rate::new(Amount::from_wei(u128::from(price)), 1_000_000).expect("not per nothing")
}

fn shape(dice: &mut Dice) -> Shape {
    let cores = dice.of(&[4, 8, 8, 16, 16, 32, 64, 128]);
    let ram_per_core = dice.of(&[2_000, 4_000, 4_000, 8_000]);
    let (gpus, gpu_price) = if dice.percent(35) {
        (Vec::new(), 0)
    } else {
        let (name, vram, price) = dice.of(&GPUS);
        let count = dice.of(&[1, 1, 1, 2, 4, 8]);
        let vendor = if name.starts_with("AMD") { "AMD/ATI" } else { "NVIDIA" };
        let gpu = GpuSpec { name: name.to_owned(), vendor: vendor.to_owned(), vram };
        (vec![gpu; count], price)
    };
    let mut labels = BTreeMap::from([("region".to_owned(), dice.of(&REGIONS).to_owned())]);
    if dice.percent(30) {
        labels.insert("disk".to_owned(), "nvme".to_owned());
    }
    let executors: &[&str] =
        dice.of(&[&["wasm"] as &[_], &["wasm", "docker"], &["wasm", "docker"], &["docker"]]);
    let terms = OfferTerms {
        executors: executors.iter().map(|&name| name.to_owned()).collect(),
        collateral_multiple: dice.of(&[0, 1, 2, 10]),
        max_jobs: 1 + dice.below(8) as u32,
        cuda: (gpu_price > 0).then(|| dice.of(&["11.8", "12.2", "12.4"]).parse().expect("a version")),
        labels,
        ..OfferTerms::default()
    };
    let spec = MachineSpec {
        gpu: gpus.len() as i64,
        gpus: if gpus.is_empty() { None } else { Some(gpus) },
        cpu: cores * 1_000 - dice.of(&[0, 0, 500, 1_000]),
        ram: cores * ram_per_core - 100 * dice.below(10) as i64,
        disk: dice.of(&[100_000, 500_000, 1_000_000, 4_000_000]),
    };
    Shape { spec, terms, price: 50_000 + 3_000 * cores as u64 + gpu_price }
}

fn needs(dice: &mut Dice) -> (MachineSpec, JobTerms) {
    let mut spec = MachineSpec {
        cpu: dice.of(&[500, 1_000, 1_000, 2_000, 4_000, 8_000]),
        ram: dice.of(&[100, 500, 1_000, 4_000, 8_000, 16_000]),
        disk: dice.of(&[0, 0, 1_000, 20_000]),
        ..MachineSpec::default()
    };
    let mut terms = JobTerms::new(dice.of(&["", "wasm", "wasm", "docker"]), Amount::from_lp(1));
    if dice.percent(25) {
        terms.max_rate = Some(rate(dice.price(3_000_000)));
    }
    if dice.percent(15) {
        terms.labels.insert("region".to_owned(), dice.of(&REGIONS).to_owned());
    }
    terms.min_reputation = dice.of(&[0, 0, 0, 500]);
    terms.min_collateral_multiple = dice.of(&[0, 0, 0, 1]);
    match dice.below(10) {
        0 | 1 => spec.gpu = dice.of(&[1, 1, 2]),
        2 => {
            spec.gpu = 1;
            spec.gpus = Some(vec![GpuSpec { vram: dice.of(&[8_000, 16_000, 24_000]), ..GpuSpec::default() }]);
        }
        3 => terms.gpus = vec![dice.of(&NEEDS).parse().expect("a requirement")],
        _ => {}
    }
    (spec, terms)
}

/// What no machine has: it waits, and every change of the book must pass it by.
fn impossible(dice: &mut Dice, spec: &mut MachineSpec, terms: &mut JobTerms) {
    match dice.below(5) {
        0 => spec.ram = 4_000_000,
        1 => spec.gpu = 16,
        2 => terms.gpus = vec!["nvidia:B200".parse().expect("a requirement")],
        3 => drop(terms.labels.insert("region".to_owned(), "moon".to_owned())),
        // Every part of it is somewhere, and all of them nowhere together.
        _ => {
            terms.gpus = vec!["T4".parse().expect("a requirement")];
            terms.max_rate = Some(rate(1_000));
        }
    }
}
