//! EIP-712: typed data, its digest, and the JSON that wallets show. Flat structs only: that is all we sign.

use serde_json::{Value as Json, json};
use sha3::{Digest, Keccak256};

use crate::model::{Address, Amount};

/// The EIP-712 domain that separates our signatures from others' and one chain's from another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Chain id of the network's settlement; 31337 for a network in one process.
    pub chain_id: u64,
}

impl Domain {
    /// The name in every domain.
    pub const NAME: &str = "Lilypad";
    /// The version in every domain.
    pub const VERSION: &str = "1";

    /// The domain of a network inside one process, where no chain is involved.
    #[must_use]
    pub const fn local() -> Self {
        Self { chain_id: 31_337 }
    }

    fn separator(self) -> [u8; 32] {
        let mut encoded = Vec::with_capacity(128);
        encoded.extend(keccak(b"EIP712Domain(string name,string version,uint256 chainId)"));
        encoded.extend(keccak(Self::NAME.as_bytes()));
        encoded.extend(keccak(Self::VERSION.as_bytes()));
        encoded.extend(word(&self.chain_id.to_be_bytes()));
        keccak(&encoded)
    }
}

/// A value in typed data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TypedValue {
    /// Solidity `string`.
    Text(String),
    /// Solidity `uint64`.
    Uint64(u64),
    /// Solidity `uint256`, an amount in wei.
    Amount(Amount),
    /// Solidity `address`.
    Address(Address),
    /// Solidity `bytes32`.
    Bytes32([u8; 32]),
}

impl TypedValue {
    fn solidity(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Uint64(_) => "uint64",
            Self::Amount(_) => "uint256",
            Self::Address(_) => "address",
            Self::Bytes32(_) => "bytes32",
        }
    }

    fn encode(&self) -> [u8; 32] {
        match self {
            Self::Text(text) => keccak(text.as_bytes()),
            Self::Uint64(number) => word(&number.to_be_bytes()),
            Self::Amount(amount) => amount.to_be_bytes(),
            Self::Address(address) => word(address.as_bytes()),
            Self::Bytes32(bytes) => *bytes,
        }
    }

    fn json(&self) -> Json {
        match self {
            Self::Text(text) => json!(text),
            Self::Uint64(number) => json!(number.to_string()),
            Self::Amount(amount) => json!(amount.to_wei_string()),
            Self::Address(address) => json!(address.to_string()),
            Self::Bytes32(bytes) => json!(format!("0x{}", hex::encode(bytes))),
        }
    }
}

/// One flat EIP-712 struct in a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedData {
    domain: Domain,
    name: &'static str,
    fields: Vec<(&'static str, TypedValue)>,
}

impl TypedData {
    /// A struct called `name` with `fields` in order.
    #[must_use]
    pub fn new(domain: Domain, name: &'static str, fields: Vec<(&'static str, TypedValue)>) -> Self {
        Self { domain, name, fields }
    }

    /// `Name(type field,…)`, the EIP-712 `encodeType`.
    #[must_use]
    pub fn type_string(&self) -> String {
        let fields: Vec<String> =
            self.fields.iter().map(|(name, value)| format!("{} {name}", value.solidity())).collect();
        format!("{}({})", self.name, fields.join(","))
    }

    /// The digest that is signed: `keccak256(0x1901 ‖ domainSeparator ‖ hashStruct(message))`.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut encoded = keccak(self.type_string().as_bytes()).to_vec();
        for (_, value) in &self.fields {
            encoded.extend(value.encode());
        }
        let mut signed = vec![0x19, 0x01];
        signed.extend(self.domain.separator());
        signed.extend(keccak(&encoded));
        keccak(&signed)
    }

    /// The parameter of `eth_signTypedData_v4`, so that a wallet shows every field by name.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let fields: Vec<Json> =
            self.fields.iter().map(|(name, value)| json!({"name": name, "type": value.solidity()})).collect();
        let message: serde_json::Map<String, Json> =
            self.fields.iter().map(|(name, value)| ((*name).to_owned(), value.json())).collect();
        json!({
            "types": {
                "EIP712Domain": [
                    {"name": "name", "type": "string"},
                    {"name": "version", "type": "string"},
                    {"name": "chainId", "type": "uint256"},
                ],
                self.name: fields,
            },
            "primaryType": self.name,
            "domain": {"name": Domain::NAME, "version": Domain::VERSION, "chainId": self.domain.chain_id},
            "message": message,
        })
    }
}

pub(crate) fn keccak(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}

fn word(bytes: &[u8]) -> [u8; 32] {
    let mut word = [0; 32];
    word[32 - bytes.len()..].copy_from_slice(bytes);
    word
}
