//! Lilypad's core: modules, market, money, receipts, executors and the roles of a decentralised compute network.
//!
//! People run WebAssembly, container and GPU jobs ("modules") on machines that others own, pay only for measured
//! work and get a result they can check. This crate is everything that is true in every language; the `lilypad`
//! command and the Python, Node and browser packages are thin layers over it.
//!
//! # Layout
//! Arrows point down only; modules of one level never import each other.
//!
//! | level | modules |
//! |---|---|
//! | 0 | [`error`]: the one error |
//! | 1 | [`rt`]: the platform seam: clocks, cancel tokens, spawning |
//! | 2 | [`model`]: the protocol's data, ids, units, states; no I/O; [`pow`]: the proof of work; [`trace`]: spans, and sending them to a collector |
//! | 3 | [`signer`], [`market`], [`settlement`], [`disk`] |
//! | 4 | [`module`], [`wire`], [`executor`], [`config`] |
//! | 6 | [`client`], [`provider`], [`solver`] |
//! | 7 | [`network`]: all roles in one process; [`view`]: what people and other languages see of all this |

pub mod error;
pub mod rt;

pub mod model;
pub mod pow;
pub mod trace;

#[cfg(not(target_family = "wasm"))]
pub mod disk;
#[cfg(all(feature = "gpu", not(target_family = "wasm")))]
pub mod gpu;
pub mod market;
pub mod settlement;
pub mod signer;

#[cfg(not(target_family = "wasm"))]
pub mod config;
pub mod executor;
#[cfg(all(feature = "http", not(target_family = "wasm")))]
pub mod http;
pub mod module;
pub mod wire;

#[cfg_attr(not(feature = "network"), allow(dead_code, reason = "only a network uses all of it"))]
pub mod client;
#[cfg(feature = "provider")]
pub mod provider;
#[cfg(feature = "solver")]
pub mod solver;

#[cfg(feature = "network")]
pub mod network;
pub mod view;

pub use error::{Error, ErrorKind, Fault, Result, Retry};
