//! From a name to a validated job: reference, source, bundle, template, manifest, lint.
//!
//! Layout: `reference` how a person names a module.

mod reference;

pub use reference::{CommitId, GitRef, ModuleRef, TEMPLATE_FILE};

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
