//! What a provider offers, and under which rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::executor::{Executor, Limits};
use crate::market::{ModulePolicy, OfferTerms};
use crate::model::{Address, DealPricing, MachineSpec, PricingMode, Rate, ResourceOffer, ServiceConfig};
use crate::rt::Timestamp;
use crate::wire::OfferProposal;

/// What a provider offers, and under which rules.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// What each slot of the machine has.
    pub machine: MachineSpec,
    /// How many jobs run at once; each slot is offered with the whole [`machine`](Self::machine) spec.
    pub slots: u32,
    /// Price of measured work.
    pub rate: Rate,
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
        Ok(())
    }

    pub(super) fn offer(
        &self,
        provider: Address,
        solver: Address,
        slot: u32,
        now: Timestamp,
        executors: &[Arc<dyn Executor>],
    ) -> OfferProposal {
        let offer = ResourceOffer {
            id: String::new(),
            created_at: now,
            resource_provider: provider.to_string(),
            index: i64::from(slot),
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
            executors,
            collateral_multiple: self.collateral_multiple,
            module_policy: self.policy.clone(),
        }
    }
}
