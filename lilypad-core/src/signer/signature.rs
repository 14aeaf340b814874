//! A recoverable secp256k1 signature in its one canonical form.

use std::fmt;
use std::str::FromStr;

use k256::ecdsa::{RecoveryId, Signature as EcdsaSignature, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::typed_data::keccak;
use crate::error::{Error, ErrorKind, Fault, Result};
use crate::model::Address;

/// A recoverable secp256k1 signature: `r`, `s` in the lower half, `v` 27 or 28.
///
/// Its text form is `0x` and 130 lower-case hex digits; no other form is read, so that one signature has one text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature([u8; 65]);

impl Signature {
    /// Reads `r ‖ s ‖ v`; `v` may be 0, 1, 27 or 28 and is kept as 27 or 28.
    ///
    /// # Errors
    /// `Unauthorized` (`E_SIGNATURE`): wrong length, `v` out of range, `s` in the upper half, `r` or `s` zero.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut own: [u8; 65] =
            bytes.try_into().map_err(|_| bad(format!("a signature has 65 bytes, got {}", bytes.len())))?;
        own[64] = match own[64] {
            v @ (0 | 1) => v + 27,
            v @ (27 | 28) => v,
            v => return Err(bad(format!("the last byte of a signature is 0, 1, 27 or 28, got {v}"))),
        };
        let signature = EcdsaSignature::from_slice(&own[..64]).map_err(|_| bad("r or s is out of range"))?;
        if signature.normalize_s() != signature {
            return Err(bad("s lies in the upper half of the range"));
        }
        Ok(Self(own))
    }

    /// `r ‖ s ‖ v` with `v` 27 or 28.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 65] {
        &self.0
    }

    /// The account that made this signature over `digest`.
    ///
    /// # Errors
    /// `Unauthorized` (`E_SIGNATURE`) where no account can have.
    pub fn recover(&self, digest: &[u8; 32]) -> Result<Address> {
        let signature =
            EcdsaSignature::from_slice(&self.0[..64]).map_err(|_| bad("r or s is out of range"))?;
        let id = RecoveryId::from_byte(self.0[64].wrapping_sub(27)).ok_or_else(|| bad("bad recovery id"))?;
        let key = VerifyingKey::recover_from_prehash(digest, &signature, id)
            .map_err(|_| bad("no account can have made this signature"))?;
        Ok(address_of(&key))
    }

    /// Checks that `signer` made this signature over `digest`.
    ///
    /// # Errors
    /// `VerificationFailed` (`E_SIGNATURE`) where somebody else did.
    pub fn verify(&self, digest: &[u8; 32], signer: Address) -> Result<()> {
        match self.recover(digest) {
            Ok(found) if found == signer => Ok(()),
            Ok(found) => Err(Error::new(
                ErrorKind::VerificationFailed,
                "E_SIGNATURE",
                format!("signed by {found}, not by {signer}, or changed after it was signed"),
            )),
            Err(source) => Err(Error::new(ErrorKind::VerificationFailed, "E_SIGNATURE", source.to_string())),
        }
        .map_err(|error| error.with_fault(Fault::Unknown).with("signer", signer))
    }

    pub(super) fn from_parts(signature: &EcdsaSignature, id: RecoveryId) -> Self {
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = 27 + (id.to_byte() & 1);
        Self(bytes)
    }
}

/// The account of a public key: the last 20 bytes of the keccak of its coordinates.
pub(super) fn address_of(key: &VerifyingKey) -> Address {
    let point = key.to_sec1_point(false);
    let hash = keccak(point.as_bytes().get(1..).unwrap_or_default());
    let mut bytes = [0; 20];
    bytes.copy_from_slice(&hash[12..]);
    Address::new(bytes)
}

fn bad(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unauthorized, "E_SIGNATURE", why)
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Signature {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let digits = text.strip_prefix("0x").ok_or_else(|| bad("a signature starts with 0x"))?;
        let bytes = hex::decode(digits).map_err(|_| bad("a signature is 0x and 130 hex digits"))?;
        let signature = Self::from_bytes(&bytes)?;
        if signature.to_string() != text {
            return Err(bad("a signature is written in lower case and ends in 1b or 1c"));
        }
        Ok(signature)
    }
}

crate::model::schema::texts! {
    Signature: "^0x[0-9a-f]{128}(1b|1c)$", "A signature: r, s in the lower half, and v.";
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
