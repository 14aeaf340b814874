//! Requests that prove who sends them: each is signed for one method, authority, path, query, body, solver, chain and
//! moment, and is taken once. No I/O and no HTTP library: both ends call the same code.
//!
//! Layout: `target` and `digest` what a request is; `nonce` and `envelope` what is signed; `headers` how it travels
//! (`base64` in them); `verify` the checks in their order; `memory` which nonces were used; `scope`, `grant`, `caller` and
//! `spending` session keys; [`v2`] the older headers. `docs/requests.md` shows all of it from outside.

mod base64;
mod caller;
mod digest;
mod envelope;
mod error;
mod grant;
mod headers;
mod memory;
mod nonce;
mod scope;
mod spending;
mod target;
pub mod v2;
mod verify;

pub use caller::{Caller, GrantId, GrantUse};
pub use digest::BodyDigest;
pub use envelope::{MAX_LIFETIME_SECONDS, MAX_SKEW_SECONDS, RequestEnvelope};
pub use grant::{MAX_GRANT_SECONDS, SessionGrant, SignedGrant};
pub use headers::{AuthHeaders, RequestHeader, request_headers, sign_request};
pub use memory::{NonceBook, NonceMemory};
pub use nonce::Nonce;
pub use scope::{GrantAction, GrantScope};
pub use spending::SpendingBook;
pub use target::{RequestParts, RequestTarget, Scheme};
pub use verify::{CheckedRequest, ProvenRequest, Verifier};

#[cfg(test)]
mod tests;
