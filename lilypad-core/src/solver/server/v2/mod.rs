//! Peers of Lilypad v2: its routes, its headers, its events; only where the operator asks for it.
//!
//! What v2 peers offer meets only what v2 peers offer, in a market of its own ([`book`]). Their headers can be replayed by whoever
//! sees them, so nothing here reaches the ledger, a signed job or a signed offer: this module names none of them.
//!
//! Layout: `config` limits and times; `book` what is remembered, `post` offers that come in and match, `deal` what its two sides do,
//! `time` what happens when nothing happens; `hub` who reads events, `socket` how; `routes` the routes, `query` what lists are
//! filtered by, `multipart` forms with files, `answer` what goes back, `rate` how often one may ask.

mod answer;
mod book;
mod config;
mod deal;
mod hub;
mod multipart;
mod post;
mod query;
mod rate;
mod routes;
mod socket;
mod time;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};

pub use config::V2Config;

use super::State;
use super::auth::lock;
use crate::rt::Clock;
use book::Book;
use rate::{Rate, Verdict};

/// The paths of v2.
pub(super) const PATHS: [&str; 14] = [
    "/api/v1/job_offers",
    "/api/v1/job_offers/with_files",
    "/api/v1/job_offers/{id}",
    "/api/v1/job_offers/{id}/files",
    "/api/v1/resource_offers",
    "/api/v1/deals",
    "/api/v1/deals/{id}",
    "/api/v1/deals/{id}/input_files",
    "/api/v1/deals/{id}/files",
    "/api/v1/deals/{id}/result",
    "/api/v1/deals/{id}/txs/resource_provider",
    "/api/v1/deals/{id}/txs/job_creator",
    "/api/v1/deals/{id}/txs/mediator",
    "/api/v1/ws",
];

/// The market of v2 peers. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct V2(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: V2Config,
    clock: Clock,
    book: Mutex<Book>,
    rate: Mutex<Rate<(IpAddr, String)>>,
}

/// What every handler of v2 knows.
#[derive(Clone, Debug)]
struct Served {
    state: State,
    market: V2,
}

impl V2 {
    pub(super) fn new(config: V2Config, clock: Clock) -> Self {
        let book = Mutex::new(Book::new(&config));
        let rate = Mutex::new(Rate::new(config.requests, config.rate_window));
        Self(Arc::new(Inner { config, clock, book, rate }))
    }

    /// The routes of v2.
    pub(super) fn router(&self, state: State) -> Router {
        let served = Served { state, market: self.clone() };
        let handlers: [MethodRouter<Served>; PATHS.len()] = [
            get(routes::jobs).post(routes::post_job),
            post(routes::post_job_with_files),
            get(routes::job),
            get(routes::results_of_job),
            get(routes::offers).post(routes::post_offer),
            get(routes::deals),
            get(routes::deal),
            get(routes::inputs),
            get(routes::results).post(routes::upload),
            get(routes::result).post(routes::post_result),
            post(routes::provider_transactions),
            post(routes::creator_transactions),
            post(routes::mediator_transactions),
            get(socket::events),
        ];
        let routes = PATHS.into_iter().zip(handlers);
        routes
            .fold(Router::new(), |router, (path, handler)| router.route(path, handler))
            .route_layer(from_fn_with_state(served.clone(), routes::gate))
            .with_state(served)
    }

    fn config(&self) -> &V2Config {
        &self.0.config
    }

    fn clock(&self) -> &Clock {
        &self.0.clock
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.0.book)
    }

    /// Counts a request. The part of a path that is too long to be one counts no more.
    fn count(&self, address: IpAddr, path: String) -> Verdict {
        let path = path.chars().take(160).collect();
        lock(&self.0.rate).count((address, path), self.0.clock.now())
    }

    /// Notes that a provider has signed a request.
    fn heard(&self, signer: &str) {
        let mut book = self.book();
        if let Some(id) = book.waiting.get(signer).copied()
            && let Some(offer) = book.offers.get_mut(&id)
        {
            offer.heard = true;
        }
    }
}

#[cfg(test)]
mod tests;
