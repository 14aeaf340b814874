//! A solver that starts again: everything that was saved, and each job where its money is.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use super::book::{AgreedDeal, Book};
use super::files::{FileStore, Shelf};
use super::refile::refile;
use super::repair::{Phase, Step, step};
use super::store::{Fuse, Saved, SavedGrant, SavedNonce, Store, Write};
use super::{Inner, Solver, SolverConfig, record};
use crate::error::{Error, ErrorKind, Fault, Result};
use crate::model::{Address, AgreementState, JobId};
use crate::rt::Clock;
use crate::settlement::{Command, EscrowState, Journal, LedgerConfig, MemorySettlement};
use crate::signer::Domain;
use crate::wire::{JobFailure, TimeoutPhase};

/// Most steps that bring a job where its money is.
const STEPS: usize = 4;

/// Who asked before the restart: what a server needs to go on.
#[derive(Debug, Default)]
#[cfg_attr(not(feature = "server"), allow(dead_code, reason = "only a server asks who came before"))]
pub(super) struct Visitors {
    pub(super) nonces: Vec<SavedNonce>,
    pub(super) grants: Vec<SavedGrant>,
    /// Accounts that the solver gave money to.
    pub(super) given: HashSet<Address>,
}

impl Solver {
    /// A solver and its ledger as they were saved in `store`; new ones where it is empty. Everything that is acknowledged
    /// from now on is in the store first. Must be called on a tokio runtime.
    ///
    /// `files` is where the archives of its jobs are, and of no other solver: what no job names there is taken away.
    ///
    /// The ledger's settings must be those with which the store was begun.
    ///
    /// # Errors
    /// `Unavailable` (`E_STORE`) where the store cannot be used; `InvalidInput` (`E_STORE_OWNER`) where it is another
    /// solver's, or (`E_FILES_MISSING`) `files` is not where it had its files; `Unexpected` (`E_JOURNAL`, `E_STORE_BROKEN`) where what it holds cannot be understood.
    pub async fn open(
        store: Arc<dyn Store>,
        files: Arc<dyn FileStore>,
        address: Address,
        domain: Domain,
        clock: Clock,
        ledger: LedgerConfig,
        config: SolverConfig,
    ) -> Result<(Self, MemorySettlement)> {
        let store = Arc::new(Fuse::new(store));
        let saved = store.load()?;
        own(&store, &saved, &format!("{address} on chain {}, {ledger:?}", domain.chain_id))?;
        let journal: Arc<dyn Journal> = Arc::clone(&store) as _;
        let settlement = MemorySettlement::replay(address, clock.clone(), ledger, &saved.journal, journal)?;
        let visitors = Visitors { given: given(&saved, address), nonces: saved.nonces, grants: saved.grants };
        let mut book = Book::default();
        let jobs = saved.jobs.into_iter().map(|job| record::read(job, &clock, &config.result_limits));
        let shelf = Shelf::new(files, config.max_file_bytes);
        let mut entries = Box::pin(refile(jobs.collect::<Result<Vec<_>>>()?, &shelf, store.as_ref())).await?;
        // Those that have ended come in the order in which they are forgotten.
        entries.sort_by_key(|job| job.ended_seq);
        entries.into_iter().for_each(|job| book.take_back(job));
        book.remember_forgotten(saved.ended);
        book.forget_beyond(config.max_ended_jobs);
        let inner = Inner {
            address,
            domain,
            clock,
            settlement: Arc::new(settlement.clone()),
            config,
            book: Mutex::new(book),
            shelf,
            store: Some(store),
            visitors: Mutex::new(visitors),
        };
        let solver = Self(Arc::new(inner));
        solver.repair().await?;
        Ok((solver, settlement))
    }

    /// Brings each job that has not ended where its money is, oldest first.
    async fn repair(&self) -> Result<()> {
        let mut open: Vec<(u64, JobId)> = {
            let book = self.book();
            book.jobs.values().filter(|job| !job.over).map(|job| (job.seq, job.id)).collect()
        };
        open.sort_unstable();
        for (_, id) in open {
            for _ in 0..STEPS {
                if !self.repair_job(id).await? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Takes one step with a job; true where another may follow.
    async fn repair_job(&self, id: JobId) -> Result<bool> {
        let (phase, deal, times, cancelling) = {
            let mut book = self.book();
            let job = book.job(id)?;
            let phase = Phase::of(job.state, job.reserved.is_some(), job.delivery.is_some());
            (phase, job.deal.clone().or_else(|| job.reserved.clone()), job.times, job.cancelling)
        };
        let (state, epoch) = self.known_deal(deal.as_ref()).await?;
        if let Some(known) = self.book().job(id)?.deal.as_mut() {
            known.epoch = epoch.max(known.epoch);
        }
        let next = step(phase, state);
        tracing::debug!(job = %id, ?phase, ?state, ?next, "a job goes on after a restart");
        match (next, deal) {
            (Step::Wait, _) => {
                self.book().wait_again(id)?;
                if cancelling {
                    self.cancel_waiting(id)?;
                } else {
                    self.watch_match_and_total(id, Some(times.submitted));
                }
                Ok(false)
            }
            (Step::Agree, Some(deal)) => {
                self.agreed(id, AgreedDeal { epoch, ..deal }).await;
                self.is_sound().map(|()| true)
            }
            (Step::Run | Step::Deliver, Some(deal)) => {
                self.watch_execution(id, deal.id, times.agreed);
                self.watch_total(id, Some(times.submitted));
                if cancelling {
                    self.stop_running(id).await?;
                }
                if next == Step::Deliver
                    && let Err(error) = self.finish_delivery(deal.id).await
                {
                    tracing::warn!(%error, job = %id, "the ledger does not take a result that was kept");
                }
                self.is_sound().map(|()| false)
            }
            (Step::Record, Some(deal)) => self.record(deal.id, epoch).map(|()| true),
            (Step::Judge, _) => {
                self.watch_download(id, times.results);
                Ok(false)
            }
            (next, deal) => self.end_as(id, next, deal).map(|()| false),
        }
    }

    fn end_as(&self, id: JobId, step: Step, deal: Option<AgreedDeal>) -> Result<()> {
        match (step, deal) {
            (Step::Accepted, _) => self.accepted(id),
            (Step::CreatorSilent, _) => {
                self.silent_creator(id, "the result was not judged in time: it counts as accepted".to_owned())
            }
            (Step::ProviderSilent, _) => {
                let message = "the provider was silent for too long after the deal was made".to_owned();
                self.silent_provider(id, AgreementState::TimeoutExecution, TimeoutPhase::Execution, message)
            }
            (Step::End, _) => {
                let mut book = self.book();
                book.ended(id, self.config().max_ended_jobs);
                self.save(&mut book, &[id])
            }
            (Step::Refused, Some(deal)) => self.ended_without_result(deal.id, refused()),
            _ => {
                tracing::error!(job = %id, "a job does not agree with the ledger: it ends without a result");
                let mut book = self.book();
                book.job(id)?.fail(AgreementState::JobOfferCancelled, lost());
                book.ended(id, self.config().max_ended_jobs);
                self.save(&mut book, &[id])
            }
        }
    }

    async fn known_deal(&self, deal: Option<&AgreedDeal>) -> Result<(Option<EscrowState>, u64)> {
        let Some(deal) = deal else { return Ok((None, 0)) };
        match self.0.settlement.deal(deal.id).await {
            Ok(known) => Ok((Some(known.state), known.epoch)),
            Err(error) if error.code() == "E_DEAL_UNKNOWN" => Ok((None, 0)),
            Err(error) => Err(error),
        }
    }
}

/// A store is one solver's for ever: its ledger would be another's money.
fn own(store: &Fuse, saved: &Saved, owner: &str) -> Result<()> {
    match &saved.owner {
        None => store.save(Write::Owner(owner.to_owned()).into()),
        Some(known) if known == owner => Ok(()),
        Some(known) => Err(Error::invalid("E_STORE_OWNER", "the store belongs to another solver or ledger")
            .with_hint("start it with the key and the settings with which the store was begun")
            .with("got", owner)
            .with("wanted", known)),
    }
}

/// Whom the solver gave money to, as its ledger says.
fn given(saved: &Saved, solver: Address) -> HashSet<Address> {
    let by_solver = saved.journal.iter().filter(|entry| entry.by == solver);
    let given = by_solver.filter_map(|entry| match entry.command {
        Command::Deposit { account, .. } => Some(account),
        _ => None,
    });
    given.collect()
}

fn refused() -> JobFailure {
    JobFailure {
        kind: ErrorKind::Unavailable,
        fault: Fault::Provider,
        code: "E_PROVIDER_REFUSED",
        message: "the provider gave the job back".to_owned(),
        hint: Some("nothing was charged; submit the job again".to_owned()),
    }
}

fn lost() -> JobFailure {
    JobFailure {
        kind: ErrorKind::Unexpected,
        fault: Fault::Solver,
        code: "E_JOB_LOST",
        message: "the solver was cut off and does not know how this job went".to_owned(),
        hint: Some("ask its operator; the ledger says what was paid".to_owned()),
    }
}
