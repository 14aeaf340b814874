//! The native half of the Python package `lilypad`: calls into the core, answers as Python objects. What people touch is
//! written in Python above it.
//!
//! Layout: `rt` the runtime and how a thread waits for it; `call` a call that is waited for or started; `bridge` to
//! `asyncio`; `convert` and `error` between the two languages, `log` what the core logs; `client`, `command`, `job`, `module`, `result`, `signer`, `roles` one file for each thing.

#![cfg(unix)]

mod bridge;
mod call;
mod client;
mod command;
mod convert;
mod error;
mod job;
mod log;
mod module;
mod result;
mod roles;
mod rt;
mod signer;

use pyo3::prelude::*;

#[pymodule]
mod _lilypad {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::call::Call;
    #[pymodule_export]
    use super::client::{RawClient, connect, local};
    #[pymodule_export]
    use super::command::command;
    #[pymodule_export]
    use super::convert::{content_id, one_line};
    #[pymodule_export]
    use super::job::{RawEvents, RawJob};
    #[pymodule_export]
    use super::log::log_as_core;
    #[pymodule_export]
    use super::module::{RawModule, load_module, new_module};
    #[pymodule_export]
    use super::result::{RawResult, read_receipt, verify_receipt};
    #[pymodule_export]
    use super::roles::{RawProvider, RawSolver, start_provider, start_solver};
    #[pymodule_export]
    use super::rt::{after_fork, close_gate};
    #[pymodule_export]
    use super::signer::RawSigner;

    /// The version of the package and of the core.
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "its name in Python")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_init]
    #[allow(clippy::unnecessary_wraps, reason = "what is called at the start may fail")]
    fn init(_py: Python<'_>) -> PyResult<()> {
        super::log::listen();
        Ok(())
    }
}
