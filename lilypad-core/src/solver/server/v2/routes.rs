//! The routes of v2: who asks, what they say, what they may see.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::super::listen::Peer;
use super::hub::{deal_without_inputs, without_inputs};
use super::query::Query;
use super::{Served, answer, multipart};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    Address, DealContainer, DealTransactionsJobCreator, DealTransactionsResourceProvider, JobOffer,
    JobOfferContainer, JobResult, ResourceOffer, json,
};
use crate::wire::auth::v2::check_v2_headers;

/// Whoever signed the headers of a request, or why nobody did. Only a replayable proof: see `wire::auth`.
#[derive(Clone, Debug)]
pub(super) struct Caller(Arc<Result<Address>>);

impl Caller {
    fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let signer = check_v2_headers(text("x-lilypad-user"), text("x-lilypad-signature"));
        Self(Arc::new(signer))
    }

    /// Its address as the wire spells it.
    fn signer(&self) -> Result<String> {
        match &*self.0 {
            Ok(address) => Ok(address.to_string()),
            Err(error) => Err(error.duplicate()),
        }
    }

    fn is(&self, address: &str) -> bool {
        self.signer().is_ok_and(|signer| signer == address)
    }
}

/// Counts every request, and finds out who made it.
pub(super) async fn gate(Shared(served): Shared<Served>, mut request: Request, next: Next) -> Response {
    let Some(Peer(peer)) = request.extensions().get::<Peer>().copied() else {
        return answer::failed(&Error::unexpected("a request came over no connection"));
    };
    let address = served.state.address_of(peer.ip(), request.headers());
    let path = request.uri().path().to_owned();
    let rate = served.market.count(address, path);
    let counted = served.state.count(address).and_then(|()| served.state.solver().is_sound());
    let mut response = match counted {
        _ if !rate.allowed => {
            let refused = answer::refusal(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
            answer::counted(refused, "E_RATE_LIMIT")
        }
        Err(error) => answer::failed(&error),
        Ok(()) => {
            let caller = Caller::of(request.headers());
            match served.may_ask(&caller, &request) {
                Ok(()) => {
                    request.extensions_mut().insert(caller);
                    next.run(request).await
                }
                Err(error) => answer::failed(&error),
            }
        }
    };
    answer::tell_rate(&mut response, &rate);
    response
}

impl Served {
    /// Notes who asks. Whoever signs nothing must ask under one of the server's names, where it may be a browser: a page whose own name
    /// leads here all at once is no page of ours. What opens the websocket and is no browser says no origin.
    fn may_ask(&self, caller: &Caller, request: &Request) -> Result<()> {
        let headers = request.headers();
        if let Ok(signer) = caller.signer() {
            self.market.heard(&signer);
            return Ok(());
        }
        let opens = headers.contains_key(header::UPGRADE) && !headers.contains_key(header::ORIGIN);
        if opens { Ok(()) } else { self.state.named(headers, request.extensions()).map(drop) }
    }

    async fn body(&self, request: Request, most: usize) -> Result<Bytes> {
        let (parts, body) = request.into_parts();
        self.state.read(&parts, body, most).await
    }

    /// What a body says, and how many bytes it took to say it.
    async fn read<T: DeserializeOwned>(&self, request: Request) -> Result<(T, u64)> {
        let body = self.body(request, self.state.config().max_json).await?;
        Ok((parsed(&body)?, super::book::size(Some(&body))))
    }
}

fn parsed<T: DeserializeOwned>(body: &Bytes) -> Result<T> {
    json::from_slice(body).map_err(|error| {
        tracing::debug!(%error, "a v2 body cannot be read");
        Error::invalid("E_V2_BODY", "Error parsing request body")
    })
}

pub(super) async fn jobs(
    Shared(served): Shared<Served>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let query = Query::read(request.uri().query());
    let passes = match query.of_jobs() {
        Ok(passes) => passes,
        Err(error) => return answer::failed(&error),
    };
    let found: Vec<_> = {
        let book = served.market.book();
        let jobs = book.jobs.values().map(|job| &job.container);
        jobs.filter(|job| passes(job)).map(Arc::clone).collect()
    };
    answer::list(found.into_iter().map(|job| shown_job(job, &caller)))
}

pub(super) async fn job(
    Shared(served): Shared<Served>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    let found = served.market.book().job(&id).map(|(_, job)| Arc::clone(&job.container));
    match found {
        Ok(job) => answer::value(Ok(&*shown_job(job, &caller))),
        Err(error) => answer::refusal(StatusCode::NOT_FOUND, error.message()),
    }
}

pub(super) async fn post_job(
    Shared(served): Shared<Served>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let taken = async {
        let (offer, bytes) = served.read::<JobOffer>(request).await?;
        served.market.check_capacity()?;
        served.market.post_job(&caller.signer()?, offer, bytes, None)
    };
    answer::value(taken.await.as_deref().map_err(Error::duplicate))
}

pub(super) async fn post_job_with_files(
    Shared(served): Shared<Served>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let bad = |why: &str| Error::invalid("E_V2_BODY", why);
    let taken = async {
        served.market.check_capacity()?;
        let signer = caller.signer()?;
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        let most = served.market.config().max_inputs;
        let room = served.market.room(announced(request.headers(), most))?;
        let body = served.body(request, most).await;
        let body = body.map_err(|error| match error.kind() {
            ErrorKind::InvalidInput => bad("Error parsing form data"),
            _ => error,
        })?;
        let parts = multipart::files(&kind, &body).ok_or_else(|| bad("Error parsing form data"))?;
        let missing = |name: &str| bad(&format!("the form has no file {name}"));
        let offer = multipart::file(&parts, "job_offer.json").ok_or_else(|| missing("job_offer.json"))?;
        let inputs = multipart::file(&parts, "inputs.tar").ok_or_else(|| missing("inputs.tar"))?;
        let bytes = super::book::size(Some(offer));
        if offer.len() > served.state.config().max_json {
            return Err(bad("the job offer is too large"));
        }
        let offer = parsed::<JobOffer>(offer)?;
        if offer.job_creator != signer {
            let why = "job creator address does not match signer address";
            return Err(Error::new(ErrorKind::Unauthorized, "E_NOT_PARTY", why));
        }
        drop(room);
        served.market.post_job(&signer, offer, bytes, Some(inputs.clone()))
    };
    match taken.await {
        Ok(job) => answer::value(Ok(&*job)),
        Err(error) => answer::failed_with_files(&error),
    }
}

pub(super) async fn offers(Shared(served): Shared<Served>, request: Request) -> Response {
    let query = Query::read(request.uri().query());
    let book = served.market.book();
    let offers = book.offers.values().map(|offer| &offer.container);
    let passes = query.of_offers();
    let found: Vec<_> = offers.filter(|offer| passes(offer)).map(Arc::clone).collect();
    drop(book);
    answer::list(found.into_iter())
}

pub(super) async fn post_offer(
    Shared(served): Shared<Served>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let taken = async {
        let (offer, bytes) = served.read::<ResourceOffer>(request).await?;
        served.market.post_offer(&caller.signer()?, offer, bytes)
    };
    answer::value(taken.await.as_ref().map(Option::as_deref).map_err(Error::duplicate))
}

pub(super) async fn deals(
    Shared(served): Shared<Served>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let query = Query::read(request.uri().query());
    let passes = match query.of_deals() {
        Ok(passes) => passes,
        Err(error) => return answer::failed(&error),
    };
    let found: Vec<_> = {
        let book = served.market.book();
        let deals = book.deals.values().map(|deal| &deal.container);
        deals.filter(|deal| passes(deal)).map(Arc::clone).collect()
    };
    answer::list(found.into_iter().map(|deal| shown_deal(deal, &caller)))
}

pub(super) async fn deal(
    Shared(served): Shared<Served>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    let found = served.market.book().deal(&id).map(|(_, deal)| Arc::clone(&deal.container));
    answer::value(found.map(|deal| shown_deal(deal, &caller)).as_deref().map_err(Error::duplicate))
}

pub(super) async fn result(
    Shared(served): Shared<Served>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    answer::value(caller.signer().and_then(|signer| served.market.result(&id, &signer)))
}

pub(super) async fn post_result(
    Shared(served): Shared<Served>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let taken = async {
        let (result, _) = served.read::<JobResult>(request).await?;
        served.market.post_result(&id, &caller.signer()?, result)
    };
    answer::value(taken.await)
}

pub(super) async fn provider_transactions(
    Shared(served): Shared<Served>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let noted = async {
        let (said, _) = served.read::<DealTransactionsResourceProvider>(request).await?;
        served.market.provider_transactions(&id, &caller.signer()?, &said)
    };
    answer::value(noted.await.as_deref().map_err(Error::duplicate))
}

pub(super) async fn creator_transactions(
    Shared(served): Shared<Served>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let noted = async {
        let (said, _) = served.read::<DealTransactionsJobCreator>(request).await?;
        served.market.creator_transactions(&id, &caller.signer()?, &said)
    };
    answer::value(noted.await.as_deref().map_err(Error::duplicate))
}

pub(super) async fn mediator_transactions(
    Extension(caller): Extension<Caller>,
    Path(_): Path<String>,
) -> Response {
    let why = "mediator address does not match signer address";
    let nobody = caller.signer().and_then(|_| Err::<(), _>(super::post::refused(why)));
    answer::value(nobody)
}

pub(super) async fn results(
    Shared(served): Shared<Served>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    let files = caller.signer().and_then(|signer| served.market.results(&id, &signer));
    answer::archive("results.tar", files)
}

pub(super) async fn results_of_job(
    Shared(served): Shared<Served>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    let files = caller.signer().and_then(|signer| served.market.results_of_job(&id, &signer));
    answer::archive("results.tar", files)
}

pub(super) async fn inputs(
    Shared(served): Shared<Served>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    let files = caller.signer().and_then(|signer| served.market.inputs(&id, &signer));
    answer::archive("inputs.tar", files)
}

pub(super) async fn upload(
    Shared(served): Shared<Served>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let taken = async {
        let most = served.market.config().max_results;
        let bytes = announced(request.headers(), most);
        let room = served.market.begin_upload(&id, &caller.signer()?, bytes)?;
        let files = served.body(request, most).await?;
        served.market.end_upload(room, files)
    };
    match taken.await {
        Ok(result) => answer::value(Ok(result)),
        Err(error) if error.code() == super::super::answer::TOO_LARGE => answer::failed(&error),
        Err(error) => answer::refusal(StatusCode::INTERNAL_SERVER_ERROR, error.message()),
    }
}

/// How many bytes a body will have, at most.
fn announced(headers: &HeaderMap, most: usize) -> u64 {
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    let said = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    said.and_then(|length| length.parse().ok()).map_or(most, |said: u64| said.min(most))
}

/// A job as its creator sees it, or without its inputs.
fn shown_job(job: Arc<JobOfferContainer>, caller: &Caller) -> Arc<JobOfferContainer> {
    if caller.is(&job.job_creator) { job } else { Arc::new(without_inputs(&job)) }
}

/// A deal as its parties see it, or without the job's inputs.
fn shown_deal(deal: Arc<DealContainer>, caller: &Caller) -> Arc<DealContainer> {
    if caller.is(&deal.job_creator) || caller.is(&deal.resource_provider) {
        return deal;
    }
    Arc::new(deal_without_inputs(&deal))
}
