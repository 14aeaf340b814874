//! What work costs.

use std::cmp::Ordering;
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use ruint::aliases::{U256, U512};
use serde::{Deserialize, Serialize};

use super::Amount;
use crate::error::{Error, Result};

/// What a price counts.
///
/// Seconds are counted in whole milliseconds, so that short jobs have a price and every count is an integer: 3 LP for a
/// second is `Rate::new(3 LP, 1_000)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WorkUnit {
    /// Metered WebAssembly instructions.
    #[default]
    Instructions,
    /// Time on one CPU; counted in milliseconds.
    CpuSeconds,
    /// Time on one GPU; counted in milliseconds.
    GpuSeconds,
    /// The job as a whole: it costs one unit, or none where nothing was done.
    Fixed,
}

impl WorkUnit {
    /// Every unit.
    pub const ALL: [Self; 4] = [Self::Instructions, Self::CpuSeconds, Self::GpuSeconds, Self::Fixed];

    /// The name in prices and receipts (`instructions`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::CpuSeconds => "cpu_seconds",
            Self::GpuSeconds => "gpu_seconds",
            Self::Fixed => "fixed",
        }
    }

    /// What is counted for one of what the unit is named after: 1,000 milliseconds for a second, else 1.
    #[must_use]
    pub fn count_per_unit(self) -> u64 {
        match self {
            Self::CpuSeconds | Self::GpuSeconds => 1_000,
            Self::Instructions | Self::Fixed => 1,
        }
    }

    /// The most that one job can count.
    #[must_use]
    pub fn most(self) -> u64 {
        match self {
            Self::Fixed => 1,
            Self::Instructions | Self::CpuSeconds | Self::GpuSeconds => u64::MAX,
        }
    }
}

impl fmt::Display for WorkUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A price: so much per so many work units. Fractions of a wei are never charged.
///
/// ```
/// use lilypad_core::model::{Amount, Rate};
/// let rate = Rate::new("0.00005 LP".parse()?, 1_000_000)?;
/// assert_eq!(rate.cost(2_500_000).unwrap().to_string(), "0.000125 LP");
/// assert_eq!(rate.affordable_units("0.0001 LP".parse()?), 2_000_000);
/// assert_eq!(Rate::FREE.cost(u64::MAX), Some(Amount::ZERO));
/// assert_eq!(rate.to_string().parse::<Rate>()?, rate);
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Rate {
    amount: Amount,
    per: NonZeroU64,
}

impl Default for Rate {
    /// [`Rate::FREE`].
    fn default() -> Self {
        Self::FREE
    }
}

impl Rate {
    /// Nothing for any work.
    pub const FREE: Self = Self { amount: Amount::ZERO, per: NonZeroU64::MIN };

    /// `amount` for every `per` work units.
    ///
    /// # Errors
    /// `InvalidInput` (`E_RATE`) where `per` is zero.
    pub fn new(amount: Amount, per: u64) -> Result<Self> {
        let per = NonZeroU64::new(per)
            .ok_or_else(|| Error::invalid("E_RATE", "a price per 0 work units has no meaning"))?;
        Ok(Self { amount, per })
    }

    /// What [`Rate::per`] work units cost.
    #[must_use]
    pub fn amount(self) -> Amount {
        self.amount
    }

    /// How many work units [`Rate::amount`] pays for.
    #[must_use]
    pub fn per(self) -> NonZeroU64 {
        self.per
    }

    /// True where nothing is charged.
    #[must_use]
    pub fn is_free(self) -> bool {
        self.amount.is_zero()
    }

    /// What `units` cost, rounded down: in the payer's favour. `None` above 2^256 − 1 wei.
    #[must_use]
    pub fn cost(self, units: u64) -> Option<Amount> {
        self.amount.mul_div_floor(Amount::from(units), Amount::from(self.per.get()))
    }

    /// A number that orders prices of equal work: a lower one is never dearer, and prices with one number differ by less
    /// than one part in 2^118. Quick to compare and to keep; [`Rate::cmp_price`] is exact.
    ///
    /// It is the length of `floor(amount × 2^192 ÷ per)` in bits (9 bits), then its 119 leading bits.
    #[must_use]
    pub fn rank(self) -> u128 {
        const LEADING: usize = 119;
        let rank = || {
            let scaled = self.amount.wide()?.checked_shl(192)?.checked_div(U512::from(self.per.get()))?;
            let length = scaled.bit_len();
            let leading = match length.checked_sub(LEADING) {
                Some(surplus) => scaled >> surplus,
                None => scaled << LEADING.saturating_sub(length),
            };
            let leading = u128::try_from(leading).ok()?;
            Some((u128::try_from(length).ok()? << LEADING) | leading.checked_rem(1 << LEADING)?)
        };
        if self.is_free() { 0 } else { rank().unwrap_or(u128::MAX) }
    }

    /// Compares the prices of equal work, exactly: `2 per 4` is the same price as `1 per 2`.
    #[must_use]
    pub fn cmp_price(self, other: Self) -> Ordering {
        if self.per == other.per {
            return self.amount.cmp(&other.amount);
        }
        // Products of 256 and 64 bits fit 512.
        let scaled = |rate: Self, per: NonZeroU64| rate.amount.wide()?.checked_mul(U512::from(per.get()));
        scaled(self, other.per).cmp(&scaled(other, self.per))
    }

    /// The most units whose cost is not above `cap`.
    #[must_use]
    pub fn affordable_units(self, cap: Amount) -> u64 {
        // floor(n × amount ÷ per) ≤ cap  ⇔  n × amount < (cap + 1) × per. At most 2^256 × 2^64: fits 512 bits.
        let most = || {
            let above = cap.wide()?.checked_add(U512::ONE)?.checked_mul(U512::from(self.per.get()))?;
            let units = above.checked_sub(U512::ONE)?.checked_div(self.amount.wide()?)?;
            u64::try_from(U256::checked_from_limbs_slice(units.as_limbs())?).ok()
        };
        most().unwrap_or(u64::MAX)
    }
}

impl FromStr for Rate {
    type Err = Error;

    /// Reads what [`Display`](fmt::Display) writes: an amount, ` per ` and a number of work units (`0.01 LP per 1000000000`).
    fn from_str(text: &str) -> Result<Self> {
        let refuse = || {
            let shown: String = text.chars().take(100).collect();
            Error::invalid("E_RATE", format!("{shown:?} is not a price of work"))
                .with_hint("write it like `0.01 LP per 1000000000`")
                .with("got", shown)
        };
        let (amount, per) = text.split_once(" per ").ok_or_else(refuse)?;
        let per = Some(per).filter(|per| per.bytes().all(|byte| byte.is_ascii_digit()));
        let per = per.and_then(|per| per.parse().ok()).ok_or_else(refuse)?;
        Self::new(amount.parse()?, per)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} per {}", self.amount, self.per)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_written_by_its_name() {
        for unit in WorkUnit::ALL {
            assert_eq!(serde_json::to_string(&unit).unwrap(), format!("\"{unit}\""));
        }
    }
}
