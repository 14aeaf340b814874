//! Replays, other requests, edges of time, signatures and grants.

use super::super::tests::*;
use super::super::{Nonce, NonceBook, RequestHeader, Scheme, SignedGrant};
use super::*;
use crate::error::ErrorKind;
use crate::signer::{LocalSigner, Signer};

fn plain() -> Vec<RequestHeader> {
    headers(envelope(), &key(ACCOUNT))
}

fn part(error: &crate::Error) -> &str {
    assert_eq!((error.code(), error.kind()), ("E_SIGNATURE_SCOPE", ErrorKind::Unauthorized), "{error:?}");
    error.context().find(|(key, _)| *key == "part").unwrap().1
}

#[test]
fn a_request_is_taken_once() {
    let mut nonces = NonceBook::new(8);
    let verify = |headers: &[RequestHeader], nonces: &mut NonceBook, now| {
        verifier().verify(read(headers).unwrap(), &parts(), nonces, at(now))
    };
    let headers = plain();
    let caller = verify(&headers, &mut nonces, NOW).unwrap();
    assert_eq!((caller.account, caller.signer), (key(ACCOUNT).address(), key(ACCOUNT).address()));
    assert_eq!((caller.scope, caller.grant), (GrantScope::ALL, None));
    for now in [NOW, NOW + 30] {
        assert_eq!(verify(&headers, &mut nonces, now).unwrap_err().code(), "E_NONCE_USED");
    }
    verify(&plain(), &mut nonces, NOW).unwrap();
}

#[test]
fn another_part_is_named() {
    let headers = plain();
    let other = |method, authority, path, query| {
        let target = RequestTarget::new(Scheme::Https, method, authority, path, query).unwrap();
        RequestParts { target, body: parts().body }
    };
    for (name, parts) in [
        ("method", other("PUT", "solver.example", "/v1/jobs", "from=1&to=9")),
        ("authority", other("POST", "solver.example:8443", "/v1/jobs", "from=1&to=9")),
        ("path", other("POST", "solver.example", "/v1/jobs/", "from=1&to=9")),
        ("query", other("POST", "solver.example", "/v1/jobs", "from=1")),
        ("query", other("POST", "solver.example", "/v1/jobs", "")),
        ("body", RequestParts::new(target(), b"")),
    ] {
        assert_eq!(part(&verify(&headers, &parts, NOW).unwrap_err()), name);
    }
    let at_another =
        |verifier: Verifier| verifier.check(read(&headers).unwrap(), target(), at(NOW)).unwrap_err();
    let elsewhere = Verifier::new(key(SESSION).address(), Domain::local());
    assert_eq!(part(&at_another(elsewhere)), "audience");
    assert_eq!(part(&at_another(Verifier::new(solver(), Domain { chain_id: 1 }))), "chain");
}

#[test]
fn whoever_rewrites_what_was_signed_has_no_signature() {
    // As above, but the headers are written anew for the other request: only the signature can tell.
    let signed = ready(envelope().sign(&key(ACCOUNT), Domain::local())).unwrap();
    let rewritten = |change: &dyn Fn(&mut RequestEnvelope)| {
        let mut changed = signed.clone();
        change(&mut changed.body);
        let headers =
            super::super::request_headers(&changed, key(ACCOUNT).address(), Domain::local()).unwrap();
        let check = Verifier::new(changed.body.audience, Domain::local()).check(
            read(&headers).unwrap(),
            changed.body.parts.target,
            at(NOW),
        );
        check.unwrap().prove().unwrap_err().code()
    };
    let target = |method, authority, path, query| {
        RequestTarget::new(Scheme::Https, method, authority, path, query).unwrap()
    };
    let changes: [&dyn Fn(&mut RequestEnvelope); 9] = [
        &|body| body.parts.target = target("PUT", "solver.example", "/v1/jobs", "from=1&to=9"),
        &|body| body.parts.target = target("POST", "evil.example", "/v1/jobs", "from=1&to=9"),
        &|body| body.parts.target = target("POST", "solver.example", "/v1/offers", "from=1&to=9"),
        &|body| body.parts.target = target("POST", "solver.example", "/v1/jobs", ""),
        &|body| body.parts.body = BodyDigest::of(b"other"),
        &|body| body.audience = key(SESSION).address(),
        &|body| body.created += 1,
        &|body| body.expires += 1,
        &|body| body.nonce = Nonce::new([9; 16]),
    ];
    for change in changes {
        assert_eq!(rewritten(change), "E_SIGNATURE");
    }
}

#[test]
fn every_changed_byte_of_the_request_is_refused() {
    let headers = plain();
    let texts = ["POST", "solver.example", "/v1/jobs", "from=1&to=9"];
    let mut tried = 0;
    for field in 0..texts.len() {
        for byte in 0..texts[field].len() {
            for bit in 0..7 {
                let mut changed = texts.map(|text| text.as_bytes().to_vec());
                changed[field][byte] ^= 1 << bit;
                let changed = changed.map(|text| String::from_utf8(text).unwrap());
                let read =
                    RequestTarget::new(Scheme::Https, &changed[0], &changed[1], &changed[2], &changed[3]);
                let same_word = field < 2 && bit == 5 && changed[field].eq_ignore_ascii_case(texts[field]);
                let accepted = read.is_ok_and(|target| {
                    verify(&headers, &RequestParts { target, body: parts().body }, NOW).is_ok()
                });
                assert_eq!(accepted, same_word, "{changed:?}");
                tried += 1;
            }
        }
    }
    let body = b"{\"module\":\"cowsay\"}";
    for byte in 0..body.len() {
        for bit in 0..8 {
            let mut changed = body.to_vec();
            changed[byte] ^= 1 << bit;
            let error = verify(&headers, &RequestParts::new(target(), &changed), NOW).unwrap_err();
            assert_eq!(part(&error), "body");
        }
    }
    assert!(tried > 250, "only {tried}");
}

#[test]
fn the_edges_of_time_are_exact() {
    let code = |created: i64, expires: i64, now: u64| {
        check_window(created, expires, at(now)).err().map(|error| error.code())
    };
    let now = i64::try_from(NOW).unwrap();
    for (created, expires, expected) in [
        (-29, 60, None),
        (-30, 60, None),
        (-31, 60, Some("E_CLOCK_SKEW")),
        (29, 60, None),
        (30, 60, None),
        (31, 60, Some("E_CLOCK_SKEW")),
        (0, 1, None),
        (0, 120, None),
        (-30, 90, None),
        (0, 121, Some("E_REQUEST_EXPIRED")),
        (0, 0, Some("E_REQUEST_EXPIRED")),
        (0, -1, Some("E_REQUEST_EXPIRED")),
        (-20, 0, Some("E_REQUEST_EXPIRED")),
        (-20, -10, Some("E_REQUEST_EXPIRED")),
        (0, 10 * 365 * 86_400, Some("E_REQUEST_EXPIRED")),
    ] {
        assert_eq!(code(now + created, now + expires, NOW), expected, "{created} {expires}");
    }
    // Milliseconds within the second do not move an edge.
    assert!(check_window(now - 30, now + 60, Timestamp(NOW * 1000 + 999)).is_ok());
    for (created, expires, now) in [
        (-1, 60, NOW),
        (-60, -1, NOW),
        (-5, 60, 0),
        (i64::MIN, i64::MAX, NOW),
        (i64::MAX, i64::MIN, NOW),
        (i64::MIN, i64::MIN + 1, u64::MAX / 1000),
        (i64::MAX - 1, i64::MAX, 0),
        (999_999_999_999_938, 999_999_999_999_998, NOW),
        (0, 1, u64::MAX / 1000),
    ] {
        assert!(code(created, expires, now).is_some(), "{created} {expires} {now}");
    }
    let error = check_window(now - 300, now - 200, at(NOW)).unwrap_err();
    assert!(error.hint().unwrap().starts_with("your clock is 300 s off (behind)"), "{error}");
    let error = check_window(now + 31, now + 90, at(NOW)).unwrap_err();
    assert_eq!(error.hint().unwrap(), "your clock is 31 s off (ahead); set the clock and sign again");
}

#[test]
fn a_body_that_comes_too_late_is_refused_and_one_that_is_cut_uses_up_nothing() {
    let headers = plain();
    let mut nonces = NonceBook::new(8);
    let proven = || verifier().check(read(&headers).unwrap(), target(), at(NOW)).unwrap().prove().unwrap();
    assert_eq!(part(&proven().accept(BodyDigest::of(b"{\"mod"), &mut nonces, at(NOW)).unwrap_err()), "body");
    let late = proven().accept(parts().body, &mut nonces, at(NOW + 91)).unwrap_err();
    assert_eq!(late.code(), "E_REQUEST_EXPIRED");
    assert!(nonces.is_empty());
    // A replay whose body crawls until the nonce could be forgotten.
    let crawling = proven();
    proven().accept(parts().body, &mut nonces, at(NOW + 90)).unwrap();
    assert_eq!(crawling.accept(parts().body, &mut nonces, at(NOW + 90)).unwrap_err().code(), "E_NONCE_USED");
}

#[test]
fn only_canonical_signatures_are_read() {
    use super::super::base64::{Alphabet, encode};
    let headers = plain();
    let signed = read(&headers).unwrap().signature;
    let code = |bytes: &[u8]| {
        let mut changed = headers.clone();
        let place = changed.iter_mut().find(|(name, _)| *name == "signature").unwrap();
        place.1 = format!("lilypad=:{}:", encode(bytes, Alphabet::Standard));
        verify(&changed, &parts(), NOW).err().map(|error| error.code())
    };
    let with = |at: usize, value: u8| {
        let mut bytes = signed.as_bytes().to_vec();
        bytes[at] = value;
        bytes
    };
    assert_eq!(code(signed.as_bytes()), None);
    let v = signed.as_bytes()[64];
    for wrong in [0, 1, 2, 26, 29, 255, v - 27, 55 - v] {
        assert_eq!(code(&with(64, wrong)), Some("E_SIGNATURE"), "v {wrong}");
    }
    assert_eq!(code(&signed.as_bytes()[..64]), Some("E_SIGNATURE"));
    assert_eq!(code(&[signed.as_bytes().as_slice(), &[0]].concat()), Some("E_SIGNATURE"));
    assert_eq!(code(&[0; 65]), Some("E_SIGNATURE"));
    assert_eq!(code(&[]), Some("E_SIGNATURE"));
    // s in the upper half: the order of the curve, minus s.
    let order = hex::decode("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141").unwrap();
    let mut high = signed.as_bytes().to_vec();
    let mut borrow = 0_i16;
    for at in (0..32).rev() {
        let digit = i16::from(order[at]) - i16::from(high[32 + at]) - borrow;
        borrow = i16::from(digit < 0);
        high[32 + at] = u8::try_from(digit.rem_euclid(256)).unwrap();
    }
    high[64] = 55 - v;
    assert_eq!(code(&high), Some("E_SIGNATURE"));
}

#[test]
fn a_delegate_acts_within_its_grant() {
    let caller = verify(&delegated(), &parts(), NOW).unwrap();
    assert_eq!((caller.account, caller.signer), (key(ACCOUNT).address(), key(SESSION).address()));
    let used = caller.grant.unwrap();
    assert_eq!((used.max_spend, used.expires), ("0.5 LP".parse().unwrap(), NOW + 3600));
    assert_eq!(used.id, ready(grant().sign(&key(ACCOUNT))).unwrap().id());
    caller.require(crate::wire::auth::GrantAction::Submit).unwrap();
    let error = caller.require(crate::wire::auth::GrantAction::Cancel).unwrap_err();
    assert_eq!(error.code(), "E_GRANT_SCOPE");
    assert_eq!(read(&delegated()).unwrap().claimed_account(), key(ACCOUNT).address());
}

/// Headers of a request with a grant, written without the signer's own checks.
fn forged(grant: SignedGrant, signer: &LocalSigner) -> Vec<RequestHeader> {
    let signed = ready(crate::signer::Signed::sign(envelope().with_grant(grant), signer, Domain::local()));
    super::super::request_headers(&signed.unwrap(), signer.address(), Domain::local()).unwrap()
}

#[test]
fn each_wrong_grant_says_which_part() {
    let (account, session) = (key(ACCOUNT), key(SESSION));
    let signed = |change: &dyn Fn(&mut super::super::SessionGrant)| {
        let mut grant = grant();
        change(&mut grant);
        let signature = account.sign_digest(&grant.typed_data().digest());
        SignedGrant { grant, signature }
    };
    let code = |grant: SignedGrant, signer: &LocalSigner| {
        // The signer refuses to sign what the server would refuse to take.
        let own = ready(envelope().with_grant(grant.clone()).sign(signer, Domain::local()));
        let server = verify(&forged(grant, signer), &parts(), NOW).map_err(|error| error.code());
        if let Err(error) = own {
            assert_eq!(server, Err(error.code()));
        }
        server.err()
    };
    assert_eq!(code(signed(&|_| ()), &session), None);
    assert_eq!(code(signed(&|grant| grant.chain_id = 1), &session), Some("E_GRANT_CHAIN"));
    assert_eq!(code(signed(&|grant| grant.solver = grant.account), &session), Some("E_GRANT_SOLVER"));
    assert_eq!(code(signed(&|_| ()), &account), Some("E_GRANT_DELEGATE"));
    assert_eq!(code(signed(&|grant| grant.delegate = grant.account), &account), Some("E_GRANT_DELEGATE"));
    assert_eq!(code(signed(&|grant| grant.expires = NOW), &session), Some("E_GRANT_EXPIRED"));
    assert_eq!(code(signed(&|grant| grant.expires = NOW + 1), &session), None);
    let month = super::super::MAX_GRANT_SECONDS;
    assert_eq!(code(signed(&|grant| grant.expires = NOW + month), &session), None);
    assert_eq!(code(signed(&|grant| grant.expires = NOW + month + 1), &session), Some("E_GRANT_LIFETIME"));
    assert_eq!(code(signed(&|grant| grant.expires = u64::MAX), &session), Some("E_GRANT_LIFETIME"));
    // Changed after it was signed: more money, more scope, another account.
    let changes: [&dyn Fn(&mut super::super::SessionGrant); 3] = [
        &|grant| grant.max_spend = crate::model::Amount::MAX,
        &|grant| grant.scope = GrantScope::ALL,
        &|grant| grant.account = solver(),
    ];
    for change in changes {
        let mut changed = signed(&|_| ());
        change(&mut changed.grant);
        assert_eq!(code(changed, &session), Some("E_GRANT_SIGNATURE"));
    }
    let other = ready(grant().sign(&session)).unwrap_err();
    assert_eq!(other.code(), "E_GRANT_ACCOUNT");
}

#[test]
fn a_grant_cannot_be_swapped_added_or_taken_away() {
    let with = |max_spend: &str| {
        let grant = super::super::SessionGrant { max_spend: max_spend.parse().unwrap(), ..grant() };
        headers(envelope().with_grant(ready(grant.sign(&key(ACCOUNT))).unwrap()), &key(SESSION))
    };
    let (small, large) = (with("1 LP"), with("9 LP"));
    let take = |headers: &[RequestHeader], name: &str| {
        headers.iter().find(|(known, _)| *known == name).unwrap().clone()
    };
    let mut swapped = small.clone();
    swapped.retain(|(name, _)| *name != "lilypad-grant");
    assert_eq!(verify(&swapped, &parts(), NOW).unwrap_err().code(), "E_AUTH_HEADER");
    swapped.push(take(&large, "lilypad-grant"));
    assert_eq!(verify(&swapped, &parts(), NOW).unwrap_err().code(), "E_SIGNATURE");
    let mut added = headers(envelope(), &key(SESSION));
    verify(&added, &parts(), NOW).unwrap();
    added.push(take(&large, "lilypad-grant"));
    assert_eq!(verify(&added, &parts(), NOW).unwrap_err().code(), "E_AUTH_HEADER");
    // The list of components rewritten as well: the signature is over another type.
    let input = added.iter_mut().find(|(name, _)| *name == "signature-input").unwrap();
    input.1 = input.1.replace("\"lilypad-audience\")", "\"lilypad-audience\" \"lilypad-grant\")");
    assert_eq!(verify(&added, &parts(), NOW).unwrap_err().code(), "E_SIGNATURE");
}
