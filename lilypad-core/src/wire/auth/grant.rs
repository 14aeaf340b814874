//! Session keys: the main key signs once what another key may do in its name.

use serde::{Deserialize, Serialize};

use super::base64::{Alphabet, decode, encode};
use super::envelope::check_signer;
use super::error::refused;
use super::{GrantId, GrantScope};
use crate::error::{Error, Result};
use crate::model::{Address, Amount};
use crate::signer::{Domain, Signature, Signer, TypedData, TypedValue};

/// Most seconds that a grant may still have to run when it is used: 30 days.
pub const MAX_GRANT_SECONDS: u64 = 30 * 24 * 60 * 60;
/// Most bytes of a `Lilypad-Grant` header.
pub(super) const MOST_BYTES: usize = 1024;

/// What a main key allows a session key: at one solver, some actions, so much money, until then.
///
/// As typed data every field is shown by name, so a wallet's owner reads what they sign.
///
/// ```
/// use lilypad_core::signer::{LocalSigner, Signer};
/// use lilypad_core::wire::auth::SessionGrant;
/// let grant = SessionGrant {
///     chain_id: 31337,
///     account: "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc".parse()?,
///     delegate: "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65".parse()?,
///     solver: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC".parse()?,
///     scope: "read submit".parse()?,
///     max_spend: "0.5 LP".parse()?,
///     expires: 1_700_003_600,
/// };
/// assert_eq!(grant.typed_data().to_json()["message"]["scope"], "read submit");
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionGrant {
    /// Chain id of the network's settlement: the domain in which the grant is signed.
    pub chain_id: u64,
    /// The account that grants and pays.
    pub account: Address,
    /// The session key's account.
    pub delegate: Address,
    /// The one solver at which the grant holds.
    pub solver: Address,
    /// What the delegate may do.
    pub scope: GrantScope,
    /// Most wei that it may spend in all.
    pub max_spend: Amount,
    /// From which Unix second on the grant no longer holds.
    pub expires: u64,
}

impl SessionGrant {
    /// What the main key signs.
    #[must_use]
    pub fn typed_data(&self) -> TypedData {
        use TypedValue::{Address, Amount, Text, Uint64};
        TypedData::new(
            Domain { chain_id: self.chain_id },
            "SessionGrant",
            vec![
                ("account", Address(self.account)),
                ("delegate", Address(self.delegate)),
                ("solver", Address(self.solver)),
                ("scope", Text(self.scope.to_string())),
                ("maxSpend", Amount(self.max_spend)),
                ("expires", Uint64(self.expires)),
            ],
        )
    }

    /// Signs the grant with the main key.
    ///
    /// # Errors
    /// `Unauthorized`: `E_GRANT_ACCOUNT` where the key is not that of [`SessionGrant::account`], `E_GRANT_DELEGATE` for
    /// a grant to oneself; what the signer says.
    pub async fn sign(self, signer: &dyn Signer) -> Result<SignedGrant> {
        if signer.address() != self.account {
            let why =
                format!("the grant's account is {}, but {} would sign it", self.account, signer.address());
            return Err(refused("E_GRANT_ACCOUNT", why).with_hint("sign it with the account's own key"));
        }
        self.check_delegate(self.delegate)?;
        let signature = signer.sign(&self.typed_data()).await?;
        Ok(SignedGrant { grant: self, signature })
    }

    /// Checks everything but the signature; `now` in Unix seconds.
    pub(super) fn check(&self, solver: Address, domain: Domain, signer: Address, now: u64) -> Result<()> {
        if self.chain_id != domain.chain_id {
            let why = format!("the grant is for chain {}, this is chain {}", self.chain_id, domain.chain_id);
            return Err(refused("E_GRANT_CHAIN", why).with_hint("ask the account for a grant on this chain"));
        }
        if self.solver != solver {
            let why = format!("the grant is for solver {}, this is {solver}", self.solver);
            return Err(
                refused("E_GRANT_SOLVER", why).with_hint("ask the account for a grant for this solver")
            );
        }
        self.check_delegate(signer)?;
        let left = self.expires.saturating_sub(now);
        if left == 0 {
            let why = format!("the grant expired at {}, now is {now} (Unix seconds)", self.expires);
            return Err(refused("E_GRANT_EXPIRED", why).with_hint("ask the account for a new grant"));
        }
        if left > MAX_GRANT_SECONDS {
            let why = format!("the grant runs {left} s more, at most {MAX_GRANT_SECONDS} s are allowed");
            return Err(
                refused("E_GRANT_LIFETIME", why).with_hint("ask the account for a grant of at most 30 days")
            );
        }
        Ok(())
    }

    fn check_delegate(&self, signer: Address) -> Result<()> {
        let why = if self.delegate != signer {
            format!("the grant's delegate is {}, the request names {signer}", self.delegate)
        } else if self.delegate == self.account {
            format!("{} grants to itself", self.account)
        } else {
            return Ok(());
        };
        Err(refused("E_GRANT_DELEGATE", why).with_hint("sign with the session key that the grant names"))
    }
}

/// A grant with the signature of its account: what a delegate sends along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedGrant {
    /// What is granted.
    pub grant: SessionGrant,
    /// The account's signature over [`SessionGrant::typed_data`].
    pub signature: Signature,
}

impl SignedGrant {
    /// The grant's id.
    #[must_use]
    pub fn id(&self) -> GrantId {
        GrantId::new(self.grant.typed_data().digest())
    }

    /// Checks that the account signed the grant, unchanged.
    ///
    /// # Errors
    /// `Unauthorized` (`E_GRANT_SIGNATURE`).
    pub fn verify(&self) -> Result<()> {
        check_signer("E_GRANT_SIGNATURE", &self.signature, &self.grant.typed_data(), self.grant.account)
    }

    /// The value of `Lilypad-Grant`: compact JSON in base64url without padding.
    ///
    /// # Errors
    /// `Unexpected` where the JSON library refuses.
    pub fn to_header(&self) -> Result<String> {
        let json = serde_json::to_string(self)
            .map_err(|source| Error::unexpected("a grant cannot be written as JSON").with_source(source))?;
        Ok(encode(json.as_bytes(), Alphabet::Url))
    }

    /// Reads the value of `Lilypad-Grant`, at most 1,024 bytes, in the one spelling that [`SignedGrant::to_header`]
    /// writes. Checks no signature.
    ///
    /// # Errors
    /// `Unauthorized` (`E_GRANT_FORMAT`).
    pub fn from_header(text: &str) -> Result<Self> {
        let bad = |why: String| {
            refused("E_GRANT_FORMAT", format!("Lilypad-Grant {why}"))
                .with_hint("send the grant as it was made")
        };
        if text.len() > MOST_BYTES {
            return Err(bad(format!("has {} bytes, at most {MOST_BYTES} are read", text.len())));
        }
        let json = decode(text, Alphabet::Url).ok_or_else(|| bad("is not base64url".to_owned()))?;
        let grant: Self =
            serde_json::from_slice(&json).map_err(|error| bad(format!("is no grant: {error}")))?;
        if grant.to_header()? != text {
            return Err(bad("does not write its fields in their canonical form".to_owned()));
        }
        Ok(grant)
    }
}
