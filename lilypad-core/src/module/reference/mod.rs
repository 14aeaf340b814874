//! How a person names a module: a short name, an address with a ref, a commit, a content id or a folder.
//!
//! Layout: `rules` says what each part of a name may hold; `git` is the address of a module in a git repository;
//! `commit` the full hash that pins one. Nothing here touches the disk or the network.

mod commit;
mod git;
mod rules;
#[cfg(test)]
mod tests;

pub use commit::CommitId;
pub use git::{GitRef, TEMPLATE_FILE};
#[cfg(all(feature = "module-git", not(target_family = "wasm")))]
pub(crate) use rules::check_tree_path;

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::model::ContentId;

/// The name of a module, as typed.
///
/// | form | means |
/// |---|---|
/// | `cowsay:v0.0.4` | tag, branch or commit of `https://github.com/Lilypad-Tech/lilypad-module-cowsay` |
/// | `github.com/owner/repo:ref` | the same in any repository that is served over https |
/// | `https://host:port/owner/repo:ref` | the same with the scheme, and a port where it is not 443 |
/// | `…:ref@<40 hex digits>`, `…@<40 hex digits>` | exactly this commit; the ref before it is only a label |
/// | `…:ref//path/in/repo` | a folder or file inside the repository |
/// | `content:Qm…` | the bundle with this content id |
/// | `./x`, `../x`, `/x`, `~/x`, anything without `:ref` and `@commit` | a local folder |
///
/// Parsing is pure: whether a folder, host or ref exists is for the loader to find out.
///
/// ```
/// use lilypad_core::module::ModuleRef;
///
/// let module: ModuleRef = "cowsay:v0.0.4".parse()?;
/// let ModuleRef::Git(git) = &module else { unreachable!("a name with a ref is a git reference") };
/// assert_eq!(git.repo_url(), "https://github.com/Lilypad-Tech/lilypad-module-cowsay");
/// assert_eq!(module.to_string(), "cowsay:v0.0.4");
///
/// let folder: ModuleRef = "examples/modules/cowsay".parse()?;
/// assert_eq!(folder, ModuleRef::Folder("examples/modules/cowsay".to_owned()));
///
/// let error = "user:secret@github.com/owner/repo:v1".parse::<ModuleRef>().unwrap_err();
/// assert_eq!(error.code(), "E_MODULE_REF");
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ModuleRef {
    /// A module in a git repository.
    Git(GitRef),
    /// The bundle with this content id.
    Content(ContentId),
    /// A local folder (or file), as typed.
    Folder(String),
}

impl FromStr for ModuleRef {
    type Err = Error;

    /// Reads the text form.
    ///
    /// # Errors
    /// `InvalidInput`: `E_MODULE_REF` names the rule that is broken, `E_GIT_SCHEME` a scheme other than https.
    fn from_str(text: &str) -> Result<Self> {
        rules::check_text(text)?;
        if text.starts_with(['.', '/', '~']) {
            return Ok(Self::Folder(text.to_owned()));
        }
        if let Some(id) = text.strip_prefix("content:") {
            let id = id
                .parse()
                .map_err(|_| rules::broken(text, "a content id has 46 characters and starts with Qm"))?;
            return Ok(Self::Content(id));
        }
        if !text.contains([':', '@']) {
            return Ok(Self::Folder(text.to_owned()));
        }
        GitRef::parse(text).map(Self::Git)
    }
}

impl fmt::Display for ModuleRef {
    /// Writes the canonical text form: reading it gives the same reference.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Git(git) => fmt::Display::fmt(git, f),
            Self::Content(id) => write!(f, "content:{id}"),
            Self::Folder(path) => f.write_str(path),
        }
    }
}

impl From<GitRef> for ModuleRef {
    fn from(git: GitRef) -> Self {
        Self::Git(git)
    }
}
