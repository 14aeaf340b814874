//! The routes of job creators.

use axum::extract::{Path, Request, State as Shared};
use axum::http::HeaderMap;
use axum::response::Response;

use super::State;
use super::answer::{archive, done, json};
use super::auth::lock;
use crate::error::Result;
use crate::model::{FileLimits, JobId};
use crate::signer::Signature;
use crate::wire::auth::GrantAction;
use crate::wire::{Body, JobCreatorApi, JobList, QuoteRequest, pack_result, unpack_job};

/// Most bytes of a body that says little or nothing.
pub(super) const SMALL: usize = 4 << 10;

pub(super) async fn quote(Shared(state): Shared<State>, request: Request) -> Response {
    let answer = async {
        let bytes = state.open(request, state.config().max_json).await?;
        state.solver().quote(QuoteRequest::from_body(&bytes)?).await
    };
    json(answer.await)
}

pub(super) async fn submit(Shared(state): Shared<State>, request: Request) -> Response {
    let answer = async {
        let asked = state.asked(request, GrantAction::Submit, state.config().max_archive).await?;
        let job = unpack_job(&asked.body, &FileLimits::default())?;
        let id = job.body.offer.id()?;
        state.own(&asked.caller, &job.body.offer.job_creator)?;
        let cap = job.body.terms.price_cap;
        // Sending a job twice is sending it once: only the first time spends.
        let grant = asked.caller.grant.filter(|_| !state.solver().knows(id));
        let now = state.solver().clock().now().as_millis() / 1_000;
        if let Some(grant) = &grant {
            lock(&state.0.spending).spend(grant, cap, now)?;
        }
        let submitted = state.solver().submit(job).await;
        if let (Some(grant), Err(_)) = (&grant, &submitted) {
            lock(&state.0.spending).give_back(grant, cap)?;
        }
        submitted
    };
    json(answer.await)
}

/// Most jobs of a list.
const LISTED: usize = 100;

pub(super) async fn list(Shared(state): Shared<State>, request: Request) -> Response {
    let answer = async {
        let asked = state.asked(request, GrantAction::Read, SMALL).await?;
        Ok(JobList { jobs: state.solver().jobs_of(asked.caller.account, LISTED) })
    };
    json(answer.await)
}

pub(super) async fn status(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let answer = async {
        let (job, _) = state.own_job(request, &id, GrantAction::Read).await?;
        state.solver().status(job).await
    };
    json(answer.await)
}

pub(super) async fn result(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let answer = async {
        let (job, headers) = state.own_job(request, &id, GrantAction::Read).await?;
        Ok((headers, pack_result(&state.solver().result(job).await?)?))
    };
    archive(answer.await)
}

pub(super) async fn accept(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let answer = async {
        let asked = state.asked(request, GrantAction::Accept, SMALL).await?;
        let job: JobId = id.parse()?;
        state.solver().is_creator(job, asked.caller.account)?;
        state.solver().accept(job, Signature::from_body(&asked.body)?).await
    };
    done(answer.await)
}

pub(super) async fn cancel(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let answer = async {
        let (job, _) = state.own_job(request, &id, GrantAction::Cancel).await?;
        state.solver().cancel(job).await
    };
    done(answer.await)
}

impl State {
    /// The job that a request of its creator is about, and the request's headers.
    async fn own_job(&self, request: Request, id: &str, action: GrantAction) -> Result<(JobId, HeaderMap)> {
        let asked = self.asked(request, action, SMALL).await?;
        let job: JobId = id.parse()?;
        self.solver().is_creator(job, asked.caller.account)?;
        Ok((job, asked.headers))
    }
}
