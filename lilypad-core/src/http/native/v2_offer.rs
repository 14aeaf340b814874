//! A job of ours as an offer at a solver of v2.

use std::collections::BTreeMap;
use std::time::Duration;

use super::V2Solver;
use crate::error::{Error, Result};
use crate::model::{
    Address, DealPricing, InputFiles, JobOffer, ModuleConfig, PricingMode, ServiceConfig, TargetConfig,
};
use crate::module::{Module, RenderedJob};
use crate::rt::Random;

/// What a job asks for at a solver of v2, beside its module and inputs.
#[derive(Clone, Debug)]
pub struct V2Job {
    /// The account of the solver, which the providers name too.
    pub solver: Address,
    /// The mediators; a provider must name one of them.
    pub mediators: Vec<Address>,
    /// The one provider that may run it; `None` is any.
    pub target: Option<Address>,
    /// How long it may run; `None` is the module's own limit, or v2's 15 minutes.
    pub timeout: Option<Duration>,
    /// Where providers find the module, where that is not where it was loaded from.
    pub module: Option<ModuleConfig>,
}

impl V2Solver {
    /// The offer of a job in the name of this account; [`V2Solver::submit`] hands it in.
    ///
    /// # Errors
    /// `InvalidInput` where an input is wrong; `Unsupported` (`E_V2_MODULE`) where the module lies in no repository: v2's providers
    /// fetch it themselves.
    pub fn job_offer(
        &self,
        module: &Module,
        inputs: &BTreeMap<String, String>,
        job: &V2Job,
    ) -> Result<JobOffer> {
        let rendered = module.render(inputs)?;
        let config = job.module.clone().unwrap_or_else(|| module.config());
        if config.repo.is_empty() {
            let message =
                "providers of v2 fetch modules from a public git repository, and this one lies in none";
            return Err(Error::unsupported("E_V2_MODULE", message)
                .with_hint("name it as github.com/OWNER/REPO:REF, or say where it lies with --module-repo and --module-hash"));
        }
        let wanted = job.timeout.map(|timeout| timeout.as_millis().div_ceil(1_000));
        let own = rendered.timeout().map_or(0, |time| u128::from(time.as_secs()));
        let (solver, mediator) =
            (job.solver.to_string(), job.mediators.iter().map(Address::to_string).collect());
        Ok(JobOffer {
            id: String::new(),
            created_at: self.now(),
            nonce: nonce()?,
            job_creator: self.account().to_owned(),
            module: config,
            spec: rendered.wire.machine.clone(),
            inputs: Some(inputs.clone()),
            input_files: input_files(&rendered),
            execution_timeout_seconds: wanted.unwrap_or(own).try_into().unwrap_or(u64::MAX),
            mode: PricingMode::MarketPrice,
            pricing: DealPricing::default(),
            trusted_parties: ServiceConfig { solver, mediator: Some(mediator), api_host: String::new() },
            target: TargetConfig { address: job.target.map(|target| target.to_string()).unwrap_or_default() },
        })
    }
}

/// The names of a module's input files, as v2's offers list them.
fn input_files(module: &RenderedJob) -> InputFiles {
    let named = |required: bool| {
        let files = module.files().iter().filter(|file| file.required == required);
        let names: Vec<String> = files.map(|file| file.name.clone()).collect();
        (!names.is_empty()).then_some(names)
    };
    InputFiles { required: named(true), optional: named(false) }
}

/// 20 digits that make two equal offers two jobs.
fn nonce() -> Result<String> {
    let bytes = Random::system().bytes()?;
    Ok(bytes.iter().take(20).map(|byte| char::from(b'a' + byte % 26)).collect())
}
