//! What stands between quotes.

use std::borrow::Cow;

/// Decodes the inside of a string literal whose escapes are known to be well-formed.
///
/// As Go does: every byte that is not UTF-8 and every surrogate without its partner becomes U+FFFD.
pub(super) fn unquote(inside: &[u8]) -> String {
    let mut decoded = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let (plain, escape) = rest.split_at(at);
        push_lossy(&mut decoded, plain);
        rest = match escape {
            [_, b'u', tail @ ..] => push_unicode(&mut decoded, tail),
            [_, byte, tail @ ..] => {
                decoded.push(short_escape(*byte));
                tail
            }
            _ => &[],
        };
    }
    push_lossy(&mut decoded, rest);
    decoded
}

fn short_escape(byte: u8) -> char {
    match byte {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        other => char::from(other),
    }
}

/// Go replaces byte by byte, where Rust's own lossy conversion replaces a cut sequence as a whole.
fn push_lossy(decoded: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
}

/// Decodes what follows `\u`, with the second half of a pair where there is one; gives back the rest.
fn push_unicode<'a>(decoded: &mut String, tail: &'a [u8]) -> &'a [u8] {
    let (unit, rest) = hex_unit(tail);
    if let Some(plain) = char::from_u32(unit) {
        decoded.push(plain);
        return rest;
    }
    if let ([b'\\', b'u', after @ ..], 0xD800..0xDC00) = (rest, unit) {
        let (low, after) = hex_unit(after);
        if (0xDC00..0xE000).contains(&low) {
            let code = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            decoded.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            return after;
        }
    }
    decoded.push(char::REPLACEMENT_CHARACTER);
    rest
}

fn hex_unit(text: &[u8]) -> (u32, &[u8]) {
    let (digits, rest) = text.split_at(text.len().min(4));
    let unit = digits
        .iter()
        .filter_map(|digit| char::from(*digit).to_digit(16))
        .fold(0, |unit, digit| unit * 16 + digit);
    (unit, rest)
}

/// Writes a byte as Go does in its complaints: `'x'`, `'\n'`, `'\u00a0'`.
pub(super) fn quote_byte(byte: u8) -> Cow<'static, str> {
    match byte {
        b'\'' => r"'\''".into(),
        b'\\' => r"'\\'".into(),
        0x07 => r"'\a'".into(),
        0x08 => r"'\b'".into(),
        0x0b => r"'\v'".into(),
        0x0c => r"'\f'".into(),
        b'\n' => r"'\n'".into(),
        b'\r' => r"'\r'".into(),
        b'\t' => r"'\t'".into(),
        0x20..0x7f | 0xa1..=0xac | 0xae.. => format!("'{}'", char::from(byte)).into(),
        ..0x20 | 0x7f => format!("'\\x{byte:02x}'").into(),
        _ => format!("'\\u00{byte:02x}'").into(),
    }
}
