//! A call that is ready to be made: waited for on this thread, or started on the event loop.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use lilypad_core::{Error, Result};
use pyo3::prelude::*;

use crate::bridge;
use crate::error::raise;
use crate::rt;

/// What a call answered, before it is made into a Python object on a thread that holds the interpreter.
pub(crate) type Answer = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;
type Work = Pin<Box<dyn Future<Output = Result<Answer>> + Send>>;

/// A call that is ready to be made, once.
#[pyclass(frozen, module = "lilypad._lilypad")]
pub(crate) struct Call {
    work: Mutex<Option<Work>>,
    generation: u64,
}

impl Call {
    /// A call that answers with what `answer` makes of the future's value.
    pub(crate) fn new<T: Send + 'static>(
        work: impl Future<Output = Result<T>> + Send + 'static,
        answer: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> Self {
        let work = async move {
            let value = work.await?;
            Ok(Box::new(move |py: Python<'_>| answer(py, value)) as Answer)
        };
        Self { work: Mutex::new(Some(Box::pin(work))), generation: rt::generation() }
    }

    /// A call of something with threads and connections, which a child of `fork` does not have.
    pub(crate) fn of_generation(mut self, generation: u64) -> Self {
        self.generation = generation;
        self
    }

    fn take(&self, py: Python<'_>) -> PyResult<Work> {
        if self.generation != rt::generation() {
            let error = Error::new(
                lilypad_core::ErrorKind::Conflict,
                "E_FORKED",
                "this was made before the process was forked, and belongs to the other one",
            )
            .with_hint("make a client of its own in each process");
            return Err(raise(py, &error));
        }
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
        work.ok_or_else(|| raise(py, &Error::unexpected("a call was made twice")))
    }
}

#[pymethods]
impl Call {
    /// Waits for the answer; other threads run meanwhile.
    fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let work = self.take(py)?;
        rt::block_on(py, work)?(py)
    }

    /// Starts the call and returns an `asyncio.Future`; cancelling it drops the call.
    fn start(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let work = self.take(py)?;
        bridge::start(py, work)
    }
}
