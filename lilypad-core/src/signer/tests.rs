//! Signatures and receipts against vectors that another EIP-712 implementation made, and every bit of one flipped.

use serde::Deserialize;

use super::{LocalSigner, Receipt, ReceiptBody, Signature, Signer};

const PROVIDER: &str = "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a";
const CREATOR: &str = "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba";

#[derive(Deserialize)]
struct Case {
    name: String,
    input: Input,
    expect: Expect,
}

#[derive(Deserialize)]
struct Input {
    body: ReceiptBody,
}

#[derive(Deserialize)]
struct Expect {
    digest: String,
    provider_signature: Signature,
    job_creator_signature: Signature,
}

fn cases() -> Vec<Case> {
    let text = include_str!("../../../tests/vectors/receipts.json");
    serde_json::from_str(text).expect("the vectors are JSON")
}

fn receipt(case: &Case) -> Receipt {
    Receipt {
        body: case.input.body.clone(),
        provider_signature: case.expect.provider_signature,
        job_creator_signature: case.expect.job_creator_signature,
    }
}

#[test]
fn digests_and_signatures_equal_another_implementation() {
    let cases = cases();
    assert_eq!(cases.len(), 3);
    for case in &cases {
        let digest = case.input.body.typed_data().digest();
        assert_eq!(format!("0x{}", hex::encode(digest)), case.expect.digest, "{}", case.name);
        for (key, expected) in
            [(PROVIDER, case.expect.provider_signature), (CREATOR, case.expect.job_creator_signature)]
        {
            let signer = LocalSigner::from_hex(key).unwrap();
            assert_eq!(signer.sign_digest(&digest), expected, "{}", case.name);
            assert_eq!(expected.recover(&digest).unwrap(), signer.address(), "{}", case.name);
        }
        receipt(case).verify().unwrap_or_else(|error| panic!("{}: {error:?}", case.name));
    }
}

#[test]
fn a_receipt_survives_its_json() {
    for case in &cases() {
        let receipt = receipt(case);
        let text = receipt.to_json().unwrap();
        assert_eq!(Receipt::from_json(&text).unwrap(), receipt, "{}", case.name);
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let text = receipt(&cases()[1]).to_json().unwrap().into_bytes();
    let mut flipped = 0;
    for at in 0..text.len() {
        for bit in 0..8 {
            let mut changed = text.clone();
            changed[at] ^= 1 << bit;
            let accepted = std::str::from_utf8(&changed)
                .ok()
                .and_then(|text| Receipt::from_json(text).ok())
                .is_some_and(|receipt| receipt.verify().is_ok());
            assert!(!accepted, "bit {bit} of byte {at} ({:?}) can be flipped", char::from(text[at]));
            flipped += 1;
        }
    }
    assert!(flipped > 8_000, "only {flipped} bits");
}

#[test]
fn a_receipt_must_cost_what_rate_and_cap_say() {
    let mut receipt = receipt(&cases()[0]);
    receipt.body.cost = crate::model::Amount::from_wei(1);
    assert_eq!(receipt.verify().unwrap_err().code(), "E_RECEIPT_COST");
    receipt.body.version = 2;
    assert_eq!(receipt.verify().unwrap_err().code(), "E_RECEIPT_VERSION");
}

#[test]
fn signatures_have_one_form() {
    let good = cases()[0].expect.provider_signature;
    let with = |at: usize, value: u8| {
        let mut bytes = *good.as_bytes();
        bytes[at] = value;
        Signature::from_bytes(&bytes)
    };
    assert_eq!(with(64, good.as_bytes()[64] - 27).unwrap(), good);
    for v in [2, 26, 29, 255] {
        assert_eq!(with(64, v).unwrap_err().code(), "E_SIGNATURE");
    }
    assert!(Signature::from_bytes(&good.as_bytes()[..64]).is_err());
    assert!(Signature::from_bytes(&[0; 65]).is_err());
    // n − s is the other signature of the same message: refused, so that nobody can change a signature's bytes.
    let order = hex::decode("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141").unwrap();
    let mut high = *good.as_bytes();
    let mut borrow = 0_i16;
    for at in (0..32).rev() {
        let digit = i16::from(order[at]) - i16::from(good.as_bytes()[32 + at]) - borrow;
        borrow = i16::from(digit < 0);
        high[32 + at] = u8::try_from(digit.rem_euclid(256)).unwrap();
    }
    assert_eq!(Signature::from_bytes(&high).unwrap_err().code(), "E_SIGNATURE");
    assert!(good.to_string().to_uppercase().parse::<Signature>().is_err());
}

#[test]
fn a_key_is_never_shown() {
    let signer = LocalSigner::from_hex(CREATOR).unwrap();
    assert_eq!(format!("{signer:?}"), "LocalSigner(0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc)");
    let error = LocalSigner::from_hex("not a key but maybe a seed phrase").unwrap_err();
    assert!(
        !format!("{error:?}").contains("phrase but") && !format!("{error:?}").contains("maybe"),
        "{error:?}"
    );
}

#[test]
fn typed_data_for_wallets_names_every_field() {
    let json = cases()[0].input.body.typed_data().to_json();
    assert_eq!(json["primaryType"], "Receipt");
    assert_eq!(json["message"]["cost"], "52123000000000");
    assert_eq!(
        json["types"]["Receipt"].as_array().unwrap().len(),
        json["message"].as_object().unwrap().len()
    );
}
