//! What both sides agree to that the wire's offers have no place for.

use serde::{Deserialize, Serialize};

use super::ModulePolicy;
use crate::model::{Amount, Rate};

/// What a job creator asks for beside its job offer. The default asks for nothing and pays nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobTerms {
    /// The most that the job may cost; held in escrow while it runs.
    pub price_cap: Amount,
    /// The dearest price of measured work that is still taken; `None` takes any.
    #[serde(default)]
    pub max_rate: Option<Rate>,
    /// The kind of executor that the job needs (`wasm`); empty where any will do.
    pub executor: String,
    /// The least collateral that the provider must stake, as a multiple of the price cap.
    #[serde(default)]
    pub min_collateral_multiple: u64,
}

impl JobTerms {
    /// Terms with a price cap, for an executor of this kind; any price of work, no collateral asked.
    #[must_use]
    pub fn new(executor: impl Into<String>, price_cap: Amount) -> Self {
        Self { price_cap, executor: executor.into(), ..Self::default() }
    }
}

/// What a provider offers beside its resource offer. The default works for nothing and runs every module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferTerms {
    /// Price of measured work.
    pub rate: Rate,
    /// The kinds of executors that it runs (`wasm`, `docker`).
    pub executors: Vec<String>,
    /// The collateral that it stakes on a job, as a multiple of the job's price cap.
    #[serde(default)]
    pub collateral_multiple: u64,
    /// Which modules it runs.
    #[serde(default)]
    pub module_policy: ModulePolicy,
}

impl OfferTerms {
    /// The collateral that it stakes on a job with this price cap.
    ///
    /// A product above 2^256 − 1 wei becomes that: nobody can stake it.
    #[must_use]
    pub fn collateral(&self, price_cap: Amount) -> Amount {
        price_cap.checked_mul(self.collateral_multiple).unwrap_or(Amount::MAX)
    }
}
