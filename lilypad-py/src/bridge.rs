//! The bridge to `asyncio`: answers wait in a list, a pipe wakes the event loop, and its own thread makes them Python objects.
//!
//! No thread of the runtime ever asks for the interpreter: CPython before 3.14 unwinds a thread that does so while it shuts
//! down.

use std::collections::HashMap;
use std::future::Future;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lilypad_core::Result;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use tokio::task::AbortHandle;

use crate::call::Answer;
use crate::error::{raise, unexpected};
use crate::{log, rt};

/// One event loop's side: what has been answered, and who waits for it.
#[pyclass(frozen, weakref, module = "lilypad._lilypad")]
pub(crate) struct Port {
    shared: Arc<Shared>,
    /// Touched only with the interpreter held.
    waiting: Mutex<HashMap<u64, Py<PyAny>>>,
    reader: Mutex<PipeReader>,
    next: AtomicU64,
    generation: u64,
}

struct Shared {
    done: Mutex<Vec<(u64, Result<Answer>)>>,
    writer: PipeWriter,
}

/// Ends a call when its future is cancelled.
#[pyclass(frozen, module = "lilypad._lilypad")]
struct Cancel(AbortHandle);

#[pymethods]
impl Cancel {
    fn __call__(&self, future: &Bound<'_, PyAny>) -> PyResult<()> {
        if future.call_method0("cancelled")?.extract()? {
            self.0.abort();
        }
        Ok(())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Called on threads of the runtime.
    fn put(&self, token: u64, outcome: Result<Answer>) {
        let mut done = locked(&self.done);
        let first = done.is_empty();
        done.push((token, outcome));
        drop(done);
        // One byte for each time that the list is emptied: the pipe never fills. Nobody reads when the loop is gone.
        if first {
            let _ = (&self.writer).write(&[1]);
        }
    }
}

#[pymethods]
impl Port {
    /// Called by the event loop when the pipe can be read.
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        let mut byte = [0; 64];
        let _ = locked(&self.reader).read(&mut byte);
        let done = std::mem::take(&mut *locked(&self.shared.done));
        log::hand_on(py);
        for (token, outcome) in done {
            let Some(future) = locked(&self.waiting).remove(&token) else { continue };
            let future = future.bind(py);
            if future.call_method0("done")?.extract()? {
                continue;
            }
            match outcome.map_err(|error| raise(py, &error)).and_then(|answer| answer(py)) {
                Ok(value) => future.call_method1("set_result", (value,))?,
                Err(error) => future.call_method1("set_exception", (error.into_value(py),))?,
            };
        }
        Ok(())
    }
}

impl Port {
    fn open() -> PyResult<Self> {
        let (reader, writer) = std::io::pipe().map_err(|error| unexpected(&error.to_string()))?;
        Ok(Self {
            shared: Arc::new(Shared { done: Mutex::default(), writer }),
            waiting: Mutex::default(),
            reader: Mutex::new(reader),
            next: AtomicU64::new(0),
            generation: rt::generation(),
        })
    }
}

/// The port of the running event loop; kept as long as the loop is.
fn port<'py>(py: Python<'py>, event_loop: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Port>> {
    static PORTS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let ports = PORTS.get_or_try_init(py, || {
        py.import("weakref")?.getattr("WeakKeyDictionary")?.call0().map(Bound::unbind)
    })?;
    let ports = ports.bind(py);
    let known = ports.call_method1("get", (event_loop,))?;
    if let Ok(port) = known.cast_into::<Port>()
        && port.get().generation == rt::generation()
    {
        return Ok(port);
    }
    let port = Bound::new(py, Port::open()?)?;
    let descriptor = locked(&port.get().reader).as_raw_fd();
    event_loop.call_method1("add_reader", (descriptor, &port)).map_err(|error| {
        let message = "this event loop cannot watch a pipe: use the blocking client, or another event loop";
        let wrapped = PyRuntimeError::new_err(message);
        wrapped.set_cause(py, Some(error));
        wrapped
    })?;
    ports.set_item(event_loop, &port)?;
    Ok(port)
}

/// Starts work on the runtime and returns the future that is set when it is done.
pub(crate) fn start(
    py: Python<'_>,
    work: impl Future<Output = Result<Answer>> + Send + 'static,
) -> PyResult<Py<PyAny>> {
    static RUNNING_LOOP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let event_loop = RUNNING_LOOP.import(py, "asyncio", "get_running_loop")?.call0()?;
    let port = port(py, &event_loop)?;
    let future = event_loop.call_method0("create_future")?;
    let token = port.get().next.fetch_add(1, Ordering::Relaxed);
    let shared = Arc::clone(&port.get().shared);
    locked(&port.get().waiting).insert(token, future.clone().unbind());
    let task = rt::runtime()?.spawn(async move { shared.put(token, work.await) });
    future.call_method1("add_done_callback", (Cancel(task.abort_handle()),))?;
    Ok(future.unbind())
}
