//! From a name to a validated job: reference, source, bundle, template, manifest, lint.
//!
//! Layout: `finding` one thing that is wrong, with its place; `suggest` "did you mean"; `tree`, `folder` and `git` where
//! files are read from; `image` container image references; `inputs` what a module takes; `manifest` the format
//! `lilypad.toml`; `load` both formats into one [`Module`]; `reference` how a person names a module;
//! `rendered` a job that is ready to run, or why not; `template` the language of v2 templates.

mod finding;
#[cfg(not(target_family = "wasm"))]
mod folder;
#[cfg(all(feature = "module-git", not(target_family = "wasm")))]
mod git;
mod image;
mod inputs;
mod load;
mod manifest;
mod reference;
mod rendered;
mod suggest;
pub mod template;
#[cfg(test)]
mod tests;
mod tree;

pub use finding::{Finding, Position, Severity};
#[cfg(not(target_family = "wasm"))]
pub use folder::{FolderTree, folder_tree};
#[cfg(all(feature = "module-git", not(target_family = "wasm")))]
pub use git::{GitCommit, GitFetcher, GitPolicy};
pub use inputs::{ALL_INPUT_BYTES, INPUT_BYTES, INPUT_COUNT, InputKind, InputSpec};
pub use load::{Module, ModuleFormat, ModuleInfo, PROGRAM_BYTES, PinSource};
pub use manifest::{FileSpec, MANIFEST_BYTES, MANIFEST_FILE, schema};
pub use reference::{CommitId, GitRef, ModuleRef, TEMPLATE_FILE};
pub use rendered::RenderedJob;

use bytes::Bytes;

use crate::error::Result;

/// Where a module's files are read from: a folder on disk, a git commit, a set of files.
pub trait Tree {
    /// Reads one regular file of at most `limit` bytes; `None` where there is none.
    ///
    /// `path` is relative, with `/`. A link, a folder or a special file in its place is an error, never followed.
    ///
    /// # Errors
    /// `InvalidInput` (`E_MODULE_SYMLINK`, `E_MODULE_TOO_LARGE`, `E_MODULE_PATH`) or what the source itself says.
    fn read(&self, path: &str, limit: u64) -> Result<Option<Bytes>>;
}
