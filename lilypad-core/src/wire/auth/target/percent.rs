//! Percent-encoding (RFC 3986, section 2.1) with one spelling for each byte that needs none.

/// Letters, digits and `-._~`: RFC 3986 says that they and their percent-encoded forms are the same.
pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// The text that `text` stands for; `may_stand` says which bytes besides the unreserved ones need no encoding here.
///
/// An error is a phrase that says what is wrong and what to write.
pub(super) fn decode(text: &str, may_stand: fn(u8) -> bool) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            bytes.push(triplet(rest.next(), rest.next())?);
        } else if is_unreserved(byte) || may_stand(byte) {
            bytes.push(byte);
        } else {
            return Err(format!("has a bare {:?}; write %{byte:02X}", char::from(byte)));
        }
    }
    String::from_utf8(bytes).map_err(|_| "stands for bytes that are not UTF-8".to_owned())
}

fn triplet(high: Option<u8>, low: Option<u8>) -> Result<u8, String> {
    let digit = |digit: Option<u8>| match digit {
        Some(digit @ b'0'..=b'9') => Some(digit - b'0'),
        Some(digit @ b'A'..=b'F') => Some(digit - b'A' + 10),
        _ => None,
    };
    let (Some(high), Some(low)) = (digit(high), digit(low)) else {
        return Err("has a % without two upper-case hex digits behind it".to_owned());
    };
    let byte = high << 4 | low;
    if is_unreserved(byte) {
        return Err(format!("has %{byte:02X}, another spelling of {:?}; write that", char::from(byte)));
    }
    Ok(byte)
}
