//! Who makes a request, once it was verified.

use std::fmt;

use super::error::refused;
use super::{GrantAction, GrantScope};
use crate::error::Result;
use crate::model::{Address, Amount};

/// The digest of a grant's typed data: by it a server counts what was spent under the grant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantId([u8; 32]);

impl GrantId {
    /// An id from its bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A grant under which a verified request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantUse {
    /// The grant.
    pub id: GrantId,
    /// Most wei that may be spent under it in all.
    pub max_spend: Amount,
    /// From which Unix second on it no longer holds.
    pub expires: u64,
}

/// Who makes a request: for whom it acts, which key signed, and what that key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account in whose name the request acts.
    pub account: Address,
    /// The account whose key signed: the same, or its delegate.
    pub signer: Address,
    /// What the key may do; everything, for the account's own.
    pub scope: GrantScope,
    /// The grant of a delegate; its spending is for the server to count
    /// ([`SpendingBook`](super::SpendingBook)).
    pub grant: Option<GrantUse>,
}

impl Caller {
    /// Checks that the caller's key may do this.
    ///
    /// # Errors
    /// `Unauthorized` (`E_GRANT_SCOPE`).
    pub fn require(&self, action: GrantAction) -> Result<()> {
        if self.scope.allows(action) {
            return Ok(());
        }
        let why = format!("the request needs `{action}`, the grant allows `{}`", self.scope);
        Err(refused("E_GRANT_SCOPE", why)
            .with_hint("sign with the account's own key, or ask it for a grant with this word")
            .with("action", action))
    }
}
