//! The solver that is cut off at any moment and goes on.

#[cfg(all(feature = "store-sqlite", feature = "store-postgres"))]
mod kill;
mod restart;
mod sweep;
mod world;
