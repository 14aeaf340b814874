//! Moments as Go writes them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in RFC 3339 (`2024-01-02T03:04:05.6Z`), checked and normalised as Go does; nothing here computes with it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Time(String);

impl Time {
    /// Checks a text and brings it to the form that Go writes: no zeros at the end of the fraction, `Z` for no offset.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('T')?;
        let zone_at = time.find(['Z', '+', '-'])?;
        let (time, zone) = time.split_at_checked(zone_at)?;
        let (clock, fraction) =
            time.split_once('.').map_or((time, None), |(clock, rest)| (clock, Some(rest)));
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
        let valid = (1..=12).contains(&month)
            && (1..=days_of(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        let fraction = match fraction {
            None => String::new(),
            Some(digits) if !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                let nanos: String = digits.chars().take(9).collect();
                let shown = nanos.trim_end_matches('0');
                if shown.is_empty() { String::new() } else { format!(".{shown}") }
            }
            Some(_) => return None,
        };
        let zone = read_zone(zone)?;
        valid.then(|| Self(format!("{date}T{clock}{fraction}{zone}")))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn read_zone(zone: &str) -> Option<&str> {
    if zone == "Z" {
        return Some("Z");
    }
    let [hours, minutes] = numbers(zone.get(1..)?, ':', [2, 2])?;
    match (hours, minutes) {
        (0, 0) => Some("Z"),
        (..24, ..60) => Some(zone),
        _ => None,
    }
}

/// Numbers of exactly these widths between separators.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[u32; N]> {
    let mut found = [0; N];
    let mut parts = text.split(separator);
    for (number, width) in found.iter_mut().zip(widths) {
        let part = parts.next()?;
        let plain = part.len() == width && part.bytes().all(|digit| digit.is_ascii_digit());
        *number = plain.then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(found)
}

fn days_of(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Default for Time {
    /// Go's zero time: the first moment of year 1.
    fn default() -> Self {
        Self("0001-01-01T00:00:00Z".to_owned())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(Self::default()) };
        Self::parse(&text).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            serde::de::Error::custom(format!("{shown:?} is no RFC 3339 time"))
        })
    }
}
