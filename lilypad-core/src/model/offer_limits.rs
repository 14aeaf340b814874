//! How large an offer may be: whoever takes offers from strangers checks these first.

use super::{JobOffer, MachineSpec, ModuleConfig, ResourceOffer, ServiceConfig};
use crate::error::{Error, Result};

/// Bytes in a name, an address, a path.
const WORD_BYTES: usize = 1_024;
/// Inputs of a job.
const INPUTS: usize = 256;
/// Bytes in the value of one input.
const INPUT_BYTES: usize = 256 << 10;
/// Bytes in all inputs together, names included.
const ALL_INPUT_BYTES: usize = 1 << 20;
/// Names of input files, required and optional ones each.
const FILES: usize = 1_000;
/// GPUs of a machine.
const GPUS: usize = 128;
/// Mediators that one side trusts.
const MEDIATORS: usize = 64;
/// Modules that a provider names.
const MODULES: usize = 1_000;

impl JobOffer {
    /// Checks that no part of the offer is larger than an honest one.
    ///
    /// # Errors
    /// `InvalidInput` (`E_OFFER_LIMIT`) that names the field, the limit and what was got.
    pub fn check_limits(&self) -> Result<()> {
        word("nonce", &self.nonce)?;
        word("job_creator", &self.job_creator)?;
        word("mode", self.mode.as_str())?;
        word("target.address", &self.target.address)?;
        module(&self.module)?;
        machine(&self.spec)?;
        services(&self.trusted_parties)?;
        words("inputFiles.required", self.input_files.required.as_deref(), FILES)?;
        words("inputFiles.optional", self.input_files.optional.as_deref(), FILES)?;
        let Some(inputs) = &self.inputs else { return Ok(()) };
        at_most("inputs", INPUTS, inputs.len(), "entries")?;
        let mut all = 0_usize;
        for (name, value) in inputs {
            word("inputs (a name)", name)?;
            at_most("inputs (a value)", INPUT_BYTES, value.len(), "bytes")?;
            all = all.saturating_add(name.len()).saturating_add(value.len());
        }
        at_most("inputs", ALL_INPUT_BYTES, all, "bytes")
    }
}

impl ResourceOffer {
    /// Checks that no part of the offer is larger than an honest one.
    ///
    /// # Errors
    /// `InvalidInput` (`E_OFFER_LIMIT`) that names the field, the limit and what was got.
    pub fn check_limits(&self) -> Result<()> {
        word("resource_provider", &self.resource_provider)?;
        word("mode", self.mode.as_str())?;
        machine(&self.spec)?;
        services(&self.trusted_parties)?;
        words("modules", self.modules.as_deref(), MODULES)?;
        let Some(prices) = &self.module_pricing else { return Ok(()) };
        at_most("module_pricing", MODULES, prices.len(), "entries")?;
        prices.keys().try_for_each(|name| word("module_pricing", name))
    }
}

fn module(module: &ModuleConfig) -> Result<()> {
    word("module.name", &module.name)?;
    word("module.repo", &module.repo)?;
    word("module.hash", &module.hash)?;
    word("module.path", &module.path)
}

fn machine(machine: &MachineSpec) -> Result<()> {
    let Some(gpus) = &machine.gpus else { return Ok(()) };
    at_most("spec.gpus", GPUS, gpus.len(), "entries")?;
    gpus.iter().try_for_each(|gpu| {
        word("spec.gpus.name", &gpu.name)?;
        word("spec.gpus.vendor", &gpu.vendor)
    })
}

fn services(services: &ServiceConfig) -> Result<()> {
    word("trusted_parties.solver", &services.solver)?;
    word("trusted_parties.api_host", &services.api_host)?;
    words("trusted_parties.mediator", services.mediator.as_deref(), MEDIATORS)
}

fn words(field: &'static str, list: Option<&[String]>, limit: usize) -> Result<()> {
    let list = list.unwrap_or_default();
    at_most(field, limit, list.len(), "entries")?;
    list.iter().try_for_each(|text| word(field, text))
}

fn word(field: &'static str, text: &str) -> Result<()> {
    at_most(field, WORD_BYTES, text.len(), "bytes")
}

fn at_most(field: &'static str, limit: usize, got: usize, what: &str) -> Result<()> {
    if got <= limit {
        return Ok(());
    }
    let message = format!("{field} has {got} {what}; at most {limit} are allowed");
    Err(Error::invalid("E_OFFER_LIMIT", message).with("field", field).with("limit", limit).with("got", got))
}

#[cfg(test)]
mod tests {
    use super::super::GpuSpec;
    use super::*;

    #[track_caller]
    fn refused(result: Result<()>, field: &str) {
        let error = result.unwrap_err();
        assert_eq!(error.code(), "E_OFFER_LIMIT");
        assert!(error.context().any(|(key, value)| key == "field" && value == field), "{error:?}");
    }

    #[test]
    fn oversized_parts_are_named() {
        let mut offer = ResourceOffer::default();
        offer.check_limits().unwrap();
        offer.spec.gpus = Some(vec![GpuSpec::default(); 100_000]);
        refused(offer.check_limits(), "spec.gpus");
        offer.spec.gpus = None;
        offer.trusted_parties.mediator = Some(vec![String::new(); 10_000]);
        refused(offer.check_limits(), "trusted_parties.mediator");

        let mut offer = JobOffer::default();
        offer.check_limits().unwrap();
        offer.module.repo = "x".repeat(1 << 20);
        refused(offer.check_limits(), "module.repo");
        offer.module.repo.clear();
        let value = "x".repeat(INPUT_BYTES);
        offer.inputs = Some((0..5).map(|name: u8| (name.to_string(), value.clone())).collect());
        refused(offer.check_limits(), "inputs");
    }
}
