//! The name of an archive: the digest of its bytes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// The SHA-256 of an archive's bytes: its name in uploads and stores, and, in quotes, its `ETag`. Written as 64 lower-case hex
/// digits.
///
/// ```
/// use lilypad_core::wire::ArchiveId;
/// // The digest of no bytes, as FIPS 180-4 has it.
/// let id = ArchiveId::of(b"");
/// assert_eq!(id.to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
/// assert_eq!(ArchiveId::from_etag(&id.etag()), Some(id));
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArchiveId([u8; 32]);

impl ArchiveId {
    /// A digest that was computed elsewhere, such as while the bytes came.
    #[must_use]
    pub const fn new(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }

    /// The name of these bytes.
    #[must_use]
    pub fn of(archive: &[u8]) -> Self {
        Self(Sha256::digest(archive).into())
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The name as a strong `ETag` (RFC 9110, section 8.8.3).
    #[must_use]
    pub fn etag(&self) -> String {
        format!("\"{self}\"")
    }

    /// Reads [`etag`](Self::etag); `None` for any other tag.
    #[must_use]
    pub fn from_etag(etag: &str) -> Option<Self> {
        etag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
    }
}

impl fmt::Display for ArchiveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ArchiveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ArchiveId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut bytes = [0; 32];
        let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        if is_lower && hex::decode_to_slice(text, &mut bytes).is_ok() {
            return Ok(Self(bytes));
        }
        let shown: String = text.chars().take(80).collect();
        Err(Error::invalid("E_ARCHIVE_ID", format!("{shown:?} names no archive"))
            .with_hint("a name is the SHA-256 of the archive in 64 lower-case hex digits"))
    }
}

impl Serialize for ArchiveId {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ArchiveId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

crate::model::schema::texts! {
    ArchiveId: "^[0-9a-f]{64}$", "The name of an archive: the SHA-256 of its bytes.";
}
