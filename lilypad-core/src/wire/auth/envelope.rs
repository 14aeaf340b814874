//! What is signed for one request.

use super::grant::SignedGrant;
use super::{Nonce, RequestParts};
use crate::error::{Error, Result};
use crate::model::Address;
use crate::rt::Timestamp;
use crate::signer::{Domain, Signature, Signed, Signer, Typed, TypedData, TypedValue};

/// Most seconds between `created` and `expires` of a signed request.
pub const MAX_LIFETIME_SECONDS: u64 = 120;
/// Most seconds by which the clocks of signer and server may differ.
pub const MAX_SKEW_SECONDS: u64 = 30;

/// A lifetime that leaves room for a slow network and is short enough to be forgotten soon.
const USUAL_LIFETIME_SECONDS: u64 = 60;
/// Largest integer of a structured field (RFC 8941, section 3.3.1).
pub(super) const MAX_INTEGER: u64 = 999_999_999_999_999;

/// Everything that is signed for one request: the request, to whom it goes, when, and that it is meant once.
///
/// As typed data it is `Request`, or `DelegatedRequest` where a grant comes along: that has the grant's id as one more
/// field, so nobody can put another grant beside the same signature, or take the grant away.
///
/// ```
/// use lilypad_core::rt::Timestamp;
/// use lilypad_core::signer::Domain;
/// use lilypad_core::wire::auth::{RequestEnvelope, RequestParts, RequestTarget, Scheme};
/// let target = RequestTarget::new(Scheme::Https, "POST", "solver.example", "/v1/jobs", "")?;
/// let solver = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC".parse()?;
/// let envelope = RequestEnvelope::new(RequestParts::new(target, b"{}"), solver, Timestamp(1_700_000_000_000))?;
/// assert_eq!(
///     envelope.typed_data(Domain::local()).type_string(),
///     "Request(string method,string authority,string path,string query,bytes32 bodyDigest,address audience,\
///      uint64 created,uint64 expires,string nonce)",
/// );
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RequestEnvelope {
    pub(super) parts: RequestParts,
    pub(super) audience: Address,
    pub(super) created: u64,
    pub(super) expires: u64,
    pub(super) nonce: Nonce,
    pub(super) grant: Option<SignedGrant>,
}

impl RequestEnvelope {
    /// A request for the solver `audience`, created now, valid for 60 seconds, with a new nonce.
    ///
    /// # Errors
    /// `Unexpected` where the operating system gives no random numbers; `InvalidInput` (`E_REQUEST_FORM`) for a
    /// moment that a header cannot carry.
    pub fn new(parts: RequestParts, audience: Address, now: Timestamp) -> Result<Self> {
        let created = now.as_millis() / 1000;
        let envelope =
            Self { parts, audience, created, expires: created, nonce: Nonce::random()?, grant: None };
        envelope.with_lifetime(USUAL_LIFETIME_SECONDS)
    }

    /// The same request with another lifetime, 1 to 120 seconds.
    ///
    /// # Errors
    /// `InvalidInput` (`E_REQUEST_FORM`) for any other.
    pub fn with_lifetime(mut self, seconds: u64) -> Result<Self> {
        let expires = self.created.checked_add(seconds).filter(|expires| *expires <= MAX_INTEGER);
        match expires {
            Some(expires) if (1..=MAX_LIFETIME_SECONDS).contains(&seconds) => self.expires = expires,
            _ => {
                let why = format!(
                    "created {} with a lifetime of {seconds} s: 1 to {MAX_LIFETIME_SECONDS} s are allowed",
                    self.created
                );
                return Err(Error::invalid("E_REQUEST_FORM", why).with("field", "expires"));
            }
        }
        Ok(self)
    }

    /// The same request with a given nonce; for tests and for callers with random numbers of their own.
    #[must_use]
    pub fn with_nonce(mut self, nonce: Nonce) -> Self {
        self.nonce = nonce;
        self
    }

    /// The same request on behalf of the account that signed `grant`; the grant's delegate signs it.
    #[must_use]
    pub fn with_grant(mut self, grant: SignedGrant) -> Self {
        self.grant = Some(grant);
        self
    }

    /// What is signed.
    #[must_use]
    pub fn typed_data(&self, domain: Domain) -> TypedData {
        use TypedValue::{Address, Bytes32, Text, Uint64};
        let target = &self.parts.target;
        let mut fields = vec![
            ("method", Text(target.method().to_owned())),
            ("authority", Text(target.authority().to_owned())),
            ("path", Text(target.path().to_owned())),
            ("query", Text(target.query().to_owned())),
            ("bodyDigest", Bytes32(*self.parts.body.as_bytes())),
            ("audience", Address(self.audience)),
            ("created", Uint64(self.created)),
            ("expires", Uint64(self.expires)),
            ("nonce", Text(self.nonce.to_string())),
        ];
        match &self.grant {
            None => TypedData::new(domain, "Request", fields),
            Some(grant) => {
                fields.push(("grant", Bytes32(*grant.id().as_bytes())));
                TypedData::new(domain, "DelegatedRequest", fields)
            }
        }
    }

    /// Signs the request, once its grant fits the signer, the audience and the chain.
    ///
    /// # Errors
    /// `Unauthorized` (`E_GRANT_CHAIN`, `E_GRANT_SOLVER`, `E_GRANT_DELEGATE`, `E_GRANT_EXPIRED`, `E_GRANT_LIFETIME`;
    /// what the signer says); `InvalidInput` (`E_REQUEST_FORM`) for a chain id that a header cannot carry.
    pub async fn sign(self, signer: &dyn Signer, domain: Domain) -> Result<Signed<Self>> {
        if domain.chain_id > MAX_INTEGER {
            let why =
                format!("chain id {}: a header carries at most 15 digits ({MAX_INTEGER})", domain.chain_id);
            return Err(Error::invalid("E_REQUEST_FORM", why).with("field", "chain"));
        }
        if let Some(grant) = &self.grant {
            grant.grant.check(self.audience, domain, signer.address(), self.created)?;
        }
        Signed::sign(self, signer, domain).await
    }
}

impl Typed for RequestEnvelope {
    fn typed_data(&self, domain: Domain) -> Result<TypedData> {
        Ok(self.typed_data(domain))
    }
}

/// The account that signed `digest`, where it is the one that was claimed.
///
/// # Errors
/// `Unauthorized` with `code` where it is another or nobody.
pub(super) fn check_signer(
    code: &'static str,
    signature: &Signature,
    data: &TypedData,
    claimed: Address,
) -> Result<()> {
    let why = match signature.recover(&data.digest()) {
        Ok(found) if found == claimed => return Ok(()),
        Ok(found) => format!("signed by {found}, not by {claimed}, or changed after it was signed"),
        Err(error) => error.message().to_owned(),
    };
    Err(super::error::refused(code, why)
        .with_hint("sign exactly what is sent, for this solver and chain")
        .with("signer", claimed))
}
