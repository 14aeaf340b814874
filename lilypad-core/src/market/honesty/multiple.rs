//! A number of times, exact to millionths.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// Millionths in one.
const WHOLE: u128 = 1_000_000;
/// Most digits before the point in a text.
const DIGITS: usize = 12;

/// A number of times from 0 upwards, in whole millionths: `2`, `21.222223`.
///
/// ```
/// use lilypad_core::market::Multiple;
/// let half: Multiple = "0.5".parse()?;
/// assert!(half < Multiple::ONE);
/// assert_eq!("2.50".parse::<Multiple>()?.to_string(), "2.5");
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Multiple(u128);

impl Multiple {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Once.
    pub const ONE: Self = Self(WHOLE);
    /// The largest; also stands for what has no end.
    pub const MAX: Self = Self(u128::MAX);

    /// So many millionths.
    #[must_use]
    pub fn from_millionths(millionths: u128) -> Self {
        Self(millionths)
    }

    /// The number in millionths.
    #[must_use]
    pub fn millionths(self) -> u128 {
        self.0
    }
}

/// Millionths of a decimal number with at most 12 digits before and 6 behind the point.
pub(super) fn millionths(text: &str) -> Option<u128> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits(whole, DIGITS) || !digits(part, 6) {
        return None;
    }
    let part: u128 = format!("{part:0<6}").parse().ok()?;
    whole.parse::<u128>().ok()?.checked_mul(WHOLE)?.checked_add(part)
}

crate::model::schema::texts! {
    Multiple: "^.+$", "How many times: a decimal number.";
}

impl Serialize for Multiple {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Multiple {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for Multiple {
    type Err = Error;

    /// Reads a decimal number with at most 12 digits before and 6 behind the point.
    fn from_str(text: &str) -> Result<Self> {
        millionths(text).map(Self).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            Error::invalid("E_MULTIPLE", format!("{shown:?} is not a number of times"))
                .with_hint("write at most 12 digits before the point and 6 behind it, such as 2.5")
                .with("got", shown)
        })
    }
}

impl fmt::Display for Multiple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / WHOLE, self.0 % WHOLE);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        write!(f, "{whole}.{}", format!("{rest:06}").trim_end_matches('0'))
    }
}
