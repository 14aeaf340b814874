//! Versions of drivers and toolkits, compared as numbers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// Most numbers in a version.
const PARTS: usize = 4;

/// A version of one to four numbers, such as a CUDA version (`12.4`) or a driver (`550.54.14`).
///
/// Compared number by number; what is left out counts as 0, and `12.4.0` is the same as `12.4`.
///
/// ```
/// use lilypad_core::model::SoftwareVersion;
/// let have: SoftwareVersion = "550.54.14".parse()?;
/// assert!(have >= "550".parse()? && have < "550.127".parse()?);
/// assert_eq!("12.4.0".parse::<SoftwareVersion>()?.to_string(), "12.4");
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SoftwareVersion([u32; PARTS]);

impl FromStr for SoftwareVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refuse = || {
            let shown: String = text.chars().take(40).collect();
            Error::invalid("E_VERSION", format!("{shown:?} is not a version of one to four numbers"))
                .with_hint("write it like `12.4` or `550.54.14`")
                .with("got", shown)
        };
        let mut parts = [0; PARTS];
        let mut given = text.split('.');
        for (at, slot) in parts.iter_mut().enumerate() {
            match given.next() {
                Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                    *slot = digits.parse().map_err(|_| refuse())?;
                }
                None if at > 0 => break,
                _ => return Err(refuse()),
            }
        }
        if given.next().is_some() { Err(refuse()) } else { Ok(Self(parts)) }
    }
}

impl fmt::Display for SoftwareVersion {
    /// Zeros at the end are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = &self.0;
        write!(f, "{first}")?;
        let shown = rest.iter().rposition(|part| *part != 0).map_or(0, |last| last + 1);
        rest.iter().take(shown).try_for_each(|part| write!(f, ".{part}"))
    }
}

impl Serialize for SoftwareVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SoftwareVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers_and_nonsense_is_refused() {
        let version = |text: &str| text.parse::<SoftwareVersion>().unwrap();
        assert!(version("12.10") > version("12.9"));
        assert!(version("9") < version("10"));
        assert_eq!(version("12"), version("12.0.0.0"));
        assert_eq!(version("12.0.1").to_string(), "12.0.1");
        assert_eq!(version("0").to_string(), "0");
        for text in ["", ".", "12.", ".4", "1.2.3.4.5", "+1", "12.4a", "4294967296", "１２"] {
            assert_eq!(text.parse::<SoftwareVersion>().unwrap_err().code(), "E_VERSION", "{text:?}");
        }
    }
}
