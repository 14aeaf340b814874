//! The vector of the protocol's reference, appendix A.7, and what v2 refuses.

use super::super::tests::{ACCOUNT, SESSION, key};
use super::*;

const VECTOR: [(&str, &str); 2] = [
    ("X-Lilypad-User", "eyJhZGRyZXNzIjoiMHg5OTY1NTA3RDFhNTViY0MyNjk1QzU4YmExNkZCMzdkODE5QjBBNGRjIn0="),
    (
        "X-Lilypad-Signature",
        "vms6LpCLddBVoVV+vfUAXAoILvWxKjgmzJhzl+QWCeZuZHKcc44GOY5LJm6c6+bjPAUs3l40M6s/Trb/YYK3PwE=",
    ),
];

#[test]
fn the_vector_is_made_and_checked() {
    let made = v2_headers(&key(ACCOUNT));
    assert_eq!(made, VECTOR.map(|(name, value)| (name, value.to_owned())));
    let account = check_v2_headers(Some(VECTOR[0].1), Some(VECTOR[1].1)).unwrap();
    assert_eq!(account, key(ACCOUNT).address());
}

fn refusal(user: Option<&str>, signature: Option<&str>) -> (&'static str, String) {
    let error = check_v2_headers(user, signature).unwrap_err();
    (error.code(), error.message().to_owned())
}

#[test]
fn what_v2_refuses_is_refused_in_its_words() {
    let [user, signature] = VECTOR.map(|(_, value)| value);
    assert_eq!(refusal(None, Some(signature)), ("E_AUTH_MISSING", "missing user header".to_owned()));
    assert_eq!(refusal(Some(user), None), ("E_AUTH_MISSING", "missing signature header".to_owned()));
    let other = v2_headers(&key(SESSION));
    assert_eq!(refusal(Some(user), Some(&other[1].1)), ("E_SIGNATURE", "invalid signature".to_owned()));
    for payload in ["", "[]", "{", "{\"address\":1}"] {
        let user = encode(payload.as_bytes(), Alphabet::Standard);
        let code = if payload.is_empty() { "E_AUTH_MISSING" } else { "E_AUTH_HEADER" };
        assert_eq!(refusal(Some(&user), Some(signature)).0, code, "{payload}");
    }
    assert_eq!(refusal(Some("!"), Some(signature)).0, "E_AUTH_HEADER");
    assert_eq!(refusal(Some(&"A".repeat(1_028)), Some(signature)).0, "E_AUTH_HEADER");
    let mut bytes = decode(signature, Alphabet::Standard).unwrap();
    for v in [0, 2, 27, 28] {
        bytes[64] = v;
        assert_eq!(refusal(Some(user), Some(&encode(&bytes, Alphabet::Standard))).0, "E_SIGNATURE", "v {v}");
    }
    assert_eq!(refusal(Some(user), Some(&encode(&bytes[..64], Alphabet::Standard))).0, "E_SIGNATURE");
    // The address must be spelled with its checksum.
    let lower = "{\"address\":\"0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc\"}";
    let mut signed = *key(ACCOUNT).sign_digest(&keccak(lower.as_bytes())).as_bytes();
    signed[64] -= 27;
    let user = encode(lower.as_bytes(), Alphabet::Standard);
    assert_eq!(refusal(Some(&user), Some(&encode(&signed, Alphabet::Standard))).0, "E_SIGNATURE");
}
