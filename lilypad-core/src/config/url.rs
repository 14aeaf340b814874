//! The address of a network: http or https, a host, perhaps a port, and nothing else.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::error::{Error, Result};

/// Longest URL of a network, in bytes.
pub const URL_LENGTH: usize = 500;

/// A network's URL in its one spelling: scheme and host in lower case, no port that the
/// scheme implies, no slash at its end.
///
/// ```
/// use lilypad_core::config::NetworkUrl;
/// let url = NetworkUrl::parse("HTTPS://Solver.Example.com/", false)?;
/// assert_eq!(url.as_str(), "https://solver.example.com");
/// assert_eq!(NetworkUrl::parse("http://solver.example.com", false).unwrap_err().code(), "E_NETWORK_INSECURE");
/// assert!(NetworkUrl::parse("http://127.0.0.1:8080", false).is_ok());
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NetworkUrl {
    text: String,
    encrypted: bool,
    loopback: bool,
}

impl NetworkUrl {
    /// Reads a URL. Plain http is taken to this machine itself (`localhost`, `127.0.0.0/8`, `::1`), and elsewhere where
    /// `insecure` says so.
    ///
    /// # Errors
    /// `InvalidInput`: `E_NETWORK_URL` names the rule; `E_NETWORK_INSECURE` for plain http to another machine. The text
    /// itself is not shown where it may hold a password.
    pub fn parse(text: &str, insecure: bool) -> Result<Self> {
        if text.len() > URL_LENGTH {
            return Err(wrong(format!("has {} bytes, at most {URL_LENGTH} are taken", text.len())));
        }
        if !text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'`'))
        {
            return Err(wrong("holds spaces or characters that no URL has"));
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(|| wrong("does not begin with https://"))?;
        let encrypted = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(wrong("has another scheme than http and https")),
        };
        if rest.contains(['?', '#']) {
            return Err(wrong("has a query or a fragment"));
        }
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains('@') {
            return Err(wrong("holds a user or a password"));
        }
        if authority.contains('/') {
            return Err(wrong("has a path, and a network is a host and a port"));
        }
        let (host, port) = split_port(authority)?;
        let host = host.to_ascii_lowercase();
        let loopback = is_loopback(&host)?;
        let scheme = if encrypted { "https" } else { "http" };
        let implied = if encrypted { 443 } else { 80 };
        let port = port.filter(|port| *port != implied).map_or(String::new(), |port| format!(":{port}"));
        let text = format!("{scheme}://{host}{port}");
        if !encrypted && !loopback && !insecure {
            return Err(Error::invalid(
                "E_NETWORK_INSECURE",
                format!("{text} is plain http to another machine: everybody between can read and change it"),
            )
            .with_hint("use https, or say that this network is safe: --insecure when adding it, `insecure` in a program"));
        }
        Ok(Self { text, encrypted, loopback })
    }

    /// The URL, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True for https.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Host and, where the scheme does not imply it, port: `solver.example:8443`.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.text.split_once("://").map_or("", |(_, authority)| authority)
    }

    /// True where what is sent can be read on the way: plain http to another machine.
    #[must_use]
    pub fn is_insecure(&self) -> bool {
        !self.encrypted && !self.loopback
    }
}

impl fmt::Display for NetworkUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for NetworkUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Host, with the brackets of an IPv6 address, and port.
fn split_port(authority: &str) -> Result<(&str, Option<u16>)> {
    let end = if authority.starts_with('[') {
        authority.find(']').ok_or_else(|| wrong("has no `]` after its IPv6 address"))?.saturating_add(1)
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, rest) = authority.split_at_checked(end).unwrap_or((authority, ""));
    let Some(digits) = rest.strip_prefix(':') else {
        return if rest.is_empty() { Ok((host, None)) } else { Err(wrong("has something after its host")) };
    };
    match digits.parse::<u16>() {
        Ok(port) if port > 0 && !digits.starts_with(['+', '0']) => Ok((host, Some(port))),
        _ => Err(wrong("has a port that is not 1 to 65535")),
    }
}

/// Checks a host in lower case; true where it is this machine itself.
fn is_loopback(host: &str) -> Result<bool> {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address: Ipv6Addr =
            inner.parse().map_err(|_| wrong("has no IPv6 address between its brackets"))?;
        return Ok(address.is_loopback());
    }
    let parts: Vec<&str> = host.split('.').collect();
    let is_part = |part: &&str| {
        (1..=63).contains(&part.len())
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if host.len() > 253 || !parts.iter().all(is_part) {
        return Err(wrong("has no host of letters, digits, `-` and dots"));
    }
    // Whatever ends in a number is an address to a resolver; only the usual form is taken.
    let last = parts.last().copied().unwrap_or_default();
    if last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") {
        let address: Ipv4Addr =
            host.parse().map_err(|_| wrong("has a host of numbers that is no IPv4 address"))?;
        return Ok(address.is_loopback());
    }
    Ok(host == "localhost")
}

fn wrong(why: impl fmt::Display) -> Error {
    Error::invalid("E_NETWORK_URL", format!("the URL {why}"))
        .with_hint("write https://HOST[:PORT]")
        .with("field", "url")
}
