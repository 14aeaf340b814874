//! Which modules a provider runs.

use serde::{Deserialize, Serialize};

use super::rule::{ModuleRule, Named};
use crate::error::{Error, ErrorKind, Result};
use crate::model::ModulePin;

/// Which modules a provider runs. A rule that denies wins over one that allows; what no rule names goes by the default.
///
/// A repository is easily copied to another name: to run only what is known, start from [`deny_all`](Self::deny_all) and
/// allow; to keep one program out, deny its content id.
///
/// ```
/// use lilypad_core::market::ModulePolicy;
/// use lilypad_core::model::{Cid, ContentId, ModulePin};
///
/// let policy = ModulePolicy::deny_all().allow("author:github.com/lilypad-tech".parse()?);
/// let pin = |repo: &str| ModulePin::Git {
///     repo: repo.to_owned(),
///     commit: "8c1a".repeat(10),
///     path: "lilypad.toml".to_owned(),
///     content: ContentId(Cid::of_block(b"a bundle")),
/// };
/// assert!(policy.check(&pin("https://github.com/Lilypad-Tech/lilypad-module-cowsay")).is_ok());
/// assert_eq!(policy.check(&pin("https://github.com/somebody/cowsay")).unwrap_err().code(), "E_POLICY");
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModulePolicy {
    default: Otherwise,
    #[serde(default)]
    allow: Vec<ModuleRule>,
    #[serde(default)]
    deny: Vec<ModuleRule>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Otherwise {
    #[default]
    Allow,
    Deny,
}

impl ModulePolicy {
    /// Most rules of one policy.
    pub const MAX_RULES: usize = 1_000;

    /// Runs every module that no rule denies: for a network of one's own.
    #[must_use]
    pub fn allow_all() -> Self {
        Self::default()
    }

    /// Runs no module but those that a rule allows.
    #[must_use]
    pub fn deny_all() -> Self {
        Self { default: Otherwise::Deny, ..Self::default() }
    }

    /// Adds a rule that allows.
    #[must_use]
    pub fn allow(mut self, rule: ModuleRule) -> Self {
        self.allow.push(rule);
        self
    }

    /// Adds a rule that denies.
    #[must_use]
    pub fn deny(mut self, rule: ModuleRule) -> Self {
        self.deny.push(rule);
        self
    }

    /// Runs only what one of the first rules allows, everything where there are none, and never what one of the second denies.
    #[must_use]
    pub fn of(
        only: impl IntoIterator<Item = ModuleRule>,
        never: impl IntoIterator<Item = ModuleRule>,
    ) -> Self {
        let mut only = only.into_iter().peekable();
        let start = if only.peek().is_none() { Self::allow_all() } else { Self::deny_all() };
        never.into_iter().fold(only.fold(start, Self::allow), Self::deny)
    }

    /// Passes where the policy lets `module` run.
    ///
    /// # Errors
    /// `Rejected` (`E_POLICY`) that names the rule.
    pub fn check(&self, module: &ModulePin) -> Result<()> {
        match self.refusal(module) {
            None => Ok(()),
            Some(rule) => {
                let message = format!("the provider's policy does not let module {module} run: {rule}");
                Err(Error::new(ErrorKind::Rejected, "E_POLICY", message)
                    .with_hint("use another module or another provider, or have the provider allow it")
                    .with("module", module)
                    .with("rule", rule))
            }
        }
    }

    /// How many rules it has.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.allow.len().saturating_add(self.deny.len())
    }

    /// The names of all that a rule allows; `None` where everything is allowed that no rule denies.
    pub(super) fn allowed_names(&self) -> Option<impl Iterator<Item = String>> {
        (self.default == Otherwise::Deny).then(|| self.allow.iter().map(ModuleRule::name))
    }

    /// The rule that keeps `module` out, in words; `None` where it may run.
    pub(super) fn refusal(&self, module: &ModulePin) -> Option<String> {
        if self.deny.is_empty() && self.default == Otherwise::Allow {
            return None;
        }
        let module = Named::of(module);
        if let Some(rule) = self.deny.iter().find(|rule| rule.denies(&module)) {
            return Some(format!("`{rule}` is denied"));
        }
        let allowed = self.default == Otherwise::Allow || self.allow.iter().any(|rule| rule.allows(&module));
        if allowed { None } else { Some("no rule allows it and the default is to deny".to_owned()) }
    }
}
