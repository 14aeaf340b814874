//! The routes of job creators.

use axum::extract::{Path, Request, State as Shared};
use axum::http::HeaderMap;
use axum::response::Response;

use super::State;
use super::answer::{Archive, archive, done, json};
use super::auth::lock;
use super::uploads::{Brought, unknown};
use crate::error::Result;
use crate::model::JobId;
use crate::signer::Signature;
use crate::trace::span;
use crate::wire::auth::GrantAction;
use crate::wire::{Body, JobCreatorApi, JobList, QuoteRequest, pack_result};

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
        let (parcel, upload) = match state.archive_of(&asked).await? {
            Brought::Here(parcel) => (parcel, None),
            Brought::Uploaded(id, parcel) => (parcel, Some(id)),
            // Who did not hear the answer asks again.
            Brought::Unknown(id) => {
                let known = state.solver().job_of_archive(asked.caller.account, id);
                return known.ok_or_else(|| unknown(id));
            }
        };
        let job = state.solver().look_at_job(parcel).await?;
        let (id, account) = (job.id, asked.caller.account);
        span::of_job(id);
        state.own(&asked.caller, &job.signed.body.offer.job_creator)?;
        let cap = job.signed.body.terms.price_cap;
        // Sending a job twice is sending it once: only the first time spends.
        let grant = asked.caller.grant.filter(|_| !state.solver().knows(id));
        let now = state.solver().clock().now().as_millis() / 1_000;
        if let Some(grant) = &grant {
            lock(&state.0.spending).spend(grant, cap, now)?;
        }
        let submitted = state.solver().take_job(job).await;
        if submitted.is_ok() {
            state.taken(account, &upload);
        }
        if let (Some(grant), Err(_)) = (&grant, &submitted) {
            lock(&state.0.spending).give_back(grant, cap);
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
        let archive = match state.solver().result_archive(job)? {
            (_, Some(kept)) => Archive::Kept(state.solver().shelf().clone(), kept),
            (without_files, None) => Archive::Here(pack_result(&without_files)?),
        };
        Ok((headers, archive))
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
