//! Runs GPU kernels through CUDA's driver.
//!
//! Layout: [`config`](CudaConfig) is what the provider allows and what runs the kernels; `plan` makes an order of a job, for which
//! `npy` reads and writes arrays; `wire` is what provider and worker say to each other; `child` is the worker's process, `job`
//! one job from its order to its outcome, and `failure` what a failed step means. On the other side, `main` and `worker` are the
//! process that runs the kernels of one job, and `driver` is the GPU as it sees it.
//!
//! Every job has a process and a context of its own: a kernel that faults, and a driver that breaks, end that process and nothing
//! else. Work is measured in nanoseconds of GPU time. The driver's library is loaded when it is needed: programs with this
//! executor build and run on machines that have never seen CUDA, and say `no device` there.

mod child;
mod config;
mod driver;
mod failure;
mod job;
mod main;
mod npy;
mod plan;
#[cfg(test)]
mod tests;
mod wire;
mod worker;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::error::{Error, Result};
use crate::model::{CudaRun, GpuSpec, RunSpec};
use crate::rt::{BoxFuture, CancelReason, CancelToken, blocking};

use super::{EventSink, Executor, RunOutcome, RunRequest, StopReason, Usage};
pub use config::{CudaConfig, Worker};
use job::Cancels;
pub use main::worker_main;

/// Runs GPU kernels, one job at a time on each device.
///
/// Clones share the devices. Where the future of [`Executor::run`] is dropped, the job's process is killed all the same.
///
/// ```no_run
/// use lilypad_core::executor::cuda::{CudaConfig, CudaExecutor, Worker, worker_main};
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> lilypad_core::Result<()> {
///     // Started by the executor below, this program is a worker.
///     if std::env::args().nth(1).as_deref() == Some("cuda-worker") {
///         return worker_main();
///     }
///     let cuda = CudaExecutor::connect(CudaConfig::new(Worker::this_program(["cuda-worker"])?)).await?;
///     println!("{}", cuda.about());
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct CudaExecutor(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    config: CudaConfig,
    devices: Vec<wire::Device>,
    free: Mutex<Vec<u32>>,
    turns: Arc<Semaphore>,
}

impl CudaExecutor {
    /// Starts a worker once, to ask for the devices.
    ///
    /// # Errors
    /// `Unavailable`: `E_CUDA_NO_DEVICE` where there is no GPU or no driver, `E_CUDA_WORKER` where the worker does not work;
    /// `InvalidInput` (`E_CUDA_DEVICE`) where the settings name a device that is not there.
    pub async fn connect(config: CudaConfig) -> Result<Self> {
        let asked = config.clone();
        let mut devices = blocking(move || job::devices(&asked)).await?;
        let known = |ordinal: &u32| devices.iter().any(|device| device.ordinal == *ordinal);
        if let Some(missing) = config.devices.iter().find(|ordinal| !known(ordinal)) {
            let message = format!("there is no device {missing}: {} are there", devices.len());
            return Err(Error::invalid("E_CUDA_DEVICE", message).with_hint("devices are counted from 0"));
        }
        devices.retain(|device| config.devices.is_empty() || config.devices.contains(&device.ordinal));
        if devices.is_empty() {
            return Err(failure::no_device("the driver has none"));
        }
        let free: Vec<u32> = devices.iter().map(|device| device.ordinal).collect();
        let turns = Arc::new(Semaphore::new(free.len()));
        Ok(Self(Arc::new(Shared { config, devices, free: Mutex::new(free), turns })))
    }

    /// The devices in one line: how many, which, and the newest CUDA version that their driver knows.
    #[must_use]
    pub fn about(&self) -> String {
        let names: Vec<String> = self.0.devices.iter().map(describe).collect();
        let cuda = self.0.devices.iter().map(|device| device.cuda).min().unwrap_or(0);
        format!("{}; CUDA {}.{}", names.join(", "), cuda / 1_000, cuda % 1_000 / 10)
    }

    /// The devices, as a machine's offer names them.
    #[must_use]
    pub fn gpus(&self) -> Vec<GpuSpec> {
        let spec = |device: &wire::Device| GpuSpec {
            name: device.name.clone(),
            vendor: "NVIDIA".to_owned(),
            vram: i64::try_from(device.memory_bytes >> 20).unwrap_or(i64::MAX),
        };
        self.0.devices.iter().map(spec).collect()
    }
}

fn describe(device: &wire::Device) -> String {
    let [major, minor] = device.capability;
    format!("{} ({} MiB, {major}.{minor})", device.name, device.memory_bytes >> 20)
}

impl Executor for CudaExecutor {
    fn name(&self) -> &'static str {
        "cuda"
    }

    fn accepts(&self, run: &RunSpec) -> bool {
        matches!(run, RunSpec::Cuda(_))
    }

    fn run<'a>(
        &'a self,
        request: RunRequest,
        events: EventSink,
        cancel: CancelToken,
    ) -> BoxFuture<'a, Result<RunOutcome>> {
        let shared = Arc::clone(&self.0);
        Box::pin(async move {
            let RunSpec::Cuda(run) = request.run.clone() else {
                return Err(Error::unsupported("E_EXECUTOR", "the CUDA executor runs GPU kernels only")
                    .with_hint("choose an executor that accepts the module"));
            };
            let turn = tokio::select! {
                biased;
                reason = cancel.cancelled() => return not_started(reason),
                turn = Arc::clone(&shared.turns).acquire_owned() => {
                    turn.map_err(|source| Error::unexpected("the devices are closed").with_source(source))?
                }
            };
            let left_alone = LeftAlone::default();
            let flag = Arc::clone(&left_alone.0);
            let ended = on_thread(Taken::new(shared, turn), run, request, events, cancel, flag)?.await;
            drop(left_alone);
            ended.map_err(|source| {
                Error::unexpected("the thread of a job stopped before it answered").with_source(source)
            })?
        })
    }
}

fn not_started(reason: CancelReason) -> Result<RunOutcome> {
    let stop = StopReason::Cancelled(reason);
    let results = super::outputs::results(Vec::new(), Vec::new(), &stop)?;
    Ok(RunOutcome { stop, usage: Usage::default(), results })
}

/// Runs the job on a thread of its own.
fn on_thread(
    device: Taken,
    run: CudaRun,
    request: RunRequest,
    events: EventSink,
    cancel: CancelToken,
    left_alone: Arc<AtomicBool>,
) -> Result<oneshot::Receiver<Result<RunOutcome>>> {
    let (done, answer) = oneshot::channel();
    let body = move || {
        let cancels = Cancels { token: &cancel, left_alone: &left_alone };
        let ended = match device.ordinal {
            Some(ordinal) => job::run(&device.shared.config, ordinal, &run, &request, &events, &cancels),
            None => Err(failure::no_device("all of them are taken")),
        };
        drop(device);
        // Nobody waits any more where this fails.
        let _ = done.send(ended);
    };
    let started = std::thread::Builder::new().name("lilypad-cuda".into()).spawn(body);
    started
        .map_err(|source| failure::no_worker("no thread can be started for the job").with_source(source))?;
    Ok(answer)
}

/// A device that nobody else has meanwhile: its turn ends after it is given back.
struct Taken {
    shared: Arc<Shared>,
    ordinal: Option<u32>,
    _turn: OwnedSemaphorePermit,
}

impl Taken {
    fn new(shared: Arc<Shared>, turn: OwnedSemaphorePermit) -> Self {
        let ordinal = shared.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Self { shared, ordinal, _turn: turn }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut free = self.shared.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.extend(self.ordinal.take());
    }
}

/// Tells the thread that nobody waits for it any more.
#[derive(Default)]
struct LeftAlone(Arc<AtomicBool>);

impl Drop for LeftAlone {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
