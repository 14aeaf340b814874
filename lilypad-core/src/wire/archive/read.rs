//! From bytes to files.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::error::{bad_archive, bad_entry};
use super::header::{BLOCK, FILE, FOLDER, Header, PAX};
use super::laid::{Laid, ReadAt};
use super::pax::Records;
use super::{JUNK, PADDING, PAX_BYTES};
use crate::error::Result;
use crate::model::{FileLimits, FileSet};

/// Reads an archive of regular files and folders.
///
/// Owners, times and mode bits are ignored, empty folders are dropped, and `./` before a name means nothing. Files and
/// folders together may be as many as `limits.files`, the top folder not counted. The files share the archive's memory and
/// keep it.
///
/// # Errors
/// `InvalidInput`: `E_ARCHIVE` where the bytes are no archive, end too early, or go on after its end; `E_ARCHIVE_ENTRY`,
/// with the entry's name and the reason, for an entry that is not a regular file or folder, has a name that a [`FileSet`]
/// does not hold or that came before, has PAX records that contradict its header, or goes beyond `limits`.
pub fn read_archive(archive: &Bytes, limits: &FileLimits) -> Result<FileSet> {
    read_parts(archive, limits, &[]).map(|(files, _)| files)
}

/// Reads an archive of several sets: one in each of these folders, and the files beside them. The limits hold for all of
/// them together. Paths are counted from the folder, so that a set fits whatever its folder is called.
///
/// # Errors
/// Those of [`read_archive`]; `E_ARCHIVE_ENTRY` too for a file where one of the folders should be.
pub(in super::super) fn read_parts(
    archive: &Bytes,
    limits: &FileLimits,
    folders: &[&str],
) -> Result<(FileSet, Vec<FileSet>)> {
    let (top, parts) = lay_out(archive, limits, folders)?;
    let parts = parts.iter().map(|part| part.load(archive)).collect::<Result<_>>()?;
    Ok((top.load(archive)?, parts))
}

/// Finds the files of an archive as [`read_parts`] does, and reads none of them.
///
/// # Errors
/// Those of [`read_parts`]; where the archive cannot be read.
pub(in super::super) fn lay_out(
    archive: &dyn ReadAt,
    limits: &FileLimits,
    folders: &[&str],
) -> Result<(Laid, Vec<Laid>)> {
    let mut reader = Reader { archive, at: 0, pax: None };
    let mut total = Total { limits, entries: 0, bytes: 0 };
    let mut top = Found::default();
    let mut parts: Vec<Found> = folders.iter().map(|_| Found::default()).collect();
    while let Some(entry) = reader.next()? {
        let Some(path) = entry.path()? else { continue };
        let (head, rest) = path.split_once('/').map_or((path, None), |(head, rest)| (head, Some(rest)));
        let part = folders.iter().zip(&mut parts).find(|(folder, _)| **folder == head);
        match (part, rest) {
            (Some((_, part)), Some(rest)) => part.add(&entry, rest, &mut total)?,
            (Some(_), None) if entry.is_folder => {}
            (Some(_), None) => return Err(bad_entry(&entry.name, "must be a folder")),
            (None, _) => top.add(&entry, path, &mut total)?,
        }
    }
    Ok((top.files, parts.into_iter().map(|part| part.files).collect()))
}

/// A file or folder, its name not yet looked at.
struct Entry {
    name: Vec<u8>,
    is_folder: bool,
    /// Where its bytes begin in the archive, and how many there are.
    at: u64,
    length: u64,
}

impl Entry {
    /// The path, without what means nothing; `None` for the top folder.
    fn path(&self) -> Result<Option<&str>> {
        let name = std::str::from_utf8(&self.name);
        let name = name.map_err(|_| bad_entry(&self.name, "has a name that is not UTF-8"))?;
        if self.is_folder && matches!(name, "." | "./") {
            return Ok(None);
        }
        let path = name.strip_prefix("./").unwrap_or(name);
        Ok(Some(path.strip_suffix('/').filter(|_| self.is_folder).unwrap_or(path)))
    }
}

struct Reader<'a> {
    archive: &'a dyn ReadAt,
    /// The next byte to read.
    at: u64,
    /// Records that wait for the entry that they extend.
    pax: Option<Bytes>,
}

impl Reader<'_> {
    /// The next entry, or `None` at the end of the archive.
    fn next(&mut self) -> Result<Option<Entry>> {
        loop {
            let block = self.block()?;
            if block.iter().all(|byte| *byte == 0) {
                return self.end().map(|()| None);
            }
            let header = Header(&block);
            let name = header.name();
            let bad = |why: &str| bad_entry(&name, why);
            if let Some(why) = header.fault().or_else(|| refused(header.kind())) {
                return Err(bad(why));
            }
            if header.has_link() {
                return Err(bad("names a link"));
            }
            let size = header.size().ok_or_else(|| bad("has a size that is not a plain octal number"))?;
            if header.kind() != PAX {
                return self.entry(&header, name, size).map(Some);
            }
            if size > PAX_BYTES {
                return Err(bad(&format!(
                    "has {size} bytes of PAX records; at most {PAX_BYTES} are allowed"
                )));
            }
            let at = self.content(&name, size)?;
            let records = self.archive.read_at(at, usize::try_from(size).unwrap_or_default())?;
            if self.pax.replace(records).is_some() {
                return Err(bad("follows other PAX records: each entry has one set of them"));
            }
        }
    }

    fn entry(&mut self, header: &Header<'_>, mut name: Vec<u8>, size: u64) -> Result<Entry> {
        let records = self.pax.take().unwrap_or_default();
        let records = Records::read(&records).map_err(|why| bad_entry(&name, why))?;
        if let Some(path) = records.path {
            name = path.to_vec();
        }
        if let Some(other) = records.size.filter(|other| *other != size) {
            let why = format!("has {size} bytes by its header and {other} by its PAX records");
            return Err(bad_entry(&name, why));
        }
        let is_folder = header.kind() == FOLDER;
        if is_folder && size != 0 {
            return Err(bad_entry(&name, format!("is a folder with {size} bytes of content")));
        }
        let at = self.content(&name, size)?;
        Ok(Entry { name, is_folder, at, length: size })
    }

    fn block(&mut self) -> Result<[u8; BLOCK]> {
        let end = self.archive.length();
        if self.at.saturating_add(BLOCK as u64) > end {
            return Err(bad_archive(format!(
                "stops at byte {end} without the two blocks of zeros at its end"
            )));
        }
        let block = self.archive.read_at(self.at, BLOCK)?;
        self.at += BLOCK as u64;
        block.first_chunk().copied().ok_or_else(|| bad_archive("cannot be read to its end"))
    }

    /// Where an entry's content lies; steps behind it. Nothing is made of a size before the bytes are known to be there.
    fn content(&mut self, name: &[u8], size: u64) -> Result<u64> {
        let left = self.archive.length().saturating_sub(self.at);
        if size > left {
            return Err(bad_entry(
                name,
                format!("has {size} bytes by its header, of which {left} are there"),
            ));
        }
        let start = self.at;
        // At most one block behind what is there; whether that is, the next block says.
        self.at = start + size.next_multiple_of(BLOCK as u64);
        Ok(start)
    }

    /// Checks what stands behind the first block of zeros.
    fn end(&mut self) -> Result<()> {
        if self.pax.is_some() {
            return Err(bad_archive("ends with PAX records that extend no entry"));
        }
        if self.block()?.iter().any(|byte| *byte != 0) {
            return Err(bad_archive(format!(
                "goes on at byte {} after a block of zeros",
                self.at - BLOCK as u64
            )));
        }
        let left = self.archive.length().saturating_sub(self.at);
        let too_long = || {
            let why = format!(
                "goes on for {left} bytes after its end; at most {PADDING} zeros and {JUNK} others are allowed"
            );
            Err(bad_archive(why))
        };
        let most = PADDING + JUNK;
        let Some(left) = usize::try_from(left).ok().filter(|left| *left <= most) else { return too_long() };
        let rest = self.archive.read_at(self.at, left)?;
        let junk = rest.len() - rest.iter().take_while(|byte| **byte == 0).count();
        if junk > JUNK || rest.len() - junk > PADDING { too_long() } else { Ok(()) }
    }
}

/// How much was read so far, of all sets together.
struct Total<'a> {
    limits: &'a FileLimits,
    entries: usize,
    bytes: u64,
}

impl Total<'_> {
    fn add(&mut self, entry: &Entry) -> Result<()> {
        self.entries += 1;
        self.bytes += entry.length;
        let over = |got: u64, most: u64, what: &str| {
            bad_entry(&entry.name, format!("makes {got} {what}; at most {most} are allowed"))
        };
        if self.entries > self.limits.files {
            let (got, most) = (self.entries as u64, self.limits.files as u64);
            return Err(over(got, most, "files and folders").with("limit", "files"));
        }
        if self.bytes > self.limits.bytes {
            return Err(over(self.bytes, self.limits.bytes, "bytes of files").with("limit", "bytes"));
        }
        Ok(())
    }
}

/// What was read of one set so far.
#[derive(Default)]
struct Found {
    files: Laid,
    folders: BTreeSet<String>,
}

impl Found {
    fn add(&mut self, entry: &Entry, path: &str, total: &mut Total<'_>) -> Result<()> {
        let bad = |why: &str| Err(bad_entry(&entry.name, why));
        if let Some(why) = FileSet::path_fault(path) {
            return bad(why);
        }
        total.add(entry)?;
        let (is_file, is_folder) = (self.files.contains(path), self.folders.contains(path));
        if is_file && !entry.is_folder || is_folder && entry.is_folder {
            return bad("is there twice");
        }
        if is_file || is_folder || self.is_crossed(entry, path) {
            return bad(BOTH);
        }
        if entry.is_folder {
            self.folders.insert(path.to_owned());
            return Ok(());
        }
        self.files.add(path, entry.at, entry.length).or_else(|_| bad(BOTH))
    }

    /// True where a folder lies below a file. What files alone can do to each other, the set itself sees.
    fn is_crossed(&self, entry: &Entry, path: &str) -> bool {
        if entry.is_folder {
            let mut above = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
            return above.any(|above| self.files.contains(above));
        }
        let below = format!("{path}/");
        self.folders.range(below.clone()..).next().is_some_and(|folder| folder.starts_with(&below))
    }
}

const BOTH: &str = "is both a file and a folder";

/// Why entries of this kind are refused.
fn refused(kind: u8) -> Option<&'static str> {
    match kind {
        FILE | FOLDER | PAX => None,
        b'1' => Some("is a hard link"),
        b'2' => Some("is a symbolic link"),
        b'3' => Some("is a character device"),
        b'4' => Some("is a block device"),
        b'6' => Some("is a FIFO"),
        b'S' => Some("is a sparse file"),
        b'L' | b'K' => Some("is a long name in the format gnu; --format=pax writes one that is read"),
        b'g' => Some("extends all later entries, which is not allowed"),
        _ => Some("is of an unknown kind"),
    }
}
