//! The other roles: a solver that others reach, and a provider that runs jobs on this machine.

use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};

use lilypad_core::executor::wasm::WasmExecutor;
use lilypad_core::executor::{Executor, RunEvent, RunWatcher, Watched};
use lilypad_core::http::{HttpOptions, HttpSolver};
use lilypad_core::market::{ModulePolicy, ModuleRule};
use lilypad_core::model::{Amount, MachineSpec};
use lilypad_core::provider::{Provider, ProviderConfig};
use lilypad_core::rt::{CancelReason, CancelToken, Clock};
use lilypad_core::settlement::{LedgerConfig, MemorySettlement};
use lilypad_core::signer::{Domain, LocalSigner, Signer};
use lilypad_core::solver::server::{Server, ServerConfig};
use lilypad_core::solver::{Solver, SolverConfig};
use lilypad_core::{Error, ErrorKind, Result, view};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::call::Call;
use crate::client::{elsewhere, options_of};
use crate::convert::{amount, answer, duration, parsed, to_python};
use crate::error::raise;
use crate::module::blocking;
use crate::rt::generation;
use crate::signer::{RawSigner, found};

/// Most events of a provider that are kept.
const KEPT_EVENTS: usize = 10_000;

/// What runs in the background until it is asked to stop.
struct Background {
    stop: CancelToken,
    task: Arc<tokio::sync::Mutex<Option<JoinHandle<Result<()>>>>>,
    generation: u64,
}

impl Background {
    fn start(stop: CancelToken, work: impl Future<Output = Result<()>> + Send + 'static) -> Self {
        let task = Arc::new(tokio::sync::Mutex::new(Some(tokio::spawn(work))));
        Self { stop, task, generation: generation() }
    }

    /// Asks it to stop, and waits until it has.
    fn stop(&self) -> Call {
        let (stop, task) = (self.stop.clone(), Arc::clone(&self.task));
        let work = async move {
            stop.cancel(CancelReason::Shutdown);
            let Some(task) = task.lock().await.take() else { return Ok(()) };
            task.await.map_err(|_| Error::unexpected("a role did not come to its end"))?
        };
        Call::new(work, |py, ()| Ok(py.None())).of_generation(self.generation)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.cancel(CancelReason::Shutdown);
    }
}

/// A solver that is reached over HTTP.
#[pyclass(frozen, module = "lilypad._lilypad")]
pub(crate) struct RawSolver {
    url: String,
    address: String,
    background: Background,
}

#[pymethods]
impl RawSolver {
    #[getter]
    fn url(&self) -> &str {
        &self.url
    }

    #[getter]
    fn address(&self) -> &str {
        &self.address
    }

    fn stop(&self) -> Call {
        self.background.stop()
    }
}

/// Starts a solver whose jobs and money are in the memory of this process.
#[pyfunction]
pub(crate) fn start_solver(
    py: Python<'_>,
    listen: String,
    signer: Option<&Bound<'_, RawSigner>>,
    play_money: Option<&Bound<'_, PyAny>>,
    match_timeout: Option<&Bound<'_, PyAny>>,
) -> PyResult<Call> {
    let key = match signer {
        Some(signer) => Arc::clone(&signer.get().0),
        None => Arc::new(LocalSigner::random().map_err(|error| raise(py, &error))?),
    };
    let play_money = play_money.map(amount).transpose()?;
    let mut config = SolverConfig::default();
    if let Some(timeout) = match_timeout {
        config.match_timeout = duration(timeout)?;
    }
    let work = async move { serve(&listen, key.address(), play_money, config) };
    Ok(Call::new(work, |py, solver| Ok(Py::new(py, solver)?.into_any())))
}

fn serve(
    listen: &str,
    account: lilypad_core::model::Address,
    play_money: Option<Amount>,
    config: SolverConfig,
) -> Result<RawSolver> {
    let listener = TcpListener::bind(listen).map_err(|source| {
        Error::new(ErrorKind::Unavailable, "E_LISTEN", format!("{listen} cannot be listened on: {source}"))
            .with_hint("is another program listening there? port 0 takes any that is free")
    })?;
    let clock = Clock::system();
    let ledger = MemorySettlement::with_clock(account, clock.clone(), LedgerConfig::default());
    let solver = Solver::new(account, Domain::local(), clock, Arc::new(ledger.clone()), config);
    let config = ServerConfig { play_money, ..ServerConfig::default() };
    let server = Server::new(solver, ledger, listener, config)?;
    let url = format!("http://{}", server.local_addr()?);
    let stop = CancelToken::new();
    let background = Background::start(stop.clone(), server.serve(stop));
    Ok(RawSolver { url, address: account.to_string(), background })
}

/// What a provider did, for those who watch.
#[derive(Default)]
struct Log {
    events: Vec<Value>,
    over: bool,
}

/// A provider that runs jobs on this machine.
#[pyclass(frozen, module = "lilypad._lilypad")]
pub(crate) struct RawProvider {
    signer: Arc<LocalSigner>,
    solver: HttpSolver,
    log: Arc<watch::Sender<()>>,
    events: Arc<Mutex<Log>>,
    background: Background,
}

#[pymethods]
impl RawProvider {
    #[getter]
    fn address(&self) -> String {
        self.signer.address().to_string()
    }

    /// What the account has: to spend, staked, locked.
    fn money(&self) -> Call {
        let solver = self.solver.clone();
        Call::new(async move { solver.money().await }, |py, money| answer(py, view::money(&money)))
            .of_generation(self.background.generation)
    }

    /// What happened on this machine from the event with this number on; waits for one where there is none yet and the
    /// provider goes on.
    fn events(&self, first: usize) -> Call {
        let (events, mut changed) = (Arc::clone(&self.events), self.log.subscribe());
        let work = async move {
            loop {
                changed.mark_unchanged();
                let (there, over) = {
                    let log = events.lock().unwrap_or_else(PoisonError::into_inner);
                    (log.events.get(first..).unwrap_or_default().to_vec(), log.over)
                };
                if !there.is_empty() || over || changed.changed().await.is_err() {
                    return Ok(Value::Array(there));
                }
            }
        };
        Call::new(work, |py, events| to_python(py, &events)).of_generation(self.background.generation)
    }

    fn stop(&self) -> Call {
        self.background.stop()
    }
}

/// Offers this machine on a network elsewhere and runs WebAssembly jobs on it; settings by the names of `lilypad.Provider`.
#[pyfunction]
pub(crate) fn start_provider(
    network: Option<String>,
    signer: Option<&Bound<'_, RawSigner>>,
    settings: &Bound<'_, PyDict>,
) -> PyResult<Call> {
    let signer = signer.map(|signer| Arc::clone(&signer.get().0));
    let (wanted, stake) = wanted(settings)?;
    let work = async move {
        let entry = elsewhere(network).await?;
        let signer = match signer {
            Some(signer) => signer,
            None => Arc::new(blocking(|| found(None, None)).await?),
        };
        let options: HttpOptions = options_of(&entry);
        let account: Arc<dyn Signer> = Arc::clone(&signer) as Arc<dyn Signer>;
        let solver = HttpSolver::connect(entry.url.as_str(), Arc::clone(&account), options).await?;
        solver.ask_where_short(Amount::from_wei(1)).await?;
        solver.stake_where_short(stake).await?;
        let (log, events) = (Arc::new(watch::Sender::new(())), Arc::new(Mutex::new(Log::default())));
        let executor: Arc<dyn Executor> =
            Arc::new(Watched::new(Arc::new(WasmExecutor::new()?), watcher(&log, &events)));
        let config = ProviderConfig { mediators: solver.mediators().to_vec(), ..wanted };
        let api = Arc::new(solver.clone());
        let provider = Provider::new(account, api, vec![executor], Clock::system(), config);
        let running = provider.start().await?;
        let stop = CancelToken::new();
        let (serving, ended, told) = (running.serve(stop.clone()), Arc::clone(&events), Arc::clone(&log));
        let background = Background::start(stop, async move {
            serving.await;
            ended.lock().unwrap_or_else(PoisonError::into_inner).over = true;
            told.send_replace(());
            Ok(())
        });
        Ok(RawProvider { signer, solver, log, events, background })
    };
    Ok(Call::new(work, |py, provider| Ok(Py::new(py, provider)?.into_any())))
}

fn watcher(log: &Arc<watch::Sender<()>>, events: &Arc<Mutex<Log>>) -> RunWatcher {
    let (log, events) = (Arc::clone(log), Arc::clone(events));
    Arc::new(move |event: RunEvent| {
        let mut kept = events.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.events.len() < KEPT_EVENTS {
            kept.events.push(view::run_event(&event));
        }
        drop(kept);
        log.send_replace(());
    })
}

/// What the owner of the machine wants, and how much is to be staked.
fn wanted(settings: &Bound<'_, PyDict>) -> PyResult<(ProviderConfig, Option<Amount>)> {
    let mut config = ProviderConfig::of_this_machine(Vec::new());
    let mut stake = None;
    let (mut only, mut never): (Vec<ModuleRule>, Vec<ModuleRule>) = Default::default();
    let rules = |value: &Bound<'_, PyAny>| -> PyResult<Vec<ModuleRule>> {
        value.try_iter()?.map(|rule| parsed(&rule?)).collect()
    };
    for (name, value) in settings.iter().filter(|(_, value)| !value.is_none()) {
        match name.extract::<String>()?.as_str() {
            "slots" => config.slots = value.extract()?,
            "rate" => config.rate = parsed(&value)?,
            "labels" => config.labels = value.extract()?,
            "cpu" => config.machine = MachineSpec { cpu: value.extract()?, ..config.machine },
            "ram" => config.machine = MachineSpec { ram: value.extract()?, ..config.machine },
            "collateral" => config.collateral_multiple = value.extract()?,
            "stake" => stake = Some(amount(&value)?),
            "only" => only = rules(&value)?,
            "never" => never = rules(&value)?,
            name => return Err(crate::error::unexpected(&format!("no setting {name}"))),
        }
    }
    config.policy = ModulePolicy::of(only, never);
    Ok((config, stake))
}
