//! A job creator on a network: one in this process, or one that is reached over HTTP.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lilypad_core::client::{Client, Job};
use lilypad_core::model::{JobId, MachineSpec};
use lilypad_core::network::Network;
use lilypad_core::solver::SolverConfig;
use lilypad_core::view;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::call::Call;
use crate::convert::{amount, answer, duration, inputs, options, parsed};
use crate::job::RawJob;
use crate::module::RawModule;

/// Jobs whose handles are kept, so that a job of this process is found again with its result.
const KEPT_JOBS: usize = 64;
/// How long a job on the network in this process waits for a machine: no other will come, but one may become free.
const LOCAL_MATCH_TIMEOUT: Duration = Duration::from_secs(10);

/// A job creator.
#[pyclass(frozen, module = "lilypad._lilypad")]
pub(crate) struct RawClient {
    client: Client,
    /// Keeps a network in this process going: it stops when it is dropped.
    _network: Option<Arc<Network>>,
    recent: Arc<Mutex<VecDeque<Job>>>,
    at_once: u32,
    generation: u64,
}

impl RawClient {
    fn new(client: Client, network: Option<Arc<Network>>, at_once: u32) -> Self {
        Self {
            client,
            _network: network,
            recent: Arc::default(),
            at_once,
            generation: crate::rt::generation(),
        }
    }
}

fn remember(recent: &Mutex<VecDeque<Job>>, job: &Job) {
    let mut recent = recent.lock().unwrap_or_else(PoisonError::into_inner);
    if recent.len() >= KEPT_JOBS {
        recent.pop_front();
    }
    recent.push_back(job.clone());
}

fn recalled(recent: &Mutex<VecDeque<Job>>, id: JobId) -> Option<Job> {
    let recent = recent.lock().unwrap_or_else(PoisonError::into_inner);
    recent.iter().find(|job| job.id() == id).cloned()
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
        let work = async move {
            let texts = module.texts(given)?;
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
        Ok(Call::new(work, |py, quote| answer(py, view::quote(&quote))).of_generation(self.generation))
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
    let cpus = std::thread::available_parallelism().map_or(2, usize::from);
    let mut slots = u32::try_from(cpus).unwrap_or(2).clamp(2, 64);
    let mut builder = Network::local();
    let mut solver = SolverConfig { match_timeout: LOCAL_MATCH_TIMEOUT, ..SolverConfig::default() };
    for (name, value) in settings.iter().filter(|(_, value)| !value.is_none()) {
        builder = match name.extract::<String>()?.as_str() {
            "seed" => builder.seed(value.extract()?),
            "slots" => {
                slots = value.extract()?;
                builder
            }
            "funds" => builder.funds(amount(&value)?),
            "rate" => builder.rate(parsed(&value)?),
            "match_timeout" => {
                solver.match_timeout = duration(&value)?;
                builder
            }
            name => return Err(crate::error::unexpected(&format!("no setting {name}"))),
        };
    }
    let cpu = i64::from(slots).saturating_mul(1_000);
    let machine = MachineSpec { gpu: 0, gpus: None, cpu, ram: 8_000.max(cpu), disk: 100_000_000_000 };
    let builder = builder.slots(slots).solver(solver).providers([machine]);
    let work = async move { Ok::<_, lilypad_core::Error>(Arc::new(builder.start().await?)) };
    Ok(Call::new(work, move |py, network: Arc<Network>| {
        let client = network.client().clone();
        Ok(Py::new(py, RawClient::new(client, Some(network), slots))?.into_any())
    }))
}
