//! The protocol's data: ids, machine, module, offers, deal, result, states and their legal transitions, amounts.
//! No I/O and no clock.
//!
//! Layout: `files` named bytes that travel together (a module's bundle, input files, results); `run` what a job
//! executes; `json` the wire's JSON, read as leniently and written as exactly as the Go side does.

mod files;
pub mod json;
mod machine;
mod run;

pub use files::{FileLimits, FileSet};
pub use machine::{GpuSpec, MachineSpec};
pub use run::{
    ClockPolicy, Comparator, Determinism, DockerRun, JobSpec, NetworkPolicy, OutputSpec, RandomPolicy,
    RunSpec, WasmRun,
};
