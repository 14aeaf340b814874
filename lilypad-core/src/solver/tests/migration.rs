//! A file that the first solver with a store wrote is opened by this one: nothing of it is lost.
//!
//! `version_1.sqlite` was written by the command `lilypad solver --store` of that time, with three jobs: one that has ended, one that
//! a provider runs, and one that waits. Files were kept in the store itself then.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::Result;
use crate::model::{AgreementState, Amount, JobId};
use crate::rt::{Clock, ManualClock, Timestamp};
use crate::settlement::{LedgerConfig, MemorySettlement, Settlement};
use crate::signer::{Domain, LocalSigner, Signer};
use crate::solver::files::{FileStore, FolderFiles, MemoryFiles};
use crate::solver::store::{SqliteStore, Store};
use crate::solver::{Solver, SolverConfig};
use crate::wire::{JobCreatorApi, JobEventKind, ProviderApi, ProviderMessage};

const FILE: &[u8] = include_bytes!("version_1.sqlite");
/// A second after its last command.
const MOMENT: Timestamp = Timestamp(1_795_623_431_578);
/// A public development key: it holds nothing anywhere.
const SOLVER_KEY: &str = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6";
const PROVIDER: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const CREATOR: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
/// What `lilypad jobs` said of them when they were made.
const JOBS: [(&str, AgreementState); 3] = [
    ("QmabnuuwHw3YJKa6s6EGKPjQe8X2X3YFsVcLW8b93BxnKg", AgreementState::ResultsAccepted),
    ("Qmf4UvwR1dTQ8fCPnzHKxx9vt3zmJLySpKwhPeT6x5juEe", AgreementState::DealAgreed),
    ("QmbJtmaTkt1Q9FK1cs1MTLaDazruLAFSHSLCViiaeE16iS", AgreementState::DealNegotiating),
];
const COST: u64 = 623_480_000_000;

#[test]
fn a_file_of_the_first_version_is_brought_up_to_date_with_its_jobs_intact() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("solver.sqlite");
    std::fs::write(&path, FILE).unwrap();
    let files = FolderFiles::open(folder.path().join("files")).unwrap();
    // What the first start brings up to date, the second finds so.
    for start in ["first", "second"] {
        on_its_own(async {
            let (solver, ledger) = open(&path, Arc::new(files.clone())).await.unwrap();
            look(start, &solver, &ledger).await;
        });
        let saved = SqliteStore::open(&path).unwrap().load().unwrap();
        assert_eq!(saved.jobs.len(), JOBS.len());
        let small = |archive: &Option<Bytes>| archive.as_ref().is_none_or(|archive| archive.len() < 10_000);
        let small = saved.jobs.iter().all(|job| small(&job.proposal) && small(&job.result));
        assert!(small, "{start}: files are not in the store any more");
    }
    // They are in the folder from now on.
    let nowhere = on_its_own(async { open(&path, Arc::new(MemoryFiles::new())).await.unwrap_err() });
    assert_eq!(nowhere.code(), "E_FILES_MISSING");
}

/// A file is free again when everything that a solver began has ended.
fn on_its_own<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(work)
}

async fn open(path: &Path, files: Arc<dyn FileStore>) -> Result<(Solver, MemorySettlement)> {
    let clock = Clock::from(ManualClock::new(MOMENT));
    let address = LocalSigner::from_hex(SOLVER_KEY).unwrap().address();
    let (store, rules) = (Arc::new(SqliteStore::open(path)?), LedgerConfig::default());
    Solver::open(store, files, address, Domain::local(), clock, rules, SolverConfig::default()).await
}

async fn look(start: &str, solver: &Solver, ledger: &MemorySettlement) {
    ledger.audit().unwrap();
    let [provider, creator] = [PROVIDER, CREATOR].map(|account| account.parse().unwrap());
    let locked = Amount::from_lp(1);
    let left = Amount::from_lp(1_000).checked_sub(COST.into()).and_then(|left| left.checked_sub(locked));
    assert_eq!(
        Some(ledger.balance(creator).await.unwrap()),
        left,
        "{start}: one job is paid, and one is held"
    );
    let mut inbox = solver.connect(provider).await.unwrap();
    let Ok(ProviderMessage::Deal { deal_id }) = inbox.try_recv() else { panic!("{start}: no deal") };
    for (id, state) in JOBS {
        let id: JobId = id.parse().unwrap();
        let status = solver.status(id).await.unwrap();
        assert_eq!(status.state, state, "{start}: {id}");
        let first = solver.watch(id).await.unwrap().next().await.unwrap();
        assert_eq!((first.seq, first.kind), (0, JobEventKind::Submitted));
        match state {
            AgreementState::ResultsAccepted => {
                assert_eq!(status.cost, Some(COST.into()));
                status.receipt.unwrap().verify().unwrap();
            }
            AgreementState::DealAgreed => {
                let notice = solver.notice(deal_id).await.unwrap();
                assert_eq!(notice.job.body.offer.id().unwrap(), id);
                assert!(notice.job.body.bundle.get("forever.wasm").is_some(), "{start}: its files are there");
            }
            _ => assert!(status.waiting_for.is_some(), "{start}: it waits and says why"),
        }
    }
}
