//! The executor on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::oneshot;

use crate::error::{Error, Result};
use crate::executor::{EventSink, Executor, RunOutcome, RunRequest};
use crate::model::RunSpec;
use crate::rt::{BoxFuture, CancelReason, CancelToken, Clock, Waiter};

use super::cache::Cache;
use super::engine::Wasmi;
use super::host::Watch;
use super::job::{self, Machine};
use super::wasi::{RealTime, Stop};

/// Stack of the thread that a job runs on: the engine keeps the program's stack elsewhere.
const THREAD_STACK: usize = 8 << 20;
/// Least time between two progress events.
const PROGRESS: Duration = Duration::from_millis(250);

/// Runs WASI programs: metered, deterministic, bounded.
///
/// It keeps programs that ran lately, so that they start at once; clones share them. Each job runs on a thread of its own, so the async runtime is never blocked. A job stops within a slice of 2^22 units
/// (some milliseconds) after its token asks it to, and also where the future of [`Executor::run`] is dropped.
///
/// ```
/// # use std::collections::BTreeMap;
/// use lilypad_core::executor::wasm::WasmExecutor;
/// use lilypad_core::executor::{EventSink, Executor, Limits, RunRequest, StopReason};
/// use lilypad_core::model::{FileSet, RunSpec, WasmRun};
/// use lilypad_core::rt::CancelToken;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> lilypad_core::Result<()> {
/// let mut bundle = FileSet::new();
/// bundle.insert("nothing.wat", "(module (func (export \"_start\") nop nop))")?;
/// let run = RunSpec::Wasm(WasmRun {
///     module: "nothing.wat".into(),
///     args: vec![],
///     env: BTreeMap::new(),
///     entry_point: "_start".into(),
///     clock: Default::default(),
///     random: Default::default(),
/// });
/// let request = RunRequest {
///     job_id: "job".into(),
///     run,
///     bundle,
///     inputs: FileSet::new(),
///     outputs: BTreeMap::new(),
///     network: Default::default(),
///     gpus: Vec::new(),
///     seed: [0; 32],
///     limits: Limits::default(),
/// };
/// let outcome = WasmExecutor::new()?.run(request, EventSink::discard(), CancelToken::new()).await?;
/// assert_eq!(outcome.stop, StopReason::Exited(0));
/// assert_eq!(outcome.usage.instructions, 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct WasmExecutor {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    engine: Wasmi,
    cache: Cache,
}

impl WasmExecutor {
    /// An executor; make one and share it.
    ///
    /// # Errors
    /// `Unexpected` where the engine cannot be set up.
    pub fn new() -> Result<Self> {
        Ok(Self { shared: Arc::new(Shared { engine: Wasmi::new()?, cache: Cache::default() }) })
    }
}

impl Executor for WasmExecutor {
    fn name(&self) -> &'static str {
        "wasm"
    }

    fn accepts(&self, run: &RunSpec) -> bool {
        matches!(run, RunSpec::Wasm(_))
    }

    fn run<'a>(
        &'a self,
        request: RunRequest,
        events: EventSink,
        cancel: CancelToken,
    ) -> BoxFuture<'a, Result<RunOutcome>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let left_alone = LeftAlone::default();
            let waiter = Waiter::current()?;
            let flag = Arc::clone(&left_alone.0);
            let work = move || {
                let RunSpec::Wasm(run) = &request.run else { return Err(job::not_wasm()) };
                let watch = JobWatch { cancel: cancel.clone(), left_alone: flag, last: Instant::now() };
                let time = JobTime { cancel, waiter, start: Instant::now() };
                job::run(
                    (&shared.engine, &shared.cache),
                    &request,
                    run,
                    &events,
                    Machine::new(Box::new(watch), Box::new(time)),
                )
            };
            on_thread(work).await?
        })
    }
}

/// Runs `work` on a new thread.
async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let (done, answer) = oneshot::channel();
    let body = move || {
        // Nobody waits any more where this fails.
        let _ = done.send(work());
    };
    std::thread::Builder::new()
        .name("lilypad-wasm".into())
        .stack_size(THREAD_STACK)
        .spawn(body)
        .map_err(|source| Error::unexpected("no thread can be started for the job").with_source(source))?;
    answer.await.map_err(|source| {
        Error::unexpected("the job's thread stopped before it answered").with_source(source)
    })
}

/// Tells the thread that nobody waits for it any more.
#[derive(Default)]
struct LeftAlone(Arc<AtomicBool>);

impl Drop for LeftAlone {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

struct JobWatch {
    cancel: CancelToken,
    left_alone: Arc<AtomicBool>,
    last: Instant,
}

impl Watch for JobWatch {
    fn stop(&mut self) -> Option<CancelReason> {
        let left_alone = self.left_alone.load(Ordering::Acquire).then_some(CancelReason::Shutdown);
        self.cancel.reason().or(left_alone)
    }

    fn progress_due(&mut self) -> bool {
        let due = self.last.elapsed() >= PROGRESS;
        if due {
            self.last = Instant::now();
        }
        due
    }
}

struct JobTime {
    cancel: CancelToken,
    waiter: Waiter,
    start: Instant,
}

impl RealTime for JobTime {
    fn unix_nanos(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    fn monotonic_nanos(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn wait(&self, duration: Duration) -> Result<(), Stop> {
        let clock = Clock::system();
        self.waiter.wait(async {
            tokio::select! {
                reason = self.cancel.cancelled() => Err(Stop::Cancelled(reason)),
                () = clock.sleep(duration) => Ok(()),
            }
        })
    }
}
