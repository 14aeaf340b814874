//! Content ids (CIDv0) and the typed ids made of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// A CIDv0: the SHA-256 of a dag-pb block, written in base58 (`Qm…`, 46 characters).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cid([u8; 32]);

impl Cid {
    /// The id of a dag-pb block, given its bytes.
    #[must_use]
    pub fn of_block(block: &[u8]) -> Self {
        Self(Sha256::digest(block).into())
    }

    /// The SHA-256 digest inside.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.0
    }

    /// The multihash: `0x12 0x20` and the digest.
    #[must_use]
    pub fn multihash(&self) -> [u8; 34] {
        let mut hash = [0; 34];
        hash[0] = 0x12;
        hash[1] = 0x20;
        hash[2..].copy_from_slice(&self.0);
        hash
    }
}

impl fmt::Display for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bs58::encode(self.multihash()).into_string())
    }
}

impl fmt::Debug for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Cid {
    type Err = Error;

    /// Reads the one text form of a CIDv0.
    fn from_str(text: &str) -> Result<Self> {
        let mut hash = [0; 34];
        let read = if text.len() == 46 { bs58::decode(text).onto(&mut hash).unwrap_or(0) } else { 0 };
        if read != 34 || hash[..2] != [0x12, 0x20] {
            let shown: String = text.chars().take(60).collect();
            return Err(Error::invalid("E_CID", format!("{shown:?} is not a content id"))
                .with_hint("a content id has 46 characters and starts with Qm"));
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(&hash[2..]);
        Ok(Self(digest))
    }
}

impl Serialize for Cid {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! typed_id {
    ($(#[doc = $doc:literal])+ $name:ident) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Cid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                text.parse().map(Self)
            }
        }
    };
}

typed_id! {
    /// The id of a job: the id of its job offer.
    JobId
}
typed_id! {
    /// The id of a resource offer.
    ResourceOfferId
}
typed_id! {
    /// The id of a deal.
    DealId
}
typed_id! {
    /// The id of a set of files: a results folder, a module's bundle, a job's input files.
    ContentId
}
