//! The guest's open descriptors.

use super::abi::{
    Errno, FDFLAG_APPEND, FILETYPE_DIRECTORY, FILETYPE_REGULAR, FILETYPE_UNKNOWN, RIGHT_FD_READ,
    RIGHT_FD_WRITE, RIGHTS_DIRECTORY, RIGHTS_FILE, RIGHTS_STREAM, RIGHTS_WRITE,
};
use super::vfs::{Inode, Vfs};

/// Most descriptors that are open at one time.
const MAX_OPEN: usize = 256;

/// What a descriptor stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Stdin,
    Stdout,
    Stderr,
    Node(Inode),
}

/// An open descriptor.
#[derive(Clone, Debug)]
pub(super) struct Descriptor {
    pub(super) target: Target,
    pub(super) offset: u64,
    pub(super) flags: u16,
    pub(super) rights: u64,
    pub(super) inheriting: u64,
    /// Where it lies, for folders that are open from the start.
    pub(super) preopen: Option<String>,
}

impl Descriptor {
    pub(super) fn stream(target: Target) -> Self {
        let rights = match target {
            Target::Stdin => RIGHTS_STREAM & !RIGHT_FD_WRITE,
            _ => RIGHTS_STREAM & !RIGHT_FD_READ,
        };
        Self { target, offset: 0, flags: 0, rights, inheriting: 0, preopen: None }
    }

    pub(super) fn node(vfs: &Vfs, inode: Inode) -> Self {
        let mut rights = if vfs.is_folder(inode) { RIGHTS_DIRECTORY } else { RIGHTS_FILE };
        let mut inheriting = if vfs.is_folder(inode) { RIGHTS_DIRECTORY | RIGHTS_FILE } else { 0 };
        if vfs.writable(inode).is_err() {
            rights &= !RIGHTS_WRITE;
            inheriting &= !RIGHTS_WRITE;
        }
        Self { target: Target::Node(inode), offset: 0, flags: 0, rights, inheriting, preopen: None }
    }

    pub(super) fn can_read(&self) -> bool {
        self.rights & RIGHT_FD_READ != 0
    }

    pub(super) fn can_write(&self) -> bool {
        self.rights & RIGHT_FD_WRITE != 0
    }

    pub(super) fn appends(&self) -> bool {
        self.flags & FDFLAG_APPEND != 0
    }

    pub(super) fn filetype(&self, vfs: &Vfs) -> u8 {
        match self.target {
            Target::Node(inode) if vfs.is_folder(inode) => FILETYPE_DIRECTORY,
            Target::Node(_) => FILETYPE_REGULAR,
            _ => FILETYPE_UNKNOWN,
        }
    }
}

/// All open descriptors by number.
#[derive(Debug, Default)]
pub(super) struct Descriptors(Vec<Option<Descriptor>>);

impl Descriptors {
    /// Opens under the smallest free number.
    pub(super) fn open(&mut self, descriptor: Descriptor) -> Result<u32, Errno> {
        let free = self.0.iter().position(Option::is_none).unwrap_or(self.0.len());
        if free >= MAX_OPEN {
            return Err(Errno::TooManyFiles);
        }
        if free == self.0.len() {
            self.0.push(None);
        }
        if let Some(slot) = self.0.get_mut(free) {
            *slot = Some(descriptor);
        }
        u32::try_from(free).map_err(|_| Errno::TooManyFiles)
    }

    pub(super) fn get(&self, fd: u32) -> Result<&Descriptor, Errno> {
        usize::try_from(fd).ok().and_then(|fd| self.0.get(fd)?.as_ref()).ok_or(Errno::BadFd)
    }

    pub(super) fn get_mut(&mut self, fd: u32) -> Result<&mut Descriptor, Errno> {
        usize::try_from(fd).ok().and_then(|fd| self.0.get_mut(fd)?.as_mut()).ok_or(Errno::BadFd)
    }

    pub(super) fn close(&mut self, fd: u32) -> Result<Descriptor, Errno> {
        usize::try_from(fd).ok().and_then(|fd| self.0.get_mut(fd)?.take()).ok_or(Errno::BadFd)
    }

    /// Moves `from` to the number `to`, which is open too; answers what was there.
    pub(super) fn renumber(&mut self, from: u32, to: u32) -> Result<Option<Descriptor>, Errno> {
        self.get(to)?;
        self.get(from)?;
        if from == to {
            return Ok(None);
        }
        let moved = self.close(from)?;
        let slot = self.get_mut(to)?;
        Ok(Some(std::mem::replace(slot, moved)))
    }

    /// The folder behind a descriptor.
    pub(super) fn folder(&self, fd: u32, vfs: &Vfs) -> Result<Inode, Errno> {
        match self.get(fd)?.target {
            Target::Node(inode) if vfs.is_folder(inode) => Ok(inode),
            _ => Err(Errno::NotDirectory),
        }
    }
}
