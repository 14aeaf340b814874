//! Our own WASI preview 1: arguments, environment, clocks, random bytes and files that live in memory. No I/O of its own;
//! written against a small trait, so every engine shares it.
//!
//! Layout: `abi` numbers and layouts; `guest` what an engine must offer; `table` the functions and their signatures;
//! `process`, `clock`, `poll`, `fd`, `fd_data`, `paths` what they do; `fds` open descriptors; `path` resolution; `vfs` the files;
//! `log` captured output.

mod abi;
mod clock;
mod fd;
mod fd_data;
mod fds;
mod guest;
mod path;
mod paths;
mod poll;
mod process;
mod table;
mod vfs;

use crate::executor::log::Log;
pub(super) use abi::{Fail, Stop};
pub(super) use clock::{Clocks, RealTime};
pub(super) use guest::{Charge, GuestMemory, Linear};
pub(super) use table::{FUNCTIONS, Function, NAMESPACE};
pub(super) use vfs::{Body, Inode, Vfs, VfsLimits};

use self::abi::Errno;
use self::fds::{Descriptor, Descriptors, Target};

/// Units that every call costs.
const CALL_UNITS: u64 = 64;
/// Bytes that one more unit moves between guest and host.
const BYTES_PER_UNIT: u64 = 8;

/// Where a job's random bytes come from.
pub(super) type RandomSource = Box<dyn FnMut(&mut [u8]) -> bool + Send>;

/// The state of one run.
pub(super) struct Wasi {
    pub(super) args: Vec<String>,
    pub(super) env: Vec<String>,
    pub(super) clocks: Clocks,
    pub(super) random: RandomSource,
    pub(super) vfs: Vfs,
    pub(super) stdout: Log,
    pub(super) stderr: Log,
    fds: Descriptors,
}

impl Wasi {
    /// A run whose `roots` are open under the next numbers after the three streams.
    pub(super) fn new(
        clocks: Clocks,
        random: RandomSource,
        vfs: Vfs,
        roots: &[(String, Inode)],
        logs: (Log, Log),
    ) -> Self {
        let mut fds = Descriptors::default();
        let streams = [Target::Stdin, Target::Stdout, Target::Stderr].map(Descriptor::stream);
        let folders = roots.iter().map(|(path, inode)| Descriptor {
            preopen: Some(path.clone()),
            ..Descriptor::node(&vfs, *inode)
        });
        for descriptor in streams.into_iter().chain(folders) {
            // There are far fewer roots than descriptors.
            let _ = fds.open(descriptor);
        }
        let (stdout, stderr) = logs;
        Self { args: Vec::new(), env: Vec::new(), clocks, random, vfs, stdout, stderr, fds }
    }

    /// Unix nanoseconds for the time stamps of files.
    pub(super) fn stamp(&self) -> u64 {
        self.clocks.stamp()
    }
}

impl std::fmt::Debug for Wasi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wasi").field("vfs", &self.vfs).field("fds", &self.fds).finish_non_exhaustive()
    }
}

/// One call of the guest: its arguments, its memory and its books.
pub(super) struct Call<'a> {
    pub(super) wasi: &'a mut Wasi,
    pub(super) memory: &'a mut dyn GuestMemory,
    pub(super) meter: &'a mut dyn Charge,
    pub(super) arguments: &'a [u64],
}

/// What a call answers; the error number goes back to the guest.
type Answer = Result<(), Fail>;

impl Call<'_> {
    /// Calls `function`; answers the error number for the guest.
    pub(super) fn run(&mut self, function: &Function) -> Result<u32, Stop> {
        self.meter.charge(CALL_UNITS)?;
        match (function.run)(self) {
            Ok(()) => Ok(0),
            Err(Fail::Errno(errno)) => Ok(u32::from(errno as u16)),
            Err(Fail::Stop(stop)) => Err(stop),
        }
    }

    /// The argument at `index` as an address, length or descriptor.
    fn u32(&self, index: usize) -> u32 {
        // Arguments are passed as 64 bits; the upper half of an `i32` is not part of it.
        (self.u64(index) & 0xffff_ffff) as u32
    }

    fn u64(&self, index: usize) -> u64 {
        self.arguments.get(index).copied().unwrap_or(0)
    }

    /// Pays for bytes that move between guest and host.
    fn pay_bytes(&mut self, bytes: u64) -> Answer {
        Ok(self.meter.charge(bytes.div_ceil(BYTES_PER_UNIT))?)
    }

    /// Copies `bytes` to the guest and pays for them.
    fn put(&mut self, at: u32, bytes: &[u8]) -> Answer {
        self.pay_bytes(bytes.len() as u64)?;
        Ok(self.memory.put(at, bytes)?)
    }

    fn put_u32(&mut self, at: u32, value: u32) -> Answer {
        Ok(self.memory.put(at, &value.to_le_bytes())?)
    }

    fn put_u64(&mut self, at: u32, value: u64) -> Answer {
        Ok(self.memory.put(at, &value.to_le_bytes())?)
    }

    /// The path that arguments `index` and `index + 1` point to.
    fn path(&mut self, index: usize) -> Result<String, Fail> {
        let (at, length) = (self.u32(index), self.u32(index + 1));
        if length > path::MAX_PATH {
            return Err(Errno::NameTooLong.into());
        }
        self.pay_bytes(u64::from(length))?;
        let bytes = self.memory.bytes(at, length)?;
        Ok(std::str::from_utf8(bytes).map_err(|_| Errno::IllegalSequence)?.to_owned())
    }

    /// Resolves a path beneath a descriptor's folder.
    fn resolve<'p>(&self, fd: u32, path: &'p str) -> Result<path::Place<'p>, Fail> {
        let base = self.wasi.fds.folder(fd, &self.wasi.vfs)?;
        Ok(path::resolve(&self.wasi.vfs, base, path)?)
    }

    /// The file or folder behind a descriptor.
    fn inode(&self, fd: u32) -> Result<Inode, Fail> {
        match self.wasi.fds.get(fd)?.target {
            Target::Node(inode) => Ok(inode),
            _ => Err(Errno::Invalid.into()),
        }
    }
}
