//! The protocol's data: ids, machine, module, offers, deal, result, states and their legal transitions, amounts.
//! No I/O and no clock.
//!
//! Layout: `address` accounts; `amount` and `rate` money; `files` named bytes that travel together (a module's bundle, input files, results); `ids` content ids;
//! `json` the wire's JSON, read as leniently and written as exactly as the Go side does; `machine` what a machine has;
//! `pin` the exact code of a module; `run` what a job executes; `unixfs` the content id of files.

mod address;
mod amount;
mod files;
mod ids;
pub mod json;
mod machine;
mod pin;
mod rate;
mod run;
mod unixfs;

pub use address::Address;
pub use amount::Amount;
pub use files::{FileLimits, FileSet};
pub use ids::{Cid, ContentId, DealId, JobId, ResourceOfferId};
pub use machine::{GpuSpec, MachineSpec};
pub use pin::ModulePin;
pub use rate::{Rate, WorkUnit};
pub use run::{
    ClockPolicy, Comparator, Determinism, DockerRun, JobLimits, JobSpec, NetworkPolicy, OutputSpec,
    RandomPolicy, RunSpec, WasmRun,
};
pub use unixfs::file_content_id;
