//! From a module and inputs to a signed job at the solver.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

use tracing::Instrument;

use crate::error::{Error, Result};
use crate::market::{JobTerms, NetworkAccess, Quote};
use crate::model::{
    Address, Amount, DealPricing, InputFiles, JobOffer, JobSpec, PricingMode, RunSpec, ServiceConfig,
    TargetConfig,
};
use crate::module::Module;
use crate::rt::{Stopwatch, crash_point};
use crate::signer::Signed;
use crate::trace::span;
use crate::wire::{JobProposal, QuoteRequest};

use super::driver::{self, Asked};
use super::{Client, Job, SubmitOptions};

const NONCE_ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

pub(super) async fn submit(
    client: &Client,
    module: &Module,
    inputs: &BTreeMap<String, String>,
    options: SubmitOptions,
) -> Result<Job> {
    let watch = Stopwatch::start();
    let proposal = propose(client, module, inputs, options)?;
    let inner = &client.0;
    let (_, domain) = inner.solver.identity();
    let asked = Asked::of(&proposal, domain)?;
    let signed = Signed::sign(proposal, inner.signer.as_ref(), domain).await?;
    crash_point("client.signed");
    let span = span::wanted();
    let id = inner.solver.submit(signed).instrument(span.clone()).await.map_err(|error| {
        span::failed(&span, error.code());
        error.with_operation("submit")
    })?;
    crash_point("client.submitted");
    Ok(driver::drive_from(inner.clone(), id, Some(asked), watch, span))
}

/// A signed job that is not handed in.
#[cfg(test)]
pub(super) async fn sign(
    client: &Client,
    module: &Module,
    options: SubmitOptions,
) -> Result<Signed<JobProposal>> {
    let proposal = propose(client, module, &BTreeMap::new(), options)?;
    let (_, domain) = client.0.solver.identity();
    Signed::sign(proposal, client.0.signer.as_ref(), domain).await
}

pub(super) async fn quote(
    client: &Client,
    module: &Module,
    inputs: &BTreeMap<String, String>,
    options: SubmitOptions,
) -> Result<Quote> {
    let JobProposal { offer, terms, instruction_limit, module, .. } =
        propose(client, module, inputs, options)?;
    let request = QuoteRequest { offer, terms, instruction_limit, module };
    client.0.solver.quote(request).await.map_err(|error| error.with_operation("quote"))
}

fn propose(
    client: &Client,
    module: &Module,
    inputs: &BTreeMap<String, String>,
    options: SubmitOptions,
) -> Result<JobProposal> {
    let rendered = module.render(inputs)?;
    let spec = rendered.runnable()?;
    rendered.check_files(&options.files)?;
    let timeout = timeout(spec, &options)?;
    let price_cap = options.price_cap.unwrap_or_else(SubmitOptions::default_price_cap);
    let terms = terms(spec, &options, price_cap);
    terms.check_limits()?;
    Ok(JobProposal {
        offer: offer(client, module, spec, inputs, &options, timeout)?,
        terms,
        execution_timeout: timeout,
        instruction_limit: least(options.instruction_limit, spec.limits.instructions),
        module: module.pin().clone(),
        bundle: module.bundle().clone(),
        files: options.files,
    })
}

/// What the module needs and what the options ask for.
fn terms(spec: &JobSpec, options: &SubmitOptions, price_cap: Amount) -> JobTerms {
    JobTerms {
        max_rate: options.max_rate,
        min_collateral_multiple: options.min_collateral_multiple,
        gpus: spec.gpus.clone(),
        min_driver: spec.min_driver,
        min_cuda: spec.min_cuda,
        labels: options.labels.clone(),
        network: NetworkAccess::from(&spec.network),
        verification: options.verification,
        min_reputation: options.min_reputation,
        ..JobTerms::new(executor_name(&spec.run), price_cap)
    }
}

fn offer(
    client: &Client,
    module: &Module,
    spec: &JobSpec,
    inputs: &BTreeMap<String, String>,
    options: &SubmitOptions,
    timeout: Duration,
) -> Result<JobOffer> {
    let inner = &client.0;
    let (solver, _) = inner.solver.identity();
    Ok(JobOffer {
        id: String::new(),
        created_at: inner.clock.now(),
        nonce: nonce(client)?,
        job_creator: client.address().to_string(),
        module: module.config(),
        spec: spec.machine.clone(),
        inputs: Some(inputs.clone()),
        input_files: InputFiles {
            required: names(&spec.required_files),
            optional: names(&spec.optional_files),
        },
        // The wire counts whole seconds; the exact limit is in the proposal.
        execution_timeout_seconds: timeout.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX),
        mode: PricingMode::MarketPrice,
        pricing: DealPricing::default(),
        trusted_parties: ServiceConfig {
            solver: solver.to_string(),
            mediator: Some(inner.mediators.iter().map(Address::to_string).collect()),
            api_host: String::new(),
        },
        target: TargetConfig { address: options.target.map(|target| target.to_string()).unwrap_or_default() },
    })
}

/// The tighter of two limits, of which each may be open.
fn least(one: Option<u64>, other: Option<u64>) -> u64 {
    one.unwrap_or(u64::MAX).min(other.unwrap_or(u64::MAX))
}

fn names(files: &[String]) -> Option<Vec<String>> {
    if files.is_empty() { None } else { Some(files.to_vec()) }
}

fn executor_name(run: &RunSpec) -> &'static str {
    match run {
        RunSpec::Wasm(_) => "wasm",
        RunSpec::Docker(_) => "docker",
        RunSpec::Cuda(_) => "cuda",
    }
}

fn timeout(spec: &JobSpec, options: &SubmitOptions) -> Result<Duration> {
    let timeout = options.timeout.or(spec.timeout).unwrap_or(SubmitOptions::DEFAULT_TIMEOUT);
    if timeout.is_zero() {
        return Err(Error::invalid("E_TIMEOUT", "the execution timeout must be longer than zero")
            .with_hint("leave it out for the module's own limit"));
    }
    Ok(timeout)
}

/// 21 letters that make two equal offers two jobs.
fn nonce(client: &Client) -> Result<String> {
    let mut random = client.0.random.lock().unwrap_or_else(PoisonError::into_inner);
    let bytes = random.bytes()?;
    Ok(bytes.iter().take(21).map(|byte| char::from(NONCE_ALPHABET[usize::from(byte & 63)])).collect())
}
