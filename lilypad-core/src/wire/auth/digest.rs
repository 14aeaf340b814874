//! The digest of a request's body, as `Content-Digest` carries it.

use std::fmt;

use sha2::{Digest, Sha256};

use super::base64::{Alphabet, encode};

/// The SHA-256 of a request's body: of the raw bytes as they travel, before anything is parsed. A request without a
/// body has the digest of no bytes.
///
/// Displayed as the value of `Content-Digest` (RFC 9530).
///
/// ```
/// use lilypad_core::wire::auth::BodyDigest;
/// // The example of RFC 9530, appendix B.1.
/// let digest = BodyDigest::of(b"{\"hello\": \"world\"}\n");
/// assert_eq!(digest.to_string(), "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BodyDigest([u8; 32]);

impl BodyDigest {
    /// The digest of a whole body.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        Self(Sha256::digest(body).into())
    }

    /// A digest that was computed elsewhere, such as while the body arrived.
    #[must_use]
    pub const fn new(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for BodyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha-256=:{}:", encode(&self.0, Alphabet::Standard))
    }
}

impl fmt::Debug for BodyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
