//! What a provider lets kernels do, and what runs them.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::Result;

/// The program that runs the kernels of a job, in a process of its own: it must call [`worker_main`](super::worker_main).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// The program's path.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

/// What a provider lets kernels do. Plain settings; the defaults are tight.
#[derive(Clone, Debug)]
pub struct CudaConfig {
    /// What runs the kernels.
    pub worker: Worker,
    /// The devices that jobs get, by the driver's numbers; empty takes all.
    pub devices: Vec<u32>,
    /// Take programs in CUDA C, too, where the machine has CUDA's compiler (NVRTC). What they `#include` is read as the worker's
    /// user: they see files of this machine.
    pub compile: bool,
    /// How long the worker may take for anything but a kernel: to start, to load a program, to move a piece of a buffer.
    pub step_timeout: Duration,
    /// How much longer than the GPU time that it has left a launch may take in real time.
    pub grace: Duration,
}

impl CudaConfig {
    /// The tight defaults, with this worker.
    #[must_use]
    pub fn new(worker: Worker) -> Self {
        Self {
            worker,
            devices: Vec::new(),
            compile: false,
            step_timeout: Duration::from_secs(60),
            grace: Duration::from_secs(2),
        }
    }
}

impl Worker {
    /// This program, with these arguments: what they choose must call [`worker_main`](super::worker_main) and end.
    ///
    /// # Errors
    /// `Unavailable` (`E_CUDA_WORKER`) where the system does not say where this program is.
    pub fn this_program<A: Into<OsString>>(args: impl IntoIterator<Item = A>) -> Result<Self> {
        let program = std::env::current_exe().map_err(|source| {
            super::failure::no_worker("this program's own path is not known").with_source(source)
        })?;
        Ok(Self { program, args: args.into_iter().map(Into::into).collect() })
    }
}
