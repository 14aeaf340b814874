//! Reads literals: quoted strings, characters and numbers, with Go's rules.

/// A number as it is used where no type is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
    Complex(f64, f64),
    /// Fits an unsigned integer of 64 bits but no signed one: an error when it is used.
    TooLarge,
}

/// The bytes that a string token stands for; `None` where an escape is wrong.
pub(super) fn unquote(token: &str) -> Option<Vec<u8>> {
    if let Some(raw) = token.strip_prefix('`') {
        let raw = raw.strip_suffix('`')?;
        return Some(raw.bytes().filter(|byte| *byte != b'\r').collect());
    }
    let mut rest = token.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let (piece, tail) = unescape(rest, '"')?;
        match piece {
            Piece::Byte(byte) => out.push(byte),
            Piece::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = tail;
    }
    Some(out)
}

/// The value of a character token; `None` where it is not one character.
pub(super) fn character(token: &str) -> Option<Number> {
    let inner = token.strip_prefix('\'')?;
    let (piece, tail) = unescape(inner, '\'')?;
    let value = match piece {
        Piece::Byte(byte) => i64::from(byte),
        Piece::Char(c) => i64::from(u32::from(c)),
    };
    (tail == "'").then_some(Number::Int(value))
}

enum Piece {
    Byte(u8),
    Char(char),
}

fn unescape(text: &str, quote: char) -> Option<(Piece, &str)> {
    let mut chars = text.chars();
    let first = chars.next()?;
    if first == quote || first == '\n' {
        return None;
    }
    if first != '\\' {
        return Some((Piece::Char(first), chars.as_str()));
    }
    let escape = chars.next()?;
    let tail = chars.as_str();
    let plain = |byte: u8| Some((Piece::Byte(byte), tail));
    match escape {
        'a' => plain(7),
        'b' => plain(8),
        'f' => plain(12),
        'n' => plain(b'\n'),
        'r' => plain(b'\r'),
        't' => plain(b'\t'),
        'v' => plain(11),
        '\\' => plain(b'\\'),
        '\'' | '"' if escape == quote => Some((Piece::Char(quote), tail)),
        'x' => {
            let (value, tail) = digits(tail, 2, 16)?;
            Some((Piece::Byte(u8::try_from(value).ok()?), tail))
        }
        'u' | 'U' => {
            let (value, tail) = digits(tail, if escape == 'u' { 4 } else { 8 }, 16)?;
            Some((Piece::Char(char::from_u32(value)?), tail))
        }
        '0'..='7' => {
            let (value, tail) = digits(text.get(1..)?, 3, 8)?;
            Some((Piece::Byte(u8::try_from(value).ok()?), tail))
        }
        _ => None,
    }
}

fn digits(text: &str, count: usize, base: u32) -> Option<(u32, &str)> {
    let (digits, tail) = text.split_at_checked(count)?;
    if !digits.bytes().all(|byte| char::from(byte).is_digit(base)) {
        return None;
    }
    Some((u32::from_str_radix(digits, base).ok()?, tail))
}

/// The value of a number token, or why it has none.
pub(super) fn number(token: &str) -> Result<Number, String> {
    let wrong = || format!("`{token}` is not a number");
    if let Some(imaginary) = token.strip_suffix('i') {
        return float(imaginary).map(|value| Number::Complex(0.0, value)).ok_or_else(wrong);
    }
    let looks_like_float = token.contains(['.', 'e', 'E', 'p', 'P']) && !is_hex_integer(token);
    let signed = integer(token);
    if let Some(value) = signed {
        if let Ok(value) = i64::try_from(value) {
            #[expect(clippy::cast_precision_loss, reason = "Go promotes the same way")]
            return Ok(if looks_like_float { Number::Float(value as f64) } else { Number::Int(value) });
        }
        if u64::try_from(value).is_ok() && !token.starts_with('+') {
            return Ok(Number::TooLarge);
        }
    }
    match float(token) {
        Some(value) if looks_like_float => Ok(Number::Float(value)),
        Some(_) => Err(format!("the integer `{token}` does not fit 64 bits")),
        None => Err(wrong()),
    }
}

/// The value of a token such as `1+2i`.
pub(super) fn complex(token: &str) -> Option<Number> {
    let inner = token.strip_suffix('i')?;
    let bytes = inner.as_bytes();
    let split = (1..bytes.len()).rev().find(|&at| {
        matches!(bytes.get(at), Some(b'+' | b'-'))
            && !matches!(bytes.get(at - 1), Some(b'e' | b'E' | b'p' | b'P'))
    })?;
    let (real, imaginary) = inner.split_at_checked(split)?;
    Some(Number::Complex(float(real)?, float(imaginary)?))
}

fn is_hex_integer(token: &str) -> bool {
    token.len() > 2 && (token.starts_with("0x") || token.starts_with("0X")) && !token.contains(['p', 'P'])
}

/// An integer with Go's prefixes (`0x`, `0o`, `0b`, a leading `0` for octal) and underscores.
fn integer(token: &str) -> Option<i128> {
    let (negative, body) = match token.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, token.strip_prefix('+').unwrap_or(token)),
    };
    let lower = body.to_ascii_lowercase();
    let (base, digits) = if let Some(hex) = lower.strip_prefix("0x") {
        (16, hex)
    } else if let Some(octal) = lower.strip_prefix("0o") {
        (8, octal)
    } else if let Some(binary) = lower.strip_prefix("0b") {
        (2, binary)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, lower.get(1..)?)
    } else {
        (10, lower.as_str())
    };
    if !underscores_are_fine(&lower) {
        return None;
    }
    let plain: String = digits.chars().filter(|c| *c != '_').collect();
    if plain.is_empty() || plain.starts_with(['+', '-']) {
        return None;
    }
    let value = i128::from_str_radix(&plain, base).ok()?;
    Some(if negative { -value } else { value })
}

/// Each underscore stands between digits, or between a base prefix and a digit. `body` has no sign.
fn underscores_are_fine(body: &str) -> bool {
    let prefixed = ["0x", "0o", "0b"].iter().any(|prefix| body.starts_with(prefix));
    let hex = body.starts_with("0x");
    let mut digit_before = prefixed;
    let mut open = false;
    for byte in body.bytes().skip(if prefixed { 2 } else { 0 }) {
        let digit = byte.is_ascii_digit() || (hex && byte.is_ascii_hexdigit());
        if byte == b'_' && !digit_before || byte != b'_' && !digit && open {
            return false;
        }
        open = byte == b'_';
        digit_before = digit;
    }
    !open
}

/// A decimal or hexadecimal floating-point number; `None` where it is none or too large.
fn float(token: &str) -> Option<f64> {
    let unsigned = token.strip_prefix(['+', '-']).unwrap_or(token).to_ascii_lowercase();
    if !underscores_are_fine(&unsigned) {
        return None;
    }
    let plain: String = unsigned.chars().filter(|c| *c != '_').collect();
    let value = match plain.strip_prefix("0x") {
        Some(hex) => hex_float(hex)?,
        None if plain.starts_with(|c: char| c.is_ascii_digit() || c == '.') => plain.parse::<f64>().ok()?,
        None => return None,
    };
    let value = if token.starts_with('-') { -value } else { value };
    value.is_finite().then_some(value)
}

/// `1.8p4`: hexadecimal digits, a binary exponent that must be there.
fn hex_float(text: &str) -> Option<f64> {
    let (digits, exponent) = text.split_once('p')?;
    let mut exponent: i32 = match exponent.parse::<i32>() {
        Ok(value) => value.clamp(-100_000, 100_000),
        Err(_) if exponent.trim_start_matches(['+', '-']).bytes().all(|byte| byte.is_ascii_digit()) => {
            if exponent.starts_with('-') {
                -100_000
            } else {
                100_000
            }
        }
        Err(_) => return None,
    };
    if exponent.abs() >= 100_000 && digits.is_empty() {
        return None;
    }
    let mut mantissa: u64 = 0;
    let mut after_point = false;
    let mut any = false;
    for c in digits.chars() {
        if c == '.' {
            if after_point {
                return None;
            }
            after_point = true;
            continue;
        }
        any = true;
        let digit = u64::from(c.to_digit(16)?);
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | digit;
            exponent = exponent.saturating_sub(if after_point { 4 } else { 0 });
        } else {
            mantissa |= u64::from(digit != 0);
            exponent = exponent.saturating_add(if after_point { 0 } else { 4 });
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "rounds to nearest even, as wanted")]
    let mut value = mantissa as f64;
    while exponent != 0 && value != 0.0 && value.is_finite() {
        let step = exponent.clamp(-60, 60);
        value *= 2.0_f64.powi(step);
        exponent -= step;
    }
    any.then_some(value)
}
