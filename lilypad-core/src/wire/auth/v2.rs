//! The headers of Lilypad v2: who I am, signed once for everything.
//!
//! They bind no method, path, body, time or server: whoever sees them once, a solver included, can send them again for
//! ever and everywhere. A server takes them only where its operator asks for it; everyone else signs each request
//! ([`sign_request`](super::sign_request)).

use serde::Deserialize;

use super::RequestHeader;
use super::base64::{Alphabet, decode, encode};
use super::error::refused;
use crate::error::Result;
use crate::model::{Address, json};
use crate::signer::{LocalSigner, Signature, Signer, keccak};

const USER: &str = "X-Lilypad-User";
const SIGNATURE: &str = "X-Lilypad-Signature";
/// Most bytes of either value.
const MOST_BYTES: usize = 1024;

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    address: String,
}

/// The two headers of an account. **They can be replayed by whoever sees them**; see the module.
#[must_use]
pub fn v2_headers(signer: &LocalSigner) -> [RequestHeader; 2] {
    let payload = format!("{{\"address\":\"{}\"}}", signer.address());
    let mut signature = *signer.sign_digest(&keccak(payload.as_bytes())).as_bytes();
    // The wire's v is 0 or 1.
    if let Some(v) = signature.last_mut() {
        *v = v.wrapping_sub(27);
    }
    [
        (USER, encode(payload.as_bytes(), Alphabet::Standard)),
        (SIGNATURE, encode(&signature, Alphabet::Standard)),
    ]
}

/// The account that made the two headers, each `None` where it is missing. **It need not be the one that sends them.**
///
/// # Errors
/// `Unauthorized`: `E_AUTH_MISSING`, `E_AUTH_HEADER` (not what v2 writes), `E_SIGNATURE` (another account's; `v` not 0
/// or 1; `s` in the upper half, which no v2 client writes). The messages start as v2's do.
pub fn check_v2_headers(user: Option<&str>, signature: Option<&str>) -> Result<Address> {
    let missing = |name: &str| refused("E_AUTH_MISSING", format!("missing {name} header"));
    let user = user.filter(|text| !text.is_empty()).ok_or_else(|| missing("user"))?;
    let signature = signature.filter(|text| !text.is_empty()).ok_or_else(|| missing("signature"))?;
    if user.len().max(signature.len()) > MOST_BYTES {
        let why = format!("invalid user header: more than {MOST_BYTES} bytes");
        return Err(refused("E_AUTH_HEADER", why));
    }
    let invalid = |why: &str| refused("E_AUTH_HEADER", format!("invalid user header: {why}"));
    let payload = decode(user, Alphabet::Standard).ok_or_else(|| invalid("not base64"))?;
    let named = json::from_slice::<User>(&payload).map_err(|error| invalid(&error.to_string()))?;
    let wrong = |why: &str| refused("E_SIGNATURE", format!("invalid user header or signature: {why}"));
    let bytes = decode(signature, Alphabet::Standard).ok_or_else(|| wrong("not base64"))?;
    if !matches!(bytes.last(), Some(0 | 1)) {
        return Err(wrong("the last byte is not 0 or 1"));
    }
    let signature = Signature::from_bytes(&bytes).map_err(|error| wrong(error.message()))?;
    let found = signature.recover(&keccak(&payload)).map_err(|error| wrong(error.message()))?;
    if found.to_string() == named.address {
        Ok(found)
    } else {
        Err(refused("E_SIGNATURE", "invalid signature").with("signer", found))
    }
}

#[cfg(test)]
mod tests;
