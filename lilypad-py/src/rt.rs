//! The runtime behind every call, and how a Python thread waits for it without holding the interpreter.
//!
//! Two things of CPython shape this file. Before 3.14 a thread that asks for the interpreter while it shuts down is
//! unwound through our frames: no thread of the runtime ever asks for it, and others pass a gate that closes first.
//! And a child of `fork` has none of our threads: it gets a runtime of its own.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use tokio::runtime::{Builder, Runtime};

use crate::error::{raise, unexpected};
use crate::log;

/// How often a waiting main thread looks whether Ctrl-C was pressed.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(50);

static RUNTIME: AtomicPtr<Runtime> = AtomicPtr::new(std::ptr::null_mut());
static GENERATION: AtomicU64 = AtomicU64::new(0);
static GATE: RwLock<()> = RwLock::new(());
static MAIN_THREAD: PyOnceLock<u64> = PyOnceLock::new();

/// How often this process was forked off since the module was loaded: what has threads or connections belongs to one.
pub(crate) fn generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

/// The runtime, which is never dropped: its threads may be in the middle of something when the process ends.
pub(crate) fn runtime() -> PyResult<&'static Runtime> {
    // What was stored is a leaked box: it stays.
    #[allow(unsafe_code, reason = "the pointer is null or a leaked box")]
    if let Some(runtime) = unsafe { RUNTIME.load(Ordering::Acquire).as_ref() } {
        return Ok(runtime);
    }
    let built = Builder::new_multi_thread().worker_threads(2).thread_name("lilypad").enable_all().build();
    let fresh = Box::into_raw(Box::new(built.map_err(|error| unexpected(&error.to_string()))?));
    let null = std::ptr::null_mut();
    match RUNTIME.compare_exchange(null, fresh, Ordering::AcqRel, Ordering::Acquire) {
        #[allow(unsafe_code, reason = "it was made above and is leaked")]
        Ok(_) => Ok(unsafe { &*fresh }),
        #[allow(unsafe_code, reason = "another thread was first: ours was shown to nobody, theirs is leaked")]
        Err(theirs) => Ok(unsafe {
            drop(Box::from_raw(fresh));
            &*theirs
        }),
    }
}

/// Waits for a future with the interpreter released; in the main thread Ctrl-C ends the wait, and the future with it.
pub(crate) fn block_on<T: Send>(
    py: Python<'_>,
    future: impl Future<Output = lilypad_core::Result<T>> + Send,
) -> PyResult<T> {
    let runtime = runtime()?;
    let outcome = if is_main_thread(py)? {
        let mut future = pin!(future);
        loop {
            let step = async { tokio::time::timeout(SIGNAL_INTERVAL, future.as_mut()).await };
            match py.detach(|| runtime.block_on(step)) {
                Ok(outcome) => break outcome,
                Err(_) => {
                    py.check_signals()?;
                    log::hand_on(py);
                }
            }
        }
    } else {
        let (outcome, passed) = py.detach(|| (runtime.block_on(future), Passed(gate())));
        drop(passed);
        outcome
    };
    log::hand_on(py);
    outcome.map_err(|error| raise(py, &error))
}

struct Passed(
    #[allow(dead_code, reason = "held until the interpreter is back")] RwLockReadGuard<'static, ()>,
);

#[allow(unsafe_code, reason = "the guard is dropped on the thread that took it: `detach` only passes it out")]
unsafe impl Send for Passed {}

fn gate() -> RwLockReadGuard<'static, ()> {
    GATE.read().unwrap_or_else(PoisonError::into_inner)
}

fn is_main_thread(py: Python<'_>) -> PyResult<bool> {
    let threading = py.import("threading")?;
    let main = MAIN_THREAD
        .get_or_try_init(py, || threading.call_method0("main_thread")?.getattr("ident")?.extract())?;
    Ok(threading.call_method0("get_ident")?.extract::<u64>()? == *main)
}

/// The interpreter shuts down: threads that wait for something wait for ever from now on.
#[pyfunction]
pub(crate) fn close_gate(py: Python<'_>) {
    py.detach(|| std::mem::forget(GATE.write().unwrap_or_else(PoisonError::into_inner)));
}

/// This process was forked off: the threads of the runtime are in the other one.
#[pyfunction]
pub(crate) fn after_fork() {
    RUNTIME.store(std::ptr::null_mut(), Ordering::Release);
    GENERATION.fetch_add(1, Ordering::AcqRel);
}
