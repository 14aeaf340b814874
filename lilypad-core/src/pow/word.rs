//! The 256-bit numbers of the contract: nonces, hashes, difficulties.

use std::fmt;
use std::str::FromStr;

use ruint::aliases::U256;

use crate::error::{Error, Result};

/// A number from 0 to 2^256 − 1; written in decimal, as the contract's tools do, or read as `0x…`.
///
/// ```
/// use lilypad_core::pow::Word;
/// let word: Word = "0x100".parse()?;
/// assert_eq!((word.to_string().as_str(), word), ("256", Word::from(256)));
/// assert_eq!(Word::MAX.wrapping_add(1), Word::from(0));
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(U256);

impl Word {
    /// 2^256 − 1.
    pub const MAX: Self = Self(U256::MAX);

    /// From the 32 bytes of a contract's `uint256`.
    #[must_use]
    pub fn from_be_bytes(bytes: [u8; 32]) -> Self {
        Self(U256::from_be_bytes(bytes))
    }

    /// The 32 bytes of a contract's `uint256`.
    #[must_use]
    pub fn to_be_bytes(self) -> [u8; 32] {
        self.0.to_be_bytes()
    }

    /// The sum, as a counter that starts again at 0.
    #[must_use]
    pub fn wrapping_add(self, more: u64) -> Self {
        Self(self.0.wrapping_add(U256::from(more)))
    }

    /// Divided by 2^`bits`.
    #[must_use]
    pub fn shifted_right(self, bits: usize) -> Self {
        Self(self.0.wrapping_shr(bits))
    }

    /// Its highest 64 bits.
    pub(super) fn top(self) -> u64 {
        self.0.as_limbs()[3]
    }
}

impl From<u64> for Word {
    fn from(value: u64) -> Self {
        Self(U256::from(value))
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Word {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (digits, radix) = match text.strip_prefix("0x") {
            Some(digits) => (digits, 16),
            None => (text, 10),
        };
        // The underlying parser also takes `_` and an empty text.
        let plain = (1..=78).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let read = if plain { U256::from_str_radix(digits, radix).ok() } else { None };
        read.map(Self).ok_or_else(|| {
            let shown: String = text.chars().take(80).collect();
            Error::invalid("E_NUMBER", format!("{shown:?} is no whole number below 2^256"))
                .with_hint("write it in decimal, or as 0x and hexadecimal digits")
        })
    }
}
