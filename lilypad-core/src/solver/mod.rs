//! The matching service: takes offers, matches them, keeps the money straight, passes results on.
//!
//! Layout: `book` what it remembers, `history` how much work modules took; `creator` and `provider` its two faces;
//! `matching` from offers to deals; `terms` what a deal's money is agreed on; `settle` how the ledger is told; `quote` what a
//! job would cost; `timeouts` what happens when nothing happens; `figures` what operators watch, `traced` a job's spans. `files` the archives of jobs,
//! `intake` how they come in; `store` what it must not forget; `record` a job as it is saved, `save` when; `lead` which of several processes leads; `open` a solver that
//! starts again, `refile` its archives, `repair` what each of its jobs needs then. Everything is driven by calls and by the clock: nothing
//! polls.

#[cfg_attr(not(feature = "server"), allow(dead_code, reason = "only a server asks who may do what"))]
mod access;
mod book;
mod creator;
#[cfg_attr(not(feature = "server"), allow(dead_code, reason = "only a server tells"))]
mod figures;
pub mod files;
mod history;
mod intake;
#[cfg(any(feature = "server", feature = "store-postgres"))]
mod lead;
mod matching;
mod open;
mod provider;
mod quota;
mod quote;
mod record;
mod refile;
mod repair;
mod save;
#[cfg(feature = "server")]
pub mod server;
mod settle;
pub mod store;
mod terms;
mod timeouts;
mod traced;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use book::Book;
use files::{MemoryFiles, Shelf};
#[cfg(any(feature = "server", feature = "store-postgres"))]
pub use lead::Leader;
#[cfg(feature = "store-postgres")]
pub use lead::Leaders;
use open::Visitors;
pub use quota::OfferQuota;
use store::Fuse;

use crate::error::{Error, Result};
use crate::market::CheckPolicy;
use crate::model::{Address, FileLimits};
use crate::rt::Clock;
use crate::settlement::Settlement;
use crate::signer::Domain;

/// How a solver behaves.
#[derive(Clone, Debug)]
pub struct SolverConfig {
    /// How long a job may wait for an offer.
    pub match_timeout: Duration,
    /// How long a provider may be silent after the job's own time is up.
    pub provider_grace: Duration,
    /// How long a job creator may take to fetch and judge a result; after that it counts as accepted.
    pub download_timeout: Duration,
    /// How long a job may take from offer to results, whatever it does. Judging them has its own time.
    pub total_timeout: Duration,
    /// How far from the solver's time a job's offer may say that it was made, and how far ahead of it any offer.
    pub offer_age: Duration,
    /// Most jobs that are not at their end.
    pub max_open_jobs: usize,
    /// How many offers the book takes, and from whom.
    pub offers: OfferQuota,
    /// Most that one job's results may hold.
    pub result_limits: FileLimits,
    /// Most that the module's files of one job may hold, and most that its input files may.
    pub job_limits: FileLimits,
    /// Most bytes of the archives of all jobs together.
    pub max_file_bytes: u64,
    /// How many ended jobs are remembered.
    pub max_ended_jobs: usize,
    /// Whether results are checked by running jobs again.
    pub checks: CheckPolicy,
}

impl SolverConfig {
    /// Checks that the settings can work and are safe.
    ///
    /// # Errors
    /// `InvalidInput` (`E_POLICY_UNSAFE`) where cheating would pay, with the values that would be safe; `Unsupported`
    /// (`E_CHECKS`) where results shall be checked: no mediator runs jobs again yet.
    pub fn check(&self) -> Result<()> {
        self.checks.check()?;
        match self.checks {
            CheckPolicy::Sampled(_) => Err(Error::unsupported(
                "E_CHECKS",
                "no mediator runs jobs again on this network, so results cannot be checked",
            )
            .with_hint("leave the checks out: quotes then say that results are not checked")),
            CheckPolicy::Unchecked => Ok(()),
        }
    }
}

impl Default for SolverConfig {
    /// Match 30 s, provider grace 10 s, download 1 h, total 2 h, offers made within 10 min, 1,000 open jobs, offers as in [`OfferQuota`], results of 96 MiB in
    /// 1,100 files, module and inputs of 64 MiB in 1,000 files each, 16 GiB of archives, 1,000 ended jobs, no checks.
    fn default() -> Self {
        Self {
            match_timeout: Duration::from_secs(30),
            provider_grace: Duration::from_secs(10),
            download_timeout: Duration::from_secs(3_600),
            total_timeout: Duration::from_secs(7_200),
            offer_age: Duration::from_secs(600),
            max_open_jobs: 1_000,
            offers: OfferQuota::default(),
            result_limits: FileLimits { files: 1_100, bytes: 96 << 20 },
            job_limits: FileLimits::default(),
            max_file_bytes: 16 << 30,
            max_ended_jobs: 1_000,
            checks: CheckPolicy::Unchecked,
        }
    }
}

/// The matching service. Clones share one book.
#[derive(Clone, Debug)]
pub struct Solver(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    address: Address,
    domain: Domain,
    clock: Clock,
    settlement: Arc<dyn Settlement>,
    config: SolverConfig,
    book: Mutex<Book>,
    shelf: Shelf,
    /// Where everything is saved; none for a solver whose book ends with its process.
    store: Option<Arc<Fuse>>,
    #[cfg_attr(not(feature = "server"), allow(dead_code, reason = "only a server asks who came before"))]
    visitors: Mutex<Visitors>,
}

impl Solver {
    /// A solver with an empty book that ends with this process; [`Solver::open`] gives one that lasts.
    #[must_use]
    pub fn new(
        address: Address,
        domain: Domain,
        clock: Clock,
        settlement: Arc<dyn Settlement>,
        config: SolverConfig,
    ) -> Self {
        Self(Arc::new(Inner {
            address,
            domain,
            clock,
            settlement,
            shelf: Shelf::new(Arc::new(MemoryFiles::new()), config.max_file_bytes),
            config,
            book: Mutex::default(),
            store: None,
            visitors: Mutex::default(),
        }))
    }

    /// The account under which offers name this solver.
    #[must_use]
    pub fn address(&self) -> Address {
        self.0.address
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn config(&self) -> &SolverConfig {
        &self.0.config
    }
}

#[cfg(test)]
mod tests;
