//! Numbers and layouts of WASI preview 1.

use crate::executor::LimitKind;
use crate::rt::CancelReason;

/// An error number that the guest sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Errno {
    TooBig = 1,
    BadFd = 8,
    Exists = 20,
    Fault = 21,
    IllegalSequence = 25,
    Invalid = 28,
    Io = 29,
    IsDirectory = 31,
    TooManyFiles = 33,
    NameTooLong = 37,
    NoEntry = 44,
    NotDirectory = 54,
    NotEmpty = 55,
    NotSupported = 58,
    ReadOnly = 69,
    IllegalSeek = 70,
    NotCapable = 76,
}

/// Why the host ends the run from inside a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// `proc_exit`.
    Exit(i32),
    /// A limit is reached.
    Limit(LimitKind),
    /// Somebody asked to stop.
    Cancelled(CancelReason),
    /// `proc_raise`.
    Raised(u8),
}

/// A call that does not succeed: an error for the guest, or the end of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fail {
    Errno(Errno),
    Stop(Stop),
}

impl From<Errno> for Fail {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<Stop> for Fail {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

pub(super) const FILETYPE_UNKNOWN: u8 = 0;
pub(super) const FILETYPE_DIRECTORY: u8 = 3;
pub(super) const FILETYPE_REGULAR: u8 = 4;

pub(super) const OFLAG_CREATE: u64 = 1;
pub(super) const OFLAG_DIRECTORY: u64 = 2;
pub(super) const OFLAG_EXCLUSIVE: u64 = 4;
pub(super) const OFLAG_TRUNCATE: u64 = 8;

pub(super) const FDFLAG_APPEND: u16 = 1;
pub(super) const FDFLAGS_ALL: u16 = 0x1f;

pub(super) const RIGHT_FD_READ: u64 = 1 << 1;
pub(super) const RIGHT_FD_WRITE: u64 = 1 << 6;
/// All rights that a file can have.
pub(super) const RIGHTS_FILE: u64 = 0x08e0_01ff;
/// All rights that a directory can have.
pub(super) const RIGHTS_DIRECTORY: u64 = 0x0fff_fe98;
/// Rights that change something.
pub(super) const RIGHTS_WRITE: u64 = RIGHT_FD_WRITE
    | 1 << 8
    | 1 << 9
    | 1 << 10
    | 1 << 16
    | 1 << 17
    | 1 << 19
    | 1 << 20
    | 1 << 22
    | 1 << 23
    | 1 << 25
    | 1 << 26;
/// Rights of `stdout` and `stderr`: no seek and no tell.
pub(super) const RIGHTS_STREAM: u64 = RIGHT_FD_READ | RIGHT_FD_WRITE | 1 << 3 | 1 << 21 | 1 << 27;
