//! Reading and writing sets of files on disk, within limits and without following links.
//!
//! Layout: `read` a folder or one file of it; `write` a folder or a file, whole or not at all; `error` what the system says, in the
//! words of the one error.

mod error;
mod read;
mod write;

pub use error::io_error;
pub use read::{read_file_beneath, read_folder};
pub(crate) use write::write_folder_of;
pub use write::{check_target, check_writable, create_private_file, write_file, write_folder};
#[cfg(feature = "solver")]
pub(crate) use write::{make_private_folder, sync_folder};
#[cfg_attr(
    not(any(feature = "solver", feature = "http")),
    allow(unused_imports, reason = "only archives are read in parts and kept from others")
)]
pub(crate) use {read::read_exactly, write::create_private};

#[cfg(unix)]
#[cfg(test)]
mod tests;
