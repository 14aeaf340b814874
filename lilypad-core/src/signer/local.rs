//! A key in this process.

use std::fmt;

use k256::ecdsa::SigningKey;
use zeroize::Zeroizing;

use super::signature::address_of;
use super::{Signature, Signer, TypedData};
use crate::error::{Error, ErrorKind, Result};
use crate::model::Address;
use crate::rt::{BoxFuture, Random};

/// A secp256k1 key in this process. Never prints, logs or serialises the key; the memory is wiped when it is dropped.
///
/// ```
/// use lilypad_core::signer::{LocalSigner, Signer};
/// // A well-known development key: never fund it.
/// let key = "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba";
/// let signer = LocalSigner::from_hex(key)?;
/// assert_eq!(signer.address().to_string(), "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc");
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone)]
pub struct LocalSigner {
    pub(super) key: SigningKey,
    address: Address,
}

impl LocalSigner {
    /// Reads a private key of 64 hex digits, with or without `0x`.
    ///
    /// # Errors
    /// `Unauthorized` (`E_KEY`); the message never shows what was given.
    pub fn from_hex(text: &str) -> Result<Self> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits, bytes.as_mut()).map_err(|_| bad_key())?;
        Self::from_bytes(bytes.as_ref())
    }

    /// Reads a private key of 32 bytes.
    ///
    /// # Errors
    /// `Unauthorized` (`E_KEY`) where the bytes are not a key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let key = SigningKey::from_slice(bytes).map_err(|_| bad_key())?;
        let address = address_of(key.verifying_key());
        Ok(Self { key, address })
    }

    /// A new key from the operating system's random numbers.
    ///
    /// # Errors
    /// `Unexpected` where the operating system gives none.
    pub fn random() -> Result<Self> {
        Self::generate(&mut Random::system())
    }

    /// A new key from `random`; the same key for the same seed.
    pub(crate) fn generate(random: &mut Random) -> Result<Self> {
        // A random 32-byte string is not a key once in 2^128: try again then.
        loop {
            if let Ok(signer) = Self::from_bytes(Zeroizing::new(random.bytes()?).as_ref()) {
                return Ok(signer);
            }
        }
    }

    /// Signs a 32-byte digest (RFC 6979, so the same digest has the same signature).
    #[must_use]
    pub fn sign_digest(&self, digest: &[u8; 32]) -> Signature {
        let (signature, id) = self.key.sign_prehash_recoverable(digest);
        Signature::from_parts(&signature, id)
    }
}

impl Signer for LocalSigner {
    fn address(&self) -> Address {
        self.address
    }

    fn sign<'a>(&'a self, data: &'a TypedData) -> BoxFuture<'a, Result<Signature>> {
        Box::pin(async move { Ok(self.sign_digest(&data.digest())) })
    }
}

impl fmt::Debug for LocalSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalSigner({})", self.address)
    }
}

fn bad_key() -> Error {
    Error::new(ErrorKind::Unauthorized, "E_KEY", "the private key is not 64 hex digits of a secp256k1 key")
        .with_hint("a key is not a seed phrase; export the account's private key from the wallet")
}
