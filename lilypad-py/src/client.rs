//! A job creator on a network: one in this process, or one that is reached over HTTP.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lilypad_core::client::{Client, Job, ResultFolders, SubmitOptions};
use lilypad_core::config::{NetworkEntry, NetworkTarget, data_dir, resolve_network};
use lilypad_core::http::{HttpOptions, HttpSolver};
use lilypad_core::model::{Amount, JobId, MachineSpec};
use lilypad_core::network::{Network, NetworkBuilder};
use lilypad_core::signer::Signer;
use lilypad_core::solver::SolverConfig;
use lilypad_core::wire::JobStatus;
use lilypad_core::{Error, Result, view};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::Value;

use crate::call::Call;
use crate::convert::{amount, answer, duration, inputs, named, options, parsed};
use crate::job::RawJob;
use crate::module::{RawModule, blocking};
use crate::signer::{RawSigner, found};

/// Jobs whose handles are kept, so that a job of this process is found again with its result.
const KEPT_JOBS: usize = 64;
/// How long a job on the network in this process waits for a machine: no other will come, but one may become free.
const LOCAL_MATCH_TIMEOUT: Duration = Duration::from_secs(10);
/// How many jobs `map` has in flight where nothing is known of the network.
const REMOTE_AT_ONCE: u32 = 8;

/// A job creator.
#[pyclass(frozen, module = "lilypad._lilypad")]
pub(crate) struct RawClient {
    client: Client,
    place: Place,
    recent: Arc<Mutex<VecDeque<Job>>>,
    at_once: u32,
    generation: u64,
}

/// Where the network is.
#[derive(Clone)]
enum Place {
    /// In this process: it goes on as long as somebody holds it.
    Here(Arc<Network>),
    /// Elsewhere.
    There(HttpSolver),
}

impl Place {
    /// Asks for play money where the job needs more than there is, and some is given.
    async fn fund(&self, needed: Amount) -> Result<()> {
        match self {
            Self::There(solver) => solver.ask_where_short(needed).await.map(drop),
            Self::Here(_) => Ok(()),
        }
    }
}

impl RawClient {
    fn new(client: Client, place: Place, at_once: u32) -> Self {
        Self { client, place, recent: Arc::default(), at_once, generation: crate::rt::generation() }
    }
}

fn kept(recent: &Mutex<VecDeque<Job>>) -> MutexGuard<'_, VecDeque<Job>> {
    recent.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remember(recent: &Mutex<VecDeque<Job>>, job: &Job) {
    let mut recent = kept(recent);
    if recent.len() >= KEPT_JOBS {
        recent.pop_front();
    }
    recent.push_back(job.clone());
}

fn recalled(recent: &Mutex<VecDeque<Job>>, id: JobId) -> Option<Job> {
    kept(recent).iter().find(|job| job.id() == id).cloned()
}

#[pymethods]
impl RawClient {
    /// The account that asks and pays.
    #[getter]
    fn address(&self) -> String {
        self.client.address().to_string()
    }

    /// How many jobs the network is sure to run at once, where that is known.
    #[getter]
    fn at_once(&self) -> u32 {
        self.at_once
    }

    /// Hands a job in.
    fn submit(
        &self,
        module: &Bound<'_, RawModule>,
        given: &Bound<'_, PyDict>,
        asked: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let (client, recent) = (self.client.clone(), Arc::clone(&self.recent));
        let (module, given, asked) = (module.get().0.clone(), inputs(given)?, options(asked)?);
        let place = self.place.clone();
        let work = async move {
            let texts = module.texts(given)?;
            module.render(&texts)?.into_runnable()?;
            place.fund(asked.price_cap.unwrap_or_else(SubmitOptions::default_price_cap)).await?;
            let job = client.submit(&module, &texts, asked).await?;
            remember(&recent, &job);
            Ok(job)
        };
        Ok(Call::new(work, job).of_generation(self.generation))
    }

    /// What a job would cost.
    fn quote(
        &self,
        module: &Bound<'_, RawModule>,
        given: &Bound<'_, PyDict>,
        asked: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let client = self.client.clone();
        let (module, given, asked) = (module.get().0.clone(), inputs(given)?, options(asked)?);
        let work = async move { client.quote(&module, &module.texts(given)?, asked).await };
        Ok(Call::new(work, |py, quote| answer(py, view::quote_with_text(&quote)))
            .of_generation(self.generation))
    }

    /// Where this account's newest jobs stand.
    fn jobs(&self) -> Call {
        let (place, recent) = (self.place.clone(), Arc::clone(&self.recent));
        let work = async move {
            match place {
                Place::There(solver) => solver.jobs().await,
                Place::Here(_) => {
                    let jobs: Vec<Job> = kept(&recent).iter().rev().cloned().collect();
                    let mut found = Vec::new();
                    for job in jobs {
                        found.push(job.status().await?);
                    }
                    Ok(found)
                }
            }
        };
        let shown = |py: Python<'_>, jobs: Vec<JobStatus>| {
            answer(py, jobs.iter().map(view::status).collect::<Result<Vec<_>>>().map(Value::Array))
        };
        Call::new(work, shown).of_generation(self.generation)
    }

    /// What the account can spend, in wei.
    fn balance(&self) -> Call {
        let (place, account) = (self.place.clone(), self.client.address());
        let work = async move {
            match place {
                Place::Here(network) => network.balance(account).await,
                Place::There(solver) => solver.money().await.map(|money| money.balance),
            }
        };
        Call::new(work, |py, balance| answer(py, Ok(balance.to_wei_string().into())))
            .of_generation(self.generation)
    }

    /// A handle on a job that was submitted before.
    fn job(&self, id: &Bound<'_, PyAny>) -> PyResult<Call> {
        let id: JobId = parsed(id)?;
        let (client, recent) = (self.client.clone(), Arc::clone(&self.recent));
        let work = async move {
            match recalled(&recent, id) {
                Some(job) => Ok(job),
                None => client.job(id).await,
            }
        };
        Ok(Call::new(work, job).of_generation(self.generation))
    }
}

fn job(py: Python<'_>, job: Job) -> PyResult<Py<PyAny>> {
    Ok(Py::new(py, RawJob::new(job))?.into_any())
}

/// Starts a whole network in this process; settings by the names of `lilypad.Client.local`.
#[pyfunction]
pub(crate) fn local(settings: &Bound<'_, PyDict>) -> PyResult<Call> {
    let (builder, slots) = builder(settings)?;
    let work = async move { Ok(here(builder.start().await?, slots)) };
    Ok(Call::new(work, |py, client| Ok(Py::new(py, client)?.into_any())))
}

fn here(network: Network, slots: u32) -> RawClient {
    let network = Arc::new(network);
    RawClient::new(network.client().clone(), Place::Here(network), slots)
}

fn builder(settings: &Bound<'_, PyDict>) -> PyResult<(NetworkBuilder, u32)> {
    let cpus = std::thread::available_parallelism().map_or(2, usize::from);
    let mut slots = u32::try_from(cpus).unwrap_or(2).clamp(2, 64);
    let mut builder = Network::local();
    let mut solver = SolverConfig { match_timeout: LOCAL_MATCH_TIMEOUT, ..SolverConfig::default() };
    for (name, value) in settings.iter().filter(|(_, value)| !value.is_none()) {
        let name: String = name.extract()?;
        let wrong = |error| named(value.py(), &name, error);
        match name.as_str() {
            "seed" => builder = builder.seed(value.extract().map_err(wrong)?),
            "slots" => slots = value.extract().map_err(wrong)?,
            "funds" => builder = builder.funds(amount(&value).map_err(wrong)?),
            "rate" => builder = builder.rate(parsed(&value).map_err(wrong)?),
            "match_timeout" => solver.match_timeout = duration(&value).map_err(wrong)?,
            name => return Err(crate::error::unexpected(&format!("no setting {name}"))),
        }
    }
    let cpu = i64::from(slots).saturating_mul(1_000);
    let machine = MachineSpec { gpu: 0, gpus: None, cpu, ram: 8_000.max(cpu), disk: 100_000_000_000 };
    Ok((builder.slots(slots).solver(solver).providers([machine]), slots))
}

/// A job creator at the network that is meant by a name or a URL, or by the environment; results are kept in the user's data
/// folder.
#[pyfunction]
pub(crate) fn connect(
    network: Option<String>,
    signer: Option<&Bound<'_, RawSigner>>,
    settings: &Bound<'_, PyDict>,
) -> PyResult<Call> {
    let signer = signer.map(|signer| Arc::clone(&signer.get().0));
    let (builder, slots) = builder(settings)?;
    let work = async move {
        let Some(entry) = resolved(network).await? else {
            return Ok(here(builder.start().await?, slots));
        };
        let signer = match signer {
            Some(signer) => signer,
            None => Arc::new(blocking(|| found(None, None)).await?),
        };
        let signer: Arc<dyn Signer> = signer;
        let solver = HttpSolver::connect(entry.url.as_str(), Arc::clone(&signer), options_of(&entry)).await?;
        let client = Client::at(solver.clone(), signer);
        let folders = ResultFolders::under(data_dir(None)?.join("results"))?;
        client.keep_with(Arc::new(folders));
        Ok(RawClient::new(client, Place::There(solver), REMOTE_AT_ONCE))
    };
    Ok(Call::new(work, |py, client| Ok(Py::new(py, client)?.into_any())))
}

/// Where the network is that is meant; `None` for one in this process.
async fn resolved(network: Option<String>) -> Result<Option<NetworkEntry>> {
    let target = blocking(move || resolve_network(network.as_deref())).await?;
    let NetworkTarget::Remote { name, entry } = target else { return Ok(None) };
    if entry.v2.is_some() {
        let name = name.unwrap_or_default();
        let message = format!("{name} has a solver of Lilypad v2, which only the command `lilypad` uses");
        return Err(Error::unsupported("E_V2_NETWORK", message).with_hint("name another network"));
    }
    Ok(Some(entry))
}

/// The same of one that must be elsewhere.
pub(crate) async fn elsewhere(network: Option<String>) -> Result<NetworkEntry> {
    resolved(network).await?.ok_or_else(|| {
        let message = "the network in this process has a provider of its own and takes no other";
        Error::invalid("E_NETWORK_LOCAL", message)
            .with_hint("name the URL of a solver, or start one: lilypad.Solver()")
    })
}

pub(crate) fn options_of(entry: &NetworkEntry) -> HttpOptions {
    HttpOptions { insecure: entry.url.is_insecure(), solver: entry.solver, ..HttpOptions::default() }
}
