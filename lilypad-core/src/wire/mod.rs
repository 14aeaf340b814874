//! What crosses between the roles: messages, events, and the solver as its two kinds of peer see it.
//!
//! Layout: `archive` sets of files as bytes, `body` messages as bytes; `event` what happens to a job; `log` the log that it is
//! read from; `message` what the peers hand over, `stored` where the files of a result are; `api` the solver's two faces as traits; [`auth`] requests that prove who
//! sends them; [`routes`] the paths of the HTTP interface, `openapi` its description. Inside one process the solver implements them directly.

mod api;
mod archive;
pub mod auth;
mod body;
mod event;
mod log;
mod message;
#[cfg(feature = "server")]
pub mod openapi;
pub mod routes;
mod stored;

pub use api::{JobCreatorApi, ProviderApi, ProviderInbox, ProviderMessage};
pub use archive::{ArchiveId, ReadAt, archive_limit, read_archive, write_archive};
pub use body::{
    API_VERSION, Body, Done, ExecutorEvents, JobList, Money, OLDEST_API_VERSION, ProviderEvent, SolverInfo,
    Started, Sum, UPLOAD_PART, UploadState, Uploaded, body_limit, pack_deal, pack_job, pack_result,
    unpack_deal, unpack_job, unpack_result,
};
#[cfg_attr(
    not(feature = "solver"),
    allow(unused_imports, reason = "only a solver keeps archives closed")
)]
pub(crate) use body::{OpenJob, open_job, open_result};
pub use event::{JobEvent, JobEventKind, TimeoutPhase};
pub use log::{EventLog, EventStream};
pub use message::{
    DealNotice, JobFailure, JobProposal, JobStatus, OfferProposal, QuoteRequest, ResultSubmission, inputs_id,
};
pub use stored::StoredFiles;
#[cfg(all(feature = "http", not(target_family = "wasm")))]
pub(crate) use {
    archive::{ArchiveFile, Roll},
    body::{roll_job, roll_result},
};
