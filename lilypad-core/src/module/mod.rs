//! From a name to a validated job: reference, source, bundle, template, manifest, lint.
//!
//! Layout: `finding` one thing that is wrong, with its place; `suggest` "did you mean"; `tree`, `folder` and `git` where
//! files are read from; `image` container image references; `inputs` what a module takes; `manifest` the format
//! `lilypad.toml`; `v2` the v2 format and `template` its language; `load` both formats into one [`Module`]; `rendered` a
//! job that is ready to run, or why not; `reference` how a person names a module; `lint` the check of a module;
//! `scaffold` a new one.

mod config;
#[cfg(all(feature = "module-git", not(target_family = "wasm")))]
mod fetch;
#[cfg(all(not(feature = "module-git"), not(target_family = "wasm")))]
#[path = "fetch_disabled.rs"]
mod fetch;
mod finding;
#[cfg(not(target_family = "wasm"))]
mod folder;
#[cfg(all(feature = "module-git", not(target_family = "wasm")))]
mod git;
mod inputs;
mod lint;
mod load;
mod manifest;
#[cfg(not(target_family = "wasm"))]
mod open;
mod reference;
mod rendered;
mod scaffold;
mod suggest;
pub mod template;
#[cfg(test)]
mod tests;
mod tree;
mod v2;

pub use finding::{Finding, Position, Severity};
#[cfg(not(target_family = "wasm"))]
pub use folder::{FolderTree, folder_tree};
#[cfg(all(feature = "module-git", not(target_family = "wasm")))]
pub use git::{GitCommit, GitFetcher, GitPolicy};
pub use inputs::{ALL_INPUT_BYTES, GivenInput, INPUT_BYTES, INPUT_COUNT, InputKind, InputSpec};
pub use lint::{LintRule, lint_rules};
pub use load::{Module, ModuleFormat, ModuleInfo, PROGRAM_BYTES, PinSource};
pub use manifest::{FileSpec, MANIFEST_BYTES, MANIFEST_FILE, schema};
#[cfg(not(target_family = "wasm"))]
pub use open::{LoadOptions, load, load_wire};
pub use reference::{CommitId, GitRef, ModuleRef, TEMPLATE_FILE};
pub use rendered::RenderedJob;
pub use scaffold::{ScaffoldKind, scaffold};
pub use suggest::hint as did_you_mean;

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
