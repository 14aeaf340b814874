//! Where a solver is.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

use crate::error::{Error, Result};
use crate::wire::auth::{RequestTarget, Scheme};

/// The address of a solver: scheme, host and port.
#[derive(Clone, Debug)]
pub(super) struct Address {
    scheme: Scheme,
    authority: String,
}

impl Address {
    /// Reads `https://host[:port]`, with or without a slash behind it.
    pub(super) fn read(text: &str, insecure: bool) -> Result<Self> {
        let refuse = |why: &str| {
            let shown: String = text.chars().take(120).collect();
            Error::invalid("E_SOLVER_URL", format!("{shown:?} is not the address of a solver: {why}"))
                .with_hint("write it like https://solver.example or http://127.0.0.1:8080")
        };
        let url = Url::parse(text).map_err(|error| refuse(&error.to_string()))?;
        let host = url.host_str().ok_or_else(|| refuse("it names no host"))?;
        let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !plain || !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it holds more than a host and a port"));
        }
        let scheme = match url.scheme() {
            "https" => Scheme::Https,
            "http" if insecure || is_this_machine(&url) => Scheme::Http,
            "http" => {
                let message = format!("plain http to {host} could be read and changed on the way");
                return Err(Error::invalid("E_INSECURE", message)
                    .with_hint("use https; or say that this network is safe"));
            }
            _ => return Err(refuse("it begins with neither https nor http")),
        };
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self { scheme, authority })
    }

    /// The address of one of the solver's routes.
    pub(super) fn of(&self, path: &str) -> String {
        format!("{self}{path}")
    }

    /// What a request to one of its routes asks, to be signed.
    pub(super) fn target(&self, method: &str, path: &str) -> Result<RequestTarget> {
        RequestTarget::new(self.scheme, method, &self.authority, path, "")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        write!(f, "{scheme}://{}", self.authority)
    }
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or(host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_host_and_a_port_are_taken_and_plain_http_stays_here() {
        for (text, expected) in [
            ("https://solver.example", "https://solver.example"),
            ("https://Solver.Example:8443/", "https://solver.example:8443"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://localhost:1", "http://localhost:1"),
        ] {
            assert_eq!(Address::read(text, false).unwrap().to_string(), expected);
        }
        for text in
            ["", "solver.example", "ftp://a", "https://", "https://a/b", "https://u:p@a", "https://a?b=1"]
        {
            assert_eq!(Address::read(text, true).unwrap_err().code(), "E_SOLVER_URL", "{text}");
        }
        assert_eq!(Address::read("http://10.0.0.1:8080", false).unwrap_err().code(), "E_INSECURE");
        assert!(Address::read("http://10.0.0.1:8080", true).is_ok());
    }
}
