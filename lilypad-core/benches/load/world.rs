//! A solver on a store, served on a port of this machine, and those who use it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use lilypad_core::client::Client;
use lilypad_core::executor::{Executor, Limits};
use lilypad_core::http::{HttpOptions, HttpSolver};
use lilypad_core::market::{ModulePolicy, NetworkAccess, VerificationClass};
use lilypad_core::model::{Amount, MachineSpec, Rate};
use lilypad_core::module::{Module, PinSource, folder_tree};
use lilypad_core::provider::{Provider, ProviderConfig};
use lilypad_core::rt::{CancelReason, CancelToken, Clock};
use lilypad_core::settlement::{LedgerConfig, MemorySettlement};
use lilypad_core::signer::{Domain, LocalSigner, Signer};
use lilypad_core::solver::files::MemoryFiles;
use lilypad_core::solver::server::{Server, ServerConfig};
use lilypad_core::solver::store::{PostgresStore, SqliteStore, Store};
use lilypad_core::solver::{Solver, SolverConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A store to measure: its name, the store, and the folder that it needs for as long.
pub(crate) struct Kept {
    pub(crate) name: &'static str,
    store: Option<Arc<dyn Store>>,
    _folder: Option<tempfile::TempDir>,
}

/// The stores that are measured side by side. Another one is one more entry.
pub(crate) fn stores() -> Vec<Kept> {
    let memory = Kept { name: "memory", store: None, _folder: None };
    // On a disk, not in memory: the folder of the build.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let sqlite = SqliteStore::open(folder.path().join("solver.sqlite")).expect("a file");
    let sqlite = Kept { name: "sqlite", store: Some(Arc::new(sqlite)), _folder: Some(folder) };
    // An empty database of one's own. All parts use one session: timers of the solver before may still hold it.
    static DATABASE: OnceLock<Option<Arc<PostgresStore>>> = OnceLock::new();
    let database = DATABASE.get_or_init(|| {
        let url = std::env::var("LILYPAD_LOAD_POSTGRES").ok()?;
        Some(Arc::new(PostgresStore::open(&url).expect("a database")))
    });
    let postgres = database.clone().map(|store| Kept { name: "postgres", store: Some(store), _folder: None });
    [memory, sqlite].into_iter().chain(postgres).collect()
}

/// A solver that is served.
pub(crate) struct World {
    pub(crate) name: &'static str,
    url: String,
    figures: SocketAddr,
    stop: CancelToken,
    task: tokio::task::JoinHandle<lilypad_core::Result<()>>,
    _store: Kept,
}

impl World {
    pub(crate) async fn start(kept: Kept) -> Self {
        let (account, clock) = (key(1).address(), Clock::system());
        let (domain, rules) = (Domain::local(), LedgerConfig::default());
        let config = SolverConfig { max_open_jobs: 10_000, ..SolverConfig::default() };
        let (solver, ledger) = match &kept.store {
            Some(store) => {
                let (store, files) = (Arc::clone(store), Arc::new(MemoryFiles::new()));
                let opened = Solver::open(store, files, account, domain, clock, rules, config).await;
                opened.expect("a store")
            }
            None => {
                let ledger = MemorySettlement::with_clock(account, clock.clone(), rules);
                (Solver::new(account, domain, clock, Arc::new(ledger.clone()), config), ledger)
            }
        };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let config = ServerConfig {
            play_money: Some(Amount::from_lp(1_000_000_000)),
            address_requests: u32::MAX,
            account_requests: u32::MAX,
            account_streams: 10_000,
            address_connections: 10_000,
            max_connections: 10_000,
            ..ServerConfig::default()
        };
        let operators = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let figures = operators.local_addr().expect("an address");
        let server = Server::new(solver, ledger, listener, config).expect("a server").with_metrics(operators);
        let url = format!("http://{}", server.local_addr().expect("an address"));
        let stop = CancelToken::new();
        let task = tokio::spawn(server.serve(stop.clone()));
        Self { name: kept.name, url, figures, stop, task, _store: kept }
    }

    pub(crate) async fn solver(&self, signer: &Arc<dyn Signer>) -> HttpSolver {
        let solver = HttpSolver::connect(&self.url, Arc::clone(signer), HttpOptions::default()).await;
        let solver = solver.expect("a solver");
        solver.ask_for_play_money().await.expect("play money");
        solver
    }

    pub(crate) async fn client(&self, number: u16) -> Client {
        let signer = key(number);
        Client::at(self.solver(&signer).await, signer)
    }

    /// A provider with so many places, and the solver as it sees it.
    pub(crate) async fn provider(&self, executor: Arc<dyn Executor>, slots: u32) -> HttpSolver {
        let signer = key(2);
        let solver = self.solver(&signer).await;
        solver.stake(Amount::from_lp(100_000_000)).await.expect("stake");
        let config = ProviderConfig {
            machine: MachineSpec {
                cpu: 1_000_000,
                ram: 1_000_000,
                disk: 1_000_000,
                ..MachineSpec::default()
            },
            slots,
            rate: Rate::new(Amount::from_wei(10), 1).expect("a rate"),
            module_rates: BTreeMap::new(),
            driver: None,
            cuda: None,
            labels: BTreeMap::new(),
            network: NetworkAccess::None,
            verification: VerificationClass::Exact,
            collateral_multiple: 2,
            policy: ModulePolicy::allow_all(),
            limits: Limits::default(),
            mediators: solver.mediators().to_vec(),
        };
        let provider =
            Provider::new(signer, Arc::new(solver.clone()), vec![executor], Clock::system(), config);
        tokio::spawn(provider.start().await.expect("a provider").serve(self.stop.clone()));
        solver
    }

    /// The sum of the solver's own figures whose names begin so.
    pub(crate) async fn figure(&self, start: &str) -> f64 {
        let mut connection = TcpStream::connect(self.figures).await.expect("the figures");
        let ask = "GET /metrics HTTP/1.1\r\nhost: figures\r\nconnection: close\r\n\r\n";
        connection.write_all(ask.as_bytes()).await.expect("a request");
        let mut page = String::new();
        connection.read_to_string(&mut page).await.expect("an answer");
        let lines = page.lines().filter(|line| line.starts_with(start));
        lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel(CancelReason::Shutdown);
        self.task.await.expect("no panic").expect("a good end");
    }
}

/// The key with this number.
pub(crate) fn key(number: u16) -> Arc<dyn Signer> {
    let mut bytes = [1; 32];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    Arc::new(LocalSigner::from_bytes(&bytes).expect("a key"))
}

/// A module of the examples.
pub(crate) fn example(name: &str) -> Module {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/modules").join(name);
    Module::load(PinSource::local(), &folder_tree(folder).expect("a folder")).expect("a module")
}
