//! The command `lilypad`, inside the wheel.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Does what was typed, of which the first word is the name of the program, and returns what the process ends with.
#[pyfunction]
pub(crate) fn command(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| lilypad_cli::main(arguments))
}
