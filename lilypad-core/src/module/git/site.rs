//! The repository that a fetch talks to, and the errors that name it.

use std::io;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Fault, Retry};

use super::budget::{Budget, Stop};

/// The repository that a fetch talks to.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// Its https address.
    pub(super) url: String,
    /// Host, with the port where it is not 443.
    pub(super) authority: String,
    /// What the fetch may still use.
    pub(super) budget: Arc<Budget>,
}

impl Site {
    /// The error for a limit that was hit.
    pub(super) fn stopped(&self, stop: Stop) -> Error {
        self.budget.error(stop, &self.url)
    }

    /// The server broke the protocol.
    pub(super) fn protocol(&self, what: impl std::fmt::Display) -> Error {
        Error::new(
            ErrorKind::Protocol,
            "E_GIT_PROTOCOL",
            format!("the answer of {} is wrong: {what}", self.url),
        )
        .with_fault(Fault::Network)
        .with("repo", &self.url)
    }

    /// What was received is not what its hash says.
    pub(super) fn hash(&self, what: impl std::fmt::Display) -> Error {
        Error::new(ErrorKind::VerificationFailed, "E_GIT_HASH", format!("{} sent {what}", self.url))
            .with_fault(Fault::Network)
            .with("repo", &self.url)
    }

    /// A read of the answer failed.
    pub(super) fn io(&self, source: io::Error) -> Error {
        if let Some(stop) = self.budget.stopped() {
            return self.stopped(stop);
        }
        if matches!(source.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) {
            return self.protocol(source);
        }
        self.unreachable("the connection broke").with_source(source)
    }

    /// The host cannot be reached; trying again may help.
    pub(super) fn unreachable(&self, why: impl std::fmt::Display) -> Error {
        Error::new(ErrorKind::Unavailable, "E_GIT_UNAVAILABLE", format!("cannot fetch {}: {why}", self.url))
            .with_hint("try again in a moment")
            .with("host", &self.authority)
    }

    /// No certificate that this machine trusts, or no TLS at all.
    pub(super) fn tls(&self, why: impl std::fmt::Display) -> Error {
        Error::new(
            ErrorKind::Unavailable,
            "E_GIT_TLS",
            format!("no trusted TLS connection to {}: {why}", self.authority),
        )
        .with_hint("check the host's certificate; SSL_CERT_FILE names another file of trusted roots")
        .with_retry(Retry::Never)
        .with("host", &self.authority)
    }

    /// 401, 403 and 404: hosts do not tell private repositories from missing ones.
    pub(super) fn no_repository(&self) -> Error {
        Error::new(
            ErrorKind::NotFound,
            "E_GIT_REPO",
            format!("repository {} is not found or private", self.url),
        )
        .with_hint("check its spelling; modules are fetched without a login, so it must be public")
        .with("repo", &self.url)
    }
}
