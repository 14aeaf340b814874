//! What a job executes: the validated, rendered job that both module formats load into.

use std::collections::BTreeMap;
use std::time::Duration;

/// A rendered and validated job: what runs, with which needs and limits. Inputs are already bound.
#[derive(Clone, Debug, PartialEq)]
pub struct JobSpec {
    /// What runs.
    pub run: RunSpec,
    /// What the machine needs, in the wire's units.
    pub machine: super::MachineSpec,
    /// Which GPUs it needs beside what [`JobSpec::machine`] can say; empty where that says it all (v2 modules, a plain number
    /// of GPUs). At most [`GpuRequirement::MAX_PER_JOB`](super::GpuRequirement::MAX_PER_JOB), together at most 128 GPUs.
    pub gpus: Vec<super::GpuRequirement>,
    /// The oldest GPU driver that will do.
    pub min_driver: Option<super::SoftwareVersion>,
    /// The oldest CUDA version that will do.
    pub min_cuda: Option<super::SoftwareVersion>,
    /// Names of input files that must be given.
    pub required_files: Vec<String>,
    /// Names of input files that may be given.
    pub optional_files: Vec<String>,
    /// What the job leaves behind beside `stdout` and `stderr`.
    pub outputs: Vec<OutputSpec>,
    /// How long the job may run; `None` leaves it to the network's default.
    pub timeout: Option<Duration>,
    /// What the author lets the job use.
    pub limits: JobLimits,
    /// What the job may reach.
    pub network: NetworkPolicy,
    /// What re-running it promises.
    pub determinism: Determinism,
}

/// What the author lets a job use; `None` leaves it to the network's default. A provider may set lower limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobLimits {
    /// Work units: metered WebAssembly instructions.
    pub instructions: Option<u64>,
    /// Bytes of memory.
    pub memory_bytes: Option<u64>,
    /// Bytes in all output files together.
    pub output_bytes: Option<u64>,
}

/// The program of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunSpec {
    /// A WASI program.
    Wasm(WasmRun),
    /// A container.
    Docker(DockerRun),
    /// GPU kernels.
    Cuda(super::CudaRun),
}

/// A WASI (preview 1) command that runs in the WebAssembly executor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WasmRun {
    /// Path of the `.wasm` or `.wat` file in the module's bundle.
    pub module: String,
    /// `argv`, without the program's own name.
    pub args: Vec<String>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// The exported function to call (`_start`).
    pub entry_point: String,
    /// What the clock shows.
    pub clock: ClockPolicy,
    /// Where random bytes come from.
    pub random: RandomPolicy,
}

/// A container job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerRun {
    /// Image reference, best with a digest.
    pub image: String,
    /// Replaces the image's entry point; `None` keeps it.
    pub entrypoint: Option<Vec<String>>,
    /// Arguments after the entry point.
    pub parameters: Vec<String>,
    /// Environment as `NAME=value`, in order: v2 templates may repeat a name.
    pub env: Vec<String>,
    /// Working directory inside the container; `None` keeps the image's.
    pub working_directory: Option<String>,
}

/// What the job's clock shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockPolicy {
    /// A fixed start (Unix second 1,700,000,000) that moves 1 ms with every reading: repeatable.
    #[default]
    Fixed,
    /// The machine's clock; the job cannot be checked by re-running.
    Real,
}

/// Where the job's random bytes come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RandomPolicy {
    /// A stream seeded from the job's inputs: repeatable.
    #[default]
    Seeded,
    /// The operating system; the job cannot be checked by re-running.
    Real,
}

/// What the job may reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NetworkPolicy {
    /// Nothing.
    #[default]
    None,
    /// The named domains over HTTP.
    Domains(Vec<String>),
    /// Anything.
    Full,
}

/// A declared output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputSpec {
    /// Folder or file name in the results (`outputs`).
    pub name: String,
    /// Where the job writes it (`/outputs`).
    pub path: String,
    /// Media type, where the author declared one (`image/png`).
    pub media_type: Option<String>,
}

impl OutputSpec {
    /// The path in the results of what lies at an absolute path in the job, where it is this output or lies in it.
    #[must_use]
    pub fn holds(&self, path: &str) -> Option<String> {
        match path.strip_prefix(&self.path)? {
            "" => Some(self.name.clone()),
            rest => Some(format!("{}/{}", self.name, rest.strip_prefix('/')?)),
        }
    }
}

/// What re-running the job promises, and how two results are compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Determinism {
    /// Nothing is promised.
    #[default]
    None,
    /// Two runs are the same under this comparison.
    Compared(Comparator),
}

/// How two results of one job are compared.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Comparator {
    /// Content id and instruction count are equal.
    Exact,
    /// Numbers agree within `absolute + relative × |expected|`.
    Numeric {
        /// Absolute tolerance.
        absolute: f64,
        /// Relative tolerance.
        relative: f64,
    },
}
