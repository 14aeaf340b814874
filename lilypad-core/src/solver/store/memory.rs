//! A store in this process: for tests, and for whoever keeps what it holds elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Batch, Part, Saved, SavedGrant, SavedJob, SavedNonce, Store, Write, failed};
use crate::error::Result;
use crate::model::{Address, JobId};
use crate::rt::Timestamp;
use crate::settlement::Entry;
use crate::wire::auth::{GrantId, Nonce};

/// A store in this process's memory. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<Tables>>);

#[derive(Clone, Debug, Default)]
struct Tables {
    owner: Option<String>,
    journal: BTreeMap<u64, Entry>,
    jobs: BTreeMap<JobId, SavedJob>,
    nonces: BTreeMap<(Address, Nonce), SavedNonce>,
    grants: BTreeMap<GrantId, SavedGrant>,
    ended: BTreeSet<(Timestamp, JobId)>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn load(&self) -> Result<Saved> {
        let tables = self.tables();
        let mut jobs: Vec<SavedJob> = tables.jobs.values().cloned().collect();
        jobs.sort_by_key(|job| job.seq);
        Ok(Saved {
            owner: tables.owner.clone(),
            journal: tables.journal.values().copied().collect(),
            jobs,
            nonces: tables.nonces.values().copied().collect(),
            grants: tables.grants.values().copied().collect(),
            ended: tables.ended.iter().copied().collect(),
        })
    }

    fn save(&self, batch: Batch) -> Result<()> {
        let mut tables = self.tables();
        tables.check(&batch)?;
        batch.into_writes().into_iter().for_each(|write| tables.apply(write));
        Ok(())
    }
}

impl Tables {
    /// Refuses a batch that does not fit what is there, before any of it is applied.
    fn check(&self, batch: &Batch) -> Result<()> {
        let mut new = Vec::new();
        for write in batch.writes() {
            match write {
                Write::Job { id, .. } => new.push(id),
                Write::Event { job, .. } | Write::Archive { job, .. }
                    if !self.jobs.contains_key(job) && !new.contains(&job) =>
                {
                    return Err(failed(format!("job {job} is not there")));
                }
                Write::Event { job, seq, .. } => {
                    let next = self.jobs.get(job).map_or(0, |job| job.events.len() as u64);
                    if *seq < next {
                        return Err(failed(format!("event {seq} of job {job} is there already")));
                    }
                }
                Write::Command(entry) if self.journal.contains_key(&entry.number) => {
                    return Err(failed(format!("command {} is there already", entry.number)));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn apply(&mut self, write: Write) {
        match write {
            Write::Owner(owner) => self.owner = Some(owner),
            Write::Job { id, seq, ended, document } => {
                let job = self.jobs.entry(id).or_insert_with(|| SavedJob {
                    id,
                    seq,
                    ended,
                    document: String::new(),
                    proposal: None,
                    result: None,
                    events: Vec::new(),
                });
                (job.seq, job.ended, job.document) = (seq, ended, document);
            }
            Write::Event { job, event, .. } => {
                if let Some(job) = self.jobs.get_mut(&job) {
                    job.events.push(event);
                }
            }
            Write::Archive { job, part, bytes } => {
                if let Some(job) = self.jobs.get_mut(&job) {
                    match part {
                        Part::Proposal => job.proposal = Some(bytes),
                        Part::Result => job.result = Some(bytes),
                    }
                }
            }
            Write::ForgetJob(id) => drop(self.jobs.remove(&id)),
            Write::Ended { id, created } => drop(self.ended.insert((created, id))),
            Write::ForgetEnded(before) => self.ended.retain(|(created, _)| *created >= before),
            Write::Command(entry) => drop(self.journal.insert(entry.number, entry)),
            Write::Nonce { signer, nonce, until } => {
                self.nonces.insert((signer, nonce), SavedNonce { signer, nonce, until });
            }
            Write::ForgetNonces(until) => self.nonces.retain(|_, nonce| nonce.until > until),
            Write::Grant { id, spent, expires } => {
                self.grants.insert(id, SavedGrant { id, spent, expires });
            }
            Write::ForgetGrants(until) => self.grants.retain(|_, grant| grant.expires > until),
        }
    }
}
