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
/// Seconds are counted in nanoseconds, so that short jobs have a price and every count is an integer: 3 LP for a second is
/// `Rate::new(3 LP, 1_000_000_000)`. One CPU runs about as many instructions in a second: one price fits both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WorkUnit {
    /// Metered WebAssembly instructions.
    #[default]
    Instructions,
    /// Time on one CPU; counted in nanoseconds. What containers are paid by.
    CpuSeconds,
    /// Time on one GPU; counted in nanoseconds. What kernels are paid by.
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

    /// What the work of an executor is counted in, by its name: containers by CPU time, kernels by GPU time, WebAssembly by
    /// instructions.
    #[must_use]
    pub fn of_executor(name: &str) -> Self {
        match name {
            "docker" => Self::CpuSeconds,
            "cuda" => Self::GpuSeconds,
            _ => Self::Instructions,
        }
    }

    /// A count in words: `1,000 instructions`, `0.250 s of CPU time`.
    #[must_use]
    pub fn in_words(self, count: u64) -> String {
        let seconds = |of: &str| {
            let millis = count / 1_000_000;
            format!("{}.{:03} s of {of} time", millis / 1_000, millis % 1_000)
        };
        match self {
            Self::Instructions => format!("{} instructions", grouped(count)),
            Self::CpuSeconds => seconds("CPU"),
            Self::GpuSeconds => seconds("GPU"),
            Self::Fixed => format!("{count} jobs"),
        }
    }

    /// What is counted for one of what the unit is named after: 10^9 nanoseconds for a second, else 1.
    #[must_use]
    pub fn count_per_unit(self) -> u64 {
        match self {
            Self::CpuSeconds | Self::GpuSeconds => 1_000_000_000,
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

/// A price that is none.
const FREE: &str = "free";
/// What stands behind a number of instructions.
const WORK_UNITS: &str = " work units";

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

    /// The price of work in words (`0.01 LP per 1,000,000,000 work units`, `free`); what is written so can be
    /// read again.
    #[must_use]
    pub fn in_words(self) -> String {
        if self.is_free() {
            return FREE.to_owned();
        }
        format!("{} per {}{WORK_UNITS}", self.amount, grouped(self.per.get()))
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

    /// Reads what [`Display`](fmt::Display) and [`Rate::in_words`] write: `free`, or an amount, ` per ` and a number of
    /// work units, with or without commas and the words `work units` (`0.01 LP per 1000000000`).
    fn from_str(text: &str) -> Result<Self> {
        let refuse = || {
            let shown: String = text.chars().take(100).collect();
            Error::invalid("E_RATE", format!("{shown:?} is not a price of work"))
                .with_hint("write it like `0.01 LP per 1,000,000,000 work units`")
                .with("got", shown)
        };
        if text == FREE {
            return Ok(Self::FREE);
        }
        let (amount, per) = text.split_once(" per ").ok_or_else(refuse)?;
        let per = number(per.strip_suffix(WORK_UNITS).unwrap_or(per)).ok_or_else(refuse)?;
        Self::new(amount.parse()?, per)
    }
}

/// A number with a comma before every three of its digits.
///
/// ```
/// assert_eq!(lilypad_core::model::grouped(1_234_567), "1,234,567");
/// ```
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number in digits alone, or with a comma before every three of them.
fn number(text: &str) -> Option<u64> {
    let mut groups = text.split(',');
    let first = groups.next()?;
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let whole = text == first || (1..=3).contains(&first.len());
    if !whole || !digits(first) || !groups.all(|group| group.len() == 3 && digits(group)) {
        return None;
    }
    text.replace(',', "").parse().ok()
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
    fn a_count_is_written_with_its_unit() {
        assert_eq!(WorkUnit::of_executor("wasm").in_words(22_583_552), "22,583,552 instructions");
        assert_eq!(WorkUnit::of_executor("docker").in_words(22_583_552), "0.022 s of CPU time");
        assert_eq!(WorkUnit::of_executor("cuda").in_words(61_500_000_000), "61.500 s of GPU time");
    }

    #[test]
    fn a_unit_is_written_by_its_name() {
        for unit in WorkUnit::ALL {
            assert_eq!(serde_json::to_string(&unit).unwrap(), format!("\"{unit}\""));
        }
    }

    #[test]
    fn a_price_is_read_as_it_is_shown() {
        let rate = |text: &str| text.parse::<Rate>();
        let usual = rate("0.01 LP per 1000000000").unwrap();
        assert_eq!(usual.in_words(), "0.01 LP per 1,000,000,000 work units");
        assert_eq!(Rate::FREE.in_words(), "free");
        for per in [1, 999, 1_000, 25_000, 1_234_567, u64::MAX] {
            let price = Rate::new(Amount::from(3_u64), per).unwrap();
            assert_eq!(rate(&price.in_words()).unwrap(), price);
            assert_eq!(rate(&price.to_string()).unwrap(), price);
        }
        assert_eq!(rate("free").unwrap(), Rate::FREE);
        for text in [
            "1 LP per ",
            "1 LP per ,",
            "1 LP per 1,00",
            "1 LP per 1000,000",
            "1 LP per ,100",
            "1 LP per 1,000,",
            "1 LP per +1",
            "1 LP per 1 jobs",
            "1 LP per 1 instructions instructions",
            "Free",
        ] {
            assert_eq!(rate(text).unwrap_err().code(), "E_RATE", "{text}");
        }
    }
}
