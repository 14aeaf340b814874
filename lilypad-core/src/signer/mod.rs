//! Keys, EIP-712 digests, signatures and receipts.
//!
//! Layout: `signature` 65 bytes in their one canonical form; `local` a key in this process; `keystore` one in an encrypted
//! file; `typed_data` EIP-712
//! hashing and the JSON that a wallet shows; `signed` a value with its signature; `receipt` what a job did, for how much, signed by both parties.

#[cfg(all(feature = "keystore", not(target_family = "wasm")))]
mod keystore;
#[cfg_attr(not(feature = "network"), allow(dead_code, reason = "only a network uses all of it"))]
mod local;
mod receipt;
mod signature;
mod signed;
mod typed_data;

#[cfg(all(feature = "keystore", not(target_family = "wasm")))]
pub use keystore::{
    KEYSTORE_BYTES, Keystore, KeystoreCost, MAX_KEYSTORE_MEMORY, MAX_KEYSTORE_ROUNDS, MAX_KEYSTORE_SALT,
    MAX_KEYSTORE_WORK, PASSPHRASE_BYTES, Passphrase,
};
pub use local::LocalSigner;
pub(crate) use receipt::verify_provider;
pub use receipt::{RECEIPT_VERSION, Receipt, ReceiptBody};
pub use signature::Signature;
pub use signed::{Signed, Typed};
pub(crate) use typed_data::keccak;
pub use typed_data::{Domain, TypedData, TypedValue};

use std::fmt;

use crate::error::Result;
use crate::model::Address;
use crate::rt::BoxFuture;

/// Signs typed data as one account. A key in this process, a keystore, a wallet in a page: all are signers.
pub trait Signer: Send + Sync + fmt::Debug {
    /// The account that signs.
    fn address(&self) -> Address;

    /// Signs the EIP-712 digest of `data`.
    ///
    /// # Errors
    /// `Unauthorized` where the key or the person behind it refuses.
    fn sign<'a>(&'a self, data: &'a TypedData) -> BoxFuture<'a, Result<Signature>>;
}

#[cfg(test)]
mod tests;
