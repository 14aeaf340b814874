//! A solver on a store, served by this process on a port of this machine.

use std::sync::{Arc, OnceLock};

use lilypad_core::model::Amount;
use lilypad_core::rt::{CancelReason, CancelToken, Clock};
use lilypad_core::settlement::{LedgerConfig, MemorySettlement};
use lilypad_core::signer::Domain;
use lilypad_core::solver::files::MemoryFiles;
use lilypad_core::solver::server::{Server, ServerConfig};
use lilypad_core::solver::store::{PostgresStore, SqliteStore, Store};
use lilypad_core::solver::{Solver, SolverConfig};

use crate::peers::{World, key};

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

/// A solver that this process serves.
pub(crate) struct Served {
    stop: CancelToken,
    task: tokio::task::JoinHandle<lilypad_core::Result<()>>,
    _store: Kept,
}

impl Served {
    pub(crate) async fn start(kept: Kept) -> (World, Self) {
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
        (World::new(kept.name, vec![url], figures), Self { stop, task, _store: kept })
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel(CancelReason::Shutdown);
        self.task.await.expect("no panic").expect("a good end");
    }
}
