//! What a request asks of whom, in a form that no two different requests share.
//!
//! Layout: `authority`, `path` and `query` are the parts; `percent` is their encoding.

mod authority;
mod path;
mod percent;
mod query;

use sha2::{Digest, Sha256};

use super::BodyDigest;
use super::error::shown;
use crate::error::{Error, Result};

/// Which protocol a request comes over; it decides which port is left out of the authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain HTTP, port 80.
    Http,
    /// HTTP over TLS, port 443.
    Https,
}

impl Scheme {
    fn port(self) -> &'static str {
        match self {
            Self::Http => "80",
            Self::Https => "443",
        }
    }
}

/// Where a request goes and what it asks: method, authority, path and query in canonical form.
///
/// Signer and server make it from the raw texts of the request. Whatever HTTP software along the way may read in two
/// ways is refused rather than guessed, so two different requests never have one form.
///
/// ```
/// use lilypad_core::wire::auth::{RequestTarget, Scheme};
/// let target = RequestTarget::new(Scheme::Https, "get", "Solver.Example:443", "/v1/jobs", "to=9&from=1")?;
/// assert_eq!(target.method(), "GET");
/// assert_eq!(target.authority(), "solver.example");
/// assert_eq!(target.query(), "from=1&to=9");
/// let error = RequestTarget::new(Scheme::Https, "GET", "solver.example", "/v1/../jobs", "").unwrap_err();
/// assert_eq!(error.code(), "E_REQUEST_FORM");
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestTarget {
    method: String,
    authority: String,
    path: String,
    query: String,
}

impl RequestTarget {
    /// Reads the raw texts of a request: the method of 1 to 16 letters, the `Host` or `:authority`, the path as sent
    /// (at most 2,048 bytes), and what follows the first `?` (at most 4,096 bytes and 64 parameters; empty where
    /// nothing does).
    ///
    /// # Errors
    /// `InvalidInput` (`E_REQUEST_FORM`), with the part in the context as `field`.
    pub fn new(scheme: Scheme, method: &str, authority: &str, path: &str, query: &str) -> Result<Self> {
        let letters = method.bytes().all(|byte| byte.is_ascii_alphabetic());
        if method.is_empty() || method.len() > 16 || !letters {
            return Err(malformed("method", method, "is not a word of 1 to 16 letters"));
        }
        path::check(path)?;
        Ok(Self {
            method: method.to_ascii_uppercase(),
            authority: authority::canonical(authority, scheme)?,
            path: path.to_owned(),
            query: query::canonical(query)?,
        })
    }

    /// The method in upper case.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Host and port in lower case, without the scheme's own port.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The path as sent.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The sorted query, without `?`; empty where there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// The four parts by name, in the order in which they are signed.
    pub(super) fn parts(&self) -> [(&'static str, &str); 4] {
        [
            ("method", &self.method),
            ("authority", &self.authority),
            ("path", &self.path),
            ("query", &self.query),
        ]
    }

    /// Eight bytes of each part's SHA-256: enough to say which part differs from what was signed. The signature, not
    /// this, is what binds the parts.
    pub(super) fn marks(&self) -> [[u8; 8]; 4] {
        self.parts().map(|(_, part)| {
            let digest: [u8; 32] = Sha256::digest(part.as_bytes()).into();
            let mut mark = [0; 8];
            mark.copy_from_slice(&digest[..8]);
            mark
        })
    }
}

/// A whole request: its target and the digest of its body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestParts {
    /// Method, authority, path and query.
    pub target: RequestTarget,
    /// The digest of the raw body.
    pub body: BodyDigest,
}

impl RequestParts {
    /// A request with a body that is at hand; `b""` for none.
    #[must_use]
    pub fn new(target: RequestTarget, body: &[u8]) -> Self {
        Self { target, body: BodyDigest::of(body) }
    }
}

fn malformed(field: &'static str, text: &str, why: &str) -> Error {
    Error::invalid("E_REQUEST_FORM", format!("the request's {field} {} {why}", shown(text)))
        .with("field", field)
}

#[cfg(test)]
mod tests;
