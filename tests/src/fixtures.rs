//! Where the fixtures are: data of the reference, which is not part of the repository.

use std::path::PathBuf;

use crate::skipped;

/// The folder that `LILYPAD_FIXTURES` names. `None`, after a line that names `test`, where it is not set.
///
/// # Panics
/// Where it is set and names no folder: a wrong path must not look like a skip.
#[must_use]
pub fn fixtures(test: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("LILYPAD_FIXTURES").map(PathBuf::from) else {
        skipped(test, "LILYPAD_FIXTURES is not set");
        return None;
    };
    assert!(folder.is_dir(), "LILYPAD_FIXTURES names no folder: {}", folder.display());
    Some(folder)
}
