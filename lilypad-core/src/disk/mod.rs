//! Reading and writing sets of files on disk, within limits and without following links.
//!
//! Layout: `read` a folder or one file of it; `write` a folder or a file, whole or not at all; `error` what the system says, in the
//! words of the one error.

mod error;
mod read;
mod write;

pub use error::io_error;
pub use read::{read_file_beneath, read_folder};
pub use write::{check_target, check_writable, create_private_file, write_file, write_folder};
#[cfg(feature = "solver")]
pub(crate) use write::{create_private, make_private_folder, sync_folder};

#[cfg(unix)]
#[cfg(test)]
mod tests;
