//! A solver that is served somewhere, and those who use it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lilypad_core::client::Client;
use lilypad_core::executor::{Executor, Limits};
use lilypad_core::http::{HttpOptions, HttpSolver};
use lilypad_core::market::{ModulePolicy, NetworkAccess, VerificationClass};
use lilypad_core::model::{Amount, MachineSpec, Rate};
use lilypad_core::module::{Module, PinSource, folder_tree};
use lilypad_core::provider::{Provider, ProviderConfig};
use lilypad_core::rt::{CancelReason, CancelToken, Clock};
use lilypad_core::signer::{LocalSigner, Signer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What was measured, by name: to be set beside the same of another world.
pub(crate) type Figures = Vec<(&'static str, f64)>;

/// A solver that is served, at one address or at several, and what reads its figures.
pub(crate) struct World {
    pub(crate) name: &'static str,
    urls: Vec<String>,
    figures: SocketAddr,
    turn: AtomicUsize,
    stop: CancelToken,
}

impl World {
    pub(crate) fn new(name: &'static str, urls: Vec<String>, figures: SocketAddr) -> Self {
        Self { name, urls, figures, turn: AtomicUsize::new(0), stop: CancelToken::new() }
    }

    /// Who comes takes the addresses in turn.
    pub(crate) async fn solver(&self, signer: &Arc<dyn Signer>) -> HttpSolver {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.urls.len();
        let solver = HttpSolver::connect(&self.urls[turn], Arc::clone(signer), HttpOptions::default()).await;
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
            gpu_ids: Vec::new(),
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

    /// Ends the providers.
    pub(crate) fn leave(self) {
        self.stop.cancel(CancelReason::Shutdown);
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

/// Each figure beside that of the baseline.
pub(crate) fn compare(name: &str, figures: &Figures, (baseline, base): (&str, &Figures)) {
    let ratio = |(what, figure): &(&'static str, f64)| {
        let (_, base) = base.iter().find(|(known, base)| known == what && *base > 0.0)?;
        Some(format!("{what} {:.2}", figure / base))
    };
    let ratios: Vec<String> = figures.iter().filter_map(ratio).collect();
    println!("  {name}: times {baseline}: {}", ratios.join(", "));
}
