//! Base64 (RFC 4648) in which every run of bytes has exactly one text.

/// Which of the two alphabets.
#[derive(Clone, Copy)]
pub(super) enum Alphabet {
    /// Section 4, padded with `=`: what structured fields carry.
    Standard,
    /// Section 5, without padding: safe in URLs and header values.
    Url,
}

impl Alphabet {
    fn digits(self) -> &'static [u8; 64] {
        match self {
            Self::Standard => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
            Self::Url => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        }
    }

    fn value(self, digit: u8) -> Option<u32> {
        let at = self.digits().iter().position(|known| *known == digit)?;
        u32::try_from(at).ok()
    }
}

pub(super) fn encode(bytes: &[u8], alphabet: Alphabet) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            if at <= chunk.len() {
                let digit = usize::try_from(bits >> (18 - 6 * at) & 63).unwrap_or(0);
                text.push(char::from(alphabet.digits().get(digit).copied().unwrap_or(b'A')));
            } else if matches!(alphabet, Alphabet::Standard) {
                text.push('=');
            }
        }
    }
    text
}

/// The bytes, or `None` for every text that [`encode`] would not write.
pub(super) fn decode(text: &str, alphabet: Alphabet) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(digits.len().saturating_mul(3) / 4);
    for chunk in digits.chunks(4) {
        let mut bits = 0_u32;
        for at in 0..4 {
            let value = chunk.get(at).map_or(Some(0), |digit| alphabet.value(*digit))?;
            bits = bits << 6 | value;
        }
        let [_, first, second, third] = bits.to_be_bytes();
        bytes.extend([first, second, third].iter().take(chunk.len().saturating_sub(1)));
    }
    // Padding, stray bits and half characters: whatever has another text is refused.
    (encode(&bytes, alphabet) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648_hold() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes.as_bytes(), Alphabet::Standard), text);
            assert_eq!(decode(text, Alphabet::Standard).unwrap(), bytes.as_bytes());
            let open = text.trim_end_matches('=');
            assert_eq!(encode(bytes.as_bytes(), Alphabet::Url), open);
            assert_eq!(decode(open, Alphabet::Url).unwrap(), bytes.as_bytes());
        }
        assert_eq!(encode(&[0xfb, 0xff], Alphabet::Standard), "+/8=");
        assert_eq!(encode(&[0xfb, 0xff], Alphabet::Url), "-_8");
    }

    #[test]
    fn a_second_spelling_is_refused() {
        for text in
            ["Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z", "Zm9v=", "Zm 9", "Zm9v\n", "=", "Zg==Zg==", "é"]
        {
            assert_eq!(decode(text, Alphabet::Standard), None, "{text:?}");
        }
        for text in ["Zg==", "Zh", "+/8", "Z"] {
            assert_eq!(decode(text, Alphabet::Url), None, "{text:?}");
        }
    }
}
