//! Calls that take a path.

use super::abi::{
    Errno, FDFLAGS_ALL, FILETYPE_DIRECTORY, FILETYPE_REGULAR, Fail, OFLAG_CREATE, OFLAG_DIRECTORY,
    OFLAG_EXCLUSIVE, OFLAG_TRUNCATE, RIGHT_FD_WRITE,
};
use super::fds::Descriptor;
use super::path::Place;
use super::vfs::Inode;
use super::{Answer, Call};

pub(super) fn path_open(call: &mut Call<'_>) -> Answer {
    let path = call.path(2)?;
    let (options, rights, flags) = (call.u64(4), call.u64(5), call.u32(7));
    let flags = u16::try_from(flags).ok().filter(|flags| flags & !FDFLAGS_ALL == 0).ok_or(Errno::Invalid)?;
    let place = call.resolve(call.u32(0), &path)?;
    let inode = open(call, &place, options, rights)?;
    let known = Descriptor::node(&call.wasi.vfs, inode);
    let descriptor = Descriptor { rights: known.rights & rights, flags, ..known };
    let fd = call.wasi.fds.open(descriptor)?;
    call.wasi.vfs.open(inode);
    call.put_u32(call.u32(8), fd)
}

/// Finds or makes what a path names.
fn open(call: &mut Call<'_>, place: &Place<'_>, options: u64, rights: u64) -> Result<Inode, Fail> {
    let writes = rights & RIGHT_FD_WRITE != 0 || options & OFLAG_TRUNCATE != 0;
    let inode = match place.inode(&call.wasi.vfs) {
        Ok(_) if options & OFLAG_CREATE != 0 && options & OFLAG_EXCLUSIVE != 0 => {
            return Err(Errno::Exists.into());
        }
        Ok(inode) => inode,
        Err(Errno::NoEntry) if options & OFLAG_CREATE != 0 => return create(call, place, options),
        Err(errno) => return Err(errno.into()),
    };
    if call.wasi.vfs.is_folder(inode) {
        if writes {
            return Err(Errno::IsDirectory.into());
        }
        return Ok(inode);
    }
    if options & OFLAG_DIRECTORY != 0 {
        return Err(Errno::NotDirectory.into());
    }
    if writes {
        call.wasi.vfs.writable(inode)?;
    }
    if options & OFLAG_TRUNCATE != 0 {
        call.wasi.vfs.resize(inode, 0)?;
    }
    Ok(inode)
}

fn create(call: &mut Call<'_>, place: &Place<'_>, options: u64) -> Result<Inode, Fail> {
    let Place::Entry { folder, name, must_be_folder } = place else { return Err(Errno::Exists.into()) };
    if *must_be_folder {
        return Err(Errno::IsDirectory.into());
    }
    if options & OFLAG_DIRECTORY != 0 {
        return Err(Errno::Invalid.into());
    }
    let now = call.wasi.stamp();
    call.wasi.vfs.create_file(*folder, name, now)
}

pub(super) fn path_create_directory(call: &mut Call<'_>) -> Answer {
    let path = call.path(1)?;
    let Place::Entry { folder, name, .. } = call.resolve(call.u32(0), &path)? else {
        return Err(Errno::Exists.into());
    };
    let now = call.wasi.stamp();
    call.wasi.vfs.create_folder(folder, name, now)?;
    Ok(())
}

pub(super) fn path_remove_directory(call: &mut Call<'_>) -> Answer {
    remove(call, false)
}

pub(super) fn path_unlink_file(call: &mut Call<'_>) -> Answer {
    remove(call, true)
}

fn remove(call: &mut Call<'_>, files: bool) -> Answer {
    let path = call.path(1)?;
    match call.resolve(call.u32(0), &path)? {
        Place::Entry { must_be_folder: true, .. } if files => Err(Errno::IsDirectory.into()),
        Place::Entry { folder, name, .. } => Ok(call.wasi.vfs.unlink(folder, name, files)?),
        Place::Known(_) => Err(Errno::Invalid.into()),
    }
}

pub(super) fn path_rename(call: &mut Call<'_>) -> Answer {
    let (from, to) = (call.path(1)?, call.path(4)?);
    let from = call.resolve(call.u32(0), &from)?;
    let to = call.resolve(call.u32(3), &to)?;
    let (
        Place::Entry { folder: old, name: old_name, must_be_folder: old_folder },
        Place::Entry { folder, name, must_be_folder },
    ) = (from, to)
    else {
        return Err(Errno::Invalid.into());
    };
    let inode = call.wasi.vfs.folder(old)?.get(old_name).ok_or(Errno::NoEntry)?;
    if (old_folder || must_be_folder) && !call.wasi.vfs.is_folder(inode) {
        return Err(Errno::NotDirectory.into());
    }
    let moved = call.wasi.vfs.rename((old, old_name), (folder, name))?;
    Ok(call.meter.charge(moved)?)
}

pub(super) fn path_filestat_get(call: &mut Call<'_>) -> Answer {
    let path = call.path(2)?;
    let inode = call.resolve(call.u32(0), &path)?.inode(&call.wasi.vfs)?;
    put_filestat(call, call.u32(4), inode)
}

pub(super) fn path_filestat_set_times(call: &mut Call<'_>) -> Answer {
    let path = call.path(2)?;
    let inode = call.resolve(call.u32(0), &path)?.inode(&call.wasi.vfs)?;
    let (accessed, modified, flags) = (call.u64(4), call.u64(5), call.u32(6));
    super::fd::set_times(call, inode, accessed, modified, flags)
}

/// Links: there are none, so that no path can lead elsewhere.
pub(super) fn no_links(_call: &mut Call<'_>) -> Answer {
    Err(Errno::NotSupported.into())
}

/// `path_readlink`: nothing is a link.
pub(super) fn path_readlink(call: &mut Call<'_>) -> Answer {
    let path = call.path(1)?;
    call.resolve(call.u32(0), &path)?.inode(&call.wasi.vfs)?;
    Err(Errno::Invalid.into())
}

pub(super) fn put_filestat(call: &mut Call<'_>, at: u32, inode: Inode) -> Answer {
    let node = call.wasi.vfs.node(inode)?;
    let kind = if call.wasi.vfs.is_folder(inode) { FILETYPE_DIRECTORY } else { FILETYPE_REGULAR };
    let words = [
        0,
        inode as u64 + 1,
        u64::from(kind),
        1,
        call.wasi.vfs.size(inode)?,
        node.times.accessed,
        node.times.modified,
        node.times.changed,
    ];
    let stat: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    call.put(at, &stat)
}
