//! The number that makes each signed request one of a kind.

use std::fmt;
use std::str::FromStr;

use super::error::{refused, shown};
use crate::error::{Error, Result};
use crate::rt::Random;

/// 128 random bits, written as 32 lower-case hex digits.
///
/// ```
/// use lilypad_core::wire::auth::Nonce;
/// let nonce: Nonce = "000102030405060708090a0b0c0d0e0f".parse()?;
/// assert_eq!(nonce.to_string(), "000102030405060708090a0b0c0d0e0f");
/// assert_ne!(Nonce::random()?, Nonce::random()?);
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce([u8; 16]);

impl Nonce {
    /// A nonce from its bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// A new nonce from the operating system's random numbers.
    ///
    /// # Errors
    /// `Unexpected` where the operating system gives none.
    pub fn random() -> Result<Self> {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&Random::system().bytes()?[..16]);
        Ok(Self(bytes))
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Nonce {
    type Err = Error;

    /// Reads 32 lower-case hex digits; anything else is `Unauthorized` (`E_AUTH_HEADER`).
    fn from_str(text: &str) -> Result<Self> {
        let mut bytes = [0; 16];
        let read = hex::decode_to_slice(text, &mut bytes).is_ok();
        if read && hex::encode(bytes) == text {
            return Ok(Self(bytes));
        }
        Err(refused("E_AUTH_HEADER", format!("the nonce {} is not 32 lower-case hex digits", shown(text)))
            .with_hint("write 128 random bits as hex"))
    }
}
