//! One rule of a module policy.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};
use crate::model::{ContentId, ModulePin};

/// Most bytes in the text of a rule.
const MAX_TEXT: usize = 512;

/// What a policy names: `repo:github.com/owner/name`, `author:github.com/owner` or `content:Qm…`.
///
/// The author of a module is the account that owns its repository: the one name that its author cannot choose freely.
/// A rule about a repository or an author never fits a module that has none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ModuleRule {
    /// One repository, without scheme.
    Repo(String),
    /// Every repository of an account: host and owner.
    Author(String),
    /// One program, wherever it comes from.
    Content(ContentId),
}

impl ModuleRule {
    /// True where the rule fits when it allows: the host in any case, the path exactly (in any case on GitHub).
    pub(super) fn allows(&self, module: &Named) -> bool {
        self.fits(module, |rule, name| rule == name)
    }

    /// True where the rule fits when it denies: everything in any case, so that no spelling gets round it.
    pub(super) fn denies(&self, module: &Named) -> bool {
        self.fits(module, str::eq_ignore_ascii_case)
    }

    /// One name of what the rule is about: a rule allows a module only where this is among the module's [`Named::all`].
    pub(super) fn name(&self) -> String {
        match self {
            Self::Content(content) => content.to_string(),
            Self::Repo(name) | Self::Author(name) => name.clone(),
        }
    }

    fn fits(&self, module: &Named, same: impl Fn(&str, &str) -> bool) -> bool {
        match self {
            Self::Content(content) => *content == module.content,
            Self::Repo(rule) => module.repo.as_ref().is_some_and(|repo| same(rule, repo)),
            Self::Author(rule) => module.author.as_ref().is_some_and(|author| same(rule, author)),
        }
    }
}

/// What rules can call a module; worked out once for all the rules of a policy.
pub(super) struct Named {
    content: ContentId,
    repo: Option<String>,
    author: Option<String>,
}

impl Named {
    pub(super) fn of(module: &ModulePin) -> Self {
        let repo = match module {
            ModulePin::Git { repo, .. } => Some(plain(repo)),
            _ => None,
        };
        Self { content: module.content(), author: repo.as_deref().map(author), repo }
    }

    /// Every name by which a rule can allow this module.
    pub(super) fn all(self) -> Vec<String> {
        std::iter::once(self.content.to_string()).chain(self.author).chain(self.repo).collect()
    }
}

/// `host/path` without scheme, user, default port, empty parts and `.git`; lower case where the host ignores case.
fn plain(repo: &str) -> String {
    let rest = repo.split_once("://").map_or(repo, |(_, rest)| rest);
    let mut parts = rest.split('/').filter(|part| !part.is_empty());
    let host = parts.next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host).to_ascii_lowercase();
    let host = host.strip_suffix(":443").unwrap_or(&host);
    let path = parts.collect::<Vec<_>>().join("/");
    let path = path.strip_suffix(".git").unwrap_or(&path);
    if host == "github.com" {
        return format!("{host}/{}", path.to_ascii_lowercase());
    }
    format!("{host}/{path}")
}

/// The first two parts: host and owner.
fn author(plain: &str) -> String {
    plain.split('/').take(2).collect::<Vec<_>>().join("/")
}

impl fmt::Display for ModuleRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repo(repo) => write!(f, "repo:{repo}"),
            Self::Author(author) => write!(f, "author:{author}"),
            Self::Content(content) => write!(f, "content:{content}"),
        }
    }
}

impl FromStr for ModuleRule {
    type Err = Error;

    /// Reads `repo:…`, `author:…` or `content:…`; scheme, case of the host and `.git` do not matter.
    fn from_str(text: &str) -> Result<Self> {
        let parts = |name: &str| name.split('/').filter(|part| !part.is_empty()).count();
        let rule = match text.split_once(':') {
            _ if text.len() > MAX_TEXT => None,
            Some(("repo", repo)) => Some(plain(repo)).filter(|repo| parts(repo) >= 3).map(Self::Repo),
            Some(("author", name)) => Some(plain(name)).filter(|name| parts(name) == 2).map(Self::Author),
            Some(("content", id)) => id.parse().ok().map(Self::Content),
            _ => None,
        };
        rule.ok_or_else(|| {
            let shown: String = text.chars().take(80).collect();
            Error::invalid("E_POLICY_RULE", format!("{shown:?} is not a rule about modules"))
                .with_hint("write repo:github.com/owner/name, author:github.com/owner or content:Qm…")
        })
    }
}

crate::model::schema::texts! {
    ModuleRule: "^(repo|author|content):.+$", "A rule about modules.";
}

impl Serialize for ModuleRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ModuleRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
