//! The solver that is cut off at any moment and goes on.

mod sweep;
mod world;
