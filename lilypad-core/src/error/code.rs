//! Codes that come from a peer, as the `&'static str` that codes are everywhere.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// A code. The name keeps serde from thinking that it could be borrowed from a text.
pub(crate) type Code = &'static str;

/// Most bytes of a code.
const CODE_BYTES: usize = 64;

/// Most different codes that are kept for the life of the process: 64 KiB in all.
const MOST_CODES: usize = 1_024;

/// Codes that peers sent so far. They are never freed: an honest network has a few hundred, and a bound holds the others.
static SEEN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The code that a peer sent; `None` where it is none: 1 to 64 upper-case letters, digits and `_`.
///
/// After 1,024 different ones, a code that was not seen before becomes `E_PEER`.
pub(crate) fn code_of_peer(text: &str) -> Option<&'static str> {
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if !(1..=CODE_BYTES).contains(&text.len()) || !text.bytes().all(plain) {
        return None;
    }
    Some(intern(&mut SEEN.lock().unwrap_or_else(PoisonError::into_inner), text))
}

fn intern(seen: &mut BTreeSet<&'static str>, text: &str) -> &'static str {
    if let Some(code) = seen.get(text) {
        return code;
    }
    if seen.len() >= MOST_CODES {
        return "E_PEER";
    }
    let code: &'static str = Box::leak(text.into());
    seen.insert(code);
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_kept_once_and_others_are_refused() {
        let first = code_of_peer("E_DEAL_STATE").unwrap();
        assert!(std::ptr::eq(first, code_of_peer(&String::from("E_DEAL_STATE")).unwrap()));
        assert_eq!(code_of_peer("LIMIT_MEMORY2"), Some("LIMIT_MEMORY2"));
        for wrong in ["", "e_a", "E-A", "E A", "E_\u{c9}", &"E".repeat(65)] {
            assert_eq!(code_of_peer(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_number_of_codes_is_bounded() {
        let mut seen = BTreeSet::new();
        for at in 0..MOST_CODES {
            assert_ne!(intern(&mut seen, &format!("E_{at}")), "E_PEER");
        }
        assert_eq!(intern(&mut seen, "E_NEW"), "E_PEER");
        assert_eq!(intern(&mut seen, "E_7"), "E_7");
    }
}
