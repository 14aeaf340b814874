//! The paths of the solver's HTTP interface: written once, used by both ends.

use std::fmt::Display;

use super::ArchiveId;
use crate::model::{DealId, JobId, ResourceOfferId};

macro_rules! routes {
    ($(#[doc = $about:literal] $name:ident: $method:literal $path:literal;)+) => {
        /// One thing that can be asked of a solver.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Route {
            $(#[doc = $about] $name,)+
        }

        impl Route {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The method.
            #[must_use]
            pub const fn method(self) -> &'static str {
                match self {
                    $(Self::$name => $method,)+
                }
            }

            /// What it does, in one line.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self {
                    $(Self::$name => $about.trim(),)+
                }
            }

            /// The path, with `{id}` or `{action}` where a part of it is to be filled in.
            #[must_use]
            pub const fn path(self) -> &'static str {
                match self {
                    $(Self::$name => $path,)+
                }
            }
        }
    };
}

routes! {
    /// Who the solver is.
    Solver: "GET" "/api/v1/solver";
    /// What a job would cost.
    Quote: "POST" "/api/v1/quotes";
    /// Submits a job.
    Submit: "POST" "/api/v1/jobs";
    /// The caller's newest jobs.
    Jobs: "GET" "/api/v1/jobs";
    /// Where a job stands.
    Job: "GET" "/api/v1/jobs/{id}";
    /// What happens to a job, as a stream of events.
    JobEvents: "GET" "/api/v1/jobs/{id}/events";
    /// What came of a job, as an archive.
    JobResult: "GET" "/api/v1/jobs/{id}/result";
    /// Accepts a result: the job creator's signature.
    JobAccept: "POST" "/api/v1/jobs/{id}/accept";
    /// Asks to stop a job.
    JobCancel: "POST" "/api/v1/jobs/{id}/cancel";
    /// Offers a machine.
    Offer: "POST" "/api/v1/offers";
    /// Takes an offer back.
    Withdraw: "DELETE" "/api/v1/offers/{id}";
    /// What a provider has to do, as a stream of events.
    Messages: "GET" "/api/v1/messages";
    /// Says that the messages are heard.
    MessagesHeard: "POST" "/api/v1/messages";
    /// What a provider has to run, as an archive without the job's files.
    DealNotice: "GET" "/api/v1/deals/{id}/notice";
    /// The archive of a deal's job, with its files.
    DealFiles: "GET" "/api/v1/deals/{id}/job";
    /// Says that the program of a deal has started.
    DealStarted: "POST" "/api/v1/deals/{id}/started";
    /// Passes on what happens while the job runs.
    DealEvents: "POST" "/api/v1/deals/{id}/events";
    /// Hands in what came of a deal, as an archive.
    DealDelivery: "POST" "/api/v1/deals/{id}/delivery";
    /// Gives a deal back.
    DealRefusal: "POST" "/api/v1/deals/{id}/refusal";
    /// How much of an archive is uploaded.
    Upload: "GET" "/api/v1/uploads/{id}";
    /// A part of an archive.
    UploadPart: "PUT" "/api/v1/uploads/{id}";
    /// The caller's own money.
    Account: "GET" "/api/v1/account";
    /// Moves the caller's own money.
    Move: "POST" "/api/v1/account/{action}";
}

impl Route {
    /// The path of the table that such a path is one of, without what it names; `other` where there is none.
    #[must_use]
    pub fn template(path: &str) -> &'static str {
        let path = path.split('?').next().unwrap_or_default();
        let fits = |known: &&'static str| {
            let same = |(known, part): (&str, &str)| known.starts_with('{') || known == part;
            known.split('/').count() == path.split('/').count()
                && known.split('/').zip(path.split('/')).all(same)
        };
        Self::ALL.iter().map(|route| route.path()).find(fits).unwrap_or("other")
    }

    fn of(self, id: impl Display) -> String {
        self.path().replace("{id}", &id.to_string())
    }
}

/// Who the solver is: `GET`.
pub const SOLVER: &str = Route::Solver.path();
/// What a job would cost: `POST`.
pub const QUOTES: &str = Route::Quote.path();
/// Jobs: `POST` one, `GET` the caller's newest.
pub const JOBS: &str = Route::Submit.path();
/// Offers: `POST` one.
pub const OFFERS: &str = Route::Offer.path();
/// What a provider has to do, as a stream of events: `GET`.
pub const MESSAGES: &str = Route::Messages.path();
/// The caller's own money: `GET`, and `POST` below it.
pub const ACCOUNT: &str = Route::Account.path();

/// How much of an archive is uploaded: `GET`.
#[must_use]
pub fn upload(id: ArchiveId) -> String {
    Route::Upload.of(id)
}

/// The part of an archive of this length that begins at this byte: `PUT`.
#[must_use]
pub fn upload_part(id: ArchiveId, offset: u64, length: u64) -> String {
    format!("{}?length={length}&offset={offset}", Route::UploadPart.of(id))
}

/// Where a job stands: `GET`.
#[must_use]
pub fn job(id: JobId) -> String {
    Route::Job.of(id)
}

/// What happens to a job, as a stream of events: `GET`.
#[must_use]
pub fn job_events(id: JobId) -> String {
    Route::JobEvents.of(id)
}

/// What came of a job, as an archive: `GET`.
#[must_use]
pub fn job_result(id: JobId) -> String {
    Route::JobResult.of(id)
}

/// Accepts a result: `POST` the job creator's signature.
#[must_use]
pub fn job_accept(id: JobId) -> String {
    Route::JobAccept.of(id)
}

/// Asks to stop a job: `POST`.
#[must_use]
pub fn job_cancel(id: JobId) -> String {
    Route::JobCancel.of(id)
}

/// One offer: `DELETE`.
#[must_use]
pub fn offer(id: ResourceOfferId) -> String {
    Route::Withdraw.of(id)
}

/// What a provider has to run, as an archive without the job's files: `GET`.
#[must_use]
pub fn deal_notice(id: DealId) -> String {
    Route::DealNotice.of(id)
}

/// The archive of a deal's job, with its files: `GET`.
#[must_use]
pub fn deal_files(id: DealId) -> String {
    Route::DealFiles.of(id)
}

/// Says that the program of a deal has started: `POST`.
#[must_use]
pub fn deal_started(id: DealId) -> String {
    Route::DealStarted.of(id)
}

/// Passes on what happens while the job runs: `POST`.
#[must_use]
pub fn deal_events(id: DealId) -> String {
    Route::DealEvents.of(id)
}

/// Hands in what came of a deal, as an archive: `POST`.
#[must_use]
pub fn deal_delivery(id: DealId) -> String {
    Route::DealDelivery.of(id)
}

/// Gives a deal back: `POST`.
#[must_use]
pub fn deal_refusal(id: DealId) -> String {
    Route::DealRefusal.of(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_in_the_table() {
        for route in Route::ALL {
            let path = route.path().replace("{id}", "QmX").replace("{action}", "stake");
            assert_eq!(Route::template(&path), route.path());
            assert_eq!(Route::template(&format!("{path}?offset=3")), route.path());
            assert_eq!(Route::template(&format!("{path}/more/and/more")), "other");
        }
        assert_eq!(Route::template("/api/v1"), "other");
        assert_eq!(Route::template(""), "other");
    }
}
