//! The solver over HTTP, on a listener of the caller's.
//!
//! Layout: `config` how it is served; `listen` connections; `auth` who asks; `rate` how often; `kept` what must not be
//! forgotten; `answer` what goes back, `range` which part of it; `events` streams; `jobs`, `deals` and `money` the routes of job creators, providers and
//! both.

mod answer;
mod auth;
mod config;
mod deals;
mod events;
mod jobs;
mod kept;
mod listen;
mod money;
mod range;
mod rate;

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::HeaderValue;
use axum::routing::{delete, get, post};

pub use config::ServerConfig;

use super::Solver;
use crate::error::{Error, Result};
use crate::model::Address;
use crate::rt::CancelToken;
use crate::settlement::MemorySettlement;
use crate::wire::auth::Verifier;
use crate::wire::routes;
use rate::Rate;

/// The solver over HTTP, ready to listen.
#[derive(Debug)]
pub struct Server {
    state: State,
}

/// What every request handler knows. Clones share it.
#[derive(Clone, Debug)]
struct State(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    solver: Solver,
    ledger: MemorySettlement,
    config: ServerConfig,
    names: Vec<String>,
    verifier: Verifier,
    nonces: Mutex<kept::KeptNonces>,
    addresses: Mutex<Rate<IpAddr>>,
    accounts: Mutex<Rate<Address>>,
    spending: Mutex<kept::KeptSpending>,
    given: Mutex<std::collections::HashSet<Address>>,
    shutdown: CancelToken,
    listener: Mutex<Option<TcpListener>>,
}

impl Server {
    /// A server for `solver`, whose money is in `ledger`, on `listener`. Where the solver came from a store
    /// ([`Solver::open`]), nonces, grants and who got play money are kept there too; give it to one server only.
    ///
    /// # Errors
    /// `InvalidInput` (`E_SERVER_CONFIG`) where the settings cannot work; `Unavailable` (`E_LISTEN`) where the listener is
    /// none.
    pub fn new(
        solver: Solver,
        ledger: MemorySettlement,
        listener: TcpListener,
        config: ServerConfig,
    ) -> Result<Self> {
        config.check()?;
        let address = listener.local_addr().map_err(listen::failed)?;
        let names = if config.names.is_empty() { vec![address.to_string()] } else { config.names.clone() };
        let (account, domain) = crate::wire::JobCreatorApi::identity(&solver);
        let rate = |limit| Rate::new(limit, config.rate_window);
        let (addresses, accounts) =
            (rate(config.address_requests), Rate::new(config.account_requests, config.rate_window));
        let (nonces, spending, given) = kept::remembered(&solver)?;
        let inner = Inner {
            solver,
            ledger,
            names,
            verifier: Verifier::new(account, domain),
            nonces: Mutex::new(nonces),
            addresses: Mutex::new(addresses),
            accounts: Mutex::new(accounts),
            spending: Mutex::new(spending),
            given: Mutex::new(given),
            shutdown: CancelToken::new(),
            listener: Mutex::new(Some(listener)),
            config,
        };
        Ok(Self { state: State(Arc::new(inner)) })
    }

    /// The address that is listened on.
    ///
    /// # Errors
    /// `Unavailable` (`E_LISTEN`) where the listener is gone.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        let listener = self.state.0.listener.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &*listener {
            Some(listener) => listener.local_addr().map_err(listen::failed),
            None => Err(Error::unexpected("the server is served already")),
        }
    }

    /// Serves until `shutdown` asks to stop: then takes no new connections, ends streams, and returns when every request
    /// that runs has its answer, or after 30 s. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// `Unavailable` (`E_LISTEN`) where the listener cannot be used.
    pub async fn serve(self, shutdown: CancelToken) -> Result<()> {
        listen::serve(self.state, shutdown).await
    }
}

impl State {
    fn solver(&self) -> &Solver {
        &self.0.solver
    }

    fn config(&self) -> &ServerConfig {
        &self.0.config
    }

    fn router(&self) -> Router {
        let versioned = Router::new()
            .route(routes::SOLVER, get(money::solver))
            .route(routes::QUOTES, post(jobs::quote))
            .route(routes::JOBS, post(jobs::submit).get(jobs::list))
            .route("/api/v1/jobs/{id}", get(jobs::status))
            .route("/api/v1/jobs/{id}/events", get(events::of_job))
            .route("/api/v1/jobs/{id}/result", get(jobs::result))
            .route("/api/v1/jobs/{id}/accept", post(jobs::accept))
            .route("/api/v1/jobs/{id}/cancel", post(jobs::cancel))
            .route(routes::OFFERS, post(deals::offer))
            .route("/api/v1/offers/{id}", delete(deals::withdraw))
            .route(routes::MESSAGES, get(events::of_provider))
            .route("/api/v1/deals/{id}/notice", get(deals::notice))
            .route("/api/v1/deals/{id}/started", post(deals::started))
            .route("/api/v1/deals/{id}/events", post(deals::report))
            .route("/api/v1/deals/{id}/delivery", post(deals::deliver))
            .route("/api/v1/deals/{id}/refusal", post(deals::refuse))
            .route(routes::ACCOUNT, get(money::account))
            .route("/api/v1/account/{action}", post(money::act));
        let plain =
            Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(answer::ready));
        versioned
            .merge(plain)
            .fallback(answer::unknown)
            .method_not_allowed_fallback(answer::wrong_method)
            .with_state(self.clone())
    }

    fn mediators(&self) -> Vec<Address> {
        match self.config().mediators.as_slice() {
            [] => vec![self.solver().address()],
            known => known.to_vec(),
        }
    }

    /// The origin of a page that may read the answer.
    fn allowed_origin(&self, origin: Option<&HeaderValue>) -> Option<HeaderValue> {
        let origin = origin?;
        let known = self.config().origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes());
        known.then(|| origin.clone())
    }
}

#[cfg(test)]
mod tests;
