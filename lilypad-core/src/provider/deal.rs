//! What a provider checks before it runs anything: the deal is its own, the job is what its creator signed, and the
//! module is what the job pins.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Fault, Result};
use crate::executor::{Executor, Limits, RunRequest};
use crate::market::NetworkAccess;
use crate::model::{Address, JobSpec, ModulePin, Rate, ResourceOfferId, RunSpec};
use crate::module::Module;
use crate::rt::CancelReason;
use crate::wire::DealNotice;

use super::Provider;

/// How much of the time that is left is kept for handing the result in, where there is much of it.
const HAND_IN: Duration = Duration::from_secs(2);

/// A deal that may run: the request, and who runs it.
pub(super) struct Prepared {
    pub(super) executor: Arc<dyn Executor>,
    pub(super) request: RunRequest,
    pub(super) job_creator: Address,
    /// The price of work under the offer of the deal.
    pub(super) rate: Rate,
    /// How long the program may run.
    pub(super) time: Time,
}

/// How long the program of a deal may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    /// As long as its job creator allows.
    Allowed(Duration),
    /// Less than that: what is left of the time after which the provider loses its collateral.
    Left(Duration),
}

impl Provider {
    /// Checks the deal and renders the job from the pinned module: nothing that the solver says is taken on trust.
    pub(super) fn prepare(&self, notice: &DealNotice, current: ResourceOfferId) -> Result<Prepared> {
        let job_creator = self.check_deal(notice)?;
        let rate = self.agreed_rate(notice, current)?;
        let job = &notice.job.body;
        self.0.config.policy.check(&job.module)?;
        // Which repository the bundle came from is the job creator's word; its content is a fact. What the policy allows
        // only by repository is therefore not run until this provider fetches the commit itself.
        self.0.config.policy.check(&ModulePin::Content { content: job.module.content() })?;
        let module = Module::from_bundle(job.module.clone(), job.bundle.clone())?;
        let inputs = job.offer.inputs.clone().unwrap_or_default();
        let rendered = module.render(&inputs)?;
        let spec = rendered.runnable()?;
        check_needs(spec, notice)?;
        let executor = executor_for(&self.0.executors, &spec.run)?;
        let request = RunRequest {
            job_id: job.offer.id()?.to_string(),
            run: spec.run.clone(),
            bundle: module.bundle().clone(),
            inputs: job.files.clone(),
            outputs: spec.outputs.iter().map(|output| (output.name.clone(), output.path.clone())).collect(),
            network: spec.network.clone(),
            gpus: Vec::new(),
            seed: *job.inputs_id()?.0.digest(),
            limits: self.limits(notice, spec, rate),
        };
        let allowed = job.execution_timeout;
        let time = Time::of(allowed, notice.time_left, is_earlier(notice, current));
        Ok(Prepared { executor, request, job_creator, rate, time })
    }

    /// The price of work that this provider signed for the deal: that of its current offer, or of an earlier one, which the
    /// solver has kept for a provider that was started anew.
    fn agreed_rate(&self, notice: &DealNotice, current: ResourceOfferId) -> Result<Rate> {
        let module = &notice.job.body.module;
        if !is_earlier(notice, current) {
            return Ok(self.0.config.rate_for(module));
        }
        let Some(offer) = &notice.offer else {
            return Err(restarted(
                "the provider was started anew and does not know what it has signed before",
            ));
        };
        let (_, domain) = self.0.solver.identity();
        offer.verify(domain, self.address())?;
        if offer.body.offer.id()?.to_string() != notice.deal.resource_offer.id {
            return Err(Error::new(ErrorKind::Protocol, "E_DEAL", "the offer is not that of the deal")
                .with_fault(Fault::Solver)
                .with("deal_id", notice.deal_id));
        }
        Ok(offer.body.terms.rate_for(module))
    }

    fn check_deal(&self, notice: &DealNotice) -> Result<Address> {
        let wrong = |what: &str| {
            Error::new(ErrorKind::Protocol, "E_DEAL", format!("the deal's {what} is not what was signed"))
                .with_fault(Fault::Solver)
                .with("deal_id", notice.deal_id)
        };
        let (_, domain) = self.0.solver.identity();
        let job_creator: Address = notice.deal.members.job_creator.parse()?;
        notice.job.verify(domain, job_creator)?;
        let checks = [
            ("id", notice.deal.id()? == notice.deal_id),
            ("job offer", notice.deal.job_offer.id()? == notice.job.body.offer.id()?),
            ("provider", notice.deal.members.resource_provider == self.address().to_string()),
            ("price cap", notice.price_cap == notice.job.body.terms.price_cap),
        ];
        match checks.iter().find(|(_, holds)| !holds) {
            Some((what, _)) => Err(wrong(what)),
            None => Ok(job_creator),
        }
    }

    /// The tightest of what the job asks for, what its price cap pays for, and what the provider allows.
    fn limits(&self, notice: &DealNotice, spec: &JobSpec, rate: Rate) -> Limits {
        let limits = job_limits(self.0.config.limits, spec);
        let paid = rate.affordable_units(notice.price_cap);
        let instructions = limits.instructions.min(paid).min(notice.job.body.instruction_limit);
        Limits { instructions, ..limits }
    }
}

/// The executor that runs such a job.
pub(super) fn executor_for(executors: &[Arc<dyn Executor>], run: &RunSpec) -> Result<Arc<dyn Executor>> {
    executors.iter().find(|executor| executor.accepts(run)).cloned().ok_or_else(|| {
        let have: Vec<_> = executors.iter().map(|executor| executor.name()).collect();
        Error::unsupported("E_EXECUTOR", format!("this provider runs {} jobs only", have.join(" and ")))
            .with_fault(Fault::Provider)
    })
}

/// The tighter of what a module asks for and what the provider allows.
pub(super) fn job_limits(own: Limits, spec: &JobSpec) -> Limits {
    let needed = spec.machine.memory().to_bytes().filter(|bytes| *bytes > 0);
    let tighter = |own: u64, asked: Option<u64>| asked.map_or(own, |asked| own.min(asked));
    Limits {
        instructions: tighter(own.instructions, spec.limits.instructions),
        memory_bytes: tighter(own.memory_bytes, spec.limits.memory_bytes.or(needed)),
        output_bytes: tighter(own.output_bytes, spec.limits.output_bytes),
        milli_cpus: u32::try_from(spec.machine.cpu).ok().filter(|cpu| *cpu > 0).unwrap_or(own.milli_cpus),
        ..own
    }
}

/// True for a deal over an offer that this process has not made.
pub(super) fn is_earlier(notice: &DealNotice, current: ResourceOfferId) -> bool {
    notice.deal.resource_offer.id != current.to_string()
}

impl Time {
    /// Of what is left to a job that runs anew, some is kept for handing its result in.
    fn of(allowed: Duration, left: Option<Duration>, earlier: bool) -> Self {
        let Some(left) = left.filter(|left| earlier || *left < allowed) else {
            return Self::Allowed(allowed);
        };
        let left = left.saturating_sub((left / 8).min(HAND_IN));
        if left < allowed { Self::Left(left) } else { Self::Allowed(allowed) }
    }
}

/// A job that a provider which was started anew gives back.
pub(super) fn restarted(why: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable, "E_PROVIDER_RESTARTED", why)
        .with_fault(Fault::Provider)
        .with_hint("nothing was charged; submit the job again")
}

/// The machine that the job was matched for must be the one that its module asks for.
fn check_needs(spec: &JobSpec, notice: &DealNotice) -> Result<()> {
    let terms = &notice.job.body.terms;
    if spec.machine == notice.deal.job_offer.spec
        && spec.gpus == terms.gpus
        && (spec.min_driver, spec.min_cuda) == (terms.min_driver, terms.min_cuda)
        && NetworkAccess::from(&spec.network) == terms.network
    {
        return Ok(());
    }
    Err(Error::invalid("E_JOB_NEEDS", "the job offer asks for another machine than its module does")
        .with_hint("submit the job again: its needs are taken from the module"))
}

/// Why the program did not end by itself, in one line.
pub(super) fn cancel_text(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::TimedOut => "stopped: its time was up",
        CancelReason::Cancelled => "stopped: the job was cancelled",
        CancelReason::Shutdown => "stopped: the provider is shutting down",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_runs_anew_has_the_time_that_is_left_less_what_handing_in_takes() {
        let seconds = Duration::from_secs;
        let of = |left: Option<u64>, earlier| Time::of(seconds(60), left.map(seconds), earlier);
        assert_eq!(of(None, true), Time::Allowed(seconds(60)));
        // A new deal: the grace of the solver comes on top.
        assert_eq!(of(Some(61), false), Time::Allowed(seconds(60)));
        assert_eq!(of(Some(61), true), Time::Left(seconds(59)));
        assert_eq!(of(Some(62), true), Time::Allowed(seconds(60)));
        assert_eq!(of(Some(8), false), Time::Left(seconds(7)));
        assert_eq!(of(Some(0), true), Time::Left(Duration::ZERO));
    }
}
