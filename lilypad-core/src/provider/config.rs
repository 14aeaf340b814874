//! What a provider offers, and under which rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::executor::{Executor, Limits};
use crate::market::{ModulePolicy, NetworkAccess, OfferTerms, VerificationClass};
use crate::model::{
    Address, ContentId, DealPricing, MachineSpec, ModulePin, PricingMode, Rate, ResourceOffer, ServiceConfig,
    SoftwareVersion,
};
use crate::rt::Timestamp;
use crate::wire::OfferProposal;

/// What a provider offers, and under which rules.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// What the machine has.
    pub machine: MachineSpec,
    /// The ids of `machine.gpus`, in their order: a job gets its GPUs by them. Empty where executors need none.
    pub gpu_ids: Vec<String>,
    /// How many jobs run at once, as far as the machine holds them beside each other.
    pub slots: u32,
    /// Price of measured work.
    pub rate: Rate,
    /// Prices of modules with one of their own, by the content id of their bundle.
    pub module_rates: BTreeMap<ContentId, Rate>,
    /// Version of the GPU driver, where there is one.
    pub driver: Option<SoftwareVersion>,
    /// Newest CUDA version that the driver runs, where it runs any.
    pub cuda: Option<SoftwareVersion>,
    /// Labels that the machine carries (`region` = `eu`).
    pub labels: BTreeMap<String, String>,
    /// The most that a job may reach.
    pub network: NetworkAccess,
    /// The best that re-running a job on this machine promises.
    pub verification: VerificationClass,
    /// Collateral, as a multiple of a job's price cap.
    pub collateral_multiple: u64,
    /// Which modules may run.
    pub policy: ModulePolicy,
    /// Most that any job may use.
    pub limits: Limits,
    /// Mediators that this provider accepts; at least one must be in common with the job's.
    pub mediators: Vec<Address>,
}

impl ProviderConfig {
    pub(super) fn check(&self, executors: &[Arc<dyn Executor>]) -> Result<()> {
        if executors.is_empty() {
            return Err(Error::invalid(
                "E_PROVIDER_CONFIG",
                "a provider without an executor can run nothing",
            )
            .with_hint("give it at least one, for example WasmExecutor"));
        }
        if self.slots == 0 || self.slots > 1_024 {
            return Err(Error::invalid(
                "E_PROVIDER_CONFIG",
                format!("slots must be 1 to 1,024, got {}", self.slots),
            ));
        }
        let (ids, gpus) = (self.gpu_ids.len(), self.machine.gpus.as_ref().map_or(0, Vec::len));
        if ids != 0 && ids != gpus {
            let message = format!("the machine has {gpus} GPUs, and {ids} ids of GPUs are given");
            return Err(Error::invalid("E_PROVIDER_CONFIG", message).with("field", "gpu_ids"));
        }
        Ok(())
    }

    /// The price of work of this module.
    pub(super) fn rate_for(&self, module: &ModulePin) -> Rate {
        self.terms(Vec::new()).rate_for(module)
    }

    pub(crate) fn offer(
        &self,
        provider: Address,
        solver: Address,
        now: Timestamp,
        executors: &[Arc<dyn Executor>],
    ) -> OfferProposal {
        let offer = ResourceOffer {
            id: String::new(),
            created_at: now,
            resource_provider: provider.to_string(),
            index: 0,
            spec: self.machine.clone(),
            modules: Some(Vec::new()),
            mode: PricingMode::FixedPrice,
            default_pricing: DealPricing { payment_collateral: 0, ..DealPricing::default() },
            module_pricing: Some(BTreeMap::new()),
            trusted_parties: ServiceConfig {
                solver: solver.to_string(),
                mediator: Some(self.mediators.iter().map(Address::to_string).collect()),
                api_host: String::new(),
            },
        };
        let executors = executors.iter().map(|executor| executor.name().to_owned()).collect();
        OfferProposal { offer, terms: self.terms(executors) }
    }

    fn terms(&self, executors: Vec<String>) -> OfferTerms {
        OfferTerms {
            rate: self.rate,
            module_rates: self.module_rates.clone(),
            executors,
            collateral_multiple: self.collateral_multiple,
            module_policy: self.policy.clone(),
            max_jobs: self.slots,
            driver: self.driver,
            cuda: self.cuda,
            labels: self.labels.clone(),
            network: self.network,
            verification: self.verification,
        }
    }
}
