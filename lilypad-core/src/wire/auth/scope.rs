//! What a session key may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::{refused, shown};
use crate::error::{Error, Result};

/// One thing that a request does; each route of a server needs one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GrantAction {
    /// Look: quotes, status, events, results.
    Read,
    /// Submit a job; its price cap goes into escrow.
    Submit,
    /// Accept a result; it is paid.
    Accept,
    /// Cancel a job.
    Cancel,
    /// Offer a machine and take the offer back.
    Offer,
    /// Report on deals, deliver their results, refuse them.
    Deliver,
}

impl GrantAction {
    /// Every action, in the order in which a scope writes them.
    pub const ALL: [Self; 6] =
        [Self::Read, Self::Submit, Self::Accept, Self::Cancel, Self::Offer, Self::Deliver];

    /// The word, the same in every language (`submit`).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Submit => "submit",
            Self::Accept => "accept",
            Self::Cancel => "cancel",
            Self::Offer => "offer",
            Self::Deliver => "deliver",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for GrantAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of actions, never empty. Its one text form has the words in the order of [`GrantAction::ALL`], one blank
/// between them.
///
/// ```
/// use lilypad_core::wire::auth::{GrantAction, GrantScope};
/// let scope: GrantScope = "read submit".parse()?;
/// assert!(scope.allows(GrantAction::Submit) && !scope.allows(GrantAction::Cancel));
/// assert_eq!("submit read".parse::<GrantScope>().unwrap_err().code(), "E_GRANT_FORMAT");
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct GrantScope(u8);

impl GrantScope {
    /// Every action: what an account's own key may do.
    pub const ALL: Self = Self(0b11_1111);

    /// The set of these actions.
    ///
    /// # Errors
    /// `Unauthorized` (`E_GRANT_FORMAT`) for none.
    pub fn of(actions: impl IntoIterator<Item = GrantAction>) -> Result<Self> {
        let bits = actions.into_iter().fold(0, |bits, action| bits | action.bit());
        if bits == 0 { Err(bad("")) } else { Ok(Self(bits)) }
    }

    /// True where the action is in the set.
    #[must_use]
    pub const fn allows(self, action: GrantAction) -> bool {
        self.0 & action.bit() != 0
    }

    /// The actions in the set, in their order.
    pub fn actions(self) -> impl Iterator<Item = GrantAction> {
        GrantAction::ALL.into_iter().filter(move |action| self.allows(*action))
    }
}

fn bad(text: &str) -> Error {
    let all = GrantAction::ALL.map(GrantAction::as_str).join(" ");
    refused("E_GRANT_FORMAT", format!("the scope {} is not a list of known words, each once", shown(text)))
        .with_hint(format!("name some of these, in this order: {all}"))
        .with("field", "scope")
}

impl fmt::Display for GrantScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.actions().map(GrantAction::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

impl fmt::Debug for GrantScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for GrantScope {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let named =
            GrantAction::ALL.into_iter().filter(|action| text.split(' ').any(|word| word == action.as_str()));
        let scope = Self::of(named).map_err(|_| bad(text))?;
        if scope.to_string() == text { Ok(scope) } else { Err(bad(text)) }
    }
}

impl Serialize for GrantScope {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GrantScope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
