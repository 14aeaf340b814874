//! What opens a key file.

use std::fmt;

use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Longest passphrase that is taken, in bytes of UTF-8.
pub const PASSPHRASE_BYTES: usize = 1_024;

/// A passphrase. Never printed; the memory is wiped when it is dropped.
///
/// Its bytes are used as they are, as geth does: a wallet that normalises letters (NFKC) may have written other bytes.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a passphrase; an empty one too.
    ///
    /// # Errors
    /// `InvalidInput` (`E_PASSPHRASE_LENGTH`) above [`PASSPHRASE_BYTES`].
    pub fn new(text: String) -> Result<Self> {
        let text = Zeroizing::new(text);
        if text.len() > PASSPHRASE_BYTES {
            return Err(Error::invalid(
                "E_PASSPHRASE_LENGTH",
                format!("the passphrase has {} bytes, at most {PASSPHRASE_BYTES} are taken", text.len()),
            )
            .with_hint("choose a shorter one")
            .with("limit", PASSPHRASE_BYTES));
        }
        Ok(Self(text))
    }

    /// True where nothing is protected by it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True where both are the same.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(hidden)")
    }
}
