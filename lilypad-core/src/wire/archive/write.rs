//! From files to bytes.

use bytes::Bytes;

use super::error::bad_entry;
use super::header::{BLOCK, FILE, MOST_BYTES, NAME_BYTES, PAX, PREFIX_BYTES, header};
use super::pax::path_record;
use super::roll::Roll;
use crate::error::Result;
use crate::model::FileSet;

/// Writes files as an archive. The same set gives the same bytes, on every machine.
///
/// The archive is made in memory: the bytes of the files and at most 3.5 KiB for each.
///
/// # Errors
/// `InvalidInput` (`E_ARCHIVE_ENTRY`) for a file of 8 GiB or more.
///
/// ```
/// use lilypad_core::model::{FileLimits, FileSet};
/// use lilypad_core::wire::{read_archive, write_archive};
/// let files = FileSet::from_files([("stdout", "moo\n"), ("outputs/a", "")])?;
/// let archive = write_archive(&files)?;
/// assert_eq!(read_archive(&archive, &FileLimits::default())?, files);
/// # Ok::<(), lilypad_core::Error>(())
/// ```
pub fn write_archive(files: &FileSet) -> Result<Bytes> {
    let mut archive = Roll::default();
    files.iter().try_for_each(|(path, bytes)| put(&mut archive, path, bytes))?;
    Ok(end(archive).whole())
}

/// Strings several sets together as one archive: some files first, then each set in a folder of its own, all in the order given.
///
/// # Errors
/// Those of [`write_archive`].
pub(in super::super) fn roll_parts(files: &[(&str, String)], folders: &[(&str, &FileSet)]) -> Result<Roll> {
    let mut archive = Roll::default();
    for (path, text) in files {
        put(&mut archive, path, &Bytes::copy_from_slice(text.as_bytes()))?;
    }
    for (folder, set) in folders {
        set.iter().try_for_each(|(path, bytes)| put(&mut archive, &format!("{folder}/{path}"), bytes))?;
    }
    Ok(end(archive))
}

fn end(mut archive: Roll) -> Roll {
    archive.put_zeros(2 * BLOCK);
    archive.close();
    archive
}

fn put(archive: &mut Roll, path: &str, bytes: &Bytes) -> Result<()> {
    let size = bytes.len() as u64;
    if size > MOST_BYTES {
        return Err(bad_entry(path.as_bytes(), format!("has {size} bytes; at most {MOST_BYTES} fit")));
    }
    match split(path) {
        Some((prefix, name)) => archive.put(&header(FILE, prefix, name, size)),
        None => {
            let record = path_record(path);
            // One name for all of them: it is not the entry's, and must be the same everywhere.
            archive.put(&header(PAX, "", "PaxHeaders/path", record.len() as u64));
            archive.put(record.as_bytes());
            fill_block(archive, record.len());
            archive.put(&header(FILE, "", start_of(path), size));
        }
    }
    archive.put_file(bytes);
    fill_block(archive, bytes.len());
    Ok(())
}

/// Fills up to a whole block what has so many bytes.
fn fill_block(archive: &mut Roll, bytes: usize) {
    archive.put_zeros(bytes.next_multiple_of(BLOCK) - bytes);
}

/// The path as prefix and name, where both fit their fields: at the last slash that leaves a prefix that fits.
fn split(path: &str) -> Option<(&str, &str)> {
    if path.len() <= NAME_BYTES {
        return Some(("", path));
    }
    path.rmatch_indices('/')
        .map(|(slash, _)| (path.get(..slash).unwrap_or_default(), path.get(slash + 1..).unwrap_or_default()))
        .find(|(prefix, _)| prefix.len() <= PREFIX_BYTES)
        .filter(|(_, name)| name.len() <= NAME_BYTES)
}

/// What readers without PAX see of a long path: its start, in whole characters.
fn start_of(path: &str) -> &str {
    (0..=NAME_BYTES).rev().find_map(|end| path.get(..end)).unwrap_or_default()
}
