//! How likely something is, exact to millionths.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::multiple::{Multiple, millionths};
use crate::error::{Error, Result};

/// How likely something is: 0 (never) to 1 (always), in whole millionths. `0.1` and `10%` are the same.
///
/// ```
/// use lilypad_core::market::Chance;
/// let chance: Chance = "10%".parse()?;
/// assert_eq!(chance, "0.10".parse()?);
/// assert_eq!((format!("{chance}"), format!("{chance:#}")), ("0.1".to_owned(), "10%".to_owned()));
/// assert_eq!("10".parse::<Chance>().unwrap_err().code(), "E_CHANCE");
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chance(u32);

impl Chance {
    /// What is sure, in millionths.
    pub(super) const WHOLE: u128 = 1_000_000;
    /// 0.
    pub const NEVER: Self = Self(0);
    /// 1.
    pub const ALWAYS: Self = Self(1_000_000);

    /// So many millionths; `None` above 1,000,000.
    #[must_use]
    pub fn from_millionths(millionths: u32) -> Option<Self> {
        Some(Self(millionths)).filter(|chance| *chance <= Self::ALWAYS)
    }

    /// So many hundredths, at most 100.
    pub(super) const fn from_percent(percent: u8) -> Self {
        let percent = if percent > 100 { 100 } else { percent };
        // No `From` in a constant; a byte always fits.
        Self(percent as u32 * 10_000)
    }

    /// The number in millionths: 0 to 1,000,000.
    #[must_use]
    pub fn millionths(self) -> u128 {
        u128::from(self.0)
    }
}

impl FromStr for Chance {
    type Err = Error;

    /// Reads a decimal number from 0 to 1 with at most six decimals, or one from 0 to 100 with at most four and `%`.
    fn from_str(text: &str) -> Result<Self> {
        let read = match text.strip_suffix('%') {
            Some(percent) => millionths(percent.trim_end())
                .filter(|millionths| millionths.is_multiple_of(100))
                .map(|millionths| millionths / 100),
            None => millionths(text),
        };
        let chance = read.and_then(|read| u32::try_from(read).ok()).and_then(Self::from_millionths);
        chance.ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            Error::invalid("E_CHANCE", format!("{shown:?} is not a chance from 0 to 1 in whole millionths"))
                .with_hint("write it like 0.1 or 10%")
                .with("got", shown)
        })
    }
}

impl fmt::Display for Chance {
    /// `0.1`; with `{:#}`, `10%`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return write!(f, "{}%", Multiple::from_millionths(self.millionths() * 100));
        }
        Multiple::from_millionths(self.millionths()).fmt(f)
    }
}

impl Serialize for Chance {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Chance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
