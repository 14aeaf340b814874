//! A store that fails while others listen: they are not left waiting.

use std::sync::atomic::{AtomicBool, Ordering};

use super::raw::{Raw, soon};
use super::*;
use crate::error::Error;
use crate::solver::store::{Batch, Saved};
use crate::wire::routes;

/// Takes everything until it is told to fail.
#[derive(Debug, Default)]
struct Failing {
    store: MemoryStore,
    fails: AtomicBool,
}

impl Store for Failing {
    fn load(&self) -> crate::Result<Saved> {
        self.store.load()
    }

    fn save(&self, batch: Batch) -> crate::Result<()> {
        match self.fails.load(Ordering::SeqCst) {
            true => Err(Error::unexpected("the disk is gone")),
            false => self.store.save(batch),
        }
    }
}

#[tokio::test]
async fn who_watches_a_job_is_not_left_waiting_when_the_store_fails() {
    let (store, stop) = (Arc::new(Failing::default()), CancelToken::new());
    let kept = Arc::clone(&store) as Arc<dyn Store>;
    let files = Arc::new(MemoryFiles::new());
    let (domain, clock) = (Domain::local(), Clock::system());
    let (ledger, config) = (LedgerConfig::default(), SolverConfig::default());
    let opened = Solver::open(kept, files, key(1).address(), domain, clock, ledger, config).await;
    let (solver, ledger) = opened.unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let config = ServerConfig { play_money: Some(Amount::from_lp(1_000)), ..ServerConfig::default() };
    let served = begin(solver, ledger, listener, config);
    let _provider = served.provider(&stop).await;
    let client = served.client().await;
    let job = client.submit(&module(&["wait"]), &BTreeMap::new(), SubmitOptions::default()).await.unwrap();
    let mut events = job.events().await.unwrap();
    while let Some(event) = soon(events.next()).await {
        if matches!(event.kind, JobEventKind::Started { .. }) {
            break;
        }
    }
    let head = served.signed(&key(2), "GET", &routes::job_events(job.id()), "").await;
    let mut raw = Raw::with(&served, head).await;
    raw.read_to("started").await;
    store.fails.store(true, Ordering::SeqCst);
    assert!(served.solver.cancel(job.id()).await.is_err());
    // The stream ends: without that, nothing would ever come again.
    let rest = soon(raw.rest()).await;
    assert!(!rest.contains("cancel"), "what could not be saved is not told: {rest}");
    let head = served.signed(&key(2), "GET", &routes::job_events(job.id()), "").await;
    let again = Raw::with(&served, head).await.read_to("E_STORE").await;
    assert!(again.contains(" 503 "), "{again}");
    stop.cancel(CancelReason::Shutdown);
}
