//! From a passphrase to a key, slowly; and not slower than we are willing to be made by a stranger's file.

use sha2::Sha256;
use zeroize::Zeroizing;

use super::Passphrase;
use super::file::{damaged, unsupported};
use crate::error::{Error, Result};

/// Most memory that opening a file may take, in bytes: twice what geth writes.
pub const MAX_KEYSTORE_MEMORY: u64 = 512 << 20;
/// Most scrypt work, as `n × r × p`: eight times what geth writes.
pub const MAX_KEYSTORE_WORK: u64 = 1 << 24;
/// Most pbkdf2 rounds.
pub const MAX_KEYSTORE_ROUNDS: u64 = 10_000_000;
/// Longest salt, in bytes.
pub const MAX_KEYSTORE_SALT: usize = 256;

/// How much a guess at the passphrase of a new file costs. Both are scrypt with the parameters that geth writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KeystoreCost {
    /// About a second and 256 MiB.
    #[default]
    Standard,
    /// Tenths of a second and 4 MiB: for machines that are too small for the other.
    Light,
}

/// A key derivation with its parameters, all within the limits.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Kdf {
    /// RFC 7914; `n` is 2 to the `log_n`.
    Scrypt { log_n: u8, r: u32, p: u32, salt: Vec<u8> },
    /// RFC 8018 with HMAC-SHA-256.
    Pbkdf2 { rounds: u32, salt: Vec<u8> },
}

impl Kdf {
    pub(super) fn fresh(cost: KeystoreCost, salt: [u8; 32]) -> Self {
        let salt = salt.to_vec();
        match cost {
            KeystoreCost::Standard => Self::Scrypt { log_n: 18, r: 8, p: 1, salt },
            KeystoreCost::Light => Self::Scrypt { log_n: 12, r: 8, p: 6, salt },
        }
    }

    pub(super) fn scrypt(n: u64, r: u64, p: u64, salt: Vec<u8>) -> Result<Self> {
        check_salt(&salt)?;
        if n < 2 || !n.is_power_of_two() {
            return Err(damaged("scrypt's n is not a power of two above 1"));
        }
        if r == 0 || p == 0 {
            return Err(damaged("scrypt's r or p is zero"));
        }
        // p blocks stand in memory beside the n of the table.
        let memory = n.checked_add(p).and_then(|blocks| blocks.checked_mul(r)?.checked_mul(128));
        within("memory for scrypt's n, r and p, in bytes", memory, MAX_KEYSTORE_MEMORY)?;
        let work = n.checked_mul(r).and_then(|work| work.checked_mul(p));
        within("scrypt's n × r × p", work, MAX_KEYSTORE_WORK)?;
        match (u8::try_from(n.trailing_zeros()), u32::try_from(r), u32::try_from(p)) {
            (Ok(log_n), Ok(r), Ok(p)) => Ok(Self::Scrypt { log_n, r, p, salt }),
            _ => Err(damaged("scrypt's n, r or p is out of range")),
        }
    }

    pub(super) fn pbkdf2(rounds: u64, prf: &str, salt: Vec<u8>) -> Result<Self> {
        check_salt(&salt)?;
        if prf != "hmac-sha256" {
            return Err(unsupported("pbkdf2 with another prf than hmac-sha256"));
        }
        within("pbkdf2's rounds (c)", Some(rounds), MAX_KEYSTORE_ROUNDS)?;
        match u32::try_from(rounds) {
            Ok(rounds) if rounds > 0 => Ok(Self::Pbkdf2 { rounds, salt }),
            _ => Err(damaged("pbkdf2's rounds (c) are zero")),
        }
    }

    pub(super) fn derive(&self, passphrase: &Passphrase) -> Result<Zeroizing<[u8; 32]>> {
        let mut key = Zeroizing::new([0; 32]);
        match self {
            Self::Scrypt { log_n, r, p, salt } => {
                let params = scrypt::Params::new(*log_n, *r, *p)
                    .map_err(|_| damaged("scrypt refuses its n, r and p"))?;
                scrypt::scrypt(passphrase.as_bytes(), salt, &params, key.as_mut())
                    .map_err(|_| Error::unexpected("scrypt refuses to make 32 bytes"))?;
            }
            Self::Pbkdf2 { rounds, salt } => {
                pbkdf2::pbkdf2_hmac::<Sha256>(passphrase.as_bytes(), salt, *rounds, key.as_mut());
            }
        }
        Ok(key)
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Scrypt { .. } => "scrypt",
            Self::Pbkdf2 { .. } => "pbkdf2",
        }
    }
}

fn check_salt(salt: &[u8]) -> Result<()> {
    within("salt, in bytes", Some(salt.len() as u64), MAX_KEYSTORE_SALT as u64)
}

/// Refuses a number above its limit; `None` is above every limit.
fn within(what: &str, got: Option<u64>, limit: u64) -> Result<()> {
    if got.is_some_and(|got| got <= limit) {
        return Ok(());
    }
    let got = got.map_or_else(|| "more than can be counted".to_owned(), |got| got.to_string());
    Err(Error::invalid(
        "E_KEYSTORE_LIMIT",
        format!("the key file asks for too much: {what}: {got}, at most {limit}"),
    )
    .with_hint("open it with the program that wrote it, and export the key again with usual parameters")
    .with("limit", limit)
    .with("got", got))
}
