//! Names of wallets and networks.

use crate::error::{Error, Result};

/// Longest name of a wallet or network.
pub const NAME_LENGTH: usize = 32;

/// True for one to 32 lower-case letters, digits and `-`, the first one a letter.
pub(super) fn is_name(text: &str) -> bool {
    text.len() <= NAME_LENGTH
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Refuses what [`is_name`] does not take, without showing it: it may be a key that was put in the wrong place.
pub(super) fn check(what: &str, code: &'static str, text: &str) -> Result<()> {
    if is_name(text) {
        return Ok(());
    }
    Err(Error::invalid(
        code,
        format!(
            "the name of a {what} is 1 to {NAME_LENGTH} lower-case letters, digits and `-`, and begins with a letter"
        ),
    )
    .with_hint("choose a name such as `work-2`")
    .with("limit", NAME_LENGTH))
}
