//! What a store gives back.

#[cfg(any(feature = "store-sqlite", feature = "store-postgres"))]
use std::collections::HashMap;

use bytes::Bytes;

#[cfg(any(feature = "store-sqlite", feature = "store-postgres"))]
use super::Part;

use crate::model::{Address, Amount, JobId};
use crate::rt::Timestamp;
use crate::settlement::Entry;
use crate::wire::auth::{GrantId, Nonce};

/// Everything that was saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Whose store this is; none for a new one.
    pub owner: Option<String>,
    /// The ledger's commands by their number.
    pub journal: Vec<Entry>,
    /// Jobs in the order in which they came.
    pub jobs: Vec<SavedJob>,
    /// Nonces that were used.
    pub nonces: Vec<SavedNonce>,
    /// What was spent under grants.
    pub grants: Vec<SavedGrant>,
    /// Jobs that have ended and of which nothing else is known, by the moment at which they were made.
    pub ended: Vec<(Timestamp, JobId)>,
}

/// A job as it was saved last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedJob {
    /// The job.
    pub id: JobId,
    /// Its place in the order in which jobs came.
    pub seq: u64,
    /// The place among those that have ended; none where it has not.
    pub ended: Option<u64>,
    /// All else, as JSON.
    pub document: String,
    /// The job as its creator signed it.
    pub proposal: Option<Bytes>,
    /// What its provider handed in.
    pub result: Option<Bytes>,
    /// Its events in order, as JSON.
    pub events: Vec<String>,
}

/// A nonce that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SavedNonce {
    /// Who signed.
    pub signer: Address,
    /// The nonce.
    pub nonce: Nonce,
    /// The Unix second to whose end it must be kept.
    pub until: u64,
}

/// What was spent under a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SavedGrant {
    /// The grant.
    pub id: GrantId,
    /// How much in all.
    pub spent: Amount,
    /// The Unix second at which it expires.
    pub expires: u64,
}

/// Gives each of its jobs what else there is of it. Events come in their order.
#[cfg(any(feature = "store-sqlite", feature = "store-postgres"))]
pub(super) fn put_together(
    mut jobs: Vec<SavedJob>,
    events: Vec<(String, String)>,
    archives: Vec<(String, String, Vec<u8>)>,
) -> Vec<SavedJob> {
    let places: HashMap<String, usize> =
        jobs.iter().enumerate().map(|(place, job)| (job.id.to_string(), place)).collect();
    for (job, event) in events {
        if let Some(job) = places.get(&job).and_then(|place| jobs.get_mut(*place)) {
            job.events.push(event);
        }
    }
    for (job, part, bytes) in archives {
        let Some(job) = places.get(&job).and_then(|place| jobs.get_mut(*place)) else { continue };
        let archive = if part == Part::Result.as_str() { &mut job.result } else { &mut job.proposal };
        *archive = Some(Bytes::from(bytes));
    }
    jobs
}
