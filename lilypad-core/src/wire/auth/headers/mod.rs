//! The headers that carry a signed request, in the syntax of RFC 9421, RFC 9530 and RFC 8941.
//!
//! Layout: `write` makes them, `read` takes them apart with a `cursor`. One request has one spelling: parameters in this
//! order, no blanks but those shown, no other label, algorithm or component.

mod cursor;
mod read;
mod write;

pub use read::AuthHeaders;
pub use write::{RequestHeader, request_headers, sign_request};

use super::grant;

const CONTENT_DIGEST: &str = "content-digest";
const AUDIENCE: &str = "lilypad-audience";
const TARGET: &str = "lilypad-target";
const SIGNATURE_INPUT: &str = "signature-input";
const SIGNATURE: &str = "signature";
const GRANT: &str = "lilypad-grant";

/// Most bytes of each header's value.
const LIMITS: [(&str, usize); 6] = [
    (CONTENT_DIGEST, 64),
    (AUDIENCE, 80),
    (TARGET, 64),
    (SIGNATURE_INPUT, 384),
    (SIGNATURE, 128),
    (GRANT, grant::MOST_BYTES),
];

/// Most headers of a request that are looked at.
const MOST_HEADERS: usize = 256;

const LABEL: &str = "lilypad";
const COMPONENTS: &str =
    "\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\" \"lilypad-audience\"";
const ALGORITHM: &str = "eip712-secp256k1";

#[cfg(test)]
mod tests;
