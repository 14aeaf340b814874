//! The JSON form of a key file. Keys that we do not know (`x-ethers`, `meta`, `name`) are left alone.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Keystore;
use super::kdf::Kdf;
use crate::error::{Error, Result};
use crate::model::Address;

/// Largest key file that is read, in bytes.
pub const KEYSTORE_BYTES: usize = 64 << 10;

#[derive(Deserialize)]
struct File {
    version: u64,
    #[serde(alias = "Crypto")]
    crypto: Crypto,
    #[serde(default)]
    address: Option<String>,
}

#[derive(Deserialize)]
struct Crypto {
    cipher: String,
    cipherparams: CipherParams,
    ciphertext: String,
    kdf: String,
    kdfparams: KdfParams,
    mac: String,
}

#[derive(Deserialize)]
struct CipherParams {
    iv: String,
}

#[derive(Deserialize)]
struct KdfParams {
    dklen: u64,
    salt: String,
    n: Option<u64>,
    r: Option<u64>,
    p: Option<u64>,
    c: Option<u64>,
    prf: Option<String>,
}

impl Keystore {
    /// Reads a key file. Nothing slow happens here, and everything that makes opening it slow is checked.
    ///
    /// # Errors
    /// `InvalidInput`: `E_KEYSTORE_FORMAT` where it is no key file or a damaged one, `E_KEYSTORE_LIMIT` where it is too
    /// large or would take too much memory or time. `Unsupported` (`E_KEYSTORE_UNSUPPORTED`): another version, cipher or
    /// key derivation. No message holds anything of the file but numbers.
    pub fn from_json(text: &str) -> Result<Self> {
        if text.len() > KEYSTORE_BYTES {
            return Err(too_large());
        }
        let file: File = serde_json::from_str(text).map_err(|error| {
            // The library's own message may quote the file.
            let what = if error.is_data() { "a field is missing or has another type" } else { "no JSON" };
            damaged(format!("{what}, at line {}, column {}", error.line(), error.column()))
        })?;
        if file.version != 3 {
            return Err(unsupported(format!("version {}", file.version)).with("field", "version"));
        }
        let crypto = file.crypto;
        if crypto.cipher != "aes-128-ctr" {
            return Err(unsupported("another cipher than aes-128-ctr").with("field", "crypto.cipher"));
        }
        Ok(Self {
            address: file.address.filter(|text| !text.is_empty()).as_deref().map(address).transpose()?,
            id: None,
            kdf: kdf(&crypto.kdf, &crypto.kdfparams)?,
            iv: bytes("crypto.cipherparams.iv", &crypto.cipherparams.iv)?,
            ciphertext: bytes("crypto.ciphertext", &crypto.ciphertext)?,
            mac: bytes("crypto.mac", &crypto.mac)?,
        })
    }

    /// The key file's text, with a final newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut file = Map::new();
        if let Some(address) = self.address {
            // As geth writes it: lower-case, without 0x.
            file.insert("address".to_owned(), hex::encode(address.as_bytes()).into());
        }
        let params = match &self.kdf {
            Kdf::Scrypt { log_n, r, p, salt } => {
                let n = 1_u64.checked_shl(u32::from(*log_n)).unwrap_or_default();
                json!({"dklen": 32, "n": n, "p": p, "r": r, "salt": hex::encode(salt)})
            }
            Kdf::Pbkdf2 { rounds, salt } => {
                json!({"c": rounds, "dklen": 32, "prf": "hmac-sha256", "salt": hex::encode(salt)})
            }
        };
        let crypto = json!({
            "cipher": "aes-128-ctr",
            "ciphertext": hex::encode(self.ciphertext),
            "cipherparams": {"iv": hex::encode(self.iv)},
            "kdf": self.kdf.name(),
            "kdfparams": params,
            "mac": hex::encode(self.mac),
        });
        file.insert("crypto".to_owned(), crypto);
        if let Some(id) = &self.id {
            file.insert("id".to_owned(), id.as_str().into());
        }
        file.insert("version".to_owned(), 3.into());
        format!("{:#}\n", Value::Object(file))
    }
}

fn kdf(name: &str, params: &KdfParams) -> Result<Kdf> {
    if params.dklen != 32 {
        return Err(unsupported(format!("a derived key of {} bytes (32 is known)", params.dklen))
            .with("field", "crypto.kdfparams.dklen"));
    }
    let salt = hex::decode(digits(&params.salt)).map_err(|_| {
        damaged("crypto.kdfparams.salt is not hex digits").with("field", "crypto.kdfparams.salt")
    })?;
    match (name, params) {
        ("scrypt", KdfParams { n: Some(n), r: Some(r), p: Some(p), .. }) => Kdf::scrypt(*n, *r, *p, salt),
        ("scrypt", _) => Err(damaged("scrypt's n, r or p is missing").with("field", "crypto.kdfparams")),
        ("pbkdf2", KdfParams { c: Some(c), prf: Some(prf), .. }) => Kdf::pbkdf2(*c, prf, salt),
        ("pbkdf2", _) => Err(damaged("pbkdf2's c or prf is missing").with("field", "crypto.kdfparams")),
        _ => Err(unsupported("another key derivation than scrypt and pbkdf2").with("field", "crypto.kdf")),
    }
    .map_err(|error| error.with("kdf", if name == "scrypt" { "scrypt" } else { "pbkdf2" }))
}

/// 40 hex digits in any case, as the programs differ.
fn address(text: &str) -> Result<Address> {
    bytes("address", text).map(Address::new)
}

fn bytes<const N: usize>(field: &'static str, text: &str) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(digits(text), &mut bytes)
        .map_err(|_| damaged(format!("{field} is not {} hex digits", 2 * N)).with("field", field))?;
    Ok(bytes)
}

fn digits(text: &str) -> &str {
    text.strip_prefix("0x").unwrap_or(text)
}

/// The file is larger than any key file.
pub(super) fn too_large() -> Error {
    Error::invalid(
        "E_KEYSTORE_LIMIT",
        format!("the key file is too large: at most {KEYSTORE_BYTES} bytes are read"),
    )
    .with_hint("name a JSON key file: a real one has less than 1,000 bytes")
    .with("limit", KEYSTORE_BYTES)
}

pub(super) fn damaged(why: impl std::fmt::Display) -> Error {
    Error::invalid("E_KEYSTORE_FORMAT", format!("not a key file, or a damaged one: {why}"))
        .with_hint("name a JSON key file (Web3 Secret Storage, version 3), or take a copy of this one")
}

pub(super) fn unsupported(what: impl std::fmt::Display) -> Error {
    Error::unsupported("E_KEYSTORE_UNSUPPORTED", format!("the key file uses {what}"))
        .with_hint("export the key again as a version 3 key file with aes-128-ctr and scrypt or pbkdf2")
}
