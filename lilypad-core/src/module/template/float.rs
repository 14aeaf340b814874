//! Prints floating-point numbers as Go's `strconv` does.

/// Digits that can matter; Rust's own formatting is asked for no more.
const EXACT: usize = 1100;

/// Formats a number with a verb (`e E f g G b x X`); `None` for the shortest form that reads back the same.
pub(super) fn format(value: f64, verb: u8, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() };
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let magnitude = value.abs();
    let body = match verb {
        b'b' => binary(magnitude),
        b'x' | b'X' => hexadecimal(magnitude, verb, precision),
        b'f' => fixed(magnitude, precision),
        b'e' | b'E' => scientific(magnitude, verb, precision),
        _ => general(magnitude, verb, precision),
    };
    format!("{sign}{body}")
}

fn pad_zeros(text: &mut String, count: usize) {
    text.extend(std::iter::repeat_n('0', count));
}

fn fixed(value: f64, precision: Option<usize>) -> String {
    match precision {
        None => format!("{value}"),
        Some(precision) => {
            let exact = precision.min(EXACT);
            let mut text = format!("{value:.exact$}");
            pad_zeros(&mut text, precision - exact);
            text
        }
    }
}

/// Significant digits, without a point, and the exponent of the first one.
fn digits(value: f64, precision: Option<usize>) -> (String, i32) {
    let text = match precision {
        None => format!("{value:e}"),
        Some(precision) => {
            let exact = precision.min(EXACT);
            format!("{value:.exact$e}")
        }
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.replace('.', ""), exponent.parse().unwrap_or(0))
}

fn scientific(value: f64, verb: u8, precision: Option<usize>) -> String {
    let (mut digits, exponent) = digits(value, precision);
    if let Some(precision) = precision {
        let missing = (precision + 1).saturating_sub(digits.len());
        pad_zeros(&mut digits, missing);
    }
    join(&digits, exponent, char::from(verb))
}

fn join(digits: &str, exponent: i32, letter: char) -> String {
    let (first, rest) = digits.split_at_checked(1).unwrap_or(("0", ""));
    let point = if rest.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{first}{point}{rest}{letter}{sign}{:02}", exponent.unsigned_abs())
}

fn general(value: f64, verb: u8, precision: Option<usize>) -> String {
    let wanted = precision.map(|precision| precision.max(1));
    let (digits, exponent) = digits(value, wanted.map(|wanted| wanted - 1));
    let digits = if value == 0.0 { "" } else { digits.trim_end_matches('0') };
    let point = if value == 0.0 { 0 } else { exponent + 1 };
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let limit = match wanted {
        None => 6,
        Some(wanted) => {
            let wanted = i32::try_from(wanted).unwrap_or(i32::MAX);
            if wanted > count && count >= point { count } else { wanted }
        }
    };
    let letter = if verb == b'G' { 'E' } else { 'e' };
    if point - 1 < -4 || point > limit {
        return join(if digits.is_empty() { "0" } else { digits }, point - 1, letter);
    }
    plain(digits, point)
}

/// Digits around a decimal point that stands after the first `point` of them.
fn plain(digits: &str, point: i32) -> String {
    let Ok(point) = usize::try_from(point) else {
        let mut text = "0.".to_owned();
        pad_zeros(&mut text, point.unsigned_abs() as usize);
        return text + digits;
    };
    if digits.len() <= point {
        let mut text = digits.to_owned();
        pad_zeros(&mut text, point - digits.len());
        return if text.is_empty() { "0".to_owned() } else { text };
    }
    let (whole, fraction) = digits.split_at_checked(point).unwrap_or((digits, ""));
    format!("{}.{fraction}", if whole.is_empty() { "0" } else { whole })
}

/// Mantissa and exponent of two, so that the value is `mantissa * 2^exponent`.
fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let mantissa = bits & ((1 << 52) - 1);
    let exponent = i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    if exponent == 0 { (mantissa, -1074) } else { (mantissa | 1 << 52, exponent - 1075) }
}

fn binary(value: f64) -> String {
    let (mantissa, exponent) = parts(value);
    format!("{mantissa}p{exponent:+}")
}

fn hexadecimal(value: f64, verb: u8, precision: Option<usize>) -> String {
    let (mut mantissa, exponent) = parts(value);
    let mut exponent = if mantissa == 0 { 0 } else { exponent + 52 };
    // The leading one goes to bit 60, so that each digit after the point is four bits.
    mantissa <<= 8;
    while mantissa != 0 && mantissa & 1 << 60 == 0 {
        mantissa <<= 1;
        exponent -= 1;
    }
    if let Some(precision) = precision.filter(|precision| *precision < 15) {
        let dropped = 60 - 4 * u32::try_from(precision).unwrap_or(0);
        let half = 1_u64 << (dropped - 1);
        let rest = mantissa & ((1 << dropped) - 1);
        mantissa >>= dropped;
        if rest > half || (rest == half && mantissa & 1 == 1) {
            mantissa += 1;
        }
        mantissa <<= dropped;
        if mantissa & 1 << 61 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let fraction = mantissa & ((1 << 60) - 1);
    let mut digits = format!("{fraction:015x}");
    match precision {
        None => digits.truncate(digits.trim_end_matches('0').len()),
        Some(precision) if precision <= 15 => digits.truncate(precision),
        Some(precision) => pad_zeros(&mut digits, precision - 15),
    }
    let point = if digits.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    let text = format!("0x{}{point}{digits}p{sign}{:02}", mantissa >> 60 & 1, exponent.unsigned_abs());
    if verb == b'X' { text.to_uppercase() } else { text }
}
