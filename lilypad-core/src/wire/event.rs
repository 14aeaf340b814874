//! What happens to a job.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{Address, AgreementState, Amount, ContentId, DealId, JobId, Outcome, Rate};
use crate::rt::Timestamp;

/// One thing that happened to a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct JobEvent {
    /// Place in the job's log, from 0. A progress report carries the place of the event before it.
    pub seq: u64,
    /// When the solver wrote it down.
    pub at: Timestamp,
    /// The job.
    pub job_id: JobId,
    /// The state of the job after it.
    pub state: AgreementState,
    /// What happened.
    #[serde(flatten)]
    pub kind: JobEventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobEventKind {
    /// The solver took the job offer.
    Submitted,
    /// No offer fits now; the job waits.
    Waiting {
        /// Why no offer fits, with counts and figures.
        reason: String,
        /// The cheapest change after which one fits, where one or two fields are enough.
        fix: Option<String>,
    },
    /// A provider was found and the money is in escrow.
    Agreed {
        /// The deal.
        deal_id: DealId,
        /// Who runs the job.
        resource_provider: Address,
        /// Price of the work units.
        rate: Rate,
        /// Most that the job can cost, in wei.
        price_cap: Amount,
    },
    /// The provider started the program.
    Started {
        /// The executor (`wasm`, `docker`).
        executor: String,
    },
    /// What the provider does before the program runs (an image is fetched…).
    Preparing {
        /// One line.
        message: String,
    },
    /// The job wrote a line, or a piece of a long one, to its standard output.
    Stdout {
        /// Without the line end.
        text: String,
    },
    /// The same for standard error.
    Stderr {
        /// Without the line end.
        text: String,
    },
    /// Work so far. Not kept in the log.
    Progress {
        /// Work units so far.
        instruction_count: u64,
    },
    /// Something that the user should know and that does not stop the job.
    Warning {
        /// One line.
        message: String,
    },
    /// The user asked to cancel; the provider is stopping.
    Cancelling,
    /// The provider handed in a signed result.
    ResultsSubmitted {
        /// Content id of the results folder.
        data_id: ContentId,
        /// How the program ended.
        outcome: Outcome,
        /// Measured work units.
        instruction_count: u64,
    },
    /// The result was checked and paid.
    ResultsAccepted {
        /// What the job cost, in wei.
        cost: Amount,
    },
    /// The job was cancelled.
    Cancelled {
        /// What the work until then cost, in wei.
        cost: Amount,
    },
    /// A time limit passed.
    TimedOut {
        /// Which.
        phase: TimeoutPhase,
        /// One line for people.
        message: String,
    },
    /// The job ended without a result.
    Failed {
        /// One line for people.
        message: String,
    },
}

impl JobEventKind {
    /// True for events after which the job can only rest.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::ResultsAccepted { .. }
                | Self::Cancelled { .. }
                | Self::TimedOut { .. }
                | Self::Failed { .. }
        )
    }
}

/// Which time limit passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TimeoutPhase {
    /// No offer fitted in time.
    Match,
    /// The job ran for longer than it may.
    Execution,
    /// The job creator did not fetch and judge the result in time.
    Download,
    /// The job as a whole took too long.
    Total,
}

impl fmt::Display for TimeoutPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Match => "match",
            Self::Execution => "execution",
            Self::Download => "download",
            Self::Total => "total",
        })
    }
}
