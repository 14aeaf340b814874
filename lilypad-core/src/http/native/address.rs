//! Where a solver is.

use crate::config::NetworkUrl;
use crate::error::Result;
use crate::wire::auth::{RequestTarget, Scheme};
use std::fmt;

/// The address of a solver: scheme, host and port.
#[derive(Clone, Debug)]
pub(super) struct Address(NetworkUrl);

impl Address {
    /// Reads `https://host[:port]`, with or without a slash behind it.
    pub(super) fn read(text: &str, insecure: bool) -> Result<Self> {
        NetworkUrl::parse(text, insecure).map(Self)
    }

    /// The address of one of the solver's routes.
    pub(super) fn of(&self, path: &str) -> String {
        format!("{self}{path}")
    }

    /// What a request to one of its routes asks, to be signed.
    pub(super) fn target(&self, method: &str, path: &str) -> Result<RequestTarget> {
        let scheme = if self.0.is_encrypted() { Scheme::Https } else { Scheme::Http };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        RequestTarget::new(scheme, method, self.0.authority(), path, query)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
