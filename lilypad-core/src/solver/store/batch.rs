//! What is saved, as one batch that happens whole or not at all.

use bytes::Bytes;

use crate::model::{Address, Amount, JobId};
use crate::rt::Timestamp;
use crate::settlement::Entry;
use crate::wire::auth::{GrantId, Nonce};

/// Changes that are saved together.
#[derive(Clone, Debug, Default)]
pub struct Batch(Vec<Write>);

impl Batch {
    /// Adds a change.
    pub fn push(&mut self, write: Write) {
        self.0.push(write);
    }

    /// The changes, in order.
    #[must_use]
    pub fn writes(&self) -> &[Write] {
        &self.0
    }

    /// The changes themselves.
    #[must_use]
    pub fn into_writes(self) -> Vec<Write> {
        self.0
    }
}

impl FromIterator<Write> for Batch {
    fn from_iter<I: IntoIterator<Item = Write>>(writes: I) -> Self {
        Self(writes.into_iter().collect())
    }
}

impl From<Write> for Batch {
    fn from(write: Write) -> Self {
        Self(vec![write])
    }
}

/// Which archive of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The job as its creator signed it, with its files while they are needed.
    Proposal,
    /// What its provider handed in.
    Result,
}

impl Part {
    /// The name in a store (`proposal`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposal => "proposal",
            Self::Result => "result",
        }
    }
}

/// One change of what is saved.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a change is made, saved and dropped")]
pub enum Write {
    /// Whose store this is: one line that must never change.
    Owner(String),
    /// A job as it is now.
    Job {
        /// The job.
        id: JobId,
        /// Its place in the order in which jobs came.
        seq: u64,
        /// The place among those that have ended; none where it has not.
        ended: Option<u64>,
        /// All else, as JSON.
        document: String,
    },
    /// The next event of a job, as JSON.
    Event {
        /// The job.
        job: JobId,
        /// The event's place in the job's log.
        seq: u64,
        /// The event.
        event: String,
    },
    /// One of a job's archives, in the place of the one before.
    Archive {
        /// The job.
        job: JobId,
        /// Which.
        part: Part,
        /// The archive.
        bytes: Bytes,
    },
    /// A job that is forgotten, with all that belongs to it.
    ForgetJob(JobId),
    /// A job that has ended and is forgotten but for its id, so that it is not taken again.
    Ended {
        /// The job.
        id: JobId,
        /// When its offer was made: it need not be kept once that is too long ago.
        created: Timestamp,
    },
    /// Jobs that have ended and were made before this moment need not be kept any more.
    ForgetEnded(Timestamp),
    /// The ledger's next command. Its number must be new.
    Command(Entry),
    /// A nonce that was used.
    Nonce {
        /// Who signed.
        signer: Address,
        /// The nonce.
        nonce: Nonce,
        /// The Unix second to whose end it must be kept.
        until: u64,
    },
    /// Nonces that were to be kept to this Unix second or less need not be any more.
    ForgetNonces(u64),
    /// What was spent under a grant so far.
    Grant {
        /// The grant.
        id: GrantId,
        /// How much in all.
        spent: Amount,
        /// The Unix second at which it expires; it need not be kept from then on.
        expires: u64,
    },
    /// Grants that expired at this Unix second or before need not be kept any more.
    ForgetGrants(u64),
}
