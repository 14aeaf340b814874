//! Secrets in the wrong place: a key on the command line is refused, and never said again.
//!
//! The variables below stay in this process's own environment: taking them out needs `unsafe` (another thread may be
//! reading), which this workspace does without. The command starts no other programs; whatever comes to do so must take each of them
//! out of the child's environment with `Command::env_remove`.

use std::ffi::OsString;

use lilypad_core::config::LILYPAD_PRIVATE_KEY;
use lilypad_core::{Error, Result};

/// True for 64 hex digits, with or without 0x, and for a phrase of twelve words and more.
pub(crate) fn looks_like_key(text: &str) -> bool {
    let text = text.trim();
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let is_hex = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = || text.split_whitespace().filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase()));
    is_hex || words().count() >= 12 && words().count() == text.split_whitespace().count()
}

/// Refuses an argument that looks like a key, without saying it.
pub(crate) fn refuse_key(text: &str) -> Result<()> {
    if !looks_like_key(text) {
        return Ok(());
    }
    Err(Error::invalid("E_KEY_IN_ARGUMENTS", "what looks like a private key stands on the command line")
        .with_hint(format!(
            "other users of this machine can see it and the shell keeps it, so do not trust that key any more; \
             give a key in {LILYPAD_PRIVATE_KEY}, or keep it encrypted: lilypad wallet import"
        )))
}

/// What to say of a command line that is wrong, where a key stands on it: whoever says what is wrong may repeat a part.
pub(crate) fn refuse_key_in_arguments(arguments: &[OsString]) -> Result<()> {
    for argument in arguments.iter().skip(1) {
        let argument = argument.to_string_lossy();
        refuse_key(&argument)?;
        // `--flag=value`; an input as `-i Hash=…` may well be 64 digits.
        if let Some((_, value)) = argument.split_once('=').filter(|_| argument.starts_with('-')) {
            refuse_key(value)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_phrases_are_known_from_other_texts() {
        let key = "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba";
        let phrase = "test test test test test test test test test test test junk";
        for text in [key, &format!("0x{key}"), &format!(" 0X{} ", key.to_uppercase()), phrase] {
            assert!(looks_like_key(text), "{text}");
            assert_eq!(refuse_key(text).unwrap_err().code(), "E_KEY_IN_ARGUMENTS");
        }
        let address = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc";
        for text in [
            "",
            "default",
            address,
            &key[1..],
            "key.json",
            "a b c",
            "Test phrase with twelve words of which one is A 1 x y",
        ] {
            assert!(!looks_like_key(text), "{text}");
        }
    }
}
