//! What one party may try against another through the solver.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::Network;
use super::{module, network, until};
use crate::client::{Client, SubmitOptions};
use crate::error::{Error, Result};
use crate::market::Quote;
use crate::model::{Address, AgreementState, Amount, JobId, MachineSpec};
use crate::provider::ProviderConfig;
use crate::rt::{BoxFuture, Random, Timestamp};
use crate::settlement::Settlement;
use crate::signer::{Domain, LocalSigner, Signature, Signed, Signer};
use crate::solver::{Solver, SolverConfig};
use crate::wire::{
    EventStream, JobCreatorApi, JobEventKind, JobProposal, JobStatus, ProviderApi, QuoteRequest,
    ResultSubmission,
};

/// A solver that keeps what is submitted to it, so that a test can change it.
#[derive(Debug)]
struct Tap(Solver, Mutex<Option<JobProposal>>);

fn nothing<T>() -> Result<T> {
    Err(Error::unexpected("nothing is submitted through a tap"))
}

impl JobCreatorApi for Tap {
    fn identity(&self) -> (Address, Domain) {
        JobCreatorApi::identity(&self.0)
    }

    fn quote<'a>(&'a self, job: QuoteRequest) -> BoxFuture<'a, Result<Quote>> {
        self.0.quote(job)
    }

    fn submit<'a>(&'a self, job: Signed<JobProposal>) -> BoxFuture<'a, Result<JobId>> {
        *self.1.lock().unwrap() = Some(job.body);
        Box::pin(async { nothing() })
    }

    fn watch<'a>(&'a self, _: JobId) -> BoxFuture<'a, Result<EventStream>> {
        Box::pin(async { nothing() })
    }

    fn status<'a>(&'a self, _: JobId) -> BoxFuture<'a, Result<JobStatus>> {
        Box::pin(async { nothing() })
    }

    fn result<'a>(&'a self, _: JobId) -> BoxFuture<'a, Result<ResultSubmission>> {
        Box::pin(async { nothing() })
    }

    fn accept<'a>(&'a self, _: JobId, _: Signature) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { nothing() })
    }

    fn cancel<'a>(&'a self, _: JobId) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { nothing() })
    }
}

/// A job creator with 1,000 LP that writes its offers by hand.
struct Creator<'a> {
    network: &'a Network,
    signer: Arc<LocalSigner>,
}

impl<'a> Creator<'a> {
    async fn of(network: &'a Network, seed: u64) -> Self {
        let signer = Arc::new(LocalSigner::generate(&mut Random::seeded(seed)).unwrap());
        let account = network.settlement.as_account(signer.address());
        account.deposit(Amount::from_lp(1_000)).await.unwrap();
        Self { network, signer }
    }

    /// A signed job; `change` sees it first.
    async fn job(
        &self,
        options: SubmitOptions,
        change: impl FnOnce(&mut JobProposal),
    ) -> Signed<JobProposal> {
        let tap = Arc::new(Tap(self.network.solver.clone(), Mutex::default()));
        let random = Random::seeded(self.network.solver.address().as_bytes()[0].into());
        let mediators = self.network.client.mediators().to_vec();
        let client =
            Client::new(self.signer.clone(), tap.clone(), self.network.clock.clone(), random, mediators);
        client.submit(&module(&["work 7"]), &BTreeMap::new(), options).await.unwrap_err();
        let mut body = tap.1.lock().unwrap().take().unwrap();
        change(&mut body);
        let (_, domain) = JobCreatorApi::identity(&self.network.solver);
        Signed::sign(body, self.signer.as_ref(), domain).await.unwrap()
    }

    async fn submit(&self, job: &Signed<JobProposal>) -> Result<JobId> {
        self.network.solver.submit(job.clone()).await
    }

    async fn balance(&self) -> Amount {
        self.network.balance(self.signer.address()).await.unwrap()
    }

    async fn state(&self, id: JobId) -> AgreementState {
        self.network.solver.status(id).await.unwrap().state
    }

    /// Waits until the solver has written such an event for the job.
    async fn sees(&self, id: JobId, wanted: impl Fn(&JobEventKind) -> bool) {
        let mut events = self.network.solver.watch(id).await.unwrap();
        while let Some(event) = events.next().await {
            if wanted(&event.kind) {
                return;
            }
        }
        panic!("the log of {id} ended before the event came");
    }
}

/// The signature is the account's however its address is written, so the provider's results must count.
#[tokio::test]
async fn an_address_in_lower_case_does_not_cost_the_provider_its_pay() {
    let (builder, _) = network();
    let network = builder.start().await.unwrap();
    let creator = Creator::of(&network, 5).await;
    let job = creator
        .job(SubmitOptions::default(), |job| job.offer.job_creator = job.offer.job_creator.to_lowercase())
        .await;
    let id = creator.submit(&job).await.unwrap();
    creator.sees(id, |kind| matches!(kind, JobEventKind::Started { .. })).await;
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(creator.state(id).await, AgreementState::ResultsSubmitted);
}

/// A provider has seen what the job creator signed, and could hand it in once more.
#[tokio::test]
async fn a_signed_job_is_run_and_paid_once_however_often_it_is_handed_in() {
    let (builder, hand) = network();
    let download_timeout = Duration::from_secs(60);
    let config = SolverConfig { max_ended_jobs: 1, download_timeout, ..SolverConfig::default() };
    let network = builder.solver(config).start().await.unwrap();
    let creator = Creator::of(&network, 5).await;
    let job = creator.job(SubmitOptions::default(), |_| {}).await;
    let id = creator.submit(&job).await.unwrap();
    creator.sees(id, |kind| matches!(kind, JobEventKind::ResultsSubmitted { .. })).await;
    hand.advance(download_timeout);
    creator.sees(id, JobEventKind::is_final).await;
    let paid = creator.balance().await;
    for _ in 0..3 {
        network.client().run(&module(&["work 1"]), &BTreeMap::new(), SubmitOptions::default()).await.unwrap();
    }
    let again = creator.submit(&job).await.unwrap_err();
    assert_eq!(again.code(), "E_JOB_OVER");
    // Long after everything about it is forgotten it is too old.
    hand.advance(Duration::from_secs(30 * 24 * 3_600));
    let again = creator.submit(&job).await.unwrap_err();
    assert_eq!(again.code(), "E_OFFER_TIME");
    assert_eq!(creator.balance().await, paid);
    network.audit().unwrap();
}

/// Whoever writes an early moment into its offer is not served before those who came first.
#[tokio::test]
async fn a_moment_in_the_past_gets_nobody_to_the_front() {
    let (builder, hand) = network();
    let network = builder.providers([]).start().await.unwrap();
    let creator = Creator::of(&network, 5).await;
    let honest = creator.submit(&creator.job(SubmitOptions::default(), |_| {}).await).await.unwrap();
    hand.advance(Duration::from_secs(1));
    let early = |job: &mut JobProposal| {
        job.offer.nonce.push('x');
        job.offer.created_at = Timestamp(job.offer.created_at.as_millis() - 20_000);
    };
    let pushing = creator.submit(&creator.job(SubmitOptions::default(), early).await).await.unwrap();
    // A silent provider with room for one job.
    let one = MachineSpec { cpu: 1_000, ram: 8_000, ..MachineSpec::default() };
    let silent = network.silent_provider_with(one).await.unwrap();
    let agreed = |kind: &JobEventKind| matches!(kind, JobEventKind::Agreed { .. });
    tokio::select! {
        () = creator.sees(honest, agreed) => {}
        () = creator.sees(pushing, agreed) => {}
    }
    assert_eq!(creator.state(honest).await, AgreementState::DealAgreed);
    assert_eq!(creator.state(pushing).await, AgreementState::DealNegotiating);
    drop(silent);
}

/// A price cap for which a provider has too little stake is no reason to give it no other job.
#[tokio::test]
async fn a_job_with_a_large_price_cap_does_not_empty_the_book() {
    let (builder, _) = network();
    let network = builder.providers([]).start().await.unwrap();
    let silent =
        network.silent_provider_with(MachineSpec { cpu: 4_000, ram: 8_000, ..MachineSpec::default() }).await;
    let capped = |lp| SubmitOptions { price_cap: Some(Amount::from_lp(lp)), ..SubmitOptions::default() };
    let client = network.client();
    let large = client.submit(&module(&["work 1"]), &BTreeMap::new(), capped(900)).await.unwrap();
    until(&large, |kind| matches!(kind, JobEventKind::Waiting { .. })).await;
    let status = large.status().await.unwrap();
    assert_eq!(
        status.waiting_for.unwrap(),
        "1 offer: 1 has too little stake for the price cap (cap 900 LP, at most 5 LP)"
    );
    assert!(status.fix.unwrap().starts_with("lower the price cap from 900 LP to 5 LP (price_cap)"));
    let small = client.submit(&module(&["work 1"]), &BTreeMap::new(), capped(5)).await.unwrap();
    until(&small, |kind| matches!(kind, JobEventKind::Agreed { .. })).await;
    drop(silent);
}

/// It would not hear of the deal, run nothing, and be slashed for it.
#[tokio::test]
async fn a_provider_that_has_left_gets_no_job() {
    let (builder, _) = network();
    let network = builder.providers([]).start().await.unwrap();
    let machine = MachineSpec { cpu: 4_000, ram: 8_000, ..MachineSpec::default() };
    drop(network.silent_provider_with(machine).await.unwrap());
    let client = network.client();
    let job = client.submit(&module(&["work 1"]), &BTreeMap::new(), SubmitOptions::default()).await.unwrap();
    until(&job, |kind| matches!(kind, JobEventKind::Waiting { .. })).await;
    let status = job.status().await.unwrap();
    assert_eq!(
        (status.state, status.waiting_for.as_deref()),
        (AgreementState::DealNegotiating, Some("no free offers"))
    );
}

/// A connection may break for longer than a job's offer stays fresh, and the machine is still there after it.
#[tokio::test]
async fn an_offer_of_long_ago_may_be_made_again_and_none_of_the_future() {
    let (builder, hand) = network();
    let network = builder.providers([]).start().await.unwrap();
    let signer = LocalSigner::generate(&mut Random::seeded(9)).unwrap();
    let (solver, domain) = ProviderApi::identity(&network.solver);
    let usual = Network::local().provider_config(&MachineSpec::default(), network.client.mediators()[0]);
    // It has nothing staked.
    let config = ProviderConfig { collateral_multiple: 0, ..usual };
    let made_at = |moment| {
        let offer = config.offer(signer.address(), solver, moment, &[]);
        async { Signed::sign(offer, &signer, domain).await.unwrap() }
    };
    let now = network.clock.now();
    let offer = made_at(now).await;
    let id = network.solver.offer(offer.clone()).await.unwrap();
    network.solver.withdraw(id).await.unwrap();
    hand.advance(Duration::from_secs(24 * 3_600));
    assert_eq!(network.solver.offer(offer).await.unwrap(), id);
    let ahead = made_at(Timestamp(now.as_millis() + 2 * 24 * 3_600 * 1_000)).await;
    assert_eq!(network.solver.offer(ahead).await.unwrap_err().code(), "E_OFFER_TIME");
}
