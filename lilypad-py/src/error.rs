//! Errors of the core as exceptions of `lilypad._errors`, with every part of them.

use lilypad_core::{Error, view};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::convert::to_python;

/// The exception for an error: the class of its kind, made in Python.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    made(py, error).map_or_else(|failed| failed, |exception| PyErr::from_value(exception.into_bound(py)))
}

/// The same as an object.
pub(crate) fn made(py: Python<'_>, error: &Error) -> PyResult<Py<PyAny>> {
    static FROM_CORE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let from_core = FROM_CORE.import(py, "lilypad._errors", "from_core")?;
    Ok(from_core.call1((to_python(py, &view::error(error))?,))?.unbind())
}

/// Something that cannot happen where the system is sound.
pub(crate) fn unexpected(why: &str) -> PyErr {
    PyRuntimeError::new_err(format!("lilypad cannot work on this machine: {why}"))
}
