//! The headers of a signed request.

use super::super::RequestEnvelope;
use super::super::base64::{Alphabet, encode};
use super::{
    ALGORITHM, AUDIENCE, COMPONENTS, CONTENT_DIGEST, GRANT, LABEL, SIGNATURE, SIGNATURE_INPUT, TARGET,
};
use crate::error::Result;
use crate::model::Address;
use crate::signer::{Domain, Signed, Signer};

/// One header: its name in lower case and its value.
pub type RequestHeader = (&'static str, String);

/// Signs a request and writes the headers that go with it: five, and a sixth where a grant comes along.
///
/// # Errors
/// As [`RequestEnvelope::sign`].
pub async fn sign_request(
    envelope: RequestEnvelope,
    signer: &dyn Signer,
    domain: Domain,
) -> Result<Vec<RequestHeader>> {
    request_headers(&envelope.sign(signer, domain).await?, signer.address(), domain)
}

/// The headers of a request that was signed by `signer` in `domain`.
///
/// # Errors
/// `Unexpected` where the JSON library refuses the grant.
pub fn request_headers(
    signed: &Signed<RequestEnvelope>,
    signer: Address,
    domain: Domain,
) -> Result<Vec<RequestHeader>> {
    let RequestEnvelope { parts, audience, created, expires, nonce, grant } = &signed.body;
    let last = if grant.is_some() { format!(" \"{GRANT}\"") } else { String::new() };
    let mut headers = vec![
        (CONTENT_DIGEST, parts.body.to_string()),
        (AUDIENCE, format!("\"{audience}\";chain={}", domain.chain_id)),
        (TARGET, format!(":{}:", encode(&parts.target.marks().concat(), Alphabet::Standard))),
        (
            SIGNATURE_INPUT,
            format!(
                "{LABEL}=({COMPONENTS}{last});created={created};expires={expires};nonce=\"{nonce}\";\
                 keyid=\"{signer}\";alg=\"{ALGORITHM}\""
            ),
        ),
        (SIGNATURE, format!("{LABEL}=:{}:", encode(signed.signature.as_bytes(), Alphabet::Standard))),
    ];
    if let Some(grant) = grant {
        headers.push((GRANT, grant.to_header()?));
    }
    Ok(headers)
}
