//! The commands that made a ledger, written down one by one: the ledger is what they make again.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::command::Command;
use super::ledger::Ledger;
use crate::error::{Error, ErrorKind, Fault, Result};
use crate::model::Address;
use crate::rt::Timestamp;

/// A command that a ledger has accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its place, from 1.
    pub number: u64,
    /// Who asked.
    pub by: Address,
    /// The ledger's moment.
    pub at: Timestamp,
    /// What was asked.
    pub command: Command,
}

/// Where accepted commands are written down.
pub trait Journal: Send + Sync + fmt::Debug {
    /// Writes an entry down; it must be there after any crash once this has returned.
    ///
    /// # Errors
    /// Where it cannot be told that the entry is safe; the ledger then takes no more commands.
    fn write(&self, entry: &Entry) -> Result<()>;
}

/// How far a journal is.
#[derive(Debug, Default)]
pub(super) struct Written {
    journal: Option<Arc<dyn Journal>>,
    number: u64,
    /// An entry could not be written: the ledger in memory may be ahead of its journal.
    broken: bool,
}

impl Written {
    /// Applies all entries to an empty ledger, and goes on after the last one, whose moment is given back too.
    pub(super) fn after(
        ledger: &mut Ledger,
        entries: &[Entry],
        journal: Arc<dyn Journal>,
    ) -> Result<(Self, Timestamp)> {
        let mut written = Self { journal: Some(journal), number: 0, broken: false };
        let mut last = Timestamp::default();
        for entry in entries {
            written.number = written.number.saturating_add(1);
            if entry.number != written.number {
                let why = format!("entry {} stands where {} should", entry.number, written.number);
                return Err(unreadable(why, entry.number));
            }
            ledger.apply(entry.by, entry.at, entry.command).map_err(|error| {
                unreadable(format!("entry {} does not apply: {error}", entry.number), entry.number)
                    .with_source(error)
            })?;
            last = entry.at;
        }
        Ok((written, last))
    }

    /// Refuses everything once an entry could not be written.
    pub(super) fn check(&self) -> Result<()> {
        if self.broken { Err(stopped()) } else { Ok(()) }
    }

    /// How many commands were accepted, those of earlier processes among them.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn write(&mut self, by: Address, at: Timestamp, command: Command) -> Result<()> {
        let number = self.number.saturating_add(1);
        let Some(journal) = &self.journal else {
            self.number = number;
            return Ok(());
        };
        let written = journal.write(&Entry { number, by, at, command });
        self.broken = written.is_err();
        self.number = number;
        written
    }
}

fn unreadable(why: String, number: u64) -> Error {
    Error::new(ErrorKind::Unexpected, "E_JOURNAL", format!("the ledger's journal cannot be read: {why}"))
        .with_hint("restore the journal from a backup; nothing was changed")
        .with("entry", number)
}

fn stopped() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "E_LEDGER_STOPPED",
        "the ledger takes no more commands: one could not be written down",
    )
    .with_fault(Fault::Solver)
    .with_hint("start the solver again once its disk is well")
}
