//! What crosses HTTP: JSON for what is small, archives for what carries files. Both ends read and write through here.
//!
//! What is signed must stand exactly as we write it, white space and the order of fields apart: a field that is not known
//! or spelled in another way is refused, since nothing could say whether its signer meant it. That holds for proposals,
//! resource offers and receipts. In everything else unknown fields are ignored, so that a newer peer may add some.
//! A JSON part has at most 1 MiB and 32 levels.
//!
//! Layout: `json` reading and writing within those bounds; `error` failures; `event` what providers and solver tell each
//! other; `job` jobs and deals with their files; `result` results with theirs; `service` what a solver
//! says of itself and of money. `docs/http-bodies.md` has an example of each.

mod error;
mod event;
mod job;
mod json;
mod result;
mod service;

#[cfg(feature = "server")]
pub(super) use error::ErrorBody;
pub(super) use error::{code, fault, kind};
#[cfg(feature = "server")]
pub(super) use event::Batch;
pub use event::{ExecutorEvents, ProviderEvent};
#[cfg_attr(
    not(feature = "http"),
    allow(unused_imports, reason = "only what is uploaded stays in pieces")
)]
pub(crate) use job::roll_job;
#[cfg(feature = "server")]
pub(super) use job::{DealBody, Proposal};
pub(crate) use job::{OpenJob, open_job};
pub use job::{pack_deal, pack_job, unpack_deal, unpack_job};
#[cfg(feature = "server")]
pub(super) use result::ResultBody;
pub(crate) use result::open_result;
#[cfg_attr(
    not(feature = "http"),
    allow(unused_imports, reason = "only what is uploaded stays in pieces")
)]
pub(crate) use result::roll_result;
pub use result::{pack_result, unpack_result};
pub use service::{
    API_VERSION, Done, JobList, Money, OLDEST_API_VERSION, SolverInfo, Started, Sum, UPLOAD_PART,
    UploadState, Uploaded,
};

use serde_json::Value;

use super::{JobEvent, JobStatus, OfferProposal, QuoteRequest};
use crate::error::Result;
use crate::market::Quote;
use crate::model::{FileLimits, JobId, ResourceOfferId};
use crate::signer::{Signature, Signed};

/// A message that crosses HTTP as JSON.
///
/// ```
/// use lilypad_core::Error;
/// use lilypad_core::wire::Body;
/// let error = Error::invalid("E_INPUT_UNKNOWN", "unknown input `Mesage`").with_hint("did you mean `Message`?");
/// let back = Error::from_body(error.to_body()?.as_bytes())?;
/// assert_eq!((back.code(), back.hint()), (error.code(), error.hint()));
/// # Ok::<(), lilypad_core::Error>(())
/// ```
pub trait Body: Sized {
    /// Writes the message as JSON.
    ///
    /// # Errors
    /// `InvalidInput` (`E_BODY_LIMIT`) where it has more than 1 MiB, or more entries than its kind of message may have.
    fn to_body(&self) -> Result<String>;

    /// Reads the message from JSON.
    ///
    /// # Errors
    /// `InvalidInput`: `E_BODY_LIMIT` for more than 1 MiB, 32 levels or the entries that its kind of message may have;
    /// `E_BODY` for what is not JSON or not such a message, with the field and the reason.
    fn from_body(text: &[u8]) -> Result<Self>;
}

macro_rules! bodies {
    ($($type:ty: $read:ident $name:literal;)+) => {$(
        impl Body for $type {
            fn to_body(&self) -> Result<String> {
                json::write($name, self)
            }

            fn from_body(text: &[u8]) -> Result<Self> {
                json::$read($name, text)
            }
        }
    )+};
}

bodies! {
    Signed<OfferProposal>: read_signed "a resource offer";
    QuoteRequest: read "a quote request";
    Quote: read "a quote";
    JobEvent: read "a job's event";
    JobId: read "a job's id";
    ResourceOfferId: read "an offer's id";
    Signature: read "a signature";
    SolverInfo: read "what a solver says of itself";
    Money: read "an account's money";
    Sum: read "an amount";
    Started: read "the start of a job";
    Done: read "an answer";
    UploadState: read "the state of an upload";
    Uploaded: read "the name of an upload";
    JobList: read "a list of jobs";
}

impl Body for JobStatus {
    fn to_body(&self) -> Result<String> {
        json::write(STATUS, self)
    }

    fn from_body(text: &[u8]) -> Result<Self> {
        let given = json::read::<Value>(STATUS, text)?;
        let status: Self = json::read(STATUS, text)?;
        json::check_signed(STATUS, "receipt", given.get("receipt").unwrap_or(&Value::Null), &status.receipt)?;
        Ok(status)
    }
}

const STATUS: &str = "a job's status";

/// The most bytes of a job, a deal or a result whose files together are within `limits`: what a server allows.
#[must_use]
pub fn body_limit(limits: &FileLimits) -> u64 {
    super::archive_limit(&with_parts(limits))
}

/// The limits of files with room for two JSON parts beside them.
fn with_parts(limits: &FileLimits) -> FileLimits {
    let parts = 2 * json::MOST_BYTES as u64;
    FileLimits { files: limits.files.saturating_add(2), bytes: limits.bytes.saturating_add(parts) }
}

/// Limits that may be open: the largest number is left out.
pub(super) mod open {
    pub(in super::super) fn most() -> u64 {
        u64::MAX
    }

    pub(in super::super) fn is_most(limit: &u64) -> bool {
        *limit == u64::MAX
    }
}

#[cfg(test)]
mod tests;
