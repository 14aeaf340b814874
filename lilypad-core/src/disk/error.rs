//! What the operating system says, in the words of the one error.

use std::io;
use std::path::Path;

use crate::error::{Error, ErrorKind, Fault};

/// Says what failed (`write`, `read`…) at which path, with the kind and the code that fit the system's answer:
/// `E_DISK_FULL`, `E_PERMISSION`, `E_PATH_NOT_FOUND`, `E_FILE_PATH` for names that the file system refuses, else `E_IO`.
#[must_use]
pub fn io_error(what: &'static str, path: &Path, source: io::Error) -> Error {
    let shown = path.display();
    let error = match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Error::new(
                ErrorKind::ExecutionFailed,
                "E_DISK_FULL",
                format!("cannot {what} {shown}: the disk is full"),
            )
            .with_fault(Fault::User)
            .with_hint("free some space or choose a folder on another disk")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Error::invalid("E_PERMISSION", format!("cannot {what} {shown}: permission denied"))
                .with_hint("choose a folder that you may use, or change its permissions")
        }
        io::ErrorKind::NotFound => Error::new(
            ErrorKind::NotFound,
            "E_PATH_NOT_FOUND",
            format!("cannot {what} {shown}: it does not exist"),
        )
        .with_hint("check the path"),
        io::ErrorKind::InvalidFilename | io::ErrorKind::NotADirectory => {
            Error::invalid("E_FILE_PATH", format!("cannot {what} {shown}: {source}"))
        }
        _ => Error::new(ErrorKind::Unavailable, "E_IO", format!("cannot {what} {shown}: {source}"))
            .with_fault(Fault::User),
    };
    error.with("path", shown).with_source(source)
}
