//! The wire's JSON: read as Go's `encoding/json` reads it, written byte for byte as Go writes it.
//!
//! Layout: `value` a parsed text; `parse` the grammar, without recursion; `string` what stands between quotes;
//! `error` where and why a text is refused; `decode` into types, as lenient as Go; `write` byte for byte as Go.

mod decode;
mod error;
mod parse;
mod string;
mod value;
mod write;

pub(super) use decode::equal_fold;
pub use decode::{from_slice, from_value};
pub use error::JsonError;
pub use parse::{MAX_DEPTH, parse};
pub use value::Value;
pub use write::to_string;

#[cfg(test)]
mod tests;
