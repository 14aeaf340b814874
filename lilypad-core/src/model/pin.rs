//! The exact code of a module: what a deal names, so that nobody runs anything else.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ContentId;
use crate::error::{Error, Result};

/// The exact code of a module.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[non_exhaustive]
pub enum ModulePin {
    /// A commit of a git repository and the folder's or file's path in it.
    Git {
        /// `https` address of the repository.
        repo: String,
        /// Full commit hash in lower-case hex.
        commit: String,
        /// Path of the template or manifest in the tree, without a leading slash.
        path: String,
        /// Content id of the module's bundle at that commit.
        content: ContentId,
    },
    /// Files that are named by nothing but their content: a local folder.
    Content {
        /// Content id of the module's bundle.
        content: ContentId,
    },
}

impl ModulePin {
    /// Checks that the pin's text is one that only this pin has, since receipts sign the text.
    ///
    /// # Errors
    /// `InvalidInput` (`E_MODULE_PIN`) where a part holds what separates the parts, or the commit is no commit.
    pub fn check(&self) -> Result<()> {
        let Self::Git { repo, commit, path, .. } = self else { return Ok(()) };
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let wrong = if commit.len() != 40 || !commit.bytes().all(hex) {
            "commit is not 40 lower-case hex digits"
        } else if repo.contains(['@', '#']) || repo.chars().any(char::is_control) {
            "repository holds `@`, `#` or a control character"
        } else if path.contains('#') || path.chars().any(char::is_control) {
            "path holds `#` or a control character"
        } else {
            return Ok(());
        };
        Err(Error::invalid("E_MODULE_PIN", format!("the module pin's {wrong}")))
    }

    /// The content id of the bundle; equal ids mean equal code, wherever it came from.
    #[must_use]
    pub fn content(&self) -> ContentId {
        match self {
            Self::Git { content, .. } | Self::Content { content } => *content,
        }
    }
}

impl fmt::Display for ModulePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Git { repo, commit, path, content } => write!(f, "{repo}@{commit}/{path}#{content}"),
            Self::Content { content } => write!(f, "content:{content}"),
        }
    }
}
