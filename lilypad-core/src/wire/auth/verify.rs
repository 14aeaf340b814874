//! Is a request what its signer signed, for us, now?

use super::envelope::{MAX_LIFETIME_SECONDS, MAX_SKEW_SECONDS, check_signer};
use super::error::{out_of_scope, refused};
use super::{
    AuthHeaders, BodyDigest, Caller, GrantScope, GrantUse, NonceMemory, RequestEnvelope, RequestParts,
    RequestTarget,
};
use crate::error::Result;
use crate::model::Address;
use crate::rt::Timestamp;
use crate::signer::Domain;

/// Verifies requests to one solver on one chain.
///
/// The steps are separate so that a server can spend little on a forged flood: [`AuthHeaders::read`] and
/// [`Verifier::check`] cost no elliptic curves and need no body; then the server applies its rate limits;
/// [`CheckedRequest::prove`] recovers the signer; then the server reads the body; [`ProvenRequest::accept`] compares it
/// and uses up the nonce. [`Verifier::verify`] does all of it where nothing comes between.
#[derive(Clone, Copy, Debug)]
pub struct Verifier {
    audience: Address,
    domain: Domain,
}

impl Verifier {
    /// A verifier for the solver `audience` in its network's domain.
    #[must_use]
    pub fn new(audience: Address, domain: Domain) -> Self {
        Self { audience, domain }
    }

    /// The cheap half: time, audience, chain, and what the request asks; of a grant everything but its signature.
    ///
    /// # Errors
    /// `Unauthorized`: `E_REQUEST_EXPIRED`, `E_CLOCK_SKEW`; `E_SIGNATURE_SCOPE` with the `part` that differs
    /// (`audience`, `chain`, `method`, `authority`, `path`, `query`); `E_GRANT_CHAIN`, `E_GRANT_SOLVER`,
    /// `E_GRANT_DELEGATE`, `E_GRANT_EXPIRED`, `E_GRANT_LIFETIME`.
    pub fn check(
        &self,
        headers: AuthHeaders,
        target: RequestTarget,
        now: Timestamp,
    ) -> Result<CheckedRequest> {
        let (created, expires) = check_window(headers.created, headers.expires, now)?;
        self.check_scope(&headers, &target)?;
        let AuthHeaders { body, audience, nonce, signer, signature, grant, .. } = headers;
        if let Some(grant) = &grant {
            grant.grant.check(self.audience, self.domain, signer, seconds(now))?;
        }
        let parts = RequestParts { target, body };
        let envelope = RequestEnvelope { parts, audience, created, expires, nonce, grant };
        Ok(CheckedRequest { domain: self.domain, signer, signature, envelope })
    }

    /// All steps at once, for a request whose body is at hand.
    ///
    /// # Errors
    /// Those of [`Verifier::check`], [`CheckedRequest::prove`] and [`ProvenRequest::accept`], in this order.
    pub fn verify(
        &self,
        headers: AuthHeaders,
        parts: &RequestParts,
        nonces: &mut dyn NonceMemory,
        now: Timestamp,
    ) -> Result<Caller> {
        self.check(headers, parts.target.clone(), now)?.prove()?.accept(parts.body, nonces, now)
    }

    fn check_scope(&self, headers: &AuthHeaders, target: &RequestTarget) -> Result<()> {
        if headers.audience != self.audience {
            let why = format!("signed for solver {}, this is {}", headers.audience, self.audience);
            return Err(out_of_scope("audience", why).with_hint("sign for the solver that you send to"));
        }
        if headers.chain_id != self.domain.chain_id {
            let why =
                format!("signed for chain {}, this is chain {}", headers.chain_id, self.domain.chain_id);
            return Err(out_of_scope("chain", why).with_hint("sign in the domain of this network"));
        }
        let signed = headers.marks.chunks(8);
        for (((part, got), mark), signed) in target.parts().into_iter().zip(target.marks()).zip(signed) {
            if mark != signed {
                let why = format!("signed for another {part} than {}", super::error::shown(got));
                return Err(out_of_scope(part, why).with_hint(
                    "sign what is sent; a proxy must not change it, and a server must know its public name",
                ));
            }
        }
        Ok(())
    }
}

/// A request whose cheap half is right: nothing is proven yet.
#[derive(Debug)]
pub struct CheckedRequest {
    domain: Domain,
    signer: Address,
    signature: crate::signer::Signature,
    envelope: RequestEnvelope,
}

impl CheckedRequest {
    /// The expensive half: recovers who signed the request, and who signed its grant.
    ///
    /// # Errors
    /// `Unauthorized`: `E_SIGNATURE`, `E_GRANT_SIGNATURE`.
    pub fn prove(self) -> Result<ProvenRequest> {
        let data = self.envelope.typed_data(self.domain);
        check_signer("E_SIGNATURE", &self.signature, &data, self.signer)?;
        if let Some(grant) = &self.envelope.grant {
            grant.verify()?;
        }
        Ok(ProvenRequest { signer: self.signer, envelope: self.envelope })
    }
}

/// A request whose headers were signed by whom they name; its body and nonce are not compared yet.
#[derive(Debug)]
pub struct ProvenRequest {
    signer: Address,
    envelope: RequestEnvelope,
}

impl ProvenRequest {
    /// Compares the digest of the body that came, then uses up the nonce. A body that was cut off on the way uses up
    /// nothing: the same request can be sent again while it is valid.
    ///
    /// # Errors
    /// `Unauthorized`: `E_SIGNATURE_SCOPE` with part `body`, `E_REQUEST_EXPIRED` where the body took too long,
    /// `E_NONCE_USED`; `Unavailable` where the memory cannot take the nonce.
    pub fn accept(self, body: BodyDigest, nonces: &mut dyn NonceMemory, now: Timestamp) -> Result<Caller> {
        let RequestEnvelope { parts, expires, nonce, grant, .. } = self.envelope;
        if parts.body != body {
            let why = format!("signed for a body with digest {}, got one with {body}", parts.body);
            return Err(out_of_scope("body", why).with_hint("sign the bytes that are sent"));
        }
        let until = expires.saturating_add(MAX_SKEW_SECONDS);
        if seconds(now) > until {
            let why =
                format!("the body of a request that expired at {expires} was complete at {}", seconds(now));
            return Err(
                refused("E_REQUEST_EXPIRED", why).with_hint("sign it again; send large files in parts")
            );
        }
        nonces.remember(self.signer, nonce, until, seconds(now))?;
        let grant_use = grant.as_ref().map(|grant| GrantUse {
            id: grant.id(),
            max_spend: grant.grant.max_spend,
            expires: grant.grant.expires,
        });
        Ok(Caller {
            account: grant.as_ref().map_or(self.signer, |grant| grant.grant.account),
            signer: self.signer,
            scope: grant.as_ref().map_or(GrantScope::ALL, |grant| grant.grant.scope),
            grant: grant_use,
        })
    }
}

/// Whole seconds: the unit in which requests are signed.
fn seconds(now: Timestamp) -> u64 {
    now.as_millis() / 1000
}

/// `created` and `expires` where they are right at `now`; all arithmetic is wide enough for any header.
fn check_window(created: i64, expires: i64, now: Timestamp) -> Result<(u64, u64)> {
    let now = i128::from(seconds(now));
    let lifetime = i128::from(expires) - i128::from(created);
    if !(1..=i128::from(MAX_LIFETIME_SECONDS)).contains(&lifetime) {
        let why = format!("the request is valid for {lifetime} s; 1 to {MAX_LIFETIME_SECONDS} s are allowed");
        return Err(refused("E_REQUEST_EXPIRED", why).with_hint("sign it again with a shorter lifetime"));
    }
    let ahead = i128::from(created) - now;
    if ahead.abs() > i128::from(MAX_SKEW_SECONDS) {
        let (off, side) = (ahead.abs(), if ahead > 0 { "ahead" } else { "behind" });
        let why = format!("created at {created}, now is {now}: more than {MAX_SKEW_SECONDS} s apart");
        let old = if ahead > 0 { "" } else { ", or the request is that old" };
        return Err(refused("E_CLOCK_SKEW", why)
            .with_hint(format!("your clock is {off} s off ({side}){old}; set the clock and sign again"))
            .with("skew_seconds", ahead));
    }
    if now >= i128::from(expires) {
        let why = format!("the request expired at {expires}, now is {now} (Unix seconds)");
        return Err(refused("E_REQUEST_EXPIRED", why).with_hint("sign it again"));
    }
    match (u64::try_from(created), u64::try_from(expires)) {
        (Ok(created), Ok(expires)) => Ok((created, expires)),
        _ => Err(refused("E_CLOCK_SKEW", format!("created at {created}, before 1970"))
            .with_hint("your clock is off; set it and sign again")),
    }
}

#[cfg(test)]
mod tests;
