//! Stands in for `cuda` where the feature `executor-cuda` is off, and on systems without the driver that it needs.

use std::ffi::OsString;
use std::sync::Arc;

use lilypad_core::executor::Executor;
use lilypad_core::model::GpuSpec;
use lilypad_core::{Error, Result};

use crate::exit::ExitCode;
use crate::report::Report;

pub(crate) async fn connect(
    _devices: &[u32],
    _compile: bool,
    _report: &Report,
) -> Result<(Arc<dyn Executor>, Vec<GpuSpec>)> {
    Err(Error::unsupported(
        "E_FEATURE",
        "this program was built without the feature executor-cuda: it runs no kernels",
    )
    .with_hint("build it for Linux with --features executor-cuda"))
}

pub(crate) fn work(_arguments: &[OsString]) -> Option<ExitCode> {
    None
}
