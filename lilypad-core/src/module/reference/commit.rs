//! The full hash of a git commit.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// The full hash of a git commit: 40 hex digits, written in lower case.
///
/// ```
/// use lilypad_core::module::CommitId;
/// let id: CommitId = "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709".parse()?;
/// assert_eq!(id.to_string(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId([u8; 20]);

impl CommitId {
    /// The id with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The twenty bytes of the hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl FromStr for CommitId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut bytes = [0; 20];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| {
            let shown: String = text.chars().take(60).collect();
            Error::invalid("E_MODULE_REF", format!("{shown:?} is not a commit"))
                .with_hint("give all 40 hex digits of it")
        })?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
