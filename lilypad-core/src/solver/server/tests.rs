//! Solver, provider and job creator over HTTP on this machine: the same jobs as in one process.

mod broken;
mod catalogue;
mod downloads;
mod figures;
mod hostile;
mod pages;
mod raw;
mod readers;
#[cfg(feature = "store-postgres")]
mod relay;
mod rot;
mod uploads;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::metrics::Metrics;
use super::{Server, ServerConfig};
use crate::client::{Client, SubmitOptions};
use crate::error::{ErrorKind, Fault};
use crate::executor::FakeExecutor;
use crate::http::{HttpOptions, HttpSolver};
use crate::market::ModulePolicy;
use crate::model::{AgreementState, Amount, FileSet, MachineSpec, Outcome, Rate};
use crate::module::{Module, PinSource};
use crate::provider::{Provider, ProviderConfig};
use crate::rt::{CancelReason, CancelToken, Clock, Random};
use crate::settlement::{LedgerConfig, MemorySettlement};
use crate::signer::{Domain, LocalSigner, Signer};
use crate::solver::files::{FileStore, MemoryFiles};
use crate::solver::store::{MemoryStore, Store};
use crate::solver::{Solver, SolverConfig};
use crate::wire::{JobCreatorApi, JobEventKind, ProviderApi};

/// A solver that is served, and what stops it.
struct Served {
    url: String,
    solver: Solver,
    metrics: Arc<Metrics>,
    stop: CancelToken,
    ledger: MemorySettlement,
    task: tokio::task::JoinHandle<crate::error::Result<()>>,
}

fn key(seed: u64) -> Arc<dyn Signer> {
    Arc::new(LocalSigner::generate(&mut Random::seeded(seed)).unwrap())
}

fn serve_with(config: ServerConfig) -> Served {
    let (solver_key, clock) = (key(1), Clock::system());
    let ledger = MemorySettlement::with_clock(solver_key.address(), clock.clone(), LedgerConfig::default());
    let settlement = Arc::new(ledger.clone());
    let solver =
        Solver::new(solver_key.address(), Domain::local(), clock, settlement, SolverConfig::default());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let config = ServerConfig { play_money: Some(Amount::from_lp(1_000)), ..config };
    begin(solver, ledger, listener, config)
}

fn begin(
    solver: Solver,
    ledger: MemorySettlement,
    listener: std::net::TcpListener,
    config: ServerConfig,
) -> Served {
    let server = Server::new(solver.clone(), ledger.clone(), listener, config).unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    let (stop, metrics) = (CancelToken::new(), Arc::clone(&server.state.0.metrics));
    let task = tokio::spawn(server.serve(stop.clone()));
    Served { url, solver, metrics, stop, ledger, task }
}

/// A solver on a store, served at an address.
async fn serve_kept<F>((store, files): &(MemoryStore, F), address: &str) -> Served
where
    F: FileStore + Clone + 'static,
{
    let (store, account) = (Arc::new(store.clone()) as Arc<dyn Store>, key(1).address());
    let (ledger, config) = (LedgerConfig::default(), SolverConfig::default());
    let opened = Solver::open(
        store,
        Arc::new(files.clone()),
        account,
        Domain::local(),
        Clock::system(),
        ledger,
        config,
    )
    .await;
    let (solver, ledger) = opened.unwrap();
    let listener = std::net::TcpListener::bind(address).unwrap();
    let config = ServerConfig { play_money: Some(Amount::from_lp(1_000)), ..ServerConfig::default() };
    begin(solver, ledger, listener, config)
}

#[tokio::test]
async fn a_running_job_outlives_its_solver() {
    let (store, stop) = ((MemoryStore::new(), MemoryFiles::new()), CancelToken::new());
    let served = serve_kept(&store, "127.0.0.1:0").await;
    let provider = served.provider(&stop).await;
    let client = served.client().await;
    let orders = module(&["print hello", "work 400", "wait"]);
    let job = client.submit(&orders, &BTreeMap::new(), SubmitOptions::default()).await.unwrap();
    let (id, mut events, mut seen) = (job.id(), job.events().await.unwrap(), Vec::new());
    while let Some(event) = events.next().await {
        seen.push(event.clone());
        if matches!(event.kind, JobEventKind::Started { .. }) {
            break;
        }
    }
    let address = served.url.strip_prefix("http://").unwrap().to_owned();
    served.end().await;
    drop((job, client, events));

    let served = serve_kept(&store, &address).await;
    let client = served.client().await;
    let job = client.job(id).await.unwrap();
    assert_eq!(job.status().await.unwrap().state, AgreementState::DealAgreed);
    job.cancel().await.unwrap();
    let result = job.wait().await.unwrap();
    assert_eq!((result.outcome(), result.instruction_count()), (&Outcome::Cancelled, 400));
    let mut events = job.events().await.unwrap();
    for known in seen {
        assert_eq!(events.next().await.unwrap(), known);
    }
    // The play money was given once, and one deal was paid once.
    assert_eq!(served.ledger.audit().unwrap().deposited, Amount::from_lp(2_000));
    served.ledger.audit().unwrap();
    stop.cancel(CancelReason::Shutdown);
    provider.await.unwrap();
    served.end().await;
}

fn serve() -> Served {
    serve_with(ServerConfig::default())
}

impl Served {
    async fn solver(&self, signer: &Arc<dyn Signer>) -> HttpSolver {
        let options = HttpOptions { attempts: 2, ..HttpOptions::default() };
        let solver = HttpSolver::connect(&self.url, Arc::clone(signer), options).await.unwrap();
        solver.ask_for_play_money().await.unwrap();
        solver
    }

    async fn client(&self) -> Client {
        let signer = key(2);
        Client::at(self.solver(&signer).await, signer)
    }

    /// Starts a provider with two places; it stops with the token.
    async fn provider(&self, stop: &CancelToken) -> tokio::task::JoinHandle<()> {
        let signer = key(3);
        let solver = self.solver(&signer).await;
        solver.stake(Amount::from_lp(100)).await.unwrap();
        let config = ProviderConfig {
            machine: MachineSpec { cpu: 4_000, ram: 8_000, ..MachineSpec::default() },
            gpu_ids: Vec::new(),
            slots: 2,
            rate: Rate::new(Amount::from_wei(10), 1).unwrap(),
            module_rates: BTreeMap::new(),
            driver: None,
            cuda: None,
            labels: BTreeMap::new(),
            network: crate::market::NetworkAccess::None,
            verification: crate::market::VerificationClass::Exact,
            collateral_multiple: 2,
            policy: ModulePolicy::allow_all(),
            limits: crate::executor::Limits::default(),
            mediators: solver.mediators().to_vec(),
        };
        let api: Arc<dyn ProviderApi> = Arc::new(solver);
        let provider = Provider::new(signer, api, vec![Arc::new(FakeExecutor)], Clock::system(), config);
        tokio::spawn(provider.start().await.unwrap().serve(stop.clone()))
    }

    async fn end(self) {
        self.stop.cancel(CancelReason::Shutdown);
        tokio::time::timeout(Duration::from_secs(10), self.task).await.unwrap().unwrap().unwrap();
    }
}

fn module(orders: &[&str]) -> Module {
    let args: Vec<String> = orders.iter().map(|order| format!("{order:?}")).collect();
    let manifest = format!(
        "module.name = \"orders\"\nrun.wasm = {{ module = \"orders.wat\", args = [{}] }}\nmachine = {{ cpu = 1000, ram = 100 }}\n\
         limits.timeout = \"60s\"\n[[outputs]]\nname = \"outputs\"\npath = \"/outputs\"\n",
        args.join(", ")
    );
    let mut files = FileSet::new();
    files.insert("lilypad.toml", manifest.into_bytes()).unwrap();
    files.insert("orders.wat", "(module (func (export \"_start\")))").unwrap();
    Module::load(PinSource::local(), &files).unwrap()
}

#[tokio::test]
async fn a_job_runs_over_http_and_its_events_come_in_order() {
    let (served, stop) = (serve(), CancelToken::new());
    let provider = served.provider(&stop).await;
    let client = served.client().await;
    let orders = module(&["print hello", "work 5000", "write outputs/a.txt frog"]);
    let quote = client.quote(&orders, &BTreeMap::new(), SubmitOptions::default()).await.unwrap();
    assert_eq!((quote.fitting, quote.refused), (1, 0));
    let job = client.submit(&orders, &BTreeMap::new(), SubmitOptions::default()).await.unwrap();
    let result = job.wait().await.unwrap();
    assert_eq!(result.outcome(), &Outcome::Exited(0));
    assert_eq!((result.stdout().as_ref(), result.instruction_count()), ("hello\n", 5_000));
    assert_eq!(result.cost(), Amount::from_wei(50_000));
    assert_eq!(result.files().get("outputs/a.txt").unwrap().as_ref(), b"frog");
    result.receipt().verify().unwrap();
    let mut events = job.events().await.unwrap();
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        if !matches!(event.kind, JobEventKind::Progress { .. }) {
            seen.push(event.seq);
        }
    }
    assert_eq!(seen, (0..seen.len() as u64).collect::<Vec<_>>());
    assert!(seen.len() >= 6, "{seen:?}");
    assert_eq!(job.status().await.unwrap().state, AgreementState::ResultsAccepted);
    served.ledger.audit().unwrap();
    stop.cancel(CancelReason::Shutdown);
    provider.await.unwrap();
    served.end().await;
}

#[tokio::test]
async fn a_running_job_is_cancelled_over_http_and_pays_for_what_it_did() {
    let (served, stop) = (serve(), CancelToken::new());
    let provider = served.provider(&stop).await;
    let client = served.client().await;
    let job = client
        .submit(&module(&["work 400", "wait"]), &BTreeMap::new(), SubmitOptions::default())
        .await
        .unwrap();
    let mut events = job.events().await.unwrap();
    while let Some(event) = events.next().await {
        if matches!(event.kind, JobEventKind::Started { .. }) {
            break;
        }
    }
    job.cancel().await.unwrap();
    let result = job.wait().await.unwrap();
    assert_eq!((result.outcome(), result.instruction_count()), (&Outcome::Cancelled, 400));
    stop.cancel(CancelReason::Shutdown);
    provider.await.unwrap();
    served.end().await;
}

#[tokio::test]
async fn another_account_sees_and_does_nothing_with_a_job() {
    let (served, stop) = (serve(), CancelToken::new());
    let _provider = served.provider(&stop).await;
    let client = served.client().await;
    let job = client.submit(&module(&["wait"]), &BTreeMap::new(), SubmitOptions::default()).await.unwrap();
    let stranger = served.solver(&key(9)).await;
    let refused = [
        stranger.status(job.id()).await.unwrap_err(),
        stranger.cancel(job.id()).await.unwrap_err(),
        stranger.watch(job.id()).await.unwrap_err(),
        stranger.result(job.id()).await.unwrap_err(),
    ];
    for error in refused {
        assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthorized, "E_NOT_PARTY"));
    }
    job.cancel().await.unwrap();
    job.wait().await.unwrap();
    stop.cancel(CancelReason::Shutdown);
    served.end().await;
}

#[tokio::test]
async fn a_job_is_found_again_by_its_id_from_another_client() {
    let (served, stop) = (serve(), CancelToken::new());
    let client = served.client().await;
    let job = client
        .submit(&module(&["print later", "work 7"]), &BTreeMap::new(), SubmitOptions::default())
        .await
        .unwrap();
    assert_eq!(job.status().await.unwrap().waiting_for.as_deref(), Some("no free offers"));
    let id = job.id();
    drop((job, client));
    let again = served.client().await.job(id).await.unwrap();
    let _provider = served.provider(&stop).await;
    assert_eq!(again.wait().await.unwrap().stdout(), "later\n");
    stop.cancel(CancelReason::Shutdown);
    served.end().await;
}

#[tokio::test]
async fn who_cannot_be_reached_or_is_no_solver_is_told_apart() {
    let signer = key(2);
    let options = || HttpOptions { attempts: 1, ..HttpOptions::default() };
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let down =
        HttpSolver::connect(&format!("http://{free}"), Arc::clone(&signer), options()).await.unwrap_err();
    assert_eq!(
        (down.kind(), down.code(), down.fault()),
        (ErrorKind::Unavailable, "E_SOLVER_DOWN", Fault::Network)
    );
    let unknown =
        HttpSolver::connect("https://nobody.invalid", Arc::clone(&signer), options()).await.unwrap_err();
    assert_eq!(unknown.code(), "E_DNS", "{unknown}");
    let served = serve();
    let other = HttpOptions { solver: Some(signer.address()), ..options() };
    let wrong = HttpSolver::connect(&served.url, Arc::clone(&signer), other).await.unwrap_err();
    assert_eq!((wrong.kind(), wrong.code()), (ErrorKind::VerificationFailed, "E_OTHER_SOLVER"));
    served.end().await;
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_back() {
    let served = serve_with(ServerConfig { account_requests: 3, ..ServerConfig::default() });
    let signer = key(2);
    let options = HttpOptions { attempts: 1, ..HttpOptions::default() };
    let solver = HttpSolver::connect(&served.url, signer, options).await.unwrap();
    for _ in 0..3 {
        solver.money().await.unwrap();
    }
    let error = solver.money().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::RateLimited, "E_RATE_LIMIT"));
    served.end().await;
}
