//! A store that stops at its first failure.

use std::sync::Arc;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::{Batch, Saved, Store, Write, failed};
use crate::error::Result;
use crate::settlement::{Entry, Journal};

/// Nothing is saved after a failure: what came later could rest on what is not there.
#[derive(Debug)]
pub(in crate::solver) struct Fuse {
    store: Arc<dyn Store>,
    why: OnceLock<String>,
    turn: Mutex<()>,
}

impl Fuse {
    pub(in crate::solver) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, why: OnceLock::new(), turn: Mutex::new(()) }
    }

    /// Passes while everything could be saved.
    pub(in crate::solver) fn check(&self) -> Result<()> {
        self.why.get().map_or(Ok(()), |why| Err(failed(why)))
    }
}

impl Store for Fuse {
    fn load(&self) -> Result<Saved> {
        self.store.load()
    }

    fn save(&self, batch: Batch) -> Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.check()?;
        self.store.save(batch).inspect_err(|error| {
            tracing::error!(%error, "the solver stops: its store does not take what it must not forget");
            let _ = self.why.set(error.message().to_owned());
        })
    }
}

impl Journal for Fuse {
    fn write(&self, entry: &Entry) -> Result<()> {
        self.save(Write::Command(*entry).into())
    }
}
