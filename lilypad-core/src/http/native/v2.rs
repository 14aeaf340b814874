//! A solver of Lilypad v2, as a job creator calls it.
//!
//! What v2 promises is less than what our own network does: no money moves, nothing is signed but an address, and the count of work is
//! whatever the provider says. So this is no [`Client`](crate::client::Client), and its results carry no receipt.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::HttpOptions;
use super::address::Address as Base;
use super::failure::{not_a_solver, unanswered, unreadable};
use super::request::{MOST_JSON, all, http, retry_after};
use super::retry::again;
use crate::error::{Error, ErrorKind, Fault, Result, Retry};
use crate::model::{
    AgreementState, ContentId, DealContainer, DealTransactionsJobCreator, FileSet, JobId, JobOffer,
    JobOfferContainer, JobResult, json,
};
use crate::signer::{LocalSigner, Signer};
use crate::wire::auth::RequestHeader;
use crate::wire::auth::v2::v2_headers;
use crate::wire::{archive_limit, read_archive, write_archive};

/// What v2's solvers want to hear of their clients' version.
const VERSION: &str = "v2.23.0";

/// How a job creator speaks to a solver of v2.
#[derive(Clone, Debug)]
pub struct V2Options {
    /// How requests are made.
    pub http: HttpOptions,
    /// How often it is asked where a job stands. A solver of v2 takes five such questions in ten seconds.
    pub poll: Duration,
    /// How long a job is waited for.
    pub wait: Duration,
}

impl Default for V2Options {
    /// [`HttpOptions`]' own, a question every 3 s, 2 h and 5 min: v2 gives up after 2 h.
    fn default() -> Self {
        Self { http: HttpOptions::default(), poll: Duration::from_secs(3), wait: Duration::from_secs(7_500) }
    }
}

/// A solver of Lilypad v2, called in the name of one account. **Whoever sees one of its requests, the solver included, can act as
/// that account on any solver of v2**: use a key that has nothing else to do.
#[derive(Clone)]
pub struct V2Solver {
    base: Base,
    http: reqwest::Client,
    account: String,
    headers: [RequestHeader; 2],
    options: V2Options,
}

/// What came of a job.
#[derive(Clone, Debug)]
pub struct V2Outcome {
    /// The deal, checked to be about the job that was asked for.
    pub deal: DealContainer,
    /// What its provider says.
    pub result: JobResult,
    /// The files that came, as they came.
    pub files: FileSet,
    /// Content id of those that are not hidden.
    pub content: ContentId,
}

impl V2Outcome {
    /// True where the files are those that the provider named. Folders without files are part of v2's id and not of ours: results that
    /// have some are not recognised.
    #[must_use]
    pub fn is_as_named(&self) -> bool {
        self.result.data_id == self.content.to_string()
    }
}

impl fmt::Debug for V2Solver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("V2Solver").field("url", &self.base.to_string()).finish_non_exhaustive()
    }
}

impl V2Solver {
    /// The solver at `url`, in the name of this key. Nothing is asked yet.
    ///
    /// # Errors
    /// `InvalidInput` (`E_NETWORK_URL`, `E_NETWORK_INSECURE`).
    pub fn new(url: &str, signer: &LocalSigner, options: V2Options) -> Result<Self> {
        let base = Base::read(url, options.http.insecure)?;
        let http = http(&options.http)?;
        let (account, headers) = (signer.address().to_string(), v2_headers(signer));
        Ok(Self { base, http, account, headers, options })
    }

    pub(super) fn now(&self) -> crate::rt::Timestamp {
        self.options.http.clock.now()
    }

    /// Hands a job in. The same offer handed in again is the same job.
    ///
    /// # Errors
    /// `InvalidInput` (`E_V2_CREATOR`) where the offer names another account; `Rejected` (`E_V2_REFUSED`) with the solver's words;
    /// `Protocol` (`E_OTHER_JOB`) where it took another job than this one; and why it cannot be reached.
    pub async fn submit(&self, offer: &JobOffer) -> Result<JobId> {
        self.is_own(offer)?;
        let id = offer.id()?;
        let taken: JobOfferContainer = self.post("/job_offers", offer).await?;
        self.is(id, &taken).map(|()| id)
    }

    /// Hands in a job with input files. Solvers of v2 take 10 MB as they are set up.
    ///
    /// # Errors
    /// As [`V2Solver::submit`]; `InvalidInput` (`E_V2_FILES`) for a file in a folder, which v2 does not take.
    pub async fn submit_with_files(&self, offer: &JobOffer, files: &FileSet) -> Result<JobId> {
        self.is_own(offer)?;
        if let Some(path) = files.iter().map(|(path, _)| path).find(|path| path.contains('/')) {
            let message = format!("{path} lies in a folder, and jobs of v2 take files without folders");
            return Err(Error::invalid("E_V2_FILES", message).with_hint("put all input files side by side"));
        }
        let id = offer.id()?;
        let (kind, form) = form(&json::to_string(offer)?, &write_archive(files)?, id);
        let bytes =
            self.call_as(Method::POST, "/job_offers/with_files", Some((kind, form)), MOST_JSON).await?;
        self.is(id, &self.read(&bytes)?).map(|()| id)
    }

    /// Passes where an offer is made in this account's name.
    fn is_own(&self, offer: &JobOffer) -> Result<()> {
        if offer.job_creator == self.account {
            return Ok(());
        }
        let message = format!("the job's creator is {}, not {}", offer.job_creator, self.account);
        Err(Error::invalid("E_V2_CREATOR", message).with_hint("make the offer with this key's address"))
    }

    /// The account in whose name it is called.
    pub(super) fn account(&self) -> &str {
        &self.account
    }

    pub(super) fn limits(&self) -> &crate::model::FileLimits {
        &self.options.http.limits
    }

    pub(super) fn unreadable(&self, error: &Error) -> Error {
        unreadable(&self.base, error)
    }

    /// Passes where the solver speaks of this job.
    fn is(&self, id: JobId, job: &JobOfferContainer) -> Result<()> {
        if job.id == id.to_string() {
            return Ok(());
        }
        let other: String = job.id.chars().take(60).collect();
        let message = format!("asked about job {id}, the solver at {} answers about {other:?}", self.base);
        Err(Error::new(ErrorKind::Protocol, "E_OTHER_JOB", message).with_fault(Fault::Solver))
    }

    /// Where a job stands.
    ///
    /// # Errors
    /// `Rejected` (`E_V2_REFUSED`) with the solver's words; `Protocol` (`E_OTHER_JOB`) where it speaks of another job; and why it cannot
    /// be reached: v2 breaks the connection for a job that it does not know.
    pub async fn job(&self, id: JobId) -> Result<JobOfferContainer> {
        let job = self.get(&format!("/job_offers/{id}")).await?;
        self.is(id, &job).map(|()| job)
    }

    /// Waits for a job's results and fetches them. They are not accepted by it: see [`V2Solver::accept`].
    ///
    /// # Errors
    /// `ExecutionFailed` (`E_V2_JOB_FAILED`) with the provider's words; `Timeout` (`E_V2_TIMEOUT`) where v2 gave the job up, with
    /// whose fault it is, or (`E_V2_WAIT`) where the wait was too long; `NoMatch` (`E_V2_TIMEOUT`) where no provider took it; `Cancelled`
    /// (`E_V2_CANCELLED`); `VerificationFailed` (`E_V2_REJECTED`) where a mediator found the result wrong; `Protocol` where the solver
    /// answers something else (`E_V2_DEAL`, `E_ANSWER`); and why it cannot be reached.
    pub async fn wait(&self, id: JobId) -> Result<V2Outcome> {
        let mut waited = Duration::ZERO;
        loop {
            let job = self.job(id).await?;
            if has_result(job.state) {
                return self.fetch(id, &job).await;
            }
            if job.state.is_terminal() || job.state.is_timeout() {
                return Err(self.given_up(&job).await);
            }
            if waited >= self.options.wait {
                let message = format!("job {id} has no result after {} s", waited.as_secs());
                return Err(Error::new(ErrorKind::Timeout, "E_V2_WAIT", message)
                    .with_hint("it goes on: wait for it again by its id"));
            }
            waited = waited.saturating_add(self.options.poll.max(Duration::from_millis(1)));
            self.options.http.clock.sleep(self.options.poll).await;
        }
    }

    /// Accepts the results of a deal.
    ///
    /// # Errors
    /// `Rejected` (`E_V2_REFUSED`) with the solver's words, and why it cannot be reached.
    pub async fn accept(&self, deal: &DealContainer) -> Result<DealContainer> {
        let accept_result = "0x".to_owned();
        let said = DealTransactionsJobCreator { accept_result, ..DealTransactionsJobCreator::default() };
        self.post(&format!("/deals/{}/txs/job_creator", deal.id), &said).await
    }

    async fn fetch(&self, id: JobId, job: &JobOfferContainer) -> Result<V2Outcome> {
        let deal = self.deal(id, job).await?;
        let result = self.result(&deal).await?;
        if !result.error.is_empty() {
            return Err(failed(&result));
        }
        let limits = &self.options.http.limits;
        let most = usize::try_from(archive_limit(limits)).unwrap_or(usize::MAX);
        let archive = self.call(Method::GET, &format!("/deals/{}/files", deal.id), None, most).await?;
        let files = read_archive(&archive, limits).map_err(|error| self.unreadable(&error))?;
        // v2's id leaves hidden files out.
        let mut named = files.clone();
        named.remove_hidden();
        let content = named.content_id()?;
        Ok(V2Outcome { deal, result, files, content })
    }

    /// The deal of a job, where it is one of that job.
    async fn deal(&self, id: JobId, job: &JobOfferContainer) -> Result<DealContainer> {
        let wrong = |why: String| {
            Error::new(ErrorKind::Protocol, "E_V2_DEAL", why)
                .with_fault(Fault::Solver)
                .with_hint("do not use this solver for anything that matters")
        };
        // It becomes part of a path.
        job.deal_id.parse::<crate::model::DealId>().map_err(|_| wrong(format!("job {id} has no deal")))?;
        let deal: DealContainer = self.get(&format!("/deals/{}", job.deal_id)).await?;
        let own = deal.id == job.deal_id
            && deal.deal.id()?.to_string() == deal.id
            && deal.deal.job_offer.id()? == id
            && deal.deal.members.job_creator == self.account;
        if own { Ok(deal) } else { Err(wrong(format!("deal {} is not about job {id}", job.deal_id))) }
    }

    async fn result(&self, deal: &DealContainer) -> Result<JobResult> {
        self.get(&format!("/deals/{}/result", deal.id)).await
    }

    /// Why a job ended without results.
    async fn given_up(&self, job: &JobOfferContainer) -> Error {
        // A failed job ends by a timeout: the reason is in its result.
        if let Ok(deal) = job.deal_id.parse::<crate::model::DealId>()
            && let Ok(result) = self.get::<JobResult>(&format!("/deals/{deal}/result")).await
            && !result.error.is_empty()
        {
            return failed(&result);
        }
        let (kind, code, fault, message, hint) = match job.state {
            AgreementState::TimeoutMatch => (
                ErrorKind::NoMatch,
                "E_V2_TIMEOUT",
                Fault::Network,
                "no provider took the job in time",
                "ask for less, or later",
            ),
            AgreementState::TimeoutExecution => (
                ErrorKind::Timeout,
                "E_V2_TIMEOUT",
                Fault::Provider,
                "the provider gave no result in time",
                "submit the job anew, or name another provider",
            ),
            AgreementState::TimeoutDownload => (
                ErrorKind::Timeout,
                "E_V2_TIMEOUT",
                Fault::User,
                "the results were not fetched and accepted in time",
                "submit the job anew, and wait for it",
            ),
            AgreementState::JobOfferCancelled => (
                ErrorKind::Cancelled,
                "E_V2_CANCELLED",
                Fault::Network,
                "the solver cancelled the job: the provider that it names has no free offer",
                "name another provider, or none",
            ),
            AgreementState::MediationRejected => (
                ErrorKind::VerificationFailed,
                "E_V2_REJECTED",
                Fault::Provider,
                "a mediator found the result wrong",
                "submit the job anew, to another provider",
            ),
            _ => (
                ErrorKind::Timeout,
                "E_V2_TIMEOUT",
                Fault::Unknown,
                "the job took too long all in all",
                "submit the job anew",
            ),
        };
        Error::new(kind, code, message).with_fault(fault).with_hint(hint).with("state", job.state)
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.read(&self.call(Method::GET, path, None, MOST_JSON).await?)
    }

    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        let body = Bytes::from(json::to_string(body)?);
        self.read(&self.call(Method::POST, path, Some(body), MOST_JSON).await?)
    }

    fn read<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T> {
        json::from_slice(bytes).map_err(|error| not_a_solver(&self.base, &error.to_string()))
    }

    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        most: usize,
    ) -> Result<Bytes> {
        self.call_as(method, path, body.map(|body| ("application/json".to_owned(), body)), most).await
    }

    /// The same with a body of another kind.
    async fn call_as(
        &self,
        method: Method,
        path: &str,
        body: Option<(String, Bytes)>,
        most: usize,
    ) -> Result<Bytes> {
        let options = &self.options.http;
        let moved = u64::try_from(most.saturating_sub(MOST_JSON)).unwrap_or(u64::MAX);
        let time = options.request_timeout.saturating_add(Duration::from_secs(moved >> 20));
        let url = self.base.of(&format!("/api/v1{path}"));
        again(options, || async {
            let request = self.http.request(method.clone(), &url).timeout(time);
            let headers = self.headers.iter();
            let request = headers.fold(request, |request, (name, value)| request.header(*name, value));
            let request = request.header("X-Lilypad-Version", VERSION);
            let request = match body.clone() {
                Some((kind, body)) => request.header(CONTENT_TYPE, kind).body(body),
                None => request,
            };
            let response = request.send().await.map_err(|error| unanswered(&self.base, error))?;
            let (status, pause) = (response.status(), retry_after(&response));
            let bytes = all(&self.base, response, if status.is_success() { most } else { MOST_JSON }).await?;
            if status.is_success() { Ok(bytes) } else { Err(refused(status.as_u16(), &bytes, pause)) }
        })
        .await
    }
}

/// An offer and its input files as the form that v2 reads, and what kind of body that is.
fn form(offer: &str, archive: &[u8], id: JobId) -> (String, Bytes) {
    // No offer holds its own id, and no archive a line with this one but by intent, which harms its own job alone.
    let boundary = format!("lilypad-{id}");
    let mut form = Vec::with_capacity(offer.len().saturating_add(archive.len()).saturating_add(1_024));
    for (name, content) in [("job_offer.json", offer.as_bytes()), ("inputs.tar", archive)] {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(content);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), form.into())
}

/// True where there is a result to be fetched.
fn has_result(state: AgreementState) -> bool {
    use AgreementState as State;
    let judged = matches!(state, State::ResultsAccepted | State::MediationAccepted);
    judged || matches!(state, State::ResultsSubmitted | State::Downloading)
}

fn failed(result: &JobResult) -> Error {
    let why: String = result.error.chars().take(2_000).collect();
    Error::new(
        ErrorKind::ExecutionFailed,
        "E_V2_JOB_FAILED",
        format!("the provider says that the job failed: {why}"),
    )
    .with_fault(Fault::Provider)
    .with_hint("v2 does not say whether the module or the provider is at fault: try another provider")
}

/// What a solver of v2 refuses: a status, which says little, and a line of text.
fn refused(status: u16, bytes: &[u8], pause: Option<Duration>) -> Error {
    let said = String::from_utf8_lossy(bytes);
    let said: String = said.trim().chars().take(300).collect();
    let (kind, code) = match status {
        401 => (ErrorKind::Unauthorized, "E_V2_REFUSED"),
        404 => (ErrorKind::NotFound, "E_V2_REFUSED"),
        429 => (ErrorKind::RateLimited, "E_RATE_LIMIT"),
        502..=504 => (ErrorKind::Unavailable, "E_V2_REFUSED"),
        _ => (ErrorKind::Rejected, "E_V2_REFUSED"),
    };
    let error = Error::new(kind, code, format!("the solver refuses: {said}")).with("status", status);
    match pause {
        Some(pause) => error.with_retry(Retry::After(pause)),
        None if matches!(status, 429 | 502..=504) => error.with_retry(Retry::After(Duration::ZERO)),
        None => error,
    }
}
