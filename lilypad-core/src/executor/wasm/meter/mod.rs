//! The meter: rewrites a module so that it counts its own instructions, bounds its own stack and has one kind of NaN.
//!
//! The count is part of the program, so every engine on every machine gives the same number. The exact rules stand in
//! `docs/metering.md`; a change of any rule changes [`METER_VERSION`].
//!
//! Layout: `account` the books of one run; `features` what a module may use; `module` the sections; `plan` what to
//! change in a function; `rewrite` the changed function; `nan` which operators make or see NaN bits.

mod account;
mod features;
mod module;
mod nan;
mod plan;
mod rewrite;
#[cfg(test)]
mod tests;

pub use account::{Account, Exhausted, SLICE};
pub use module::{Import, Instrumented, Signature, ValueType, instrument};

/// The version of the rules in `docs/metering.md`.
pub const METER_VERSION: u32 = 1;

/// The namespace of the injected import; a module that imports from it itself is refused.
pub const NAMESPACE: &str = "lilypad_meter";

/// The injected import: `(i64) -> ()`, called with the charge that the remaining units do not cover, or with
/// [`OVERFLOW`].
pub const REFILL: &str = "refill";

/// The argument of [`REFILL`] that says that the stack is used up.
pub const OVERFLOW: i64 = -1;
