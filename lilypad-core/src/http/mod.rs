//! The solver over HTTP, as job creators and providers call it.
//!
//! Layout: `native` on reqwest, everywhere but in browsers; `sse` the stream of events, taken apart.

mod native;
mod sse;

pub use native::{HttpOptions, HttpSolver, Probe, V2Job, V2Options, V2Outcome, V2Solver, WaitListener};
