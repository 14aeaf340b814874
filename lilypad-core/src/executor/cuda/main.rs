//! The worker's `main`.

use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::AsFd;

use crate::error::Result;

use super::driver::Real;
use super::failure::no_worker;
use super::worker::serve;

/// Runs the kernels of one job, as the provider that started this process tells it on its standard input; then the process must
/// end. What a [`Worker`](super::Worker) names must call this before it reads or writes anything.
///
/// # Errors
/// `Unavailable` (`E_CUDA_WORKER`) where nobody tells it what to do, or who does is gone. What goes wrong with a job is told to
/// the provider and is no error here.
pub fn worker_main() -> Result<()> {
    work().map_err(|source| no_worker("a CUDA worker was not told what to do").with_source(source))
}

fn work() -> io::Result<()> {
    // A provider that is killed takes its worker along.
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    // What kernels print goes to standard output: it is moved aside, so that they cannot speak for the worker.
    // It closes with the process: what kernels have printed is written at its end, and the provider waits for that.
    let answers = ManuallyDrop::new(File::from(io::stdout().as_fd().try_clone_to_owned()?));
    rustix::stdio::dup2_stdout(io::stderr())?;
    serve(io::stdin().lock(), &*answers, &mut Real)
}
