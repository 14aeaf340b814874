//! The solver over HTTP, on a listener of the caller's.
//!
//! Layout: `config` how it is served; `listen` connections, `paced` those that are not read; `cors` pages; `forwarded` proxies;
//! `auth` who asks; `rate` how often, `places` how many at once; `heard` who answers; `kept` what must not be forgotten; `answer` what goes back, `range` which part of it;
//! `uploads` large archives in parts, `spool` where they wait; `events` streams; `jobs`, `deals` and `money` the routes of job
//! creators, providers and both; `metrics` what operators watch; `relay` connections that one process
//! passes on to another, `preface` whose they are; `v2` peers of Lilypad v2, in a market of their own.

mod answer;
mod auth;
mod config;
mod cors;
mod deals;
mod events;
mod forwarded;
mod heard;
mod jobs;
mod kept;
mod listen;
mod metrics;
mod money;
mod paced;
mod places;
mod preface;
mod range;
mod rate;
#[cfg(feature = "store-postgres")]
mod relay;
mod spool;
mod uploads;
mod v2;

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{MethodRouter, delete, get, post, put};

pub use config::ServerConfig;
pub use forwarded::ForwardedHeader;
#[cfg(feature = "store-postgres")]
pub use relay::Relay;
pub use v2::V2Config;

use super::Solver;
use crate::error::{Error, Result};
use crate::model::Address;
use crate::rt::CancelToken;
use crate::settlement::MemorySettlement;
use crate::wire::auth::Verifier;
use crate::wire::routes::Route;
use metrics::Metrics;
use places::Places;
use rate::Rate;
use spool::Spool;

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
    connections: Places<IpAddr>,
    streams: Places<Address>,
    heard: heard::Heard,
    spending: Mutex<kept::KeptSpending>,
    spool: Spool,
    given: Mutex<std::collections::HashSet<Address>>,
    /// Held by whoever moves stake that must be what was seen.
    moving: tokio::sync::Mutex<()>,
    v2: Option<v2::V2>,
    shutdown: CancelToken,
    listener: Mutex<Option<TcpListener>>,
    /// Where the figures are read.
    operators: Mutex<Option<TcpListener>>,
    metrics: Arc<Metrics>,
}

impl Server {
    /// A server for `solver`, whose money is in `ledger`, on `listener`. Where the solver came from a store
    /// ([`Solver::open`]), nonces, grants and who got play money are kept there too; give it to one server only.
    ///
    /// # Errors
    /// `InvalidInput` (`E_SERVER_CONFIG`) where the settings cannot work; `Unavailable` (`E_LISTEN`) where the listener is
    /// none, or (`E_FILES`) the folder of uploads cannot be used.
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
        let v2 = config.v2_compat.clone().map(|config| v2::V2::new(config, solver.clock().clone()));
        let spool =
            Spool::open(config.uploads.clone(), config.upload_limits(solver.config()), solver.clock().now())?;
        let inner = Inner {
            spool,
            solver,
            ledger,
            names,
            verifier: Verifier::new(account, domain),
            nonces: Mutex::new(nonces),
            addresses: Mutex::new(addresses),
            accounts: Mutex::new(accounts),
            spending: Mutex::new(spending),
            given: Mutex::new(given),
            moving: tokio::sync::Mutex::default(),
            v2,
            shutdown: CancelToken::new(),
            listener: Mutex::new(Some(listener)),
            operators: Mutex::default(),
            connections: Places::new(config.address_connections),
            streams: Places::new(config.account_streams),
            heard: heard::Heard::default(),
            metrics: Arc::default(),
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

    /// Shows how things stand to whoever reaches `listener`: `/metrics` in the text format of Prometheus, and `/healthz` and
    /// `/readyz`. It belongs where only operators come; the public listener has no figures.
    #[must_use]
    pub fn with_metrics(self, listener: TcpListener) -> Self {
        *self.state.0.operators.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(listener);
        self
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
        let mut router = Router::new();
        for route in Route::ALL {
            router = router.route(route.path(), handler(*route));
        }
        let router = router
            .route("/healthz", get(answer::alive))
            .route("/readyz", get(answer::ready))
            .route("/openapi.json", get(answer::description))
            .fallback(answer::unknown)
            .method_not_allowed_fallback(answer::wrong_method)
            .with_state(self.clone());
        match &self.0.v2 {
            Some(v2) => router.merge(v2.router(self.clone())),
            None => router,
        }
    }

    fn mediators(&self) -> Vec<Address> {
        match self.config().mediators.as_slice() {
            [] => vec![self.solver().address()],
            known => known.to_vec(),
        }
    }
}

/// What answers a route. A new one does not build without.
fn handler(route: Route) -> MethodRouter<State> {
    match route {
        Route::Solver => get(money::solver),
        Route::Quote => post(jobs::quote),
        Route::Submit => post(jobs::submit),
        Route::Jobs => get(jobs::list),
        Route::Job => get(jobs::status),
        Route::JobEvents => get(events::of_job),
        Route::JobResult => get(jobs::result),
        Route::JobAccept => post(jobs::accept),
        Route::JobCancel => post(jobs::cancel),
        Route::Offer => post(deals::offer),
        Route::Withdraw => delete(deals::withdraw),
        Route::Messages => get(events::of_provider),
        Route::MessagesHeard => post(events::heard),
        Route::DealNotice => get(deals::notice),
        Route::DealFiles => get(deals::files),
        Route::DealStarted => post(deals::started),
        Route::DealEvents => post(deals::report),
        Route::DealDelivery => post(deals::deliver),
        Route::DealRefusal => post(deals::refuse),
        Route::Upload => get(uploads::state),
        Route::UploadPart => put(uploads::part),
        Route::Account => get(money::account),
        Route::Move => post(money::act),
    }
}

#[cfg(test)]
mod tests;
