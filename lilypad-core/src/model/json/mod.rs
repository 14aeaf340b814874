//! The wire's JSON: read as Go's `encoding/json` reads it, written byte for byte as Go writes it.
//!
//! Layout: `value` a parsed text; `parse` the grammar, without recursion; `string` what stands between quotes;
//! `error` where and why a text is refused.

mod error;
mod parse;
mod string;
mod value;

pub use error::JsonError;
pub use parse::{MAX_DEPTH, parse};
pub use value::Value;

#[cfg(test)]
mod tests;
