//! Helpers shared by the whole-system tests: the repository's folder, fixture lookup, named skips, Go programs.

mod fixtures;
mod go;
mod skip;
mod sources;

pub use fixtures::fixtures;
pub use go::{GoProgram, go};
pub use skip::skipped;
pub use sources::{Source, is_build_output, repository, sources};
