//! What came of a job: its files and everything that is known of it.

use std::path::PathBuf;

use lilypad_core::client::JobResult;
use lilypad_core::signer::Receipt;
use lilypad_core::{Error, Result, disk, view};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::convert::to_python;
use crate::error::{made, raise};

/// What came of a job.
#[pyclass(frozen, module = "lilypad._lilypad")]
pub(crate) struct RawResult(pub(crate) JobResult);

#[pymethods]
impl RawResult {
    /// Everything that is known of it, but for its files.
    fn view(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        to_python(py, &view::result(&self.0))
    }

    /// Names and sizes of the files.
    fn files(&self) -> Vec<(String, usize)> {
        self.0.files().iter().map(|(path, bytes)| (path.to_owned(), bytes.len())).collect()
    }

    /// The bytes of a file; `None` where there is none.
    fn read(&self, py: Python<'_>, name: &str) -> Option<Py<PyBytes>> {
        self.0.files().get(name).map(|bytes| PyBytes::new(py, bytes).unbind())
    }

    /// Writes all files into a folder that must be new or empty, and the receipt beside it.
    fn save(&self, py: Python<'_>, folder: PathBuf) -> PyResult<()> {
        let saved = py.detach(|| disk::write_folder(self.0.files(), &folder));
        saved.map_err(|error| raise(py, &error))
    }

    /// Why the job did not succeed, as an exception that is not raised; `None` where it did.
    fn error(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        self.0.error().map(|error| made(py, &error)).transpose()
    }

    /// The receipt, as the text of its file.
    fn receipt(&self, py: Python<'_>) -> PyResult<String> {
        self.0.receipt().to_json().map_err(|error| raise(py, &error))
    }
}

/// Checks a receipt offline: its form, its arithmetic and both signatures; returns it as JSON values.
#[pyfunction]
pub(crate) fn verify_receipt(py: Python<'_>, text: &str) -> PyResult<Py<PyAny>> {
    let verified: Result<_> = py.detach(|| {
        let receipt = Receipt::from_json(text)?;
        receipt.verify()?;
        serde_json::to_value(&receipt).map_err(|_| Error::unexpected("a receipt could not be written"))
    });
    crate::convert::answer(py, verified)
}

/// A receipt as JSON values, unchecked but for its form.
#[pyfunction]
pub(crate) fn read_receipt(py: Python<'_>, text: &str) -> PyResult<Py<PyAny>> {
    let read = Receipt::from_json(text)
        .and_then(|receipt| serde_json::to_value(&receipt).map_err(|_| Error::unexpected("a receipt")));
    crate::convert::answer(py, read)
}
