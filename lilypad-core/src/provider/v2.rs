//! A provider at a solver of Lilypad v2.
//!
//! v2 pays nobody and checks nothing: there is no receipt, and whoever sees one request of a provider can act as it. So this is no
//! [`Provider`](super::Provider), and its key should have nothing else to do. What it runs is bound by the same policy, limits and executors.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

use super::ProviderConfig;
use super::deal::{executor_for, job_limits};
use super::gpus::Pool;
use super::run::text_of;
use crate::error::{Error, Fault, Result};
use crate::executor::{EventSink, Executor, RunRequest, StopReason};
use crate::http::V2Solver;
use crate::model::Address;
use crate::model::{
    DealContainer, DealId, DealPricing, FileSet, JobSpec, ModuleConfig, PricingMode, ResourceOffer,
    ServiceConfig,
};
use crate::module::Module;
use crate::rt::{CancelReason, CancelToken, Clock, Timestamp, blocking, spawn};

/// How long a job may run that says nothing of it.
const USUAL_TIME: Duration = Duration::from_secs(900);
/// An offer is made anew after so many questions: the solver may have lost it.
const OFFER_AGAIN: u32 = 6;
/// How long executors may take to stop.
const STOP_GRACE: Duration = Duration::from_secs(10);

/// What a provider tells a v2 solver beside what it has.
#[derive(Clone, Debug)]
pub struct V2Terms {
    /// Prices; nobody pays them.
    pub pricing: DealPricing,
    /// The solver and mediators that it trusts: a job must name the same.
    pub services: ServiceConfig,
    /// How often it asks for deals. A solver of v2 takes five questions in ten seconds; v2's own providers ask every ten.
    pub poll: Duration,
}

impl Default for V2Terms {
    /// Free, trusting nobody yet, a question every 5 s.
    fn default() -> Self {
        Self {
            pricing: DealPricing::default(),
            services: ServiceConfig::default(),
            poll: Duration::from_secs(5),
        }
    }
}

/// Fetches the module that a job names. Blocks.
pub type ModuleLoader = Arc<dyn Fn(&ModuleConfig) -> Result<Module> + Send + Sync>;

/// A machine on a v2 solver's market.
#[derive(Clone)]
pub struct V2Provider(Arc<Inner>);

struct Inner {
    address: Address,
    solver: V2Solver,
    executors: Vec<Arc<dyn Executor>>,
    loader: ModuleLoader,
    clock: Clock,
    config: ProviderConfig,
    terms: V2Terms,
    /// The moment of the newest offer: two of one moment would be one offer.
    offered: AtomicU64,
    gpus: Pool,
}

impl fmt::Debug for V2Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("V2Provider").field("address", &self.0.address).finish_non_exhaustive()
    }
}

impl V2Provider {
    /// A provider whose `solver` speaks in the name of `address`. Of `config` count the machine, slots, policy, limits and what
    /// jobs may reach.
    ///
    /// # Errors
    /// `InvalidInput` (`E_PROVIDER_CONFIG`) where the settings cannot work.
    pub fn new(
        address: Address,
        solver: V2Solver,
        executors: Vec<Arc<dyn Executor>>,
        loader: ModuleLoader,
        clock: Clock,
        config: ProviderConfig,
        terms: V2Terms,
    ) -> Result<Self> {
        config.check(&executors)?;
        let gpus = Pool::new(&config.gpu_ids);
        Ok(Self(Arc::new(Inner {
            address,
            solver,
            executors,
            loader,
            clock,
            config,
            terms,
            offered: AtomicU64::new(0),
            gpus,
        })))
    }

    /// Offers the machine, where no offer of it waits.
    ///
    /// # Errors
    /// What the solver says, and why it cannot be reached.
    pub async fn offer(&self) -> Result<()> {
        self.0.offer().await
    }

    /// Offers the machine and runs what is agreed until `shutdown` asks to stop; then stops what runs. v2 has no way to take an
    /// offer back: it goes some minutes after the provider.
    ///
    /// # Errors
    /// Where the solver refuses the first offer: later trouble is waited out and logged.
    pub async fn serve(&self, shutdown: CancelToken) -> Result<()> {
        let inner = &self.0;
        inner.offer().await?;
        let (finished, mut done) = mpsc::unbounded_channel();
        let mut jobs: HashMap<DealId, CancelToken> = HashMap::new();
        // Deals of which nothing more is to be done, as long as the solver may name them.
        let mut over: Vec<DealId> = Vec::new();
        let mut asked: u32 = 0;
        loop {
            match inner.deals().await {
                Ok(deals) => {
                    over.retain(|id| deals.iter().any(|(deal, _)| deal == id));
                    for (id, deal) in deals {
                        if jobs.contains_key(&id) || over.contains(&id) {
                            continue;
                        }
                        let cancel = CancelToken::new();
                        jobs.insert(id, cancel.clone());
                        let (inner, finished) = (Arc::clone(inner), finished.clone());
                        spawn(async move {
                            inner.run(id, &deal, &cancel).await;
                            // Nobody listens any more only when the provider itself is gone.
                            let _ = finished.send(id);
                        });
                        asked = 0;
                    }
                }
                Err(error) => tracing::warn!(%error, "a v2 solver does not say what is to be done"),
            }
            let room = jobs.len() < usize::try_from(inner.config.slots).unwrap_or(usize::MAX);
            if room
                && asked.is_multiple_of(OFFER_AGAIN)
                && let Err(error) = inner.offer().await
            {
                tracing::warn!(%error, "a v2 solver does not take the offer");
            }
            asked = asked.wrapping_add(1);
            tokio::select! {
                biased;
                _ = shutdown.cancelled() => break,
                Some(id) = done.recv() => {
                    jobs.remove(&id);
                    over.push(id);
                    // There is room again.
                    asked = 0;
                }
                () = inner.clock.sleep(inner.terms.poll) => {}
            }
        }
        jobs.values().for_each(|cancel| cancel.cancel(CancelReason::Shutdown));
        let stopped = async {
            while !jobs.is_empty() {
                let Some(id) = done.recv().await else { break };
                jobs.remove(&id);
            }
        };
        tokio::select! {
            () = stopped => {}
            () = inner.clock.sleep(STOP_GRACE) => {}
        }
        Ok(())
    }
}

impl Inner {
    async fn offer(&self) -> Result<()> {
        let now = self.clock.now().0;
        let before = self.offered.fetch_max(now, Ordering::Relaxed);
        let moment =
            if before >= now { self.offered.fetch_add(1, Ordering::Relaxed).saturating_add(1) } else { now };
        let offer = ResourceOffer {
            id: String::new(),
            created_at: Timestamp(moment),
            resource_provider: self.address.to_string(),
            index: 0,
            spec: self.config.machine.clone(),
            modules: Some(Vec::new()),
            mode: PricingMode::FixedPrice,
            default_pricing: self.terms.pricing,
            module_pricing: Some(std::collections::BTreeMap::new()),
            trusted_parties: self.terms.services.clone(),
        };
        self.solver.offer_machine(&offer).await.map(drop)
    }

    async fn deals(&self) -> Result<Vec<(DealId, DealContainer)>> {
        let deals = self.solver.deals().await?;
        deals.into_iter().map(|deal| Ok((deal.deal.id()?, deal))).collect()
    }

    /// Runs a deal and hands in what came of it. What goes wrong is told to the solver, and logged where that fails too.
    async fn run(&self, id: DealId, deal: &DealContainer, cancel: &CancelToken) {
        let handed_in = match self.try_run(id, deal, cancel).await {
            Ok((files, count)) => self.solver.hand_in(id, &files, count).await,
            // Another start of this provider finds the deal again.
            Err(_) if cancel.reason() == Some(CancelReason::Shutdown) => return,
            Err(error) => self.solver.give_up(id, &error.to_string()).await,
        };
        if let Err(error) = handed_in {
            tracing::warn!(%error, deal = %id, "a v2 solver did not take the end of a job");
        }
    }

    async fn try_run(
        &self,
        id: DealId,
        deal: &DealContainer,
        cancel: &CancelToken,
    ) -> Result<(FileSet, u64)> {
        let offer = &deal.deal.job_offer;
        let (loader, config) = (Arc::clone(&self.loader), offer.module.clone());
        let module = blocking(move || loader(&config)).await?;
        self.config.policy.check(module.pin())?;
        let rendered = module.render(&offer.inputs.clone().unwrap_or_default())?;
        let spec = rendered.runnable()?;
        self.check_room(spec)?;
        // Executors that need no ids find their GPUs themselves.
        let gpus = self.gpus.take(if self.config.gpu_ids.is_empty() { 0 } else { spec.machine.gpu })?;
        let inputs = match rendered.files().is_empty() {
            true => FileSet::new(),
            false => self.solver.input_files(id).await?,
        };
        rendered.check_files(&inputs)?;
        let executor = executor_for(&self.executors, &spec.run)?;
        let request = RunRequest {
            job_id: id.to_string(),
            run: spec.run.clone(),
            bundle: module.bundle().clone(),
            inputs,
            outputs: spec.outputs.iter().map(|output| (output.name.clone(), output.path.clone())).collect(),
            network: spec.network.clone(),
            gpus: gpus.ids().to_vec(),
            seed: *id.0.digest(),
            limits: job_limits(self.config.limits, spec),
        };
        let asked =
            Some(offer.execution_timeout_seconds).filter(|seconds| *seconds > 0).map(Duration::from_secs);
        let time = asked.or(spec.timeout).unwrap_or(USUAL_TIME);
        let timer = self.clock.sleep(time);
        let run = executor.run(request, EventSink::discard(), cancel.clone());
        tokio::pin!(run);
        let outcome = tokio::select! {
            biased;
            outcome = &mut run => outcome?,
            () = timer => {
                cancel.cancel(CancelReason::TimedOut);
                run.await?
            }
        };
        match outcome.stop {
            // v2 knows exit codes, and nothing of limits and traps: what stopped a job is its error.
            StopReason::Exited(_) => Ok((outcome.results, outcome.usage.instructions)),
            stop => {
                Err(Error::new(crate::error::ErrorKind::ExecutionFailed, "E_JOB_STOPPED", text_of(&stop))
                    .with_fault(Fault::Module))
            }
        }
    }

    /// The module must not need more than was offered: v2's creators say themselves what their job needs.
    fn check_room(&self, spec: &JobSpec) -> Result<()> {
        let (needs, has) = (&spec.machine, &self.config.machine);
        let checks = [
            ("CPU", needs.cpu, has.cpu),
            ("memory", needs.ram, has.ram),
            ("disk", needs.disk, has.disk),
            ("GPUs", needs.gpu, has.gpu),
        ];
        match checks.into_iter().find(|(_, needs, has)| needs > has) {
            None => Ok(()),
            Some((what, needs, has)) => {
                let message =
                    format!("the module needs more {what} than the machine offers: {needs} of {has}");
                Err(Error::invalid("E_JOB_NEEDS", message).with_fault(Fault::User))
            }
        }
    }
}
