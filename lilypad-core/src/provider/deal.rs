//! What a provider checks before it runs anything: the deal is its own, the job is what its creator signed, and the
//! module is what the job pins.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Fault, Result};
use crate::executor::{Executor, Limits, RunRequest};
use crate::market::NetworkAccess;
use crate::model::{Address, JobSpec, ModulePin, RunSpec};
use crate::module::Module;
use crate::rt::CancelReason;
use crate::wire::DealNotice;

use super::Provider;

/// A deal that may run: the request, and who runs it.
pub(super) struct Prepared {
    pub(super) executor: Arc<dyn Executor>,
    pub(super) request: RunRequest,
    pub(super) job_creator: Address,
}

impl Provider {
    /// Checks the deal and renders the job from the pinned module: nothing that the solver says is taken on trust.
    pub(super) fn prepare(&self, notice: &DealNotice) -> Result<Prepared> {
        let job_creator = self.check_deal(notice)?;
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
        let executor = self.executor_for(&spec.run)?;
        let request = RunRequest {
            job_id: job.offer.id()?.to_string(),
            run: spec.run.clone(),
            bundle: module.bundle().clone(),
            inputs: job.files.clone(),
            outputs: spec.outputs.iter().map(|output| (output.name.clone(), output.path.clone())).collect(),
            seed: *job.inputs_id()?.0.digest(),
            limits: self.limits(notice, spec),
        };
        Ok(Prepared { executor, request, job_creator })
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

    fn executor_for(&self, run: &RunSpec) -> Result<Arc<dyn Executor>> {
        self.0.executors.iter().find(|executor| executor.accepts(run)).cloned().ok_or_else(|| {
            let have: Vec<_> = self.0.executors.iter().map(|executor| executor.name()).collect();
            Error::unsupported("E_EXECUTOR", format!("this provider runs {} jobs only", have.join(" and ")))
                .with_fault(Fault::Provider)
        })
    }

    /// The tightest of what the job asks for, what its price cap pays for, and what the provider allows.
    fn limits(&self, notice: &DealNotice, spec: &JobSpec) -> Limits {
        let own = self.0.config.limits;
        let paid = self.0.config.rate_for(&notice.job.body.module).affordable_units(notice.price_cap);
        let needed = spec.machine.memory().to_bytes().filter(|bytes| *bytes > 0);
        let tighter = |own: u64, asked: Option<u64>| asked.map_or(own, |asked| own.min(asked));
        Limits {
            instructions: tighter(own.instructions, spec.limits.instructions)
                .min(paid)
                .min(notice.job.body.instruction_limit),
            memory_bytes: tighter(own.memory_bytes, spec.limits.memory_bytes.or(needed)),
            output_bytes: tighter(own.output_bytes, spec.limits.output_bytes),
            ..own
        }
    }
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
