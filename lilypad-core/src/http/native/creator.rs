//! The solver as a job creator sees it, over HTTP.

use std::path::Path;

use super::{HttpSolver, failure, stream};
use crate::error::{Error, ErrorKind, Fault, Result};
use crate::market::Quote;
use crate::model::{Address, JobId};
use crate::rt::BoxFuture;
use crate::signer::{Domain, Signature, Signed};
use crate::wire::{
    Body, Done, EventStream, JobCreatorApi, JobProposal, JobStatus, QuoteRequest, ResultSubmission,
    StoredFiles, body_limit, open_result, roll_job, routes, unpack_result,
};

/// A solver that mistakes one job for another.
fn other_job(message: String) -> Error {
    Error::new(ErrorKind::Protocol, "E_OTHER_JOB", message)
        .with_fault(Fault::Solver)
        .with_hint("do not use this solver, and tell its operator")
}

impl JobCreatorApi for HttpSolver {
    fn identity(&self) -> (Address, Domain) {
        (self.0.info.address, self.0.domain)
    }

    fn quote<'a>(&'a self, job: QuoteRequest) -> BoxFuture<'a, Result<Quote>> {
        Box::pin(async move { self.post(routes::QUOTES, job.to_body()?.into(), "application/json").await })
    }

    fn submit<'a>(&'a self, job: Signed<JobProposal>) -> BoxFuture<'a, Result<JobId>> {
        Box::pin(async move {
            let id = job.body.offer.id()?;
            let archive = roll_job(&job)?;
            let job_id: JobId =
                self.hand_in(routes::JOBS, archive).await.map_err(|error: Error| error.with("job_id", id))?;
            if job_id == id {
                return Ok(id);
            }
            Err(other_job(format!("the solver at {} took job {id} as {job_id}", self.0.base)))
        })
    }

    fn watch<'a>(&'a self, job_id: JobId) -> BoxFuture<'a, Result<EventStream>> {
        Box::pin(async move { stream::of_job(self.clone(), job_id).await })
    }

    fn status<'a>(&'a self, job_id: JobId) -> BoxFuture<'a, Result<JobStatus>> {
        Box::pin(async move {
            let status: JobStatus = self.get(&routes::job(job_id)).await?;
            if status.job_id == job_id {
                return Ok(status);
            }
            let (base, other) = (&self.0.base, status.job_id);
            Err(other_job(format!("asked about job {job_id}, the solver at {base} answers about {other}")))
        })
    }

    fn result<'a>(&'a self, job_id: JobId) -> BoxFuture<'a, Result<ResultSubmission>> {
        Box::pin(async move {
            let path = routes::job_result(job_id);
            let limits = &self.0.options.limits;
            let bytes = self.download(&path, body_limit(limits)).await?;
            unpack_result(&bytes, limits).map_err(|error| failure::unreadable(&self.0.base, &error))
        })
    }

    fn result_in<'a>(
        &'a self,
        job_id: JobId,
        folder: &'a Path,
    ) -> BoxFuture<'a, Result<(ResultSubmission, StoredFiles)>> {
        Box::pin(async move {
            let limits = &self.0.options.limits;
            let archive = self.download_to(folder, &routes::job_result(job_id), body_limit(limits)).await?;
            let opened = open_result(&archive, limits);
            let (result, laid) = opened.map_err(|error| failure::unreadable(&self.0.base, &error))?;
            Ok((result, StoredFiles::in_archive(archive, laid)))
        })
    }

    fn accept<'a>(&'a self, job_id: JobId, signature: Signature) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let accepted = signature.to_body()?.into();
            let _: Done = self.post(&routes::job_accept(job_id), accepted, "application/json").await?;
            Ok(())
        })
    }

    fn cancel<'a>(&'a self, job_id: JobId) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let nothing = Done {}.to_body()?.into();
            let _: Done = self.post(&routes::job_cancel(job_id), nothing, "application/json").await?;
            Ok(())
        })
    }
}
