//! The solver that is cut off at any moment and goes on.

#[cfg(feature = "store-sqlite")]
mod kill;
mod restart;
mod sweep;
mod world;
