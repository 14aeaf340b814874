//! What the two sides ask for: job offers and resource offers, as on the wire.
//!
//! `null` and empty differ on the wire and change ids, so lists and maps are `Option`s. Addresses are kept as they
//! were given: their case is part of the id.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{AgreementState, MachineSpec};
use crate::rt::Timestamp;

/// Where a module's template is: repository, tag or commit, and path, as they were typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ModuleConfig {
    /// Short name (`cowsay:v0.0.4`); empty where the other three say it.
    pub name: String,
    /// Address of the git repository.
    pub repo: String,
    /// Tag, branch or commit.
    pub hash: String,
    /// Path of the template (`/lilypad_module.json.tmpl`).
    pub path: String,
}

/// Names of the files that a job reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct InputFiles {
    /// Files without which the job does not start.
    pub required: Option<Vec<String>>,
    /// Files that may be given.
    pub optional: Option<Vec<String>>,
}

/// Prices of one deal, in whole LP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DealPricing {
    /// Price of one instruction.
    pub instruction_price: u64,
    /// What the job creator puts down for payment.
    pub payment_collateral: u64,
    /// The provider puts down this many times the price of its result.
    pub results_collateral_multiple: u64,
    /// Fee of the mediator.
    pub mediation_fee: u64,
}

/// How an offer sets its price.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PricingMode {
    /// Whatever the provider asks.
    #[default]
    MarketPrice,
    /// The offer's own price.
    FixedPrice,
    /// Another word, kept: the wire refuses none.
    Other(String),
}

impl PricingMode {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::MarketPrice => "MarketPrice",
            Self::FixedPrice => "FixedPrice",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for PricingMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for PricingMode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for PricingMode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Ok(match word.as_str() {
            "MarketPrice" => Self::MarketPrice,
            "FixedPrice" => Self::FixedPrice,
            _ => Self::Other(word),
        })
    }
}

/// The services that one side trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ServiceConfig {
    /// Address of the solver.
    pub solver: String,
    /// Addresses of mediators.
    pub mediator: Option<Vec<String>>,
    /// Where statistics are sent; part of the id.
    pub api_host: String,
}

/// Whom a job is meant for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TargetConfig {
    /// Address of the one provider that may run it; empty for any.
    pub address: String,
}

/// What a job creator asks for. Field order is the wire's: it decides the id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct JobOffer {
    /// Empty where the job creator sends it; the solver fills it in with [`JobOffer::id`].
    pub id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// 21 random characters.
    pub nonce: String,
    /// Address of the job creator.
    pub job_creator: String,
    /// What runs.
    pub module: ModuleConfig,
    /// What the machine needs at least.
    pub spec: MachineSpec,
    /// Inputs by name.
    pub inputs: Option<BTreeMap<String, String>>,
    /// Names of input files.
    #[serde(rename = "inputFiles")]
    pub input_files: InputFiles,
    /// How long the job may run; 0 leaves it to the solver.
    #[serde(rename = "executionTimeoutSeconds")]
    pub execution_timeout_seconds: u64,
    /// How the price is set.
    pub mode: PricingMode,
    /// The price.
    pub pricing: DealPricing,
    /// Whom the job creator trusts.
    pub trusted_parties: ServiceConfig,
    /// Whom the job is meant for.
    pub target: TargetConfig,
}

/// What a provider offers. Field order is the wire's: it decides the id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResourceOffer {
    /// Empty where the provider sends it; the solver fills it in with [`ResourceOffer::id`].
    pub id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Address of the provider.
    pub resource_provider: String,
    /// Which of the provider's machines.
    pub index: i64,
    /// What the machine has.
    pub spec: MachineSpec,
    /// Ids of the modules that it runs; empty for any.
    pub modules: Option<Vec<String>>,
    /// How the price is set.
    pub mode: PricingMode,
    /// The price of modules without one of their own.
    pub default_pricing: DealPricing,
    /// Prices by module id.
    pub module_pricing: Option<BTreeMap<String, DealPricing>>,
    /// Whom the provider trusts.
    pub trusted_parties: ServiceConfig,
}

/// A job offer as the solver keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOfferContainer {
    /// Id of the offer.
    pub id: String,
    /// Id of its deal; empty until it is matched.
    pub deal_id: String,
    /// Address of the job creator.
    pub job_creator: String,
    /// Where the agreement stands.
    pub state: AgreementState,
    /// The offer.
    pub job_offer: JobOffer,
}

/// A resource offer as the solver keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceOfferContainer {
    /// Id of the offer.
    pub id: String,
    /// Id of its deal; empty until it is matched.
    pub deal_id: String,
    /// Address of the provider.
    pub resource_provider: String,
    /// Where the agreement stands.
    pub state: AgreementState,
    /// The offer.
    pub resource_offer: ResourceOffer,
}
