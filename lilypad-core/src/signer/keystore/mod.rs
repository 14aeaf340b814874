//! Encrypted key files in the Web3 Secret Storage format, version 3: what geth, Foundry and wallets write and read.
//!
//! Layout: `passphrase` what opens a file; `kdf` the slow way from it to a key, within limits; `file` the JSON form.

mod file;
mod kdf;
mod passphrase;

pub use file::KEYSTORE_BYTES;
pub use kdf::{KeystoreCost, MAX_KEYSTORE_MEMORY, MAX_KEYSTORE_ROUNDS, MAX_KEYSTORE_SALT, MAX_KEYSTORE_WORK};
pub use passphrase::{PASSPHRASE_BYTES, Passphrase};

use std::fmt;

use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use zeroize::Zeroizing;

use self::kdf::Kdf;
use super::typed_data::keccak;
use super::{LocalSigner, Signer as _};
use crate::error::{Error, ErrorKind, Fault, Result};
use crate::model::Address;
use crate::rt::Random;

/// A key that is encrypted under a passphrase.
///
/// Opening one takes about a second and up to 256 MiB of memory, on purpose: call it where it may block.
///
/// ```
/// use lilypad_core::signer::{Keystore, KeystoreCost, LocalSigner, Passphrase, Signer};
/// let signer = LocalSigner::random()?;
/// let passphrase = Passphrase::new("correct horse battery staple".to_owned())?;
/// let file = Keystore::encrypt(&signer, &passphrase, KeystoreCost::Light)?.to_json();
/// let again = Keystore::from_json(&file)?.decrypt(&passphrase)?;
/// assert_eq!(again.address(), signer.address());
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Keystore {
    address: Option<Address>,
    id: Option<String>,
    kdf: Kdf,
    iv: [u8; 16],
    ciphertext: [u8; 32],
    mac: [u8; 32],
}

impl Keystore {
    /// Encrypts the key of `signer` under `passphrase`, with a fresh salt.
    ///
    /// # Errors
    /// `Unexpected` where the operating system gives no random numbers.
    pub fn encrypt(signer: &LocalSigner, passphrase: &Passphrase, cost: KeystoreCost) -> Result<Self> {
        let mut random = Random::system();
        let kdf = Kdf::fresh(cost, random.bytes()?);
        let [iv, id] = halves(random.bytes()?);
        let derived = kdf.derive(passphrase)?;
        let mut secret = secret(signer);
        apply(&derived, iv, &mut secret);
        let ciphertext = *secret;
        let mac = mac(&derived, &ciphertext);
        Ok(Self { address: Some(signer.address()), id: Some(uuid(id)), kdf, iv, ciphertext, mac })
    }

    /// Opens the file.
    ///
    /// # Errors
    /// `Unauthorized` (`E_KEYSTORE_PASSPHRASE`) where the passphrase is another one, or the encrypted part was changed:
    /// the two cannot be told apart. `InvalidInput` (`E_KEYSTORE_FORMAT`) where no key comes out;
    /// `VerificationFailed` (`E_KEYSTORE_ADDRESS`) where it is the key of another account than the file says.
    pub fn decrypt(&self, passphrase: &Passphrase) -> Result<LocalSigner> {
        let derived = self.kdf.derive(passphrase)?;
        if mac(&derived, &self.ciphertext) != self.mac {
            return Err(Error::new(
                ErrorKind::Unauthorized,
                "E_KEYSTORE_PASSPHRASE",
                "the passphrase does not open the key file",
            )
            .with_hint("check the passphrase; where it is surely right, the file is damaged: take a copy"));
        }
        let mut secret = Zeroizing::new(self.ciphertext);
        apply(&derived, self.iv, &mut secret);
        let signer =
            LocalSigner::from_bytes(secret.as_ref()).map_err(|_| file::damaged("it holds no key"))?;
        match self.address {
            // The code that guards the ciphertext guards neither the address nor the start value.
            Some(stated) if stated != signer.address() => Err(Error::new(
                ErrorKind::VerificationFailed,
                "E_KEYSTORE_ADDRESS",
                format!("the key file says {stated} and holds the key of {}", signer.address()),
            )
            .with_fault(Fault::User)
            .with_hint("the file was changed or damaged: take a copy")),
            _ => Ok(signer),
        }
    }

    /// The account that the file says it holds; not proven before the file is opened, and not in every file.
    #[must_use]
    pub fn address(&self) -> Option<Address> {
        self.address
    }

    /// How the key is derived from the passphrase: `scrypt` or `pbkdf2`.
    #[must_use]
    pub fn kdf(&self) -> &'static str {
        self.kdf.name()
    }
}

impl fmt::Debug for Keystore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address.map_or_else(|| "no address".to_owned(), |address| address.to_string());
        write!(f, "Keystore({address}, {})", self.kdf())
    }
}

fn secret(signer: &LocalSigner) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(signer.key.to_bytes().into())
}

/// AES-128 in counter mode, which is its own inverse.
fn apply(derived: &[u8; 32], iv: [u8; 16], bytes: &mut [u8; 32]) {
    let [key, _] = halves(*derived);
    let key = Zeroizing::new(key);
    ctr::Ctr128BE::<aes::Aes128>::new((&*key).into(), (&iv).into()).apply_keystream(bytes);
}

fn mac(derived: &[u8; 32], ciphertext: &[u8; 32]) -> [u8; 32] {
    let mut body = Zeroizing::new([0; 48]);
    body[..16].copy_from_slice(&derived[16..]);
    body[16..].copy_from_slice(ciphertext);
    keccak(&*body)
}

fn halves(bytes: [u8; 32]) -> [[u8; 16]; 2] {
    let (mut left, mut right) = ([0; 16], [0; 16]);
    left.copy_from_slice(&bytes[..16]);
    right.copy_from_slice(&bytes[16..]);
    [left, right]
}

/// Random bytes as a UUID, version 4.
fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = hex::encode(bytes);
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    text
}

#[cfg(test)]
mod tests;
