//! A job creator on a network that is reached over HTTP.

use std::sync::Arc;

use super::Client;
use crate::error::Result;
use crate::http::{HttpOptions, HttpSolver};
use crate::rt::Random;
use crate::signer::Signer;

impl Client {
    /// A job creator at the solver at `url` (`https://solver.example`), in the name of `signer`'s account.
    ///
    /// # Errors
    /// As [`HttpSolver::connect`].
    pub async fn connect(url: &str, signer: Arc<dyn Signer>) -> Result<Self> {
        let solver = HttpSolver::connect(url, Arc::clone(&signer), HttpOptions::default()).await?;
        Ok(Self::at(solver, signer))
    }

    /// A job creator at a solver that is connected already.
    #[must_use]
    pub fn at(solver: HttpSolver, signer: Arc<dyn Signer>) -> Self {
        let (clock, mediators) = (solver.clock().clone(), solver.mediators().to_vec());
        Self::new(signer, Arc::new(solver), clock, Random::system(), mediators)
    }
}
