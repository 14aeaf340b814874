//! The WebAssembly executor: WASI programs, metered, deterministic, bounded.
//!
//! Layout: `meter` makes a module count itself; `wasi` is the system that a program sees; `program` finds and checks the
//! program; `cache` keeps prepared ones; `engine` runs it on wasmi, with `host` as its state; `job` is one job from request to outcome; `results` is
//! what it leaves; `native` is the [`WasmExecutor`] on threads.

mod cache;
mod engine;
mod host;
mod job;
pub mod meter;
#[cfg(not(target_family = "wasm"))]
mod native;
mod program;
mod results;
mod wasi;

#[cfg(not(target_family = "wasm"))]
pub use native::WasmExecutor;

#[cfg(test)]
mod tests;
