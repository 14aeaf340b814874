//! All roles in one process: ledger, solver and providers wired by channels, with play money.
//!
//! Layout: `builder` how a network is put together; this file the running network.

mod builder;
#[cfg(test)]
mod tests;

pub use builder::NetworkBuilder;

use std::sync::Mutex;

use crate::client::Client;
use crate::error::Result;
use crate::model::{Address, Amount};
use crate::rt::{CancelReason, CancelToken, Clock, TaskGroup};
use crate::settlement::{Audit, MemorySettlement, Settlement, Transfer};
use crate::solver::Solver;

/// A whole network inside this process. Dropping it stops its roles.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> lilypad_core::Result<()> {
/// use lilypad_core::network::Network;
///
/// let network = Network::local().seed(7).start().await?;
/// let before = network.balance(network.client().address()).await?;
/// assert_eq!(before.to_string(), "1000 LP");
/// network.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Network {
    client: Client,
    providers: Vec<Address>,
    solver: Solver,
    settlement: MemorySettlement,
    clock: Clock,
    stop: CancelToken,
    roles: Mutex<TaskGroup>,
}

impl Network {
    /// A network in this process: one provider with two slots, play money, the machine's clock, random keys.
    pub fn local() -> NetworkBuilder {
        NetworkBuilder::default()
    }

    /// The network's first job creator, with 1,000 LP.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The accounts of the providers, in the order in which they joined.
    #[must_use]
    pub fn providers(&self) -> &[Address] {
        &self.providers
    }

    /// The account of the solver.
    #[must_use]
    pub fn solver(&self) -> Address {
        self.solver.address()
    }

    /// The clock of all roles.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What an account can spend, in wei.
    ///
    /// # Errors
    /// None on this network; the signature is that of a remote ledger.
    pub async fn balance(&self, account: Address) -> Result<Amount> {
        self.settlement.balance(account).await
    }

    /// Every movement of money so far.
    #[must_use]
    pub fn transfers(&self) -> Vec<Transfer> {
        self.settlement.transfers()
    }

    /// Adds up all money: what came in is what is held, was paid out or was burned.
    ///
    /// # Errors
    /// `Unexpected` where the books do not balance.
    pub fn audit(&self) -> Result<Audit> {
        self.settlement.audit()
    }

    /// Stops taking work, stops what runs, and returns when nothing runs any more.
    pub async fn shutdown(self) {
        self.stop.cancel(CancelReason::Shutdown);
        let roles =
            std::mem::take(&mut *self.roles.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        roles.join().await;
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.stop.cancel(CancelReason::Shutdown);
    }
}
