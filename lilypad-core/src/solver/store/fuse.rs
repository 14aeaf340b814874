//! A store that stops at its first failure.

use std::sync::{Arc, OnceLock};

use super::{Batch, Saved, Store, Write, failed};
use crate::error::Result;
use crate::settlement::{Entry, Journal};

/// Nothing is begun after a failure: what came later could rest on what is not there. What was under way beside it goes on:
/// who depends on a save has waited for it.
#[derive(Debug)]
pub(in crate::solver) struct Fuse {
    store: Arc<dyn Store>,
    why: OnceLock<String>,
}

impl Fuse {
    pub(in crate::solver) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, why: OnceLock::new() }
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
