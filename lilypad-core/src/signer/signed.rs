//! A value with its owner's signature.

use serde::{Deserialize, Serialize};

use super::{Domain, Signature, Signer, TypedData};
use crate::error::Result;
use crate::model::Address;

/// A value that can be signed as typed data.
pub trait Typed {
    /// The typed data that binds every part of the value that matters.
    ///
    /// # Errors
    /// `InvalidInput` where the value has no valid form (an id that cannot be computed).
    fn typed_data(&self, domain: Domain) -> Result<TypedData>;
}

/// A value with its owner's signature over its typed data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Signed_{T}")]
pub struct Signed<T> {
    /// The value.
    pub body: T,
    /// The signature.
    pub signature: Signature,
}

impl<T: Typed> Signed<T> {
    /// Signs a value.
    ///
    /// # Errors
    /// What the value or the signer says.
    pub async fn sign(body: T, signer: &dyn Signer, domain: Domain) -> Result<Self> {
        let signature = signer.sign(&body.typed_data(domain)?).await?;
        Ok(Self { body, signature })
    }

    /// Checks that `owner` signed this value, unchanged.
    ///
    /// # Errors
    /// `VerificationFailed` (`E_SIGNATURE`) where somebody else did or it was changed.
    pub fn verify(&self, domain: Domain, owner: Address) -> Result<()> {
        self.signature.verify(&self.body.typed_data(domain)?.digest(), owner)
    }
}
