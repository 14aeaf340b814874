//! GPU kernels: the executor, and this program as its worker.

use std::ffi::OsString;
use std::sync::Arc;

use lilypad_core::Result;
use lilypad_core::executor::Executor;
use lilypad_core::executor::cuda::{CudaConfig, CudaExecutor, Worker, worker_main};
use lilypad_core::model::GpuSpec;

use crate::exit::ExitCode;
use crate::report::Report;

/// The first argument of this program where it is to be a worker.
const WORKER: &str = "cuda-worker";

/// The executor, and the GPUs that it runs kernels on.
pub(crate) async fn connect(
    devices: &[u32],
    compile: bool,
    report: &Report,
) -> Result<(Arc<dyn Executor>, Vec<GpuSpec>)> {
    let config =
        CudaConfig { devices: devices.to_vec(), compile, ..CudaConfig::new(Worker::this_program([WORKER])?) };
    let cuda = CudaExecutor::connect(config).await?;
    report.field("cuda", cuda.about());
    let gpus = cuda.gpus();
    Ok((Arc::new(cuda), gpus))
}

/// Works where an executor has started this program; what the process ends with.
pub(crate) fn work(arguments: &[OsString]) -> Option<ExitCode> {
    if arguments.len() != 2 || arguments.get(1).is_none_or(|argument| argument != WORKER) {
        return None;
    }
    Some(match worker_main() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => Report::new(false).failure(&error),
    })
}
