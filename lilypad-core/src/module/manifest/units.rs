//! Texts with a unit: durations, sizes, CPUs. Exact: a text that is not a whole number of the target unit is refused
//! or rounded up, as each function says.

use std::time::Duration;

/// `"30s"`, `"5m"`, `"1h"`, `"250ms"`: 1 ms to 30 days.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let millis = number.parse::<u64>().ok()?.checked_mul(millis)?;
    (1..=30 * 86_400_000).contains(&millis).then(|| Duration::from_millis(millis))
}

/// Bytes of `"10 MB"` or `"64 MiB"`; a number without a unit is bytes.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let unit: u64 = match unit {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    thousandths(number)?.checked_mul(u128::from(unit)).map(|bytes| bytes.div_ceil(1_000)).and_then(|bytes| {
        let bytes = u64::try_from(bytes).ok()?;
        i64::try_from(bytes).ok().map(|_| bytes)
    })
}

/// Bytes as v2 modules write them: units in any letter case, the `b` may be left out (`16Gb`, `512Mi`, `8G`, `8000`).
pub(crate) fn loose_bytes(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let unit = unit.to_ascii_lowercase();
    let exact = match unit.trim_end_matches('b') {
        "" => "",
        "k" => "kB",
        "m" => "MB",
        "g" => "GB",
        "t" => "TB",
        "ki" => "KiB",
        "mi" => "MiB",
        "gi" => "GiB",
        "ti" => "TiB",
        _ => return None,
    };
    (unit.matches('b').count() <= 1).then(|| bytes(&format!("{number}{exact}")))?
}

/// Thousandths of a CPU of `"1"` or `"0.5"`.
pub(crate) fn milli_cpu(text: &str) -> Option<u64> {
    let milli = match text.trim().strip_suffix('m') {
        Some(milli) => u128::from(milli.parse::<u32>().ok()?),
        None => thousandths(text.trim())?,
    };
    u64::try_from(milli).ok()
}

/// A number with at most three decimals, in thousandths.
fn thousandths(text: &str) -> Option<u128> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || whole.len() > 19 || part.len() > 3 {
        return None;
    }
    let part: u128 = format!("{part:0<3}").parse().ok()?;
    whole.parse::<u128>().ok()?.checked_mul(1_000)?.checked_add(part)
}

fn split(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    Some((text.get(..end)?, text.get(end..)?.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("30s"), Some(Duration::from_secs(30)));
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("1 h"), Some(Duration::from_secs(3_600)));
        for wrong in ["", "30", "s", "-1s", "0s", "1.5s", "1e9s", "99999999999999999999s", "31days", "721h"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(bytes("64 MiB"), Some(64 << 20));
        assert_eq!(bytes("1.5kB"), Some(1_500));
        assert_eq!(bytes("10"), Some(10));
        for wrong in ["", "MB", "-1 MB", "1e400", "0x10", "1.2345 MB", "10 mb", "9999999999 TB", "NaN"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_of_v2_modules() {
        for (text, size) in [
            ("16Gb", 16_000_000_000),
            ("40000MB", 40_000_000_000),
            ("512Mi", 512 << 20),
            ("2gib", 2 << 30),
            ("8000", 8_000),
            ("64MiB", 64 << 20),
        ] {
            assert_eq!(loose_bytes(text), Some(size), "{text}");
        }
        for wrong in ["", "lots", "8 Gbb", "-1Gb", "1Xb"] {
            assert_eq!(loose_bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn cpus() {
        assert_eq!(milli_cpu("1"), Some(1_000));
        assert_eq!(milli_cpu("0.25"), Some(250));
        assert_eq!(milli_cpu("500m"), Some(500));
        for wrong in ["", "one", "-1", "1.2.3", "+1", "1e3"] {
            assert_eq!(milli_cpu(wrong), None, "{wrong}");
        }
    }
}
