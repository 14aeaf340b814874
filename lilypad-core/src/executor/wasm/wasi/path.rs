//! Resolves the guest's paths beneath a folder that it has open.

use super::abi::Errno;
use super::vfs::{Inode, Vfs};

/// Longest path of one call, in bytes.
pub(super) const MAX_PATH: u32 = 4_096;

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// A folder on the way itself (`.`, `a/..`).
    Known(Inode),
    /// An entry of a folder, which may or may not be there.
    Entry { folder: Inode, name: &'a str, must_be_folder: bool },
}

impl Place<'_> {
    /// What lies there.
    pub(super) fn inode(&self, vfs: &Vfs) -> Result<Inode, Errno> {
        match self {
            Self::Known(inode) => Ok(*inode),
            Self::Entry { folder, name, must_be_folder } => {
                let inode = vfs.folder(*folder)?.get(name).ok_or(Errno::NoEntry)?;
                if *must_be_folder && !vfs.is_folder(inode) {
                    return Err(Errno::NotDirectory);
                }
                Ok(inode)
            }
        }
    }
}

/// Follows `path` from `base`; never above it.
pub(super) fn resolve<'a>(vfs: &Vfs, base: Inode, path: &'a str) -> Result<Place<'a>, Errno> {
    if path.is_empty() {
        return Err(Errno::NoEntry);
    }
    if path.contains('\0') {
        return Err(Errno::Invalid);
    }
    if path.starts_with('/') {
        return Err(Errno::NotCapable);
    }
    vfs.folder(base)?;
    let must_be_folder = path.ends_with('/');
    let mut way = vec![base];
    let mut parts = path.split('/').filter(|part| !matches!(*part, "" | ".")).peekable();
    while let Some(part) = parts.next() {
        let folder = way.last().copied().ok_or(Errno::NotCapable)?;
        if part == ".." {
            way.pop();
            if way.is_empty() {
                return Err(Errno::NotCapable);
            }
        } else if parts.peek().is_none() {
            return Ok(Place::Entry { folder, name: part, must_be_folder });
        } else {
            let next = vfs.folder(folder)?.get(part).ok_or(Errno::NoEntry)?;
            vfs.folder(next)?;
            way.push(next);
        }
    }
    way.last().copied().map(Place::Known).ok_or(Errno::NotCapable)
}
