//! Modules: load, look at, render, check, and new ones.

use std::path::PathBuf;

use lilypad_core::config::data_dir;
use lilypad_core::module::{self, LoadOptions, Module, scaffold};
use lilypad_core::{Error, Result, disk, view};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::Value;

use crate::call::Call;
use crate::convert::{self, inputs, to_python};
use crate::error::raise;

/// A loaded module.
#[pyclass(frozen, module = "lilypad._lilypad")]
pub(crate) struct RawModule(pub(crate) Module);

#[pymethods]
impl RawModule {
    /// Who and what it is, and what it takes.
    fn view(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        to_python(py, &view::module(&self.0))
    }

    /// What is wrong or doubtful in it.
    fn check(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        to_python(py, &Value::Array(self.0.check().iter().map(view::finding).collect()))
    }

    /// The job with its inputs bound, in the wire's form.
    fn render(&self, py: Python<'_>, given: &Bound<'_, PyDict>) -> PyResult<Py<PyAny>> {
        let given = inputs(given)?;
        let rendered = self.0.texts(given).and_then(|texts| self.0.render(&texts));
        let wire = rendered.and_then(|rendered| view::rendered(&rendered));
        convert::answer(py, wire)
    }
}

/// Loads a module: a folder, `name:tag` or a git repository.
#[pyfunction]
pub(crate) fn load_module(reference: String) -> Call {
    let work = async move { blocking(move || load(&reference)).await };
    Call::new(work, |py, module| Ok(Py::new(py, RawModule(module))?.into_any()))
}

pub(crate) fn load(reference: &str) -> Result<Module> {
    let cache_dir = data_dir(None).map(|dir| dir.join("cache")).ok();
    module::load(reference, &LoadOptions { cache_dir, ..LoadOptions::default() })
}

/// Writes the files of a new module into a folder that must be new or empty; returns their names.
#[pyfunction]
pub(crate) fn new_module(py: Python<'_>, name: &str, folder: PathBuf, kind: &str) -> PyResult<Vec<String>> {
    let made = py.detach(|| {
        let files = scaffold(name, kind.parse()?)?;
        disk::write_folder(&files, &folder)?;
        Ok(files.iter().map(|(path, _)| path.to_owned()).collect())
    });
    made.map_err(|error: Error| raise(py, &error))
}

/// Work that reads files or the network without waiting for them: on a thread that is there for that.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Error::unexpected("a blocking call did not come to its end"))?
}
