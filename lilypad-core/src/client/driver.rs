//! What goes on behind a job's handle: follow the log, verify the result, accept it, keep how it ended.

use std::cmp::Ordering;
use std::sync::Arc;

use tokio::sync::watch;
use tracing::{Instrument, Span};

use crate::error::{Error, ErrorKind, Fault, Result};
use crate::model::{Address, Amount, ContentId, DealId, JobId, ModulePin, Rate};
use crate::rt::{Stopwatch, crash_point, spawn};
use crate::signer::{Domain, Receipt, ReceiptBody, verify_provider};
use crate::trace::span;
use crate::wire::{EventStream, JobEventKind, JobProposal, JobStatus, ResultSubmission, StoredFiles};

use super::job::End;
use super::limits::Phase;
use super::{Inner, Job, JobResult, Timings};

/// Follows a job whose submission was some time ago.
pub(super) fn drive(client: Arc<Inner>, id: JobId) -> Job {
    drive_from(client, id, None, Stopwatch::start(), span::wanted())
}

/// What was asked for: a result that speaks of anything else is not signed for.
#[derive(Debug)]
pub(super) struct Asked {
    chain_id: u64,
    module: ModulePin,
    inputs_id: ContentId,
    price_cap: Amount,
    max_rate: Option<Rate>,
    instruction_limit: u64,
    target: Option<Address>,
}

/// The deal that the solver announced: the receipt must be about this one.
#[derive(Debug)]
struct Announced {
    deal_id: DealId,
    resource_provider: Address,
    rate: Rate,
    price_cap: Amount,
}

impl Announced {
    /// The first thing in the receipt that is not what was announced.
    fn other_than(&self, body: &ReceiptBody) -> Option<&'static str> {
        let checks = [
            ("deal", body.deal_id == self.deal_id),
            ("provider", body.resource_provider == self.resource_provider),
            ("rate", body.rate == self.rate),
            ("price cap", body.price_cap == self.price_cap),
        ];
        checks.into_iter().find(|(_, holds)| !holds).map(|(what, _)| what)
    }
}

impl Asked {
    pub(super) fn of(proposal: &JobProposal, domain: Domain) -> Result<Self> {
        Ok(Self {
            chain_id: domain.chain_id,
            module: proposal.module.clone(),
            inputs_id: proposal.inputs_id()?,
            price_cap: proposal.terms.price_cap,
            max_rate: proposal.terms.max_rate,
            instruction_limit: proposal.instruction_limit,
            target: proposal.offer.target.address.parse().ok(),
        })
    }

    /// The first thing in the receipt that is not what was asked for.
    fn other_than(&self, body: &ReceiptBody) -> Option<&'static str> {
        let dearer = |most: Rate| body.rate.cmp_price(most) == Ordering::Greater;
        let checks = [
            ("chain", body.chain_id == self.chain_id),
            ("module", body.module == self.module),
            ("inputs", body.inputs_id == self.inputs_id),
            ("price cap", body.price_cap == self.price_cap),
            ("rate", !self.max_rate.is_some_and(dearer)),
            ("instruction count", body.instruction_count <= self.instruction_limit),
            ("provider", self.target.is_none_or(|target| body.resource_provider == target)),
        ];
        checks.into_iter().find(|(_, holds)| !holds).map(|(what, _)| what)
    }
}

/// Follows a job that was just submitted; `watch` started before it was. Without `asked`, the job was submitted elsewhere.
pub(super) fn drive_from(
    client: Arc<Inner>,
    id: JobId,
    asked: Option<Asked>,
    watch: Stopwatch,
    span: Span,
) -> Job {
    let (sender, receiver) = watch::channel::<Option<End>>(None);
    let (phase, phases) = watch::channel(Phase::Matching);
    let job = Job::new(id, client.clone(), receiver, phases);
    let following = async move {
        span::of_job(id);
        let timings = Timings::default();
        let driver = Driver { client, id, asked, announced: None, phase, watch, timings };
        driver.follow().await.inspect_err(|error| span::failed(&Span::current(), error.code()))
    };
    spawn(async move {
        // The span has ended when the job's end is known: the process may end with it.
        let end = following.instrument(span).await;
        sender.send_replace(Some(Arc::new(end)));
    });
    job
}

/// A result that was looked at, and its files.
struct Verified {
    result: ResultSubmission,
    files: StoredFiles,
    receipt: Receipt,
}

struct Driver {
    client: Arc<Inner>,
    id: JobId,
    asked: Option<Asked>,
    announced: Option<Announced>,
    phase: watch::Sender<Phase>,
    watch: Stopwatch,
    timings: Timings,
}

impl Driver {
    async fn follow(mut self) -> Result<JobResult> {
        let mut verified = None;
        loop {
            let mut events = self.client.solver.watch(self.id).await?;
            let ended = self.hear(&mut events, &mut verified).await?;
            let status = self.client.solver.status(self.id).await?;
            // A stream may end before the job does, where its solver was in trouble and is not any more.
            if ended || verified.is_some() || status.state.is_terminal() {
                return self.finish(&status, verified).await;
            }
        }
    }

    /// Follows the events until they end, and fetches the result when there is one. True where the last one was the job's end.
    async fn hear(&mut self, events: &mut EventStream, verified: &mut Option<Verified>) -> Result<bool> {
        let mut ended = false;
        while let Some(event) = events.next().await {
            ended = event.kind.is_final();
            match event.kind {
                JobEventKind::Agreed { deal_id, resource_provider, rate, price_cap } => {
                    self.announced = Some(Announced { deal_id, resource_provider, rate, price_cap });
                    self.phase.send_replace(Phase::Execution);
                    self.timings.agreed = Some(self.watch.elapsed());
                    crash_point("client.agreed");
                }
                JobEventKind::Started { .. } => self.timings.started = Some(self.watch.elapsed()),
                JobEventKind::ResultsSubmitted { .. } if verified.is_none() => {
                    self.phase.send_replace(Phase::Download);
                    self.timings.submitted = Some(self.watch.elapsed());
                    *verified = Some(self.verify_and_accept().await?);
                }
                _ => {}
            }
        }
        Ok(ended)
    }

    /// The job has ended: with a result, or with a failure that the solver knows.
    async fn finish(mut self, status: &JobStatus, verified: Option<Verified>) -> Result<JobResult> {
        let verified = match verified {
            Some(verified) => verified,
            // Stopped by its time limit or by the user while it ran: what there is comes with a receipt too.
            None if status.outcome.is_some() => self.verify_and_accept().await?,
            None => return Err(failure(status)),
        };
        self.timings.total = self.watch.elapsed();
        JobResult::new(status, verified.result, &verified.files, verified.receipt, self.timings)
    }

    /// Checks the result, signs for it, puts it where it is safe, and accepts it.
    async fn verify_and_accept(&self) -> Result<Verified> {
        let solver = &self.client.solver;
        if let Some(receipt) = solver.status(self.id).await?.receipt {
            return self.kept_before(receipt).await;
        }
        let keeper = self.client.keeper.get();
        let (submission, files) = match keeper.and_then(|keeper| keeper.on_the_way()) {
            Some(folder) => solver.result_in(self.id, &folder).await?,
            None => in_memory(solver.result(self.id).await?),
        };
        crash_point("client.fetched");
        self.check(&submission, &files)?;
        let body = &submission.receipt.body;
        let signature = self.client.signer.sign(&body.typed_data()).await?;
        let receipt = Receipt {
            body: body.clone(),
            provider_signature: submission.receipt.signature,
            job_creator_signature: signature,
        };
        receipt.verify()?;
        if let Some(keeper) = keeper {
            keeper.keep(self.id, &files, &receipt).map_err(|error| error.with("job_id", self.id))?;
        }
        crash_point("client.kept");
        solver.accept(self.id, signature).await?;
        crash_point("client.accepted");
        Ok(Verified { result: submission, files, receipt })
    }

    /// The results of a job that was accepted before: the solver has let go of them.
    async fn kept_before(&self, receipt: Receipt) -> Result<Verified> {
        let Some(results) = self.client.keeper.get().and_then(|keeper| keeper.kept(self.id)) else {
            return Err(Error::new(
                ErrorKind::NotFound,
                "E_RESULT_GONE",
                format!("the results of job {} were handed over already and are not kept", self.id),
            )
            .with_hint("use what the first one who waited for the job got")
            .with("job_id", self.id));
        };
        let (submission, files) = (self.client.solver.result(self.id).await?, StoredFiles::from(results));
        self.check(&submission, &files)?;
        receipt.verify()?;
        if receipt.body != submission.receipt.body {
            let message = "the solver shows another receipt than the result's";
            return Err(Error::new(ErrorKind::VerificationFailed, "E_RESULT_JOB", message)
                .with_fault(Fault::Solver)
                .with("job_id", self.id));
        }
        Ok(Verified { result: submission, files, receipt })
    }

    /// Recomputes what can be recomputed, and checks the provider's signature. A solver checks all of it before it takes results,
    /// so what is wrong here is its fault, whoever else lied.
    fn check(&self, submission: &ResultSubmission, files: &StoredFiles) -> Result<()> {
        let body = &submission.receipt.body;
        let wrong = |code, what: &str| {
            Error::new(ErrorKind::VerificationFailed, code, format!("{what}: the result is not accepted"))
                .with_fault(Fault::Solver)
                .with_hint("nothing is paid by this client; do not use this solver, and tell its operator")
                .with("job_id", self.id)
        };
        files.check_visible().map_err(|error| wrong(error.code(), error.message()))?;
        if files.content_id()? != body.data_id {
            let message = "the results that the solver hands over do not hash to the content id that the provider signed";
            return Err(wrong("E_RESULT_HASH", message));
        }
        if body.job_id != self.id || body.job_creator != self.client.signer.address() {
            return Err(wrong(
                "E_RESULT_JOB",
                "the receipt that the solver hands over speaks of another job",
            ));
        }
        if let Some(what) = self.asked.as_ref().and_then(|asked| asked.other_than(body)) {
            let message =
                format!("the {what} in the receipt that the solver hands over is not what was asked for");
            return Err(wrong("E_RESULT_TERMS", &message));
        }
        if let Some(what) = self.announced.as_ref().and_then(|announced| announced.other_than(body)) {
            let message =
                format!("the {what} in the receipt is not that of the deal that the solver announced");
            return Err(wrong("E_RESULT_DEAL", &message));
        }
        verify_provider(body, &submission.receipt.signature).map_err(|error| {
            let message =
                format!("the receipt that the solver hands over does not hold: {}", error.message());
            wrong(error.code(), &message)
        })
    }
}

/// A result and its files.
fn in_memory(mut result: ResultSubmission) -> (ResultSubmission, StoredFiles) {
    let files = std::mem::take(&mut result.results);
    (result, files.into())
}

fn failure(status: &JobStatus) -> Error {
    match &status.failure {
        Some(failure) => {
            Error::from(failure.clone()).with("job_id", status.job_id).with("state", status.state)
        }
        None => Error::new(
            ErrorKind::Protocol,
            "E_JOB_END",
            format!("job {} ended in state {} and the solver does not say why", status.job_id, status.state),
        ),
    }
}
