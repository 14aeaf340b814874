//! Reading and writing through descriptors.

use super::abi::{Errno, Fail, Stop};
use super::fds::Target;
use super::{Answer, Call};
use crate::executor::LimitKind;

/// Most pieces of one read or write.
const MAX_PIECES: u32 = 1_024;

pub(super) fn fd_read(call: &mut Call<'_>) -> Answer {
    let offset = call.wasi.fds.get(call.u32(0))?.offset;
    let count = read(call, offset)?;
    call.wasi.fds.get_mut(call.u32(0))?.offset = offset.saturating_add(u64::from(count));
    call.put_u32(call.u32(3), count)
}

pub(super) fn fd_pread(call: &mut Call<'_>) -> Answer {
    seekable(call)?;
    let count = read(call, call.u64(3))?;
    call.put_u32(call.u32(4), count)
}

pub(super) fn fd_write(call: &mut Call<'_>) -> Answer {
    let descriptor = call.wasi.fds.get(call.u32(0))?;
    let offset = match descriptor.target {
        Target::Node(inode) if descriptor.appends() => call.wasi.vfs.size(inode)?,
        _ => descriptor.offset,
    };
    let count = write(call, offset)?;
    call.wasi.fds.get_mut(call.u32(0))?.offset = offset.saturating_add(u64::from(count));
    call.put_u32(call.u32(3), count)
}

pub(super) fn fd_pwrite(call: &mut Call<'_>) -> Answer {
    seekable(call)?;
    let count = write(call, call.u64(3))?;
    call.put_u32(call.u32(4), count)
}

fn seekable(call: &Call<'_>) -> Answer {
    match call.wasi.fds.get(call.u32(0))?.target {
        Target::Node(_) => Ok(()),
        _ => Err(Errno::IllegalSeek.into()),
    }
}

/// The pieces that arguments 1 and 2 point to: addresses and lengths.
fn pieces(call: &mut Call<'_>) -> Result<Vec<(u32, u32)>, Fail> {
    let (list, count) = (call.u32(1), call.u32(2));
    if count > MAX_PIECES {
        return Err(Errno::Invalid.into());
    }
    call.pay_bytes(u64::from(count) * 8)?;
    let mut pieces = Vec::new();
    let mut total = 0_u32;
    for index in 0..count {
        let at = list.checked_add(index * 8).ok_or(Errno::Fault)?;
        let (start, length) =
            (call.memory.get_u32(at)?, call.memory.get_u32(at.checked_add(4).ok_or(Errno::Fault)?)?);
        call.memory.bytes(start, length)?;
        total = total.checked_add(length).ok_or(Errno::Invalid)?;
        pieces.push((start, length));
    }
    Ok(pieces)
}

fn read(call: &mut Call<'_>, mut offset: u64) -> Result<u32, Fail> {
    let descriptor = call.wasi.fds.get(call.u32(0))?;
    if !descriptor.can_read() {
        return Err(Errno::BadFd.into());
    }
    let target = descriptor.target;
    let pieces = pieces(call)?;
    let Target::Node(inode) = target else { return Ok(0) };
    let mut done = 0_u32;
    for (at, length) in pieces {
        let rest = call.wasi.vfs.read(inode, offset)?.len();
        let taken = length.min(u32::try_from(rest).unwrap_or(u32::MAX));
        call.pay_bytes(u64::from(taken))?;
        let target = call.memory.bytes_mut(at, taken)?;
        let source = call.wasi.vfs.read(inode, offset)?;
        target.copy_from_slice(source.get(..target.len()).ok_or(Errno::Io)?);
        offset = offset.saturating_add(u64::from(taken));
        done = done.saturating_add(taken);
        if taken < length {
            break;
        }
    }
    Ok(done)
}

fn write(call: &mut Call<'_>, mut offset: u64) -> Result<u32, Fail> {
    let descriptor = call.wasi.fds.get(call.u32(0))?;
    if !descriptor.can_write() {
        return Err(Errno::BadFd.into());
    }
    let target = descriptor.target;
    let pieces = pieces(call)?;
    if let Target::Node(inode) = target {
        // Writing behind the end fills the gap with zeros.
        let gap = offset.saturating_sub(call.wasi.vfs.size(inode)?);
        call.pay_bytes(gap.min(call.wasi.vfs.room()))?;
    }
    let now = call.wasi.stamp();
    let mut done = 0_u32;
    for (at, length) in pieces {
        call.pay_bytes(u64::from(length))?;
        let data = call.memory.bytes(at, length)?;
        match target {
            Target::Node(inode) => call.wasi.vfs.write(inode, offset, data, now)?,
            Target::Stdout => log(call.wasi.stdout.write(data))?,
            Target::Stderr => log(call.wasi.stderr.write(data))?,
            Target::Stdin => return Err(Errno::BadFd.into()),
        }
        offset = offset.saturating_add(u64::from(length));
        done = done.saturating_add(length);
    }
    Ok(done)
}

fn log(fits: bool) -> Result<(), Stop> {
    if fits { Ok(()) } else { Err(Stop::Limit(LimitKind::LogBytes)) }
}

/// Entries in the order in which they came, `.` and `..` first; a cookie stays valid while entries come and go.
pub(super) fn fd_readdir(call: &mut Call<'_>) -> Answer {
    let (buffer, room, cookie) = (call.u32(1), call.u32(2), call.u64(3));
    let folder = call.wasi.fds.folder(call.u32(0), &call.wasi.vfs)?;
    let room = usize::try_from(room).map_err(|_| Errno::Fault)?;
    let listing = listing(call, folder, cookie, room)?;
    let listing = listing.get(..listing.len().min(room)).unwrap_or_default();
    call.put(buffer, listing)?;
    let used = u32::try_from(listing.len()).map_err(|_| Errno::Fault)?;
    call.put_u32(call.u32(4), used)
}

fn listing(call: &Call<'_>, folder: usize, cookie: u64, room: usize) -> Result<Vec<u8>, Errno> {
    let vfs = &call.wasi.vfs;
    let dots = [".", ".."].into_iter().zip(0_u64..).map(|(name, place)| (place, name, folder));
    let entries = vfs.folder(folder)?.entries_from(cookie.saturating_sub(2));
    let entries = entries.map(|(place, name, inode)| (place.saturating_add(2), name, inode));
    let mut listing = Vec::new();
    for (place, name, inode) in dots.chain(entries).filter(|(place, ..)| *place >= cookie) {
        if listing.len() >= room {
            break;
        }
        listing.extend_from_slice(&place.saturating_add(1).to_le_bytes());
        listing.extend_from_slice(&(inode as u64 + 1).to_le_bytes());
        listing.extend_from_slice(&u32::try_from(name.len()).unwrap_or(0).to_le_bytes());
        let kind =
            if vfs.is_folder(inode) { super::abi::FILETYPE_DIRECTORY } else { super::abi::FILETYPE_REGULAR };
        listing.extend_from_slice(&[kind, 0, 0, 0]);
        listing.extend_from_slice(name.as_bytes());
    }
    Ok(listing)
}
