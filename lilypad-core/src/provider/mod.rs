//! The embeddable resource provider: offers a machine, runs what is agreed, hands in signed results.
//!
//! Layout: `config` what it offers and under which rules, `here` where nothing else is said; `machine` what of it is in use; `gpus` which
//! GPUs a job of v2 gets; `deal` what it checks before it
//! runs anything; `run` one job from deal to result; `v2` a provider at a solver of Lilypad v2; this file the service that keeps all of it going.

mod config;
mod deal;
#[cfg(all(feature = "http", not(target_family = "wasm")))]
mod gpus;
mod here;
mod machine;
mod run;
#[cfg(all(feature = "http", not(target_family = "wasm")))]
mod v2;

pub use config::ProviderConfig;
#[cfg(all(feature = "http", not(target_family = "wasm")))]
pub use v2::{ModuleLoader, V2Provider, V2Terms};

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use machine::Machine;
use tokio::sync::mpsc;
use tracing::Instrument;

use crate::error::Result;
use crate::executor::Executor;
use crate::model::{Address, DealId};
use crate::rt::{CancelReason, CancelToken, Clock, crash_point, spawn};
use crate::signer::{Signed, Signer};
use crate::trace::span;
use crate::wire::{OfferProposal, ProviderApi, ProviderInbox, ProviderMessage};

/// A pause before an offer that the solver did not take is made again.
const OFFER_PAUSE: Duration = Duration::from_secs(30);

/// A resource provider: a machine that runs other people's jobs for money, under its owner's rules.
#[derive(Clone, Debug)]
pub struct Provider(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    signer: Arc<dyn Signer>,
    solver: Arc<dyn ProviderApi>,
    executors: Vec<Arc<dyn Executor>>,
    clock: Clock,
    config: ProviderConfig,
}

impl Provider {
    /// A provider that is not connected yet.
    #[must_use = "call `start`"]
    pub fn new(
        signer: Arc<dyn Signer>,
        solver: Arc<dyn ProviderApi>,
        executors: Vec<Arc<dyn Executor>>,
        clock: Clock,
        config: ProviderConfig,
    ) -> Self {
        Self(Arc::new(Inner { signer, solver, executors, clock, config }))
    }

    /// The account that is paid.
    #[must_use]
    pub fn address(&self) -> Address {
        self.0.signer.address()
    }

    /// Connects to the solver and offers the machine.
    ///
    /// # Errors
    /// `InvalidInput` (`E_PROVIDER_CONFIG`) where the settings cannot work; what the solver says.
    pub async fn start(&self) -> Result<RunningProvider> {
        let inner = &self.0;
        inner.config.check(&inner.executors)?;
        let inbox = inner.solver.connect(self.address()).await?;
        let (solver, domain) = inner.solver.identity();
        let proposal =
            inner.config.offer(inner.signer.address(), solver, inner.clock.now(), &inner.executors);
        let machine = Arc::new(Machine::new(&proposal)?);
        let signed = Signed::sign(proposal, inner.signer.as_ref(), domain).await?;
        inner.solver.offer(signed.clone()).await?;
        crash_point("provider.offered");
        let (finished, done) = mpsc::unbounded_channel();
        let provider = self.clone();
        let (jobs, lost) = (HashMap::new(), HashSet::new());
        Ok(RunningProvider {
            provider,
            inbox,
            machine,
            offer: signed,
            jobs,
            lost,
            offer_in: None,
            finished,
            done,
        })
    }
}

/// What a job left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// A machine that is free again.
    Free,
    /// An executor that does not stop.
    Stuck,
}

/// A connected provider with its offer in the solver's book.
#[derive(Debug)]
#[must_use = "call `serve`"]
pub struct RunningProvider {
    provider: Provider,
    inbox: ProviderInbox,
    machine: Arc<Machine>,
    offer: Signed<OfferProposal>,
    jobs: HashMap<DealId, CancelToken>,
    /// Deals whose time was over for the solver while they are still here.
    lost: HashSet<DealId>,
    /// The solver has dropped the offer: when it is made again.
    offer_in: Option<Duration>,
    finished: mpsc::UnboundedSender<(DealId, Ended)>,
    done: mpsc::UnboundedReceiver<(DealId, Ended)>,
}

impl RunningProvider {
    /// Runs jobs until `shutdown` asks to stop or the solver goes away; then takes its offer back, stops what runs,
    /// and returns when nothing runs any more.
    ///
    /// # Cancel safety
    /// Dropping the future leaves running jobs to their executors without anyone to hand in their results: use
    /// `shutdown`.
    pub async fn serve(mut self, shutdown: CancelToken) {
        loop {
            let offer_in = self.offer_in;
            let again = async {
                match offer_in {
                    Some(pause) => self.provider.0.clock.sleep(pause).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = shutdown.cancelled() => break,
                Some((deal, ended)) = self.done.recv() => {
                    self.jobs.remove(&deal);
                    if self.lost.remove(&deal) && ended == Ended::Free {
                        self.offer_in = Some(Duration::ZERO);
                    }
                }
                () = again => self.offer_again(&shutdown).await,
                message = self.inbox.recv() => match message {
                    Some(ProviderMessage::Deal { deal_id }) => self.take(deal_id),
                    Some(ProviderMessage::Stop { deal_id, reason }) => self.stop(deal_id, reason),
                    None => break,
                }
            }
        }
        self.wind_down().await;
    }

    fn take(&mut self, deal_id: DealId) {
        // After a break in the connection the solver tells again what it has told.
        if self.jobs.contains_key(&deal_id) {
            return;
        }
        let cancel = CancelToken::new();
        self.jobs.insert(deal_id, cancel.clone());
        let (provider, finished) = (self.provider.clone(), self.finished.clone());
        let machine = Arc::clone(&self.machine);
        spawn(async move {
            let ended = provider.run_deal(deal_id, &machine, cancel).instrument(span::run(deal_id)).await;
            // Nobody listens any more only when the provider itself is gone.
            let _ = finished.send((deal_id, ended));
        });
    }

    fn stop(&mut self, deal_id: DealId, reason: CancelReason) {
        let here = self.jobs.get(&deal_id);
        if let Some(cancel) = here {
            cancel.cancel(reason);
        }
        // Whose time was over has its offer dropped, and makes it anew as soon as its machine is free.
        match (reason, here) {
            (CancelReason::TimedOut, Some(_)) => drop(self.lost.insert(deal_id)),
            (CancelReason::TimedOut, None) => self.offer_in = Some(Duration::ZERO),
            _ => {}
        }
    }

    async fn offer_again(&mut self, shutdown: &CancelToken) {
        let offered = tokio::select! {
            biased;
            _ = shutdown.cancelled() => return,
            offered = self.provider.0.solver.offer(self.offer.clone()) => offered,
        };
        self.offer_in = offered.is_err().then_some(OFFER_PAUSE);
        if let Err(error) = offered {
            tracing::warn!(%error, "the machine could not be offered again");
        }
    }

    async fn wind_down(mut self) {
        // An offer that the solver dropped is not there to be taken back.
        let _ = self.provider.0.solver.withdraw(self.machine.offer_id()).await;
        for cancel in self.jobs.values() {
            cancel.cancel(CancelReason::Shutdown);
        }
        while !self.jobs.is_empty() {
            let Some((deal, _)) = self.done.recv().await else { break };
            self.jobs.remove(&deal);
        }
    }
}
