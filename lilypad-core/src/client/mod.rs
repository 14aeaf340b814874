//! The job creator: quote, submit, watch, wait, cancel, verify.
//!
//! Layout: `connect` over HTTP; `options` what a submission may ask for; `submit` from a module and inputs to a signed job; `job` the live
//! handle, `limits` how long it waits; `driver` what goes on behind it; `keep` where results are put, `folders` on a disk; `result` what came of it.

#[cfg(all(feature = "http", not(target_family = "wasm")))]
mod connect;
mod driver;
#[cfg(not(target_family = "wasm"))]
mod folders;
mod job;
mod keep;
mod limits;
mod options;
mod result;
mod submit;

#[cfg(not(target_family = "wasm"))]
pub use folders::ResultFolders;
pub use job::Job;
pub use keep::ResultKeeper;
pub use limits::WaitLimits;
pub use options::SubmitOptions;
pub use result::{JobResult, Timings};

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use crate::error::Result;
use crate::market::Quote;
use crate::model::{Address, JobId};
use crate::module::Module;
use crate::rt::{Clock, Random};
use crate::signer::Signer;
use crate::wire::JobCreatorApi;

/// A job creator on one network. Clones share the account and the connection.
///
/// See [`Network::local`](crate::network::Network::local) for a network to use it on.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    signer: Arc<dyn Signer>,
    solver: Arc<dyn JobCreatorApi>,
    clock: Clock,
    random: Mutex<Random>,
    mediators: Vec<Address>,
    keeper: OnceLock<Arc<dyn ResultKeeper>>,
}

impl Client {
    pub(crate) fn new(
        signer: Arc<dyn Signer>,
        solver: Arc<dyn JobCreatorApi>,
        clock: Clock,
        random: Random,
        mediators: Vec<Address>,
    ) -> Self {
        let (random, keeper) = (Mutex::new(random), OnceLock::new());
        Self(Arc::new(Inner { signer, solver, clock, random, mediators, keeper }))
    }

    /// Puts the results of all jobs of this client and its clones in a safe place before they are accepted: a process that
    /// ends in between loses nothing that was paid for. Only the first keeper is used.
    pub fn keep_with(&self, keeper: Arc<dyn ResultKeeper>) {
        let _ = self.0.keeper.set(keeper);
    }

    #[cfg(test)]
    pub(crate) fn mediators(&self) -> &[Address] {
        &self.0.mediators
    }

    /// The account that asks and pays.
    #[must_use]
    pub fn address(&self) -> Address {
        self.0.signer.address()
    }

    /// Checks the inputs and asks what the job would cost: the offers that fit with their prices, why the others do not, and
    /// the cheapest change that would let it match. Nothing is signed, reserved or paid.
    ///
    /// # Errors
    /// As [`Client::submit`] for what is wrong with the module, an input or an option.
    pub async fn quote(
        &self,
        module: &Module,
        inputs: &BTreeMap<String, String>,
        options: SubmitOptions,
    ) -> Result<Quote> {
        submit::quote(self, module, inputs, options).await
    }

    /// Checks the inputs, signs a job offer and hands it to the solver.
    ///
    /// The job goes on whatever happens to the handle.
    ///
    /// # Errors
    /// `InvalidInput` where an input, an option or the module is wrong: nothing is sent then. `Unsupported` where
    /// this system cannot run the module as written. What the solver says.
    pub async fn submit(
        &self,
        module: &Module,
        inputs: &BTreeMap<String, String>,
        options: SubmitOptions,
    ) -> Result<Job> {
        submit::submit(self, module, inputs, options).await
    }

    /// A signed job that is not handed in.
    #[cfg(test)]
    pub(crate) async fn sign(
        &self,
        module: &Module,
        options: SubmitOptions,
    ) -> Result<crate::signer::Signed<crate::wire::JobProposal>> {
        submit::sign(self, module, options).await
    }

    /// Submits a job and waits for its end.
    ///
    /// # Errors
    /// As [`Client::submit`] and [`Job::wait`]. A program that fails is a [`JobResult`] whose
    /// [`error`](JobResult::error) says so.
    pub async fn run(
        &self,
        module: &Module,
        inputs: &BTreeMap<String, String>,
        options: SubmitOptions,
    ) -> Result<JobResult> {
        self.submit(module, inputs, options).await?.wait().await
    }

    /// A handle on a job of this account that was submitted before.
    ///
    /// # Errors
    /// `NotFound` (`E_JOB_UNKNOWN`) where the network does not know it (any more).
    pub async fn job(&self, id: JobId) -> Result<Job> {
        self.0.solver.status(id).await?;
        Ok(driver::drive(self.0.clone(), id))
    }
}
