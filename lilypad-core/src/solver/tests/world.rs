//! One job, its creator and its provider, around a solver whose store can stop after any number of saves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;

use crate::error::{Error, Result};
use crate::market::{JobTerms, OfferTerms};
use crate::model::{
    Address, AgreementState, Amount, DealId, FileSet, JobId, JobOffer, MachineSpec, ModuleConfig, ModulePin,
    Outcome, PricingMode, Rate, ResourceOffer, ServiceConfig, Usage,
};
use crate::rt::{Clock, ManualClock, Timestamp};
use crate::settlement::{LedgerConfig, MemorySettlement, Settlement};
use crate::signer::{Domain, LocalSigner, RECEIPT_VERSION, ReceiptBody, Signed, Signer, Typed};
use crate::solver::files::{FileStore, MemoryFiles};
use crate::solver::store::{Batch, MemoryStore, Saved, Store};
use crate::solver::{Solver, SolverConfig};
use crate::wire::{
    JobCreatorApi, JobProposal, JobStatus, OfferProposal, ProviderApi, ProviderInbox, ResultSubmission,
};

/// A store that takes so many batches and no more.
#[derive(Debug)]
pub(super) struct Counted {
    store: MemoryStore,
    left: AtomicUsize,
}

impl Counted {
    /// How many more it takes.
    pub(super) fn left(&self) -> usize {
        self.left.load(Ordering::SeqCst)
    }
}

impl Store for Counted {
    fn load(&self) -> Result<Saved> {
        self.store.load()
    }

    fn save(&self, batch: Batch) -> Result<()> {
        let less = |left: usize| left.checked_sub(1);
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
            Ok(_) => self.store.save(batch),
            Err(_) => Err(Error::unexpected("the process was killed")),
        }
    }
}

pub(super) struct World {
    pub(super) hand: ManualClock,
    pub(super) store: MemoryStore,
    pub(super) files: Arc<dyn FileStore>,
    solver: LocalSigner,
    creator: LocalSigner,
    provider: LocalSigner,
    pub(super) job: Signed<JobProposal>,
    pub(super) offer: Signed<OfferProposal>,
}

/// A solver that runs, and its ledger.
pub(super) struct Running {
    pub(super) solver: Solver,
    pub(super) ledger: MemorySettlement,
    /// The provider listens as long as the solver runs.
    inbox: std::sync::Mutex<Option<ProviderInbox>>,
}

fn signer(byte: u8) -> LocalSigner {
    LocalSigner::from_bytes(&[byte; 32]).unwrap()
}

pub(super) fn sign<T: Typed>(body: T, signer: &LocalSigner) -> Signed<T> {
    Signed::sign(body, signer, Domain::local()).now_or_never().unwrap().unwrap()
}

pub(super) fn config() -> SolverConfig {
    SolverConfig { download_timeout: Duration::from_secs(40), ..SolverConfig::default() }
}

impl World {
    pub(super) fn new() -> Self {
        let [solver, creator, provider] = [1, 2, 3].map(signer);
        let rate = Rate::new(Amount::from_wei(7), 10).unwrap();
        let parties = ServiceConfig {
            solver: solver.address().to_string(),
            mediator: Some(vec![solver.address().to_string()]),
            ..ServiceConfig::default()
        };
        let bundle = FileSet::from_files([("lilypad.toml", "[module]\n")]).unwrap();
        let module = ModulePin::Git {
            repo: "https://example.com/frog".to_owned(),
            commit: "0123456789abcdef0123456789abcdef01234567".to_owned(),
            path: "lilypad.toml".to_owned(),
            content: bundle.content_id().unwrap(),
        };
        let job_offer = JobOffer {
            created_at: Timestamp(999_000),
            nonce: "one".to_owned(),
            job_creator: creator.address().to_string(),
            module: ModuleConfig { name: "frog".to_owned(), ..ModuleConfig::default() },
            spec: MachineSpec { cpu: 1_000, ram: 100, ..MachineSpec::default() },
            inputs: Some(BTreeMap::from([("Message".to_owned(), "hello".to_owned())])),
            execution_timeout_seconds: 20,
            trusted_parties: parties.clone(),
            ..JobOffer::default()
        };
        let proposal = JobProposal {
            offer: job_offer,
            terms: JobTerms { max_rate: Some(rate), ..JobTerms::new("wasm", Amount::from_wei(1_000)) },
            execution_timeout: Duration::from_secs(20),
            instruction_limit: 1_000,
            module,
            bundle,
            files: FileSet::from_files([("text", "moo")]).unwrap(),
        };
        let resource_offer = ResourceOffer {
            created_at: Timestamp(999_001),
            resource_provider: provider.address().to_string(),
            spec: MachineSpec { cpu: 1_000, ram: 1_000, ..MachineSpec::default() },
            mode: PricingMode::FixedPrice,
            trusted_parties: parties,
            ..ResourceOffer::default()
        };
        let terms = OfferTerms {
            rate,
            executors: vec!["wasm".to_owned()],
            collateral_multiple: 2,
            module_policy: crate::market::ModulePolicy::allow_all(),
            ..OfferTerms::default()
        };
        let (job, offer) =
            (sign(proposal, &creator), sign(OfferProposal { offer: resource_offer, terms }, &provider));
        let (hand, store) = (ManualClock::new(Timestamp(1_000_000)), MemoryStore::new());
        let files = Arc::new(MemoryFiles::new());
        Self { hand, store, files, solver, creator, provider, job, offer }
    }

    /// A solver on this world's store, which takes so many more batches.
    pub(super) async fn open(&self, saves: usize) -> Result<(Running, Arc<Counted>)> {
        let store = Arc::new(Counted { store: self.store.clone(), left: AtomicUsize::new(saves) });
        let running = self.open_on(Arc::clone(&store) as Arc<dyn Store>).await?;
        Ok((running, store))
    }

    pub(super) async fn open_on(&self, store: Arc<dyn Store>) -> Result<Running> {
        self.open_with(store, config()).await
    }

    pub(super) async fn open_with(&self, store: Arc<dyn Store>, config: SolverConfig) -> Result<Running> {
        let clock = Clock::from(self.hand.clone());
        let (address, ledger) = (self.solver.address(), LedgerConfig::default());
        let (solver, ledger) =
            Solver::open(store, Arc::clone(&self.files), address, Domain::local(), clock, ledger, config)
                .await?;
        Ok(Running { solver, ledger, inbox: std::sync::Mutex::default() })
    }

    /// Money for both sides, once, also where it was cut off.
    pub(super) async fn fund(&self, ledger: &MemorySettlement) -> Result<()> {
        let [creators, providers] = [5_000, 9_000].map(Amount::from_wei);
        if ledger.audit()?.deposited == Amount::ZERO {
            ledger.fund(self.creator.address(), creators)?;
        }
        let provider = ledger.as_account(self.provider.address());
        if ledger.audit()?.deposited == creators {
            provider.deposit(providers).await?;
        }
        if ledger.pool(self.provider.address()).await?.stake == Amount::ZERO {
            provider.stake(providers).await?;
        }
        Ok(())
    }

    /// The same job once more, under an id of its own.
    pub(super) fn another_job(&self, nonce: &str) -> Signed<JobProposal> {
        let mut body = self.job.body.clone();
        body.offer.nonce = nonce.to_owned();
        body.offer.created_at = Timestamp(999_500);
        sign(body, &self.creator)
    }

    /// An offer of another machine of the same provider.
    pub(super) fn another_offer(&self, index: i64) -> Signed<OfferProposal> {
        let mut body = self.offer.body.clone();
        body.offer.index = index;
        sign(body, &self.provider)
    }

    pub(super) fn sign(&self, body: JobProposal) -> Signed<JobProposal> {
        sign(body, &self.creator)
    }

    pub(super) fn id(&self) -> JobId {
        self.job.body.offer.id().unwrap()
    }

    pub(super) fn provider(&self) -> Address {
        self.provider.address()
    }

    pub(super) fn result(&self, deal_id: DealId, outcome: Outcome) -> ResultSubmission {
        let job = &self.job.body;
        let results = FileSet::from_files([("stdout", "moo\n")]).unwrap();
        let mut body = ReceiptBody {
            version: RECEIPT_VERSION,
            chain_id: Domain::local().chain_id,
            job_id: self.id(),
            deal_id,
            job_creator: self.creator.address(),
            resource_provider: self.provider.address(),
            module: job.module.clone(),
            inputs_id: job.inputs_id().unwrap(),
            data_id: results.content_id().unwrap(),
            outcome,
            executor: "fake".to_owned(),
            instruction_count: 500,
            rate: self.offer.body.terms.rate,
            price_cap: job.terms.price_cap,
            cost: Amount::ZERO,
            created_at: Timestamp(5),
        };
        body.cost = body.expected_cost();
        let usage = Usage { instructions: 500, peak_memory_bytes: 1 };
        ResultSubmission { receipt: sign(body, &self.provider), usage, error: String::new(), results }
    }

    pub(super) async fn accept(&self, solver: &Solver) -> Result<()> {
        let result = solver.result(self.id()).await?;
        let signature = sign(result.receipt.body, &self.creator).signature;
        solver.accept(self.id(), signature).await
    }

    /// What each account has, and what is staked: equal numbers mean that nothing was paid twice.
    pub(super) async fn money(&self, ledger: &MemorySettlement) -> Vec<Amount> {
        let audit = ledger.audit().unwrap();
        let mut money = vec![audit.deposited, audit.withdrawn];
        for account in [&self.creator, &self.provider, &self.solver] {
            money.push(ledger.balance(account.address()).await.unwrap());
            let pool = ledger.pool(account.address()).await.unwrap();
            money.extend([pool.stake, pool.locked]);
        }
        money
    }
}

impl Running {
    pub(super) async fn status(&self, world: &World) -> Result<JobStatus> {
        self.solver.status(world.id()).await
    }

    /// Moves the clock by a second, and lets everybody act on it.
    pub(super) async fn second(&self, world: &World) -> Result<()> {
        world.hand.advance(Duration::from_secs(1));
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    pub(super) async fn offer(&self, world: &World) -> Result<()> {
        let inbox = self.solver.connect(world.provider()).await?;
        *self.inbox.lock().unwrap() = Some(inbox);
        self.solver.offer(world.offer.clone()).await.map(drop)
    }
}

/// What the client of a job saw before a crash.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) events: Vec<crate::wire::JobEvent>,
    pub(super) submitted: bool,
    pub(super) delivered: bool,
    pub(super) state: Option<AgreementState>,
}
