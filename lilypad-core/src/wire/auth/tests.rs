//! Requests against vectors that another implementation made, and what the other tests of this module share.

use std::collections::BTreeMap;

use futures_util::FutureExt;
use serde::Deserialize;

use super::*;
use crate::error::Result;
use crate::model::Address;
use crate::rt::Timestamp;
use crate::signer::{Domain, LocalSigner, Signature, Signer};

pub(super) const ACCOUNT: &str = "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba";
pub(super) const SESSION: &str = "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a";
pub(super) const SOLVER: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
/// The Unix second of most tests.
pub(super) const NOW: u64 = 1_700_000_000;

pub(super) fn key(text: &str) -> LocalSigner {
    LocalSigner::from_hex(text).unwrap()
}

pub(super) fn at(seconds: u64) -> Timestamp {
    Timestamp(seconds * 1000)
}

pub(super) fn solver() -> Address {
    SOLVER.parse().unwrap()
}

pub(super) fn verifier() -> Verifier {
    Verifier::new(solver(), Domain::local())
}

pub(super) fn target() -> RequestTarget {
    RequestTarget::new(Scheme::Https, "POST", "solver.example", "/v1/jobs", "from=1&to=9").unwrap()
}

pub(super) fn parts() -> RequestParts {
    RequestParts::new(target(), b"{\"module\":\"cowsay\"}")
}

pub(super) fn envelope() -> RequestEnvelope {
    RequestEnvelope::new(parts(), solver(), at(NOW)).unwrap()
}

pub(super) fn grant() -> SessionGrant {
    SessionGrant {
        chain_id: 31_337,
        account: key(ACCOUNT).address(),
        delegate: key(SESSION).address(),
        solver: solver(),
        scope: "read submit".parse().unwrap(),
        max_spend: "0.5 LP".parse().unwrap(),
        expires: NOW + 3600,
    }
}

/// No signer of these tests waits for anything.
pub(super) fn ready<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("nothing to wait for")
}

pub(super) fn headers(envelope: RequestEnvelope, signer: &LocalSigner) -> Vec<RequestHeader> {
    ready(sign_request(envelope, signer, Domain::local())).unwrap()
}

/// A request with a grant, signed by the session key.
pub(super) fn delegated() -> Vec<RequestHeader> {
    headers(envelope().with_grant(ready(grant().sign(&key(ACCOUNT))).unwrap()), &key(SESSION))
}

pub(super) fn read(headers: &[RequestHeader]) -> Result<AuthHeaders> {
    AuthHeaders::read(headers.iter().map(|(name, value)| (*name, value.as_bytes())))
}

/// Everything at once, with an empty memory.
pub(super) fn verify(headers: &[RequestHeader], parts: &RequestParts, now: u64) -> Result<Caller> {
    verifier().verify(read(headers)?, parts, &mut NonceBook::new(8), at(now))
}

#[derive(Deserialize)]
struct Case {
    name: String,
    input: Input,
    expect: Expect,
}

#[derive(Deserialize)]
struct Input {
    scheme: String,
    method: String,
    authority: String,
    path: String,
    query: String,
    body: String,
    audience: Address,
    chain_id: u64,
    created: u64,
    lifetime: u64,
    nonce: String,
    key: String,
    grant: Option<SessionGrant>,
}

#[derive(Deserialize)]
struct Expect {
    canonical: [String; 4],
    digest: String,
    signature: Signature,
    grant_id: Option<String>,
    grant_signature: Option<Signature>,
    headers: BTreeMap<String, String>,
}

impl Input {
    fn parts(&self) -> RequestParts {
        let scheme = if self.scheme == "http" { Scheme::Http } else { Scheme::Https };
        let target =
            RequestTarget::new(scheme, &self.method, &self.authority, &self.path, &self.query).unwrap();
        RequestParts::new(target, self.body.as_bytes())
    }

    fn envelope(&self) -> RequestEnvelope {
        let envelope = RequestEnvelope::new(self.parts(), self.audience, at(self.created))
            .and_then(|envelope| envelope.with_lifetime(self.lifetime))
            .unwrap()
            .with_nonce(self.nonce.parse().unwrap());
        match &self.grant {
            None => envelope,
            Some(grant) => envelope.with_grant(ready(grant.clone().sign(&key(ACCOUNT))).unwrap()),
        }
    }
}

fn cases() -> Vec<Case> {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("../../../../tests/vectors/requests.json")).unwrap();
    assert_eq!(cases.len(), 5);
    cases
}

#[test]
fn requests_equal_another_implementation() {
    for Case { name, input, expect } in cases() {
        let domain = Domain { chain_id: input.chain_id };
        let signer = key(&input.key);
        let envelope = input.envelope();
        let canonical = envelope.parts.target.parts().map(|(_, part)| part.to_owned());
        assert_eq!(canonical, expect.canonical, "{name}");
        let digest = envelope.typed_data(domain).digest();
        assert_eq!(format!("0x{}", hex::encode(digest)), expect.digest, "{name}");
        assert_eq!(signer.sign_digest(&digest), expect.signature, "{name}");
        if let Some(grant) = &envelope.grant {
            assert_eq!(Some(grant.id().to_string()), expect.grant_id, "{name}");
            assert_eq!(Some(grant.signature), expect.grant_signature, "{name}");
        }
        let headers = ready(sign_request(envelope, &signer, domain)).unwrap();
        let written: BTreeMap<String, String> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        assert_eq!(written, expect.headers, "{name}");
    }
}

#[test]
fn another_implementations_requests_are_accepted() {
    for Case { name, input, expect } in cases() {
        let verifier = Verifier::new(input.audience, Domain { chain_id: input.chain_id });
        let headers =
            AuthHeaders::read(expect.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        let caller = verifier
            .verify(headers.unwrap(), &input.parts(), &mut NonceBook::new(1), at(input.created))
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(caller.signer, key(&input.key).address(), "{name}");
        assert_eq!(caller.account, key(ACCOUNT).address(), "{name}");
        assert_eq!(caller.grant.map(|grant| grant.id.to_string()), expect.grant_id, "{name}");
        assert_eq!(caller.scope, input.grant.map_or(GrantScope::ALL, |grant| grant.scope), "{name}");
    }
}

#[test]
fn the_document_shows_a_request_that_is_right() {
    let document = include_str!("../../../../docs/requests.md");
    let Case { input, expect, .. } = cases().remove(0);
    for (name, value) in &expect.headers {
        assert!(document.contains(&format!("{name}: {value}\n")), "docs/requests.md: {name}: {value}");
    }
    assert!(document.contains(&format!("{} {} HTTP/1.1\n", input.method, input.path)));
    assert!(document.contains(&format!("host: {}\n", input.authority)));
    assert!(document.contains(&format!("\n\n{}\n", input.body)));
    let request = envelope().typed_data(Domain::local()).type_string();
    let grant = grant().typed_data().type_string();
    for text in [request, grant] {
        let flat: String = document.split_whitespace().collect();
        assert!(flat.contains(&text.replace(' ', "")), "docs/requests.md: {text}");
    }
}
