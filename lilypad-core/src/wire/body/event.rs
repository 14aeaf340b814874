//! What a provider reports of a running job, and what the solver tells a provider.

use serde::{Deserialize, Serialize};

use super::super::ProviderMessage;
use super::{Body, json};
use crate::error::Result;
use crate::model::{DealId, ExecutorEvent};
use crate::rt::CancelReason;

const WHAT: &str = "a batch of events";
/// Most events in one batch.
const EVENTS: usize = 1_000;

/// Longest name of a batch, in bytes.
const NAME: usize = 64;

/// What happened while one job ran, in order: up to 1,000 events in one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecutorEvents {
    /// A name that no other batch of the job has, of at most 64 bytes: sent again because the answer was lost, it is not
    /// written down again. Empty is no name.
    pub batch: String,
    /// The events.
    pub events: Vec<ExecutorEvent>,
}

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
/// What happened while one job ran, in order.
#[schemars(rename = "ExecutorEvents")]
pub(in super::super) struct Batch {
    /// A name that no other batch of the job has.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 64))]
    batch: String,
    #[schemars(length(max = 1_000))]
    events: Vec<Report>,
}

/// An event, in the words of a job's log.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[schemars(rename = "ExecutorEvent")]
pub(in super::super) enum Report {
    Stdout { text: String },
    Stderr { text: String },
    Progress { instruction_count: u64 },
    Preparing { message: String },
    Warning { message: String },
}

impl Body for ExecutorEvents {
    fn to_body(&self) -> Result<String> {
        json::at_most(WHAT, EVENTS, self.events.len(), "events")?;
        json::at_most(WHAT, NAME, self.batch.len(), "bytes of its name")?;
        let report = |event: &ExecutorEvent| match event.clone() {
            ExecutorEvent::Stdout(text) => Report::Stdout { text },
            ExecutorEvent::Stderr(text) => Report::Stderr { text },
            ExecutorEvent::Progress { instructions } => Report::Progress { instruction_count: instructions },
            ExecutorEvent::Preparing(message) => Report::Preparing { message },
            ExecutorEvent::Warning(message) => Report::Warning { message },
        };
        json::write(
            WHAT,
            &Batch { batch: self.batch.clone(), events: self.events.iter().map(report).collect() },
        )
    }

    fn from_body(text: &[u8]) -> Result<Self> {
        let batch: Batch = json::read(WHAT, text)?;
        json::at_most(WHAT, EVENTS, batch.events.len(), "events")?;
        json::at_most(WHAT, NAME, batch.batch.len(), "bytes of its name")?;
        let event = |report| match report {
            Report::Stdout { text } => ExecutorEvent::Stdout(text),
            Report::Stderr { text } => ExecutorEvent::Stderr(text),
            Report::Progress { instruction_count } => {
                ExecutorEvent::Progress { instructions: instruction_count }
            }
            Report::Preparing { message } => ExecutorEvent::Preparing(message),
            Report::Warning { message } => ExecutorEvent::Warning(message),
        };
        Ok(Self { batch: batch.batch, events: batch.events.into_iter().map(event).collect() })
    }
}

/// What the solver tells a provider, small enough for a stream of events: the provider fetches the deal itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProviderEvent {
    /// There is a deal to run.
    Deal {
        /// The deal.
        deal_id: DealId,
    },
    /// Stop running this deal and hand in what there is.
    Stop {
        /// The deal.
        deal_id: DealId,
        /// Why.
        #[serde(with = "Reason")]
        #[schemars(with = "Reason")]
        reason: CancelReason,
    },
}

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[serde(remote = "CancelReason", rename_all = "snake_case")]
enum Reason {
    Cancelled,
    TimedOut,
    Shutdown,
}

impl From<&ProviderMessage> for ProviderEvent {
    fn from(message: &ProviderMessage) -> Self {
        match message {
            ProviderMessage::Deal { deal_id } => Self::Deal { deal_id: *deal_id },
            ProviderMessage::Stop { deal_id, reason } => Self::Stop { deal_id: *deal_id, reason: *reason },
        }
    }
}

impl Body for ProviderEvent {
    fn to_body(&self) -> Result<String> {
        json::write("a provider's event", self)
    }

    fn from_body(text: &[u8]) -> Result<Self> {
        json::read("a provider's event", text)
    }
}
