//! The embeddable resource provider: offers a machine, runs what is agreed, hands in signed results.
//!
//! Layout: `config` what it offers and under which rules; `deal` what it checks before it runs anything; `run` one job
//! from deal to result; this file the service that keeps all of it going.

mod config;
mod deal;
mod run;

pub use config::ProviderConfig;

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::error::Result;
use crate::executor::Executor;
use crate::model::{Address, DealId, ResourceOfferId};
use crate::rt::{CancelReason, CancelToken, Clock, spawn};
use crate::signer::{Signed, Signer};
use crate::wire::{DealNotice, ProviderApi, ProviderInbox, ProviderMessage};

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

    /// Connects to the solver and posts one offer for each slot.
    ///
    /// # Errors
    /// `InvalidInput` (`E_PROVIDER_CONFIG`) where the settings cannot work; what the solver says.
    pub async fn start(&self) -> Result<RunningProvider> {
        self.0.config.check(&self.0.executors)?;
        let inbox = self.0.solver.connect(self.address()).await?;
        let (finished, done) = mpsc::unbounded_channel();
        let mut running = RunningProvider {
            provider: self.clone(),
            inbox,
            offers: Vec::new(),
            jobs: HashMap::new(),
            finished,
            done,
        };
        for slot in 0..self.0.config.slots {
            running.post(slot).await?;
        }
        Ok(running)
    }
}

/// A connected provider with its offers in the solver's book.
#[derive(Debug)]
#[must_use = "call `serve`"]
pub struct RunningProvider {
    provider: Provider,
    inbox: ProviderInbox,
    /// Open offers by slot.
    offers: Vec<(u32, ResourceOfferId)>,
    jobs: HashMap<DealId, CancelToken>,
    finished: mpsc::UnboundedSender<(DealId, u32)>,
    done: mpsc::UnboundedReceiver<(DealId, u32)>,
}

impl RunningProvider {
    /// Runs jobs until `shutdown` asks to stop or the solver goes away; then takes its offers back, stops what runs,
    /// and returns when nothing runs any more.
    ///
    /// # Cancel safety
    /// Dropping the future leaves running jobs to their executors without anyone to hand in their results: use
    /// `shutdown`.
    pub async fn serve(mut self, shutdown: CancelToken) {
        loop {
            tokio::select! {
                biased;
                _ = shutdown.cancelled() => break,
                Some((deal, slot)) = self.done.recv() => {
                    self.jobs.remove(&deal);
                    self.post_or_log(slot).await;
                }
                message = self.inbox.recv() => match message {
                    Some(ProviderMessage::Deal(notice)) => self.take(*notice),
                    Some(ProviderMessage::Stop { deal_id, reason }) => self.stop(deal_id, reason),
                    None => break,
                }
            }
        }
        self.wind_down().await;
    }

    async fn post_or_log(&mut self, slot: u32) {
        if let Err(error) = self.post(slot).await {
            tracing::warn!(%error, slot, "a slot could not be offered again");
        }
    }

    async fn post(&mut self, slot: u32) -> Result<()> {
        let inner = &self.provider.0;
        let (solver, domain) = inner.solver.identity();
        let proposal =
            inner.config.offer(inner.signer.address(), solver, slot, inner.clock.now(), &inner.executors);
        let signed = Signed::sign(proposal, inner.signer.as_ref(), domain).await?;
        // The solver may match the offer before this returns: remember it first.
        let id = signed.body.offer.id()?;
        self.offers.push((slot, id));
        if let Err(error) = inner.solver.offer(signed).await {
            self.offers.retain(|(_, known)| *known != id);
            return Err(error);
        }
        Ok(())
    }

    fn take(&mut self, notice: DealNotice) {
        let Some(at) = self.offers.iter().position(|(_, id)| id.to_string() == notice.deal.resource_offer.id)
        else {
            tracing::warn!(deal = %notice.deal_id, "a deal came for an offer that is not open here: ignored");
            return;
        };
        let (slot, _) = self.offers.swap_remove(at);
        let cancel = CancelToken::new();
        self.jobs.insert(notice.deal_id, cancel.clone());
        let (provider, finished) = (self.provider.clone(), self.finished.clone());
        spawn(async move {
            let deal_id = notice.deal_id;
            provider.run_deal(notice, cancel).await;
            // Nobody listens any more only when the provider itself is gone.
            let _ = finished.send((deal_id, slot));
        });
    }

    fn stop(&self, deal_id: DealId, reason: CancelReason) {
        if let Some(cancel) = self.jobs.get(&deal_id) {
            cancel.cancel(reason);
        }
    }

    async fn wind_down(mut self) {
        for (_, offer) in std::mem::take(&mut self.offers) {
            // An offer that is matched already is not open: its deal is refused below or never comes.
            let _ = self.provider.0.solver.withdraw(offer).await;
        }
        for cancel in self.jobs.values() {
            cancel.cancel(CancelReason::Shutdown);
        }
        while !self.jobs.is_empty() {
            let Some((deal, _)) = self.done.recv().await else { break };
            self.jobs.remove(&deal);
        }
    }
}
