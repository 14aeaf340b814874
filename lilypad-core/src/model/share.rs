//! An exact part of a whole.

use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::Amount;
use crate::error::{Error, Result};

/// A part of a whole as an exact fraction from 0 to 1. No floating point ever touches money.
///
/// ```
/// use lilypad_core::model::{Amount, Share};
/// let third = Share::new(1, 3)?;
/// assert_eq!(third.of(Amount::from_wei(100)), Amount::from_wei(33));
/// assert_eq!(third.rest(), Share::new(2, 3)?);
/// assert_eq!(Share::new(4, 3).unwrap_err().code(), "E_SHARE");
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "(u32, u32)", into = "(u32, u32)")]
pub struct Share {
    numerator: u32,
    denominator: NonZeroU32,
}

impl TryFrom<(u32, u32)> for Share {
    type Error = Error;

    fn try_from((numerator, denominator): (u32, u32)) -> Result<Self> {
        Self::new(numerator, denominator)
    }
}

impl From<Share> for (u32, u32) {
    fn from(share: Share) -> Self {
        (share.numerator, share.denominator.get())
    }
}

impl Share {
    /// Nothing.
    pub const ZERO: Self = Self { numerator: 0, denominator: NonZeroU32::MIN };

    /// `numerator ÷ denominator`.
    ///
    /// # Errors
    /// `InvalidInput` (`E_SHARE`) where the denominator is zero or the share above 1.
    pub fn new(numerator: u32, denominator: u32) -> Result<Self> {
        match NonZeroU32::new(denominator) {
            Some(denominator) if numerator <= denominator.get() => Ok(Self { numerator, denominator }),
            _ => Err(Error::invalid("E_SHARE", format!("{numerator}/{denominator} is no share from 0 to 1"))
                .with_hint("give a numerator that is not above the denominator")
                .with("limit", 1)
                .with("got", format!("{numerator}/{denominator}"))),
        }
    }

    /// The upper number.
    #[must_use]
    pub fn numerator(self) -> u32 {
        self.numerator
    }

    /// The lower number.
    #[must_use]
    pub fn denominator(self) -> NonZeroU32 {
        self.denominator
    }

    /// This part of `amount`, rounded down to a wei.
    #[must_use]
    pub fn of(self, amount: Amount) -> Amount {
        let (numerator, denominator) =
            (Amount::from(u64::from(self.numerator)), Amount::from(u64::from(self.denominator.get())));
        // A share is at most 1 and its denominator not zero, so the quotient is there and fits.
        amount.mul_div_floor(numerator, denominator).unwrap_or(Amount::ZERO)
    }

    /// What is left of 1.
    #[must_use]
    pub fn rest(self) -> Self {
        Self { numerator: self.denominator.get().saturating_sub(self.numerator), ..self }
    }

    /// True where the two shares are more than the whole together; exact.
    #[must_use]
    pub fn exceed_one(self, other: Self) -> bool {
        let wide = |number: u32| u128::from(number);
        let (a, b) = (wide(self.numerator), wide(self.denominator.get()));
        let (c, d) = (wide(other.numerator), wide(other.denominator.get()));
        // Products of 32 bits: the sums are far below 128 bits.
        a.saturating_mul(d).saturating_add(c.saturating_mul(b)) > b.saturating_mul(d)
    }

    /// True where this share is less than `numerator ÷ denominator`; exact.
    #[must_use]
    pub fn is_below(self, other: Self) -> bool {
        let product = |a: u32, b: NonZeroU32| u64::from(a).saturating_mul(u64::from(b.get()));
        product(self.numerator, other.denominator) < product(other.numerator, self.denominator)
    }
}

impl Default for Share {
    /// [`Share::ZERO`].
    fn default() -> Self {
        Self::ZERO
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_exact_up_to_the_largest_amount() {
        let most = u32::MAX;
        assert_eq!(Share::new(most, most).unwrap().of(Amount::MAX), Amount::MAX);
        assert_eq!(Share::new(0, 7).unwrap().of(Amount::MAX), Amount::ZERO);
        assert_eq!(Share::new(2, 3).unwrap().of(Amount::from_wei(5)), Amount::from_wei(3));
        assert_eq!(Share::new(1, 0).unwrap_err().code(), "E_SHARE");
    }

    #[test]
    fn sums_and_order_are_exact() {
        let share = |a, b| Share::new(a, b).unwrap();
        assert!(!share(1, 3).exceed_one(share(2, 3)));
        assert!(share(1, 3).exceed_one(share(2_000_001, 3_000_000)));
        assert!(share(u32::MAX, u32::MAX).exceed_one(share(1, u32::MAX)));
        assert!(share(1, 3).is_below(share(1, 2)) && !share(2, 4).is_below(share(1, 2)));
    }
}
