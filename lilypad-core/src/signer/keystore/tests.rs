//! Key files of other programs, our own, damaged ones and ones that ask for too much.

use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

#[derive(Deserialize)]
struct Case {
    name: String,
    input: Input,
    expect: Expect,
}

#[derive(Deserialize)]
struct Input {
    passphrase: String,
    file: Value,
}

#[derive(Deserialize)]
struct Expect {
    key: String,
    address: Address,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../../../../tests/vectors/keystores.json")).unwrap()
}

/// A file that opens at once, for what needs many.
fn quick() -> (Value, Passphrase) {
    let case = cases().swap_remove(4);
    (case.input.file, passphrase(&case.input.passphrase))
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned()).unwrap()
}

fn read(file: &Value) -> Result<Keystore> {
    Keystore::from_json(&file.to_string())
}

fn signer(seed: u64) -> LocalSigner {
    LocalSigner::generate(&mut Random::seeded(seed)).unwrap()
}

#[test]
fn files_of_other_programs_open() {
    for case in cases() {
        let keystore = read(&case.input.file).unwrap_or_else(|error| panic!("{}: {error:?}", case.name));
        let signer = keystore.decrypt(&passphrase(&case.input.passphrase)).unwrap();
        assert_eq!(signer.address(), case.expect.address, "{}", case.name);
        assert_eq!(hex::encode(*secret(&signer)), case.expect.key, "{}", case.name);
        assert!(keystore.address().is_none_or(|address| address == case.expect.address));
    }
}

#[test]
fn what_is_encrypted_opens_again_and_no_two_files_are_alike() {
    let (signer, word) = (signer(1), passphrase("päss 🐸"));
    let one = Keystore::encrypt(&signer, &word, KeystoreCost::Light).unwrap();
    let two = Keystore::encrypt(&signer, &word, KeystoreCost::Light).unwrap();
    let (one, two): (Value, Value) =
        (serde_json::from_str(&one.to_json()).unwrap(), serde_json::from_str(&two.to_json()).unwrap());
    for place in
        ["/crypto/ciphertext", "/crypto/cipherparams/iv", "/crypto/kdfparams/salt", "/crypto/mac", "/id"]
    {
        assert_ne!(one.pointer(place).unwrap(), two.pointer(place).unwrap(), "{place}");
    }
    let again = read(&one).unwrap().decrypt(&word).unwrap();
    assert_eq!(secret(&again), secret(&signer));
    // The UUID says that it is random, and of which kind.
    let id = one["id"].as_str().unwrap();
    assert_eq!((id.len(), &id[14..15], id.matches('-').count()), (36, "4", 4), "{id}");
}

#[test]
fn the_standard_cost_is_geths() {
    let word = passphrase("x");
    let file = Keystore::encrypt(&signer(2), &word, KeystoreCost::default()).unwrap();
    let text: Value = serde_json::from_str(&file.to_json()).unwrap();
    let params = &text["crypto"]["kdfparams"];
    assert_eq!((&params["n"], &params["r"], &params["p"]), (&262_144.into(), &8.into(), &1.into()));
    assert_eq!(file.decrypt(&word).unwrap().address(), signer(2).address());
}

#[test]
fn a_wrong_passphrase_is_one_clear_error() {
    let (file, _) = quick();
    for wrong in ["", "correct horse battery stapl", "correct horse battery staple "] {
        let error = read(&file).unwrap().decrypt(&passphrase(wrong)).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthorized, "E_KEYSTORE_PASSPHRASE"));
    }
}

#[test]
fn every_change_of_the_encrypted_part_is_noticed() {
    let (file, word) = quick();
    for (place, code) in [
        ("/crypto/ciphertext", "E_KEYSTORE_PASSPHRASE"),
        ("/crypto/mac", "E_KEYSTORE_PASSPHRASE"),
        ("/crypto/kdfparams/salt", "E_KEYSTORE_PASSPHRASE"),
        ("/crypto/cipherparams/iv", "E_KEYSTORE_ADDRESS"),
        ("/address", "E_KEYSTORE_ADDRESS"),
    ] {
        let mut changed = file.clone();
        let old = changed.pointer(place).unwrap().as_str().unwrap().to_owned();
        let first = if old.starts_with('0') { "1" } else { "0" };
        *changed.pointer_mut(place).unwrap() = format!("{first}{}", &old[1..]).into();
        assert_eq!(read(&changed).unwrap().decrypt(&word).unwrap_err().code(), code, "{place}");
    }
}

#[test]
fn damaged_files_are_refused_without_a_word_of_their_content() {
    let (file, _) = quick();
    let canary = "c0ffee-canary";
    for (place, value) in [
        ("/crypto/ciphertext", json!(canary)),
        ("/crypto/ciphertext", json!("00")),
        ("/crypto/cipherparams/iv", json!("00")),
        ("/crypto/mac", json!(7)),
        ("/crypto/mac", json!("zz")),
        ("/crypto/kdfparams/salt", json!("abc")),
        ("/crypto/kdfparams/c", json!(0)),
        ("/crypto/kdfparams/c", json!(-1)),
        ("/crypto/kdfparams/c", json!(1.5)),
        ("/crypto/kdfparams/c", json!(null)),
        ("/crypto/kdfparams", json!(canary)),
        ("/crypto", json!([canary])),
        ("/address", json!(canary)),
        ("/version", json!(canary)),
    ] {
        let mut changed = file.clone();
        *changed.pointer_mut(place).unwrap() = value;
        let error = read(&changed).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, "E_KEYSTORE_FORMAT"), "{place}");
        assert!(!format!("{error:?}").contains("c0ffee"), "{error:?}");
    }
    for text in ["", "{", "[]", "null", "c0ffee-canary", "{\"version\":3}", "{\"version\":3,\"version\":3}"] {
        let error = Keystore::from_json(text).unwrap_err();
        assert_eq!(error.code(), "E_KEYSTORE_FORMAT", "{text}");
        assert!(!format!("{error:?}").contains("c0ffee"), "{error:?}");
    }
    let deep = "[".repeat(10_000);
    assert_eq!(Keystore::from_json(&deep).unwrap_err().code(), "E_KEYSTORE_FORMAT");
}

#[test]
fn a_file_that_asks_for_too_much_is_refused_before_anything_is_spent() {
    let scrypt = |n: u64, r: u64, p: u64| {
        let mut file = quick().0;
        file["crypto"]["kdf"] = "scrypt".into();
        file["crypto"]["kdfparams"] = json!({"dklen": 32, "n": n, "r": r, "p": p, "salt": "00"});
        read(&file)
    };
    for (n, r, p) in [
        (1 << 22, 8, 1),
        (1 << 63, 8, 1),
        (2, 1 << 40, 1),
        (2, 1, 1 << 40),
        (2, u64::MAX, u64::MAX),
        (1 << 18, 8, 9),
        (2, 1, 1 << 24),
        (1 << 12, 1 << 15, 1),
    ] {
        let error = scrypt(n, r, p).unwrap_err();
        assert_eq!(error.code(), "E_KEYSTORE_LIMIT", "{n} {r} {p}");
        let limit = [MAX_KEYSTORE_MEMORY, MAX_KEYSTORE_WORK]
            .iter()
            .any(|limit| error.message().contains(&limit.to_string()));
        assert!(limit, "{error}");
    }
    for (n, r, p) in [(0, 8, 1), (1, 8, 1), (3, 8, 1), (2, 0, 1), (2, 1, 0)] {
        assert_eq!(scrypt(n, r, p).unwrap_err().code(), "E_KEYSTORE_FORMAT", "{n} {r} {p}");
    }
    for (n, r, p) in [(1 << 18, 8, 1), (1 << 18, 1, 8), (1 << 12, 8, 6), (1 << 13, 8, 1), (1 << 17, 8, 1)] {
        assert!(scrypt(n, r, p).is_ok(), "{n} {r} {p}: what programs write");
    }
    let with = |place: &str, value: Value| {
        let mut file = quick().0;
        *file.pointer_mut(place).unwrap() = value;
        read(&file).unwrap_err().code()
    };
    assert_eq!(with("/crypto/kdfparams/c", (MAX_KEYSTORE_ROUNDS + 1).into()), "E_KEYSTORE_LIMIT");
    assert_eq!(with("/crypto/kdfparams/salt", "00".repeat(MAX_KEYSTORE_SALT + 1).into()), "E_KEYSTORE_LIMIT");
    assert_eq!(with("/id", "x".repeat(KEYSTORE_BYTES).into()), "E_KEYSTORE_LIMIT");
}

#[test]
fn other_formats_are_named() {
    let (file, _) = quick();
    for (place, value) in [
        ("/version", json!(1)),
        ("/version", json!(4)),
        ("/crypto/cipher", json!("aes-128-cbc")),
        ("/crypto/kdf", json!("argon2id")),
        ("/crypto/kdfparams/prf", json!("hmac-sha512")),
        ("/crypto/kdfparams/dklen", json!(64)),
    ] {
        let mut changed = file.clone();
        *changed.pointer_mut(place).unwrap() = value;
        let error = read(&changed).unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Unsupported, "E_KEYSTORE_UNSUPPORTED"),
            "{place}"
        );
    }
}

#[test]
fn spellings_of_other_programs_are_read() {
    let (file, word) = quick();
    // Older geth and MyEtherWallet: `Crypto`; ethers: 0x and keys of its own; some leave the address out.
    let mut other = file.clone();
    let crypto = other.as_object_mut().unwrap().remove("crypto").unwrap();
    other["Crypto"] = crypto;
    other["address"] = format!("0x{}", file["address"].as_str().unwrap().to_lowercase()).into();
    other["x-ethers"] = json!({"client": "ethers", "mnemonicCiphertext": "00"});
    assert!(read(&other).unwrap().decrypt(&word).is_ok());
    other.as_object_mut().unwrap().remove("address");
    let keystore = read(&other).unwrap();
    assert_eq!(keystore.address(), None);
    assert!(keystore.decrypt(&word).is_ok());
}

#[test]
fn secrets_are_never_shown() {
    let word = passphrase("hunter2-canary");
    assert_eq!(format!("{word:?}"), "Passphrase(hidden)");
    let keystore = read(&quick().0).unwrap();
    assert_eq!(format!("{keystore:?}"), "Keystore(0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc, pbkdf2)");
    let long = Passphrase::new("x".repeat(PASSPHRASE_BYTES + 1)).unwrap_err();
    assert_eq!(long.code(), "E_PASSPHRASE_LENGTH");
}
