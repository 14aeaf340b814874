//! What both sides agree to that the wire's offers have no place for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ModulePolicy, NetworkAccess, VerificationClass};
use crate::error::{Error, Result};
use crate::model::{Amount, ContentId, GpuRequirement, ModulePin, Rate, SoftwareVersion};

/// Most labels of one side.
const LABELS: usize = 64;
/// Most bytes in the name or the value of a label, and in the name of an executor.
const WORD_BYTES: usize = 128;
/// Most kinds of executors of a provider.
const EXECUTORS: usize = 16;
/// Most modules with a price of their own.
const MODULE_RATES: usize = 1_000;
/// Most jobs on one machine at once.
const JOBS: u32 = 1_024;

/// What a job creator asks for beside its job offer. The default asks for nothing and pays nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JobTerms {
    /// The most that the job may cost; held in escrow while it runs.
    pub price_cap: Amount,
    /// The dearest price of measured work that is still taken; `None` takes any.
    pub max_rate: Option<Rate>,
    /// The kind of executor that the job needs (`wasm`); empty where any will do.
    pub executor: String,
    /// The least collateral that the provider must stake, as a multiple of the price cap.
    pub min_collateral_multiple: u64,
    /// The GPUs that it needs, one by one; empty where the numbers on the wire say all.
    pub gpus: Vec<GpuRequirement>,
    /// The oldest GPU driver that will do.
    pub min_driver: Option<SoftwareVersion>,
    /// The oldest CUDA version that will do.
    pub min_cuda: Option<SoftwareVersion>,
    /// Labels that the machine must carry, each with this very value (`region` = `eu`).
    pub labels: BTreeMap<String, String>,
    /// What the job must be able to reach.
    pub network: NetworkAccess,
    /// What re-running it must promise at least.
    pub verification: VerificationClass,
    /// The lowest reputation of a provider that is still taken, from 0 to 1,000.
    pub min_reputation: u32,
}

impl JobTerms {
    /// Terms with a price cap, for an executor of this kind; any price of work, nothing else asked.
    #[must_use]
    pub fn new(executor: impl Into<String>, price_cap: Amount) -> Self {
        Self { price_cap, executor: executor.into(), ..Self::default() }
    }

    /// Checks that no part of the terms is larger than an honest one.
    ///
    /// # Errors
    /// `InvalidInput` (`E_TERMS_LIMIT`) that names the field, the limit and what was got.
    pub fn check_limits(&self) -> Result<()> {
        at_most("executor", WORD_BYTES, self.executor.len(), "bytes")?;
        at_most("gpus", GpuRequirement::MAX_PER_JOB, self.gpus.len(), "entries")?;
        labels(&self.labels)
    }
}

/// What a provider offers beside its resource offer. The default works for nothing, runs every module, and serves one
/// job at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OfferTerms {
    /// Price of measured work.
    pub rate: Rate,
    /// Prices of modules with one of their own, by the content id of their bundle.
    pub module_rates: BTreeMap<ContentId, Rate>,
    /// The kinds of executors that it runs (`wasm`, `docker`).
    pub executors: Vec<String>,
    /// The collateral that it stakes on a job, as a multiple of the job's price cap.
    pub collateral_multiple: u64,
    /// Which modules it runs.
    pub module_policy: ModulePolicy,
    /// How many jobs run on the machine at once, as far as they fit beside each other.
    pub max_jobs: u32,
    /// Version of the GPU driver.
    pub driver: Option<SoftwareVersion>,
    /// Newest CUDA version that the driver runs.
    pub cuda: Option<SoftwareVersion>,
    /// Labels that the machine carries (`region` = `eu`).
    pub labels: BTreeMap<String, String>,
    /// The most that a job may reach.
    pub network: NetworkAccess,
    /// The best that re-running a job on this machine promises.
    pub verification: VerificationClass,
}

impl Default for OfferTerms {
    fn default() -> Self {
        Self {
            rate: Rate::FREE,
            module_rates: BTreeMap::new(),
            executors: Vec::new(),
            collateral_multiple: 0,
            module_policy: ModulePolicy::default(),
            max_jobs: 1,
            driver: None,
            cuda: None,
            labels: BTreeMap::new(),
            network: NetworkAccess::None,
            verification: VerificationClass::None,
        }
    }
}

impl OfferTerms {
    /// The price of work of this module: its own, where it has one.
    #[must_use]
    pub fn rate_for(&self, module: &ModulePin) -> Rate {
        self.module_rates.get(&module.content()).copied().unwrap_or(self.rate)
    }

    /// The collateral that it stakes on a job with this price cap.
    ///
    /// A product above 2^256 − 1 wei becomes that: nobody can stake it.
    #[must_use]
    pub fn collateral(&self, price_cap: Amount) -> Amount {
        price_cap.checked_mul(self.collateral_multiple).unwrap_or(Amount::MAX)
    }

    /// Checks that no part of the terms is larger than an honest one.
    ///
    /// # Errors
    /// `InvalidInput` (`E_TERMS_LIMIT`) that names the field, the limit and what was got.
    pub fn check_limits(&self) -> Result<()> {
        at_most("executors", EXECUTORS, self.executors.len(), "entries")?;
        self.executors.iter().try_for_each(|name| at_most("executors", WORD_BYTES, name.len(), "bytes"))?;
        at_most("module_rates", MODULE_RATES, self.module_rates.len(), "entries")?;
        at_most("module_policy", ModulePolicy::MAX_RULES, self.module_policy.rules(), "rules")?;
        if self.max_jobs == 0 || self.max_jobs > JOBS {
            let message = format!("max_jobs is {}; 1 to {JOBS} are allowed", self.max_jobs);
            return Err(Error::invalid("E_TERMS_LIMIT", message)
                .with("field", "max_jobs")
                .with("limit", JOBS)
                .with("got", self.max_jobs));
        }
        labels(&self.labels)
    }
}

fn labels(labels: &BTreeMap<String, String>) -> Result<()> {
    at_most("labels", LABELS, labels.len(), "entries")?;
    labels.iter().try_for_each(|(name, value)| {
        at_most("labels", WORD_BYTES, name.len(), "bytes")?;
        at_most("labels", WORD_BYTES, value.len(), "bytes")
    })
}

fn at_most(field: &'static str, limit: usize, got: usize, what: &str) -> Result<()> {
    if got <= limit {
        return Ok(());
    }
    let message = format!("{field} has {got} {what}; at most {limit} are allowed");
    Err(Error::invalid("E_TERMS_LIMIT", message).with("field", field).with("limit", limit).with("got", got))
}
