//! The solver that is cut off at any moment and goes on.

mod crowd;
#[cfg(all(feature = "store-sqlite", feature = "store-postgres"))]
mod kill;
#[cfg(feature = "store-sqlite")]
mod migration;
mod restart;
mod sweep;
mod world;
