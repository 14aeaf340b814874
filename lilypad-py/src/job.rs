//! A job in flight, and what happens to it.

use std::sync::Arc;

use lilypad_core::client::{Job, WaitLimits};
use lilypad_core::model::WorkUnit;
use lilypad_core::wire::{EventStream, JobEventKind};
use lilypad_core::{Result, view};
use pyo3::prelude::*;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::call::Call;
use crate::convert::{answer, duration, to_python};
use crate::result::RawResult;

/// A job in flight.
#[pyclass(frozen, module = "lilypad._lilypad")]
pub(crate) struct RawJob {
    job: Job,
    generation: u64,
}

impl RawJob {
    pub(crate) fn new(job: Job) -> Self {
        Self { job, generation: crate::rt::generation() }
    }
}

#[pymethods]
impl RawJob {
    #[getter]
    fn id(&self) -> String {
        self.job.id().to_string()
    }

    /// Where it stands.
    fn status(&self) -> Call {
        let job = self.job.clone();
        Call::new(async move { job.status().await }, |py, status| answer(py, view::status(&status)))
            .of_generation(self.generation)
    }

    /// Asks it to stop.
    fn cancel(&self) -> Call {
        let job = self.job.clone();
        Call::new(async move { job.cancel().await }, |py, ()| Ok(py.None())).of_generation(self.generation)
    }

    /// Waits for its end; `timeout` bounds this wait alone.
    #[pyo3(signature = (timeout=None))]
    fn wait(&self, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Call> {
        let job = self.job.clone();
        let mut limits = WaitLimits::default();
        if let Some(timeout) = timeout {
            limits.total = duration(timeout)?;
        }
        let work = async move { job.wait_within(limits).await };
        let call = Call::new(work, |py, result| Ok(Py::new(py, RawResult(result))?.into_any()));
        Ok(call.of_generation(self.generation))
    }

    /// Everything that happens to it, from the first event on.
    fn events(&self) -> Call {
        let (job, generation) = (self.job.clone(), self.generation);
        let open = async move { job.events().await };
        let events = move |py: Python<'_>, stream| {
            let inner = Arc::new(Mutex::new(Inner { stream, unit: WorkUnit::default() }));
            Ok(Py::new(py, RawEvents { inner, generation })?.into_any())
        };
        Call::new(open, events).of_generation(generation)
    }
}

/// What happens to a job.
#[pyclass(frozen, module = "lilypad._lilypad")]
pub(crate) struct RawEvents {
    inner: Arc<Mutex<Inner>>,
    generation: u64,
}

struct Inner {
    stream: EventStream,
    unit: WorkUnit,
}

impl Inner {
    /// The next event in both forms; `None` after the final one.
    async fn next(&mut self) -> Option<Result<Value>> {
        let event = self.stream.next().await?;
        if let JobEventKind::Started { executor } = &event.kind {
            self.unit = WorkUnit::of_executor(executor);
        }
        Some(view::event_with_words(&event, self.unit))
    }
}

#[pymethods]
impl RawEvents {
    /// The events that are there, at least one and at most `most`; none after the final one.
    fn batch(&self, most: usize) -> Call {
        let inner = Arc::clone(&self.inner);
        let work = async move {
            let mut inner = inner.lock().await;
            let mut events = Vec::new();
            if let Some(first) = inner.next().await {
                events.push(first?);
            }
            while !events.is_empty() && events.len() < most {
                // What is there already is taken; nothing is waited for.
                let next = std::pin::pin!(inner.next());
                match futures_now(next).await {
                    Some(Some(event)) => events.push(event?),
                    Some(None) | None => break,
                }
            }
            Ok(Value::Array(events))
        };
        Call::new(work, |py, events| to_python(py, &events)).of_generation(self.generation)
    }
}

/// What the future gives at once; `None` where it would wait.
async fn futures_now<T>(mut future: std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match future.as_mut().poll(context) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        })
    })
    .await
}
