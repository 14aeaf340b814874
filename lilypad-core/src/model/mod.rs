//! The protocol's data: ids, machine, module, offers, deal, result, states and their legal transitions, amounts.
//! No I/O and no clock.
//!
//! Layout: `address` accounts; `amount` and `rate` money; `offer`, `offer_limits`, `deal` and `state` what the market
//! agrees on; `execution` and `outcome` what a running job tells and how it ends; `files` named bytes that travel together
//! (a module's bundle, input files, results); `gpu` which GPUs a job needs; `ids` and `hashing` content ids; [`json`] the wire's JSON, read as leniently
//! and written as exactly as the Go side does; `machine` what a machine has; `pin` the exact code of a module; `run` what a
//! job executes, and `cuda` that of a GPU; `schema` how texts and numbers look from outside; `unixfs` the content id of files; [`v2`] rendered templates; `version` versions of drivers.

mod address;
mod amount;
mod cuda;
mod deal;
mod execution;
mod files;
mod gpu;
mod hashing;
mod ids;
pub(crate) mod image_ref;
pub mod json;
mod machine;
mod offer;
mod offer_limits;
mod outcome;
mod pin;
mod rate;
mod run;
pub(crate) mod schema;
mod share;
mod state;
mod unixfs;
pub mod v2;
mod version;

pub use address::Address;
pub use amount::Amount;
pub use cuda::{CudaArg, CudaBuffer, CudaCount, CudaLaunch, CudaRun, CudaSize, CudaSource, CudaType};
pub use deal::{
    Deal, DealContainer, DealMembers, DealTransactions, DealTransactionsJobCreator, DealTransactionsMediator,
    DealTransactionsResourceProvider, JobResult, MatchDecision, SolverEvent,
};
pub use execution::{ExecutorEvent, Usage};
pub use files::{FileLimits, FileSet};
pub use gpu::{GpuMemory, GpuModel, GpuRequirement, GpuSet, GpuSize, GpuVendor};
pub use ids::{Cid, ContentId, DealId, JobId, ResourceOfferId};
pub use machine::{GpuSpec, MachineSpec, Mebibytes, Megabytes, MilliCpu};
pub use offer::{
    DealPricing, InputFiles, JobOffer, JobOfferContainer, ModuleConfig, PricingMode, ResourceOffer,
    ResourceOfferContainer, ServiceConfig, TargetConfig,
};
pub use outcome::Outcome;
pub use pin::ModulePin;
pub use rate::{Rate, WorkUnit, grouped};
pub use run::{
    ClockPolicy, Comparator, Determinism, DockerRun, JobLimits, JobSpec, NetworkPolicy, OutputSpec,
    RandomPolicy, RunSpec, WasmRun,
};
pub use share::Share;
pub use state::{Actor, AgreementEvent, AgreementState, ContractState, TRANSITIONS};
#[cfg_attr(target_family = "wasm", allow(unused_imports, reason = "only a disk is written in pieces"))]
pub(crate) use unixfs::Read as ReadPiece;
pub(crate) use unixfs::content_id_of;
pub use unixfs::file_content_id;
pub use version::SoftwareVersion;
