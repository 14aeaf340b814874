//! Account addresses.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha3::{Digest, Keccak256};

use crate::error::{Error, Result};

/// An account: 20 bytes, written with the mixed-case checksum of EIP-55.
///
/// ```
/// use lilypad_core::model::Address;
/// let address: Address = "0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc".parse()?;
/// assert_eq!(address.to_string(), "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc");
/// assert_eq!("0x9965507d1a55bcC2695C58ba16FB37d819B0A4dc".parse::<Address>().unwrap_err().code(), "E_ADDRESS");
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address([u8; 20]);

impl Address {
    /// The address that nobody owns.
    pub const ZERO: Self = Self([0; 20]);

    /// An address from its bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The 40 digits with their checksum: a letter is upper-case where the hash of the digits says so.
    fn digits(self) -> String {
        let lower = hex::encode(self.0);
        let hash = Keccak256::digest(lower.as_bytes());
        let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        lower.chars().zip(nibbles).map(|(digit, nibble)| raise(digit, nibble)).collect()
    }
}

fn raise(digit: char, nibble: u8) -> char {
    if nibble >= 8 { digit.to_ascii_uppercase() } else { digit }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", self.digits())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Address {
    type Err = Error;

    /// Reads `0x` and 40 hex digits: all lower-case, all upper-case, or with a right checksum.
    fn from_str(text: &str) -> Result<Self> {
        let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 40);
        let mut bytes = [0; 20];
        let Some(digits) = digits.filter(|digits| hex::decode_to_slice(digits, &mut bytes).is_ok()) else {
            return Err(refuse(text, "is not 0x and 40 hex digits"));
        };
        let address = Self(bytes);
        let mixed = digits.contains(|digit: char| digit.is_ascii_lowercase())
            && digits.contains(|digit: char| digit.is_ascii_uppercase());
        if mixed && address.digits() != digits {
            return Err(refuse(text, "has a wrong checksum"));
        }
        Ok(address)
    }
}

fn refuse(text: &str, why: &str) -> Error {
    let shown: String = text.chars().take(50).collect();
    Error::invalid("E_ADDRESS", format!("address {shown:?} {why}")).with_hint("copy it again from its source")
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_eip_55_keep_their_case() {
        // From the text of EIP-55.
        for text in [
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "0xde709f2102306220921060314715629080e2fb77",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
            "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn one_case_needs_no_checksum_and_a_wrong_one_is_refused() {
        let right = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        let lower = right.to_lowercase();
        let upper = format!("0x{}", right[2..].to_uppercase());
        assert_eq!(lower.parse::<Address>().unwrap(), upper.parse().unwrap());
        for wrong in [
            "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0X5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
            "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae",
            "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaeg",
            "0x5aaeb6053f3e94c9b9a09f33669435e7ef1bea\u{e9}",
            "pond.eth",
            "",
        ] {
            assert_eq!(wrong.parse::<Address>().unwrap_err().code(), "E_ADDRESS", "{wrong}");
        }
    }
}
