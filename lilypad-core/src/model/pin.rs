//! The exact code of a module: what a deal names, so that nobody runs anything else.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ContentId;

/// The exact code of a module.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
