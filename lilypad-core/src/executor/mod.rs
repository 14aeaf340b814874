//! Running a job: the trait, run requests, limits, events and outcomes. Each engine lives in a module of its own.

#[cfg(all(feature = "executor-cuda", target_os = "linux"))]
pub mod cuda;
#[cfg(all(feature = "executor-docker", not(target_family = "wasm")))]
pub mod docker;
#[cfg(any(test, feature = "testing"))]
mod fake;
#[cfg(any(
    feature = "executor-wasm",
    all(feature = "executor-docker", not(target_family = "wasm")),
    all(feature = "executor-cuda", target_os = "linux")
))]
mod log;
#[cfg(any(
    test,
    feature = "testing",
    feature = "executor-wasm",
    all(feature = "executor-docker", not(target_family = "wasm")),
    all(feature = "executor-cuda", target_os = "linux")
))]
#[cfg_attr(
    not(any(feature = "executor-wasm", feature = "executor-docker")),
    allow(dead_code, reason = "fakes use a part of it")
)]
mod outputs;
#[cfg(feature = "executor-wasm")]
pub mod wasm;
mod watched;

#[cfg(any(test, feature = "testing"))]
pub use fake::FakeExecutor;
pub use watched::{RunEvent, RunWatcher, Watched};

use std::collections::BTreeMap;
use std::fmt;

use crate::error::Result;
pub use crate::model::{ExecutorEvent, Usage};
use crate::model::{FileSet, NetworkPolicy, Outcome, RunSpec};
use crate::rt::{BoxFuture, CancelReason, CancelToken};

/// Runs one kind of job.
pub trait Executor: Send + Sync + fmt::Debug {
    /// The name in offers, events and policies (`wasm`, `docker`, `cuda`).
    fn name(&self) -> &'static str;

    /// True where this executor can run such a job.
    fn accepts(&self, run: &RunSpec) -> bool;

    /// Runs a job to its end. A job that fails, traps or hits a limit is an outcome, not an error.
    ///
    /// Stops soon after `cancel` asks to; the outcome still says what was used.
    ///
    /// # Errors
    /// Only what keeps the job from starting (`InvalidInput`, `Unsupported`) or the executor itself from working.
    fn run<'a>(
        &'a self,
        request: RunRequest,
        events: EventSink,
        cancel: CancelToken,
    ) -> BoxFuture<'a, Result<RunOutcome>>;
}

/// Everything that a job may see.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// The job's id: names temporary things; never shown to the job.
    pub job_id: String,
    /// What runs.
    pub run: RunSpec,
    /// The module's files: the program lies in them.
    pub bundle: FileSet,
    /// Input files, read-only at `/inputs`.
    pub inputs: FileSet,
    /// Folders that become part of the results: name in the results → path in the job.
    pub outputs: BTreeMap<String, String>,
    /// What a container may reach. A WebAssembly program reaches nothing.
    pub network: NetworkPolicy,
    /// GPUs that are the job's alone while it runs, by the ids under which their driver knows them.
    pub gpus: Vec<String>,
    /// Seed of the job's random bytes where they are seeded.
    pub seed: [u8; 32],
    /// What the job may use.
    pub limits: Limits,
}

/// What a job may use. Each limit that stops a job has a [`LimitKind`] of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Work units: metered WebAssembly instructions; of a container, nanoseconds of CPU time; of kernels, of GPU time.
    pub instructions: u64,
    /// Bytes of memory: the linear memory of a program, all of a container's, or the buffers of kernels.
    pub memory_bytes: u64,
    /// Elements in all tables together.
    pub table_elements: u32,
    /// Units of call-stack: locals and operands of all active functions.
    pub stack_units: u32,
    /// Bytes in all output files together.
    pub output_bytes: u64,
    /// Number of output files.
    pub output_files: u32,
    /// Bytes of `stdout` and `stderr`, each.
    pub log_bytes: u64,
    /// Bytes of the program itself; a container's image is not counted.
    pub module_bytes: u64,
    /// Thousandths of a CPU that a container may take at any time; 0 does not bound it.
    pub milli_cpus: u32,
    /// Processes and threads of a container.
    pub processes: u32,
}

impl Default for Limits {
    /// 100 G instructions (or 100 s of CPU time), 1 GiB memory, 1 M table elements, 1 M stack units, 64 MiB in 1,000
    /// output files, 8 MiB per log, a program of 32 MiB, one CPU, 256 processes.
    fn default() -> Self {
        Self {
            instructions: 100_000_000_000,
            memory_bytes: 1 << 30,
            table_elements: 1_000_000,
            stack_units: 1_000_000,
            output_bytes: 64 << 20,
            output_files: 1_000,
            log_bytes: 8 << 20,
            module_bytes: 32 << 20,
            milli_cpus: 1_000,
            processes: 256,
        }
    }
}

/// The limit that stopped a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LimitKind {
    /// [`Limits::instructions`].
    Instructions,
    /// [`Limits::memory_bytes`].
    Memory,
    /// [`Limits::table_elements`].
    Table,
    /// [`Limits::stack_units`].
    Stack,
    /// [`Limits::output_bytes`].
    OutputBytes,
    /// [`Limits::output_files`].
    OutputFiles,
    /// [`Limits::log_bytes`].
    LogBytes,
    /// [`Limits::processes`].
    Processes,
}

impl LimitKind {
    /// The limit with this stable code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        const ALL: [LimitKind; 8] = [
            LimitKind::Instructions,
            LimitKind::Memory,
            LimitKind::Table,
            LimitKind::Stack,
            LimitKind::OutputBytes,
            LimitKind::OutputFiles,
            LimitKind::LogBytes,
            LimitKind::Processes,
        ];
        ALL.into_iter().find(|limit| limit.code() == code)
    }

    /// The stable code (`LIMIT_INSTRUCTIONS`).
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Instructions => "LIMIT_INSTRUCTIONS",
            Self::Memory => "LIMIT_MEMORY",
            Self::Table => "LIMIT_TABLE",
            Self::Stack => "LIMIT_STACK",
            Self::OutputBytes => "LIMIT_OUTPUT_BYTES",
            Self::OutputFiles => "LIMIT_OUTPUT_FILES",
            Self::LogBytes => "LIMIT_LOG_BYTES",
            Self::Processes => "LIMIT_PROCESSES",
        }
    }
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopReason {
    /// The program ended by itself with this code.
    Exited(i32),
    /// The program did something that WebAssembly forbids (`unreachable`, out-of-bounds access…).
    Trapped(String),
    /// A limit stopped it.
    Limit(LimitKind),
    /// It was asked to stop.
    Cancelled(CancelReason),
}

impl StopReason {
    /// The end as receipts and events say it.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Exited(code) => Outcome::Exited(*code),
            Self::Trapped(_) => Outcome::Trapped,
            Self::Limit(limit) => Outcome::Limit(limit.code().to_owned()),
            Self::Cancelled(CancelReason::TimedOut) => Outcome::TimedOut,
            Self::Cancelled(_) => Outcome::Cancelled,
        }
    }
}

/// How a job ended, what it used and what it left.
#[derive(Clone, Debug)]
pub struct RunOutcome {
    /// How it ended.
    pub stop: StopReason,
    /// What it used; filled in however it ended.
    pub usage: Usage,
    /// The results folder: `stdout`, `stderr`, `exitCode`, and the declared outputs.
    pub results: FileSet,
}

/// Where an executor sends its events; never blocks.
#[derive(Clone)]
pub struct EventSink(std::sync::Arc<dyn Fn(ExecutorEvent) + Send + Sync>);

impl EventSink {
    /// Calls `sink` for every event.
    pub fn new(sink: impl Fn(ExecutorEvent) + Send + Sync + 'static) -> Self {
        Self(std::sync::Arc::new(sink))
    }

    /// Drops every event.
    #[must_use]
    pub fn discard() -> Self {
        Self::new(|_| {})
    }

    /// Sends one event.
    pub fn send(&self, event: ExecutorEvent) {
        (self.0)(event);
    }
}

impl fmt::Debug for EventSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventSink")
    }
}
