//! Helpers shared by the whole-system tests: fixture lookup, named skips, the built `lilypad` binary, Go programs.

mod go;

pub use go::GoProgram;
