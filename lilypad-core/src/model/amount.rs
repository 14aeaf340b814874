//! Money, to the last wei.

use std::fmt;
use std::str::FromStr;

use ruint::aliases::{U256, U512};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// Wei in one LP: 10^18.
const WEI_PER_LP: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

/// Digits after the point of a number of LP.
const LP_DECIMALS: usize = 18;

/// An amount of LP in wei (10^-18 LP), from 0 to 2^256 − 1. Arithmetic never wraps and never loses a wei.
///
/// Printed and read in LP; in JSON a decimal string of wei, which every language keeps whole.
///
/// ```
/// use lilypad_core::model::Amount;
/// let amount: Amount = "0.00005 LP".parse()?;
/// assert_eq!(amount, Amount::from_wei(50_000_000_000_000));
/// assert_eq!(amount.to_string(), "0.00005 LP");
/// assert_eq!(serde_json::to_string(&amount).unwrap(), "\"50000000000000\"");
/// assert_eq!(Amount::from_lp(1).checked_sub(Amount::from_lp(2)), None);
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(U256);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(U256::ZERO);

    /// 2^256 − 1 wei.
    pub const MAX: Self = Self(U256::MAX);

    /// An amount in wei.
    #[must_use]
    pub fn from_wei(wei: u128) -> Self {
        Self(U256::from(wei))
    }

    /// An amount in whole LP: what the wire's prices count.
    #[must_use]
    pub fn from_lp(lp: u64) -> Self {
        // 2^64 × 10^18 is far below 2^256.
        Self(U256::from(lp).saturating_mul(WEI_PER_LP))
    }

    /// An amount from the 32 bytes of a contract's `uint256`.
    #[must_use]
    pub fn from_be_bytes(bytes: [u8; 32]) -> Self {
        Self(U256::from_be_bytes(bytes))
    }

    /// The 32 bytes of a contract's `uint256`.
    #[must_use]
    pub fn to_be_bytes(self) -> [u8; 32] {
        self.0.to_be_bytes()
    }

    /// The wei, where they fit.
    #[must_use]
    pub fn as_wei(self) -> Option<u128> {
        u128::try_from(self.0).ok()
    }

    /// The wei in decimal digits: the JSON form.
    #[must_use]
    pub fn to_wei_string(self) -> String {
        self.0.to_string()
    }

    /// Reads decimal digits of wei: the JSON form.
    ///
    /// # Errors
    /// `InvalidInput` (`E_AMOUNT`) for anything but 1 to 78 digits, or more than 2^256 − 1.
    pub fn from_wei_str(text: &str) -> Result<Self> {
        digits(U256::ZERO, text).map(Self).ok_or_else(|| refuse(text, "is not a number of wei below 2^256"))
    }

    /// True for nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The sum; `None` above 2^256 − 1.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference; `None` below zero.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The product; `None` above 2^256 − 1.
    #[must_use]
    pub fn checked_mul(self, factor: u64) -> Option<Self> {
        self.0.checked_mul(U256::from(factor)).map(Self)
    }

    /// The sum of all; `None` above 2^256 − 1.
    #[must_use]
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// `self × numerator ÷ denominator`, rounded down; exact in between.
    ///
    /// `None` for a zero denominator or a result above 2^256 − 1.
    #[must_use]
    pub fn mul_div_floor(self, numerator: Self, denominator: Self) -> Option<Self> {
        let (quotient, _) = self.mul_div(numerator, denominator)?;
        U256::checked_from_limbs_slice(quotient.as_limbs()).map(Self)
    }

    /// `self × numerator ÷ denominator`, rounded up; exact in between.
    ///
    /// `None` for a zero denominator or a result above 2^256 − 1.
    #[must_use]
    pub fn mul_div_ceil(self, numerator: Self, denominator: Self) -> Option<Self> {
        let (quotient, exact) = self.mul_div(numerator, denominator)?;
        let up = if exact { quotient } else { quotient.checked_add(U512::ONE)? };
        U256::checked_from_limbs_slice(up.as_limbs()).map(Self)
    }

    /// The quotient rounded down, and whether nothing remained.
    fn mul_div(self, numerator: Self, denominator: Self) -> Option<(U512, bool)> {
        if denominator.is_zero() {
            return None;
        }
        let product = self.wide()?.checked_mul(numerator.wide()?)?;
        let (quotient, rest) = product.div_rem(denominator.wide()?);
        Some((quotient, rest.is_zero()))
    }

    /// The same number with room for products.
    pub(super) fn wide(self) -> Option<U512> {
        U512::checked_from_limbs_slice(self.0.as_limbs())
    }
}

impl From<u64> for Amount {
    /// Wei.
    fn from(wei: u64) -> Self {
        Self(U256::from(wei))
    }
}

impl From<u128> for Amount {
    /// Wei.
    fn from(wei: u128) -> Self {
        Self(U256::from(wei))
    }
}

/// Appends decimal digits to a number.
fn digits(start: U256, text: &str) -> Option<U256> {
    if text.is_empty() || text.len() > 78 {
        return None;
    }
    text.chars().try_fold(start, |number, digit| {
        let digit = digit.to_digit(10)?;
        number.checked_mul(U256::from(10_u8))?.checked_add(U256::from(digit))
    })
}

fn refuse(text: &str, why: &str) -> Error {
    let shown: String = text.chars().take(100).collect();
    Error::invalid("E_AMOUNT", format!("amount {shown:?} {why}")).with("amount", shown)
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = self.0.div_rem(WEI_PER_LP);
        if rest.is_zero() {
            return write!(f, "{whole} LP");
        }
        let rest = format!("{rest:0>LP_DECIMALS$}");
        write!(f, "{whole}.{} LP", rest.trim_end_matches('0'))
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Amount {
    type Err = Error;

    /// Reads a decimal number of LP with at most 18 digits after the point, with or without ` LP` behind it; or whole
    /// wei with ` wei` behind it.
    fn from_str(text: &str) -> Result<Self> {
        if let Some(wei) = text.strip_suffix(" wei") {
            return Self::from_wei_str(wei);
        }
        let number = text.strip_suffix(" LP").unwrap_or(text);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        if fraction.is_empty() || fraction.len() > LP_DECIMALS {
            return Err(refuse(text, "needs 1 to 18 digits after the point"));
        }
        digits(U256::ZERO, whole)
            .and_then(|whole| digits(whole, &format!("{fraction:0<LP_DECIMALS$}")))
            .map(Self)
            .ok_or_else(|| {
                refuse(text, "is not a number of LP below 2^256 wei").with_hint("write it like `0.00005 LP`")
            })
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Self::from_wei_str(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
