//! Descriptors: what they are, where they stand, and closing them.

use super::abi::{Errno, FDFLAGS_ALL};
use super::fds::{Descriptor, Target};
use super::vfs::Times;
use super::{Answer, Call};

pub(super) fn fd_close(call: &mut Call<'_>) -> Answer {
    let closed = call.wasi.fds.close(call.u32(0))?;
    release(call, &closed);
    Ok(())
}

pub(super) fn fd_renumber(call: &mut Call<'_>) -> Answer {
    if let Some(closed) = call.wasi.fds.renumber(call.u32(0), call.u32(1))? {
        release(call, &closed);
    }
    Ok(())
}

fn release(call: &mut Call<'_>, closed: &Descriptor) {
    if let Target::Node(inode) = closed.target {
        call.wasi.vfs.close(inode);
    }
}

/// Everything is in memory: there is nothing to wait for.
pub(super) fn fd_sync(call: &mut Call<'_>) -> Answer {
    call.wasi.fds.get(call.u32(0))?;
    Ok(())
}

pub(super) fn fd_advise(call: &mut Call<'_>) -> Answer {
    call.wasi.fds.get(call.u32(0))?;
    if call.u32(3) <= 5 { Ok(()) } else { Err(Errno::Invalid.into()) }
}

pub(super) fn fd_fdstat_get(call: &mut Call<'_>) -> Answer {
    let descriptor = call.wasi.fds.get(call.u32(0))?;
    let mut stat = vec![descriptor.filetype(&call.wasi.vfs), 0];
    stat.extend_from_slice(&descriptor.flags.to_le_bytes());
    stat.extend_from_slice(&[0; 4]);
    stat.extend_from_slice(&descriptor.rights.to_le_bytes());
    stat.extend_from_slice(&descriptor.inheriting.to_le_bytes());
    call.put(call.u32(1), &stat)
}

pub(super) fn fd_fdstat_set_flags(call: &mut Call<'_>) -> Answer {
    let flags = u16::try_from(call.u32(1)).ok().filter(|flags| flags & !FDFLAGS_ALL == 0);
    let flags = flags.ok_or(Errno::Invalid)?;
    call.wasi.fds.get_mut(call.u32(0))?.flags = flags;
    Ok(())
}

/// Rights can only become fewer.
pub(super) fn fd_fdstat_set_rights(call: &mut Call<'_>) -> Answer {
    let (rights, inheriting) = (call.u64(1), call.u64(2));
    let descriptor = call.wasi.fds.get_mut(call.u32(0))?;
    if rights & !descriptor.rights != 0 || inheriting & !descriptor.inheriting != 0 {
        return Err(Errno::NotCapable.into());
    }
    (descriptor.rights, descriptor.inheriting) = (rights, inheriting);
    Ok(())
}

pub(super) fn fd_filestat_get(call: &mut Call<'_>) -> Answer {
    let target = call.wasi.fds.get(call.u32(0))?.target;
    match target {
        Target::Node(inode) => super::paths::put_filestat(call, call.u32(1), inode),
        _ => call.put(call.u32(1), &[0; 64]),
    }
}

pub(super) fn fd_filestat_set_size(call: &mut Call<'_>) -> Answer {
    let size = call.u64(1);
    set_size(call, size)
}

/// Makes room for a range; never shrinks the file.
pub(super) fn fd_allocate(call: &mut Call<'_>) -> Answer {
    let end = call.u64(1).checked_add(call.u64(2)).ok_or(Errno::Invalid)?;
    let inode = call.inode(call.u32(0))?;
    let size = call.wasi.vfs.size(inode)?.max(end);
    set_size(call, size)
}

fn set_size(call: &mut Call<'_>, size: u64) -> Answer {
    let inode = call.inode(call.u32(0))?;
    if !call.wasi.fds.get(call.u32(0))?.can_write() {
        return Err(Errno::BadFd.into());
    }
    call.pay_bytes(size.saturating_sub(call.wasi.vfs.size(inode)?).min(call.wasi.vfs.room()))?;
    let now = call.wasi.stamp();
    call.wasi.vfs.resize(inode, size)?;
    let times = &mut call.wasi.vfs.node_mut(inode)?.times;
    (times.modified, times.changed) = (now, now);
    Ok(())
}

pub(super) fn fd_filestat_set_times(call: &mut Call<'_>) -> Answer {
    let inode = call.inode(call.u32(0))?;
    let (accessed, modified, flags) = (call.u64(1), call.u64(2), call.u32(3));
    set_times(call, inode, accessed, modified, flags)
}

/// Sets the times that `flags` name, to a value or to now.
pub(super) fn set_times(
    call: &mut Call<'_>,
    inode: usize,
    accessed: u64,
    modified: u64,
    flags: u32,
) -> Answer {
    if flags & !0xf != 0 || flags & 3 == 3 || flags & 12 == 12 {
        return Err(Errno::Invalid.into());
    }
    let now = call.wasi.stamp();
    call.wasi.vfs.writable(inode)?;
    let times = &mut call.wasi.vfs.node_mut(inode)?.times;
    let pick = |old: u64, value: u64, set: u32, set_now: u32| {
        if flags & set != 0 {
            value
        } else if flags & set_now != 0 {
            now
        } else {
            old
        }
    };
    *times = Times {
        accessed: pick(times.accessed, accessed, 1, 2),
        modified: pick(times.modified, modified, 4, 8),
        changed: now,
    };
    Ok(())
}

pub(super) fn fd_prestat_get(call: &mut Call<'_>) -> Answer {
    let name = call.wasi.fds.get(call.u32(0))?.preopen.as_ref().ok_or(Errno::BadFd)?;
    let length = u32::try_from(name.len()).map_err(|_| Errno::NameTooLong)?;
    call.put_u32(call.u32(1), 0)?;
    call.put_u32(call.u32(1).checked_add(4).ok_or(Errno::Fault)?, length)
}

pub(super) fn fd_prestat_dir_name(call: &mut Call<'_>) -> Answer {
    let name = call.wasi.fds.get(call.u32(0))?.preopen.clone().ok_or(Errno::BadFd)?;
    let room = usize::try_from(call.u32(2)).map_err(|_| Errno::Fault)?;
    if name.len() > room {
        return Err(Errno::NameTooLong.into());
    }
    call.put(call.u32(1), name.as_bytes())
}

pub(super) fn fd_tell(call: &mut Call<'_>) -> Answer {
    let descriptor = call.wasi.fds.get(call.u32(0))?;
    match descriptor.target {
        Target::Node(_) => call.put_u64(call.u32(1), descriptor.offset),
        _ => Err(Errno::IllegalSeek.into()),
    }
}

pub(super) fn fd_seek(call: &mut Call<'_>) -> Answer {
    let (delta, whence) = (call.u64(1).cast_signed(), call.u32(2));
    let descriptor = call.wasi.fds.get(call.u32(0))?;
    let Target::Node(inode) = descriptor.target else { return Err(Errno::IllegalSeek.into()) };
    if call.wasi.vfs.is_folder(inode) {
        return Err(Errno::IsDirectory.into());
    }
    let base = match whence {
        0 => 0,
        1 => descriptor.offset,
        2 => call.wasi.vfs.size(inode)?,
        _ => return Err(Errno::Invalid.into()),
    };
    let offset = base.checked_add_signed(delta).ok_or(Errno::Invalid)?;
    call.wasi.fds.get_mut(call.u32(0))?.offset = offset;
    call.put_u64(call.u32(3), offset)
}
