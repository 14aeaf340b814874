//! Two scales that both sides are placed on: what a job may reach, and what re-running it promises.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::{Comparator, Determinism, NetworkPolicy};

/// How far a job may reach out: what a job needs, or the most that a provider lets a job have.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum NetworkAccess {
    /// Nothing.
    #[default]
    None,
    /// Named domains over HTTP.
    Domains,
    /// Anything.
    Full,
}

/// What re-running a job promises: what a job asks for, or the best that a provider's machine keeps.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum VerificationClass {
    /// Nothing: a result cannot be told from another.
    #[default]
    None,
    /// Two runs agree within the tolerance that the module declares.
    Tolerance,
    /// Two runs agree to the bit, count included.
    Exact,
}

impl NetworkAccess {
    /// The name in offers and messages (`domains`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Domains => "domains",
            Self::Full => "full",
        }
    }
}

impl VerificationClass {
    /// The name in offers and messages (`exact`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Tolerance => "tolerance",
            Self::Exact => "exact",
        }
    }
}

impl From<&NetworkPolicy> for NetworkAccess {
    fn from(policy: &NetworkPolicy) -> Self {
        match policy {
            NetworkPolicy::None => Self::None,
            NetworkPolicy::Domains(_) => Self::Domains,
            NetworkPolicy::Full => Self::Full,
        }
    }
}

impl From<&Determinism> for VerificationClass {
    fn from(determinism: &Determinism) -> Self {
        match determinism {
            Determinism::None => Self::None,
            Determinism::Compared(Comparator::Exact) => Self::Exact,
            Determinism::Compared(_) => Self::Tolerance,
        }
    }
}

impl FromStr for VerificationClass {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::None, Self::Tolerance, Self::Exact]
            .into_iter()
            .find(|class| class.as_str() == text)
            .ok_or_else(|| {
                let shown: String = text.chars().take(40).collect();
                Error::invalid("E_VERIFICATION_CLASS", format!("{shown:?} is no verification class"))
                    .with_hint("one of none, tolerance, exact")
                    .with("got", shown)
            })
    }
}

impl fmt::Display for NetworkAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for VerificationClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
