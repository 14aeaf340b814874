//! The paths of the solver's HTTP interface: written once, used by both ends.

use crate::model::{Address, DealId, JobId, ResourceOfferId};

/// What all paths begin with.
pub const API: &str = "/api/v1";

/// Who the solver is: `GET`.
pub const SOLVER: &str = "/api/v1/solver";
/// What a job would cost: `POST`.
pub const QUOTES: &str = "/api/v1/quotes";
/// Jobs: `POST` one, `GET` the caller's newest.
pub const JOBS: &str = "/api/v1/jobs";
/// Offers: `POST` one.
pub const OFFERS: &str = "/api/v1/offers";
/// What a provider has to do, as a stream of events: `GET`.
pub const MESSAGES: &str = "/api/v1/messages";
/// The caller's own money: `GET`, and `POST` below it.
pub const ACCOUNT: &str = "/api/v1/account";

/// Where a job stands: `GET`.
#[must_use]
pub fn job(id: JobId) -> String {
    format!("{JOBS}/{id}")
}

/// What happens to a job, as a stream of events: `GET`.
#[must_use]
pub fn job_events(id: JobId) -> String {
    format!("{JOBS}/{id}/events")
}

/// What came of a job, as an archive: `GET`.
#[must_use]
pub fn job_result(id: JobId) -> String {
    format!("{JOBS}/{id}/result")
}

/// Accepts a result: `POST` the job creator's signature.
#[must_use]
pub fn job_accept(id: JobId) -> String {
    format!("{JOBS}/{id}/accept")
}

/// Asks to stop a job: `POST`.
#[must_use]
pub fn job_cancel(id: JobId) -> String {
    format!("{JOBS}/{id}/cancel")
}

/// One offer: `DELETE`.
#[must_use]
pub fn offer(id: ResourceOfferId) -> String {
    format!("{OFFERS}/{id}")
}

/// What a provider has to run, as an archive: `GET`.
#[must_use]
pub fn deal_notice(id: DealId) -> String {
    format!("{API}/deals/{id}/notice")
}

/// Says that the program of a deal has started: `POST`.
#[must_use]
pub fn deal_started(id: DealId) -> String {
    format!("{API}/deals/{id}/started")
}

/// Passes on what happens while the job runs: `POST`.
#[must_use]
pub fn deal_events(id: DealId) -> String {
    format!("{API}/deals/{id}/events")
}

/// Hands in what came of a deal, as an archive: `POST`.
#[must_use]
pub fn deal_delivery(id: DealId) -> String {
    format!("{API}/deals/{id}/delivery")
}

/// Gives a deal back: `POST`.
#[must_use]
pub fn deal_refusal(id: DealId) -> String {
    format!("{API}/deals/{id}/refusal")
}

/// The money of an account: `GET`.
#[must_use]
pub fn account(address: Address) -> String {
    format!("{API}/accounts/{address}")
}
