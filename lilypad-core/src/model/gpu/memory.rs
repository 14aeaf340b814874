//! Sizes of video memory as people write them, and what cards report.

use std::fmt;

use crate::model::Mebibytes;

/// Largest size, in its own unit: 1,000 TB, or 10^9 MiB.
const MOST: u64 = 1_000_000_000;

/// How a size counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Unit {
    /// 10^6 bytes: sizes that cards are sold by.
    Megabytes,
    /// 2^20 bytes: exact sizes.
    Mebibytes,
}

/// A size of video memory as it was written: `24GB` is not `24GiB`. 1 MB to 1,000 TB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GpuSize {
    unit: Unit,
    number: u64,
}

impl GpuSize {
    /// What a card must report at least: for `MB`, `GB`, `TB` that many bytes less 1 %, rounded down to MiB; for `MiB`,
    /// `GiB`, `TiB` the size itself.
    #[must_use]
    pub fn at_least(self) -> Mebibytes {
        match self.unit {
            Unit::Mebibytes => whole(self.number),
            // n × 10^6 × 99 ÷ 100 bytes in units of 2^20: at most 10^15, no overflow.
            Unit::Megabytes => whole(self.number.saturating_mul(990_000) >> 20),
        }
    }

    /// What a card may report at most: a card that is sold with n GB has up to n GiB. Rounded up to MiB.
    #[must_use]
    pub fn at_most(self) -> Mebibytes {
        match self.unit {
            Unit::Mebibytes => whole(self.number),
            Unit::Megabytes => whole(self.number.saturating_mul(1_024).div_ceil(1_000)),
        }
    }

    /// Reads a number with at most three decimals and a unit in any case; an error says what is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let (number, unit) = split(text);
        let (unit, factor) = match unit.to_ascii_lowercase().as_str() {
            "mb" => (Unit::Megabytes, 1),
            "gb" => (Unit::Megabytes, 1_000),
            "tb" => (Unit::Megabytes, 1_000_000),
            "mib" => (Unit::Mebibytes, 1),
            "gib" => (Unit::Mebibytes, 1 << 10),
            "tib" => (Unit::Mebibytes, 1 << 20),
            _ => return Err("needs a unit: MB, GB, TB, MiB, GiB or TiB"),
        };
        let thousandths = thousandths(number)
            .and_then(|number| number.checked_mul(factor))
            .ok_or("is not a number of at most 12 digits and 3 decimals")?;
        if !thousandths.is_multiple_of(1_000) {
            return Err("is not a whole number of MB or MiB");
        }
        match thousandths / 1_000 {
            number @ 1..=MOST => Ok(Self { unit, number }),
            _ => Err("is not between 1 MB and 1000 TB"),
        }
    }

    /// True where the text starts as a size and can mean nothing else: `80GB`, also `80 G`.
    pub(super) fn is_meant_by(text: &str) -> bool {
        let (number, unit) = split(text);
        let known = ["b", "kb", "mb", "gb", "tb", "kib", "mib", "gib", "tib", "g", "gi"];
        !number.is_empty() && known.contains(&unit.to_ascii_lowercase().as_str())
    }
}

fn whole(mebibytes: u64) -> Mebibytes {
    Mebibytes(i64::try_from(mebibytes).unwrap_or(i64::MAX))
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end).unwrap_or((text, ""));
    (number, unit.trim_start())
}

fn thousandths(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits(whole, 12) || !digits(part, 3) {
        return None;
    }
    let part: u64 = format!("{part:0<3}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1_000)?.checked_add(part)
}

impl fmt::Display for GpuSize {
    /// The largest unit that divides it: `80GB`, `1500MB`, `24GiB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units: [(u64, &str); 3] = match self.unit {
            Unit::Megabytes => [(1_000_000, "TB"), (1_000, "GB"), (1, "MB")],
            Unit::Mebibytes => [(1 << 20, "TiB"), (1 << 10, "GiB"), (1, "MiB")],
        };
        for (factor, unit) in units {
            if self.number.is_multiple_of(factor) {
                return write!(f, "{}{unit}", self.number / factor);
            }
        }
        Ok(())
    }
}

/// A range of video memory, both ends included: `80GB..`, `16GB..48GB`, `..24GB`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct GpuMemory {
    min: Option<GpuSize>,
    max: Option<GpuSize>,
}

impl GpuMemory {
    /// The smaller end as it was written; `None` where it is open.
    #[must_use]
    pub fn min(self) -> Option<GpuSize> {
        self.min
    }

    /// The larger end as it was written; `None` where it is open.
    #[must_use]
    pub fn max(self) -> Option<GpuSize> {
        self.max
    }

    /// What a card must report at least.
    #[must_use]
    pub fn least(self) -> Option<Mebibytes> {
        self.min.map(GpuSize::at_least)
    }

    /// What a card may report at most.
    #[must_use]
    pub fn most(self) -> Option<Mebibytes> {
        self.max.map(GpuSize::at_most)
    }

    /// True where a card with this much lies in the range.
    #[must_use]
    pub fn holds(self, memory: Mebibytes) -> bool {
        self.least().is_none_or(|least| memory >= least) && self.most().is_none_or(|most| memory <= most)
    }

    /// True where any size will do.
    #[must_use]
    pub fn is_any(self) -> bool {
        self.min.is_none() && self.max.is_none()
    }

    /// Reads a size (at least that much) or a range; an error names the text and says what is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let size = |text: &str| match text.trim() {
            "" => Ok(None),
            text => GpuSize::read(text).map(Some).map_err(|why| format!("{text:?} {why}")),
        };
        let (min, max) = text.split_once("..").unwrap_or((text, ""));
        let range = Self { min: size(min)?, max: size(max)? };
        if range.is_any() {
            return Err("a range needs at least one end".to_owned());
        }
        match (range.min, range.max) {
            (Some(min), Some(max)) if min.is_above(max) => Err(format!("{min} is more than {max}")),
            _ => Ok(range),
        }
    }
}

impl GpuSize {
    /// True where a range from this to `other` would be upside down.
    fn is_above(self, other: Self) -> bool {
        if self.unit == other.unit {
            return self.number > other.number;
        }
        self.at_least() > other.at_most()
    }
}

impl fmt::Display for GpuMemory {
    /// A range; nothing where any size will do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_any() {
            return Ok(());
        }
        if let Some(min) = self.min {
            min.fmt(f)?;
        }
        f.write_str("..")?;
        self.max.map_or(Ok(()), |max| max.fmt(f))
    }
}
