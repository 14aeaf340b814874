//! Every changed byte of every header is refused, and no bytes make the reader panic.

use proptest::prelude::*;

use super::super::tests::{ACCOUNT, NOW, delegated, envelope, headers, key, parts, read, verify};
use super::*;
use crate::error::ErrorKind;

fn plain() -> Vec<RequestHeader> {
    headers(envelope(), &key(ACCOUNT))
}

/// The code for a request whose header `name` has `value`.
fn code(headers: &[RequestHeader], name: &str, value: &str) -> Option<&'static str> {
    let mut changed = headers.to_vec();
    changed.iter_mut().find(|(known, _)| *known == name).unwrap().1 = value.to_owned();
    let error = verify(&changed, &parts(), NOW).err()?;
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error:?}");
    assert!(error.hint().is_some(), "{error:?}");
    Some(error.code())
}

#[test]
fn every_changed_byte_is_refused() {
    for headers in [plain(), delegated()] {
        verify(&headers, &parts(), NOW).unwrap();
        let mut tried = 0;
        for (name, value) in &headers {
            for at in 0..value.len() {
                let bytes = value.as_bytes();
                let edits = (0..7)
                    .map(|bit| [&bytes[..at], &[bytes[at] ^ 1 << bit], &bytes[at + 1..]].concat())
                    .chain([
                        [&bytes[..at], &bytes[at + 1..]].concat(),
                        [&bytes[..at], b" ", &bytes[at..]].concat(),
                        bytes[..at].to_vec(),
                    ]);
                for edit in edits {
                    let edit = String::from_utf8(edit).unwrap();
                    assert!(code(&headers, name, &edit).is_some(), "{name}: {edit:?} is accepted");
                    tried += 1;
                }
            }
        }
        assert!(tried > 4_500, "only {tried} edits");
    }
}

#[test]
fn a_missing_or_repeated_header_is_named() {
    let all = delegated();
    for at in 0..all.len() {
        let name = all[at].0;
        let mut fewer = all.clone();
        fewer.remove(at);
        let error = read(&fewer).unwrap_err();
        let wanted = if name == GRANT { "E_AUTH_HEADER" } else { "E_AUTH_MISSING" };
        assert_eq!(error.code(), wanted, "{name}");
        assert!(error.context().any(|pair| pair == ("header", name)), "{error:?}");
        let mut twice = all.clone();
        twice.push(all[at].clone());
        let error = read(&twice).unwrap_err();
        assert_eq!(error.code(), "E_AUTH_HEADER", "{name}");
        assert!(error.message().contains("more than once"), "{error}");
    }
    assert_eq!(read(&[]).unwrap_err().code(), "E_AUTH_MISSING");
}

#[test]
fn other_headers_are_passed_over_and_names_have_any_case() {
    let mut all: Vec<(String, Vec<u8>)> =
        plain().into_iter().map(|(name, value)| (name.to_uppercase(), value.into_bytes())).collect();
    all.push(("accept".to_owned(), vec![0xff; 9_000]));
    let pairs = || all.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    assert_eq!(
        AuthHeaders::read(pairs()).unwrap().claimed_signer(),
        crate::signer::Signer::address(&key(ACCOUNT))
    );
    let many = std::iter::repeat_n(("accept", b"x".as_slice()), 256);
    assert_eq!(AuthHeaders::read(many.chain(pairs())).unwrap_err().code(), "E_AUTH_HEADER");
}

#[test]
fn only_our_subset_of_structured_fields_is_read() {
    let headers = plain();
    let input = headers.iter().find(|(name, _)| *name == SIGNATURE_INPUT).unwrap().1.clone();
    let signature = headers.iter().find(|(name, _)| *name == SIGNATURE).unwrap().1.clone();
    for changed in [
        input.replace("lilypad=", "sig1="),
        input.replace("\"@query\" ", ""),
        input.replace("\"@method\" \"@authority\"", "\"@authority\" \"@method\""),
        input.replace("\"@method\"", "\"@method\" \"date\""),
        input.replace(");", " \"lilypad-grant\");"),
        input.replace("\"@path\"", "\"@path\";req"),
        input.replace(";alg=", ";tag=\"x\";alg="),
        input.replace("eip712-secp256k1", "hmac-sha256"),
        input.replace("created=", "created=0"),
        input.replace("created=", "created=+"),
        input.replace("created=1700000000;", "created=1700000000.0;"),
        input.replace("created=1700000000;", "created=-0;"),
        input.replace("created=1700000000;", "created=1000000000000000;"),
        input.replace("created=1700000000;", "created=99999999999999999999;"),
        input.replace("created=1700000000;", ""),
        input.replace("created=1700000000;expires=1700000060", "expires=1700000060;created=1700000000"),
        input.replace(";created", "; created"),
        input.replace(
            "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
            "0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc",
        ),
        format!("{input};created=1700000000"),
        format!("{input}, sig2=()"),
        format!("sig2=(), {input}"),
        String::new(),
    ] {
        assert_ne!(changed, input);
        assert_eq!(code(&headers, SIGNATURE_INPUT, &changed), Some("E_AUTH_HEADER"), "{changed}");
    }
    let long = format!("{input}{}", " ".repeat(400));
    assert_eq!(code(&headers, SIGNATURE_INPUT, &long), Some("E_AUTH_HEADER"));
    assert_eq!(code(&headers, SIGNATURE, &format!("{signature}, sig2=:AA==:")), Some("E_AUTH_HEADER"));
    for digest in
        ["sha-512=:AA==:", "sha-256=:AA==:", "sha-256=AA==", "SHA-256=:AA==:", "sha-256=::, sha-512=::"]
    {
        assert_eq!(code(&headers, CONTENT_DIGEST, digest), Some("E_AUTH_HEADER"), "{digest}");
    }
    for audience in [
        "",
        "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC;chain=31337",
        "\"\";chain=1",
        "\"pond.eth\";chain=1",
        "\"0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC\"",
        "\"0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC\";chain=-1",
        "\"0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC\";chain=0x1",
        "\"0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC\";chain=1;x",
    ] {
        assert_eq!(code(&headers, AUDIENCE, audience), Some("E_AUTH_HEADER"), "{audience}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_bytes_make_the_reader_panic(header in 0_usize..6, start in 0_usize..300, bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut all: Vec<(&str, Vec<u8>)> =
            delegated().into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
        let value = &mut all[header].1;
        let from = start.min(value.len());
        let to = (from + bytes.len()).min(value.len());
        value.splice(from..to, bytes);
        let _ = AuthHeaders::read(all.iter().map(|(name, value)| (*name, value.as_slice())));
    }

    #[test]
    fn no_text_makes_the_cursor_panic(text in "[\":;=a0-9 -]{0,20}") {
        let read = |step: usize| {
            let mut cursor = cursor::Cursor::new(SIGNATURE, &text);
            let _ = (cursor.optional(&text[..text.len().min(step)]), cursor.integer(), cursor.quoted(), cursor.bytes(), cursor.integer());
            cursor.end().is_ok()
        };
        let _ = (read(0), read(1), read(2), read(5));
    }
}
