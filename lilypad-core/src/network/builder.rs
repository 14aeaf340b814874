//! How a network in one process is put together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::client::Client;
use crate::error::Result;
use crate::executor::wasm::WasmExecutor;
use crate::executor::{Executor, Limits};
use crate::market::{ModulePolicy, NetworkAccess, VerificationClass};
use crate::model::{Address, Amount, GpuSpec, MachineSpec, Rate};
use crate::provider::{Provider, ProviderConfig};
use crate::rt::{CancelToken, Clock, Random, TaskGroup, Timestamp};
use crate::settlement::{LedgerConfig, MemorySettlement, Settlement};
use crate::signer::{Domain, LocalSigner, Signer};
use crate::solver::{Solver, SolverConfig};
use crate::wire::{JobCreatorApi, ProviderApi};

use super::Network;

/// The fixed moment that a seeded network shows unless it is given a clock: 2026-01-01T00:00:00Z.
const SEEDED_MOMENT: Timestamp = Timestamp(1_767_225_600_000);

/// Puts a network in one process together. Plain settings; [`NetworkBuilder::start`] starts it.
#[derive(Debug)]
#[must_use = "call `start`"]
pub struct NetworkBuilder {
    seed: Option<u64>,
    clock: Option<Clock>,
    providers: Vec<MachineSpec>,
    gpus: Vec<GpuSpec>,
    slots: u32,
    rate: Rate,
    policy: ModulePolicy,
    limits: Limits,
    solver: SolverConfig,
    funds: Amount,
    executors: Option<Vec<Arc<dyn Executor>>>,
    network: NetworkAccess,
}

impl Default for NetworkBuilder {
    fn default() -> Self {
        Self {
            seed: None,
            clock: None,
            providers: vec![default_machine()],
            gpus: Vec::new(),
            slots: 2,
            rate: default_rate(),
            policy: ModulePolicy::allow_all(),
            limits: Limits::default(),
            solver: SolverConfig::default(),
            funds: Amount::from_lp(1_000),
            executors: None,
            network: NetworkAccess::None,
        }
    }
}

impl NetworkBuilder {
    /// Keys, nonces and ids are made from `seed`, and stamps show one fixed moment, so that the same seed gives the
    /// same ids, event log, counts and receipts. Timeouts still take real time.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// All roles follow `clock`; a [`ManualClock`](crate::rt::ManualClock) lets a test hold time still.
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = Some(clock.into());
        self
    }

    /// One provider for each of these machines.
    pub fn providers(mut self, machines: impl IntoIterator<Item = MachineSpec>) -> Self {
        self.providers = machines.into_iter().collect();
        self
    }

    /// Gives each machine these GPUs instead of its own; an empty list changes nothing.
    pub fn gpus(mut self, gpus: Vec<GpuSpec>) -> Self {
        self.gpus = gpus;
        self
    }

    /// How many jobs each provider runs at once, as far as its machine holds them beside each other.
    pub fn slots(mut self, slots: u32) -> Self {
        self.slots = slots;
        self
    }

    /// Price of measured work; zero makes everything free.
    pub fn rate(mut self, rate: Rate) -> Self {
        self.rate = rate;
        self
    }

    /// Which modules the providers run.
    pub fn policy(mut self, policy: ModulePolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Most that any job may use.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The solver's time limits and bounds.
    pub fn solver(mut self, config: SolverConfig) -> Self {
        self.solver = config;
        self
    }

    /// Play money of the job creator; each provider gets ten times as much, and beside it a stake from which it can lock
    /// collateral for the dearest job in every slot.
    pub fn funds(mut self, funds: Amount) -> Self {
        self.funds = funds;
        self
    }

    /// What the providers run jobs with, instead of the WebAssembly executor.
    pub fn executors(mut self, executors: Vec<Arc<dyn Executor>>) -> Self {
        self.executors = Some(executors);
        self
    }

    /// The most that a job may reach from the providers, as far as their executors allow it.
    pub fn network(mut self, network: NetworkAccess) -> Self {
        self.network = network;
        self
    }

    /// Starts all roles. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// `InvalidInput` where the settings cannot work.
    pub async fn start(self) -> Result<Network> {
        self.solver.check()?;
        let random = self.seed.map_or_else(Random::system, Random::seeded);
        let clock = self.clock.clone().unwrap_or_else(|| match self.seed {
            Some(_) => Clock::frozen(SEEDED_MOMENT),
            None => Clock::system(),
        });
        let key = |name: &str| LocalSigner::generate(&mut random.child(name));
        let (solver_key, mediator, creator) = (key("solver")?, key("mediator")?, key("job creator")?);
        let settlement =
            MemorySettlement::with_clock(solver_key.address(), clock.clone(), LedgerConfig::default());
        let solver = Solver::new(
            solver_key.address(),
            Domain::local(),
            clock.clone(),
            Arc::new(settlement.clone()),
            self.solver.clone(),
        );
        let executors = match &self.executors {
            Some(executors) => executors.clone(),
            None => vec![Arc::new(WasmExecutor::new()?) as Arc<dyn Executor>],
        };
        let stop = CancelToken::new();
        let mut roles = TaskGroup::new();
        let mut providers = Vec::new();
        for (number, machine) in self.providers.iter().enumerate() {
            let signer = key(&format!("provider {number}"))?;
            let config = self.provider_config(machine, mediator.address());
            self.fund_provider(&settlement.as_account(signer.address()), &config).await?;
            providers.push(signer.address());
            let api: Arc<dyn ProviderApi> = Arc::new(solver.clone());
            let provider = Provider::new(Arc::new(signer), api, executors.clone(), clock.clone(), config);
            roles.spawn(provider.start().await?.serve(stop.clone()));
        }
        settlement.fund(creator.address(), self.funds)?;
        let api: Arc<dyn JobCreatorApi> = Arc::new(solver.clone());
        let nonces = random.child("nonces");
        let client = Client::new(Arc::new(creator), api, clock.clone(), nonces, vec![mediator.address()]);
        Ok(Network { client, providers, solver, settlement, clock, stop, roles: Mutex::new(roles) })
    }

    /// Play money to spend, and the stake that the provider's slots need.
    async fn fund_provider(&self, account: &MemorySettlement, config: &ProviderConfig) -> Result<()> {
        let dearest = self.funds.checked_mul(config.collateral_multiple).unwrap_or(Amount::MAX);
        let stake = dearest.checked_mul(u64::from(config.slots)).unwrap_or(Amount::MAX);
        account.deposit(self.funds.checked_mul(10).unwrap_or(Amount::MAX)).await?;
        account.deposit(stake).await?;
        account.stake(stake).await?;
        Ok(())
    }

    pub(super) fn provider_config(&self, machine: &MachineSpec, mediator: Address) -> ProviderConfig {
        ProviderConfig {
            machine: machine.clone().with_gpus(&self.gpus),
            gpu_ids: Vec::new(),
            slots: self.slots,
            rate: self.rate,
            module_rates: BTreeMap::new(),
            driver: None,
            cuda: None,
            labels: BTreeMap::new(),
            network: self.network,
            // The executors of a local network measure and repeat exactly; a fake one promises nothing less.
            verification: VerificationClass::Exact,
            collateral_multiple: 2,
            policy: self.policy.clone(),
            limits: self.limits,
            mediators: vec![mediator],
        }
    }
}

/// 0.01 LP for 10^9 instructions: the usual price cap of 1 LP pays for the 10^11 that a job may use at most.
fn default_rate() -> Rate {
    Rate::new(Amount::from_wei(10_000_000_000_000_000), 1_000_000_000).unwrap_or(Rate::FREE)
}

/// Four CPUs, 8 GB of memory, 100 GB of disk, no GPU.
fn default_machine() -> MachineSpec {
    MachineSpec { gpu: 0, gpus: None, cpu: 4_000, ram: 8_000, disk: 100_000_000_000 }
}
