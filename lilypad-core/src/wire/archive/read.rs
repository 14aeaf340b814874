//! From bytes to files.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::error::{bad_archive, bad_entry};
use super::header::{BLOCK, FILE, FOLDER, Header, PAX};
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
    content: Bytes,
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
    archive: &'a Bytes,
    /// The next byte to read.
    at: usize,
    /// Records that wait for the entry that they extend.
    pax: Option<&'a [u8]>,
}

impl<'a> Reader<'a> {
    /// The next entry, or `None` at the end of the archive.
    fn next(&mut self) -> Result<Option<Entry>> {
        loop {
            let block = self.block()?;
            if block.iter().all(|byte| *byte == 0) {
                return self.end().map(|()| None);
            }
            let header = Header(block);
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
            let records = self.content(&name, size)?;
            if self.pax.replace(self.archive.get(records).unwrap_or_default()).is_some() {
                return Err(bad("follows other PAX records: each entry has one set of them"));
            }
        }
    }

    fn entry(&mut self, header: &Header<'_>, mut name: Vec<u8>, size: u64) -> Result<Entry> {
        let records =
            Records::read(self.pax.take().unwrap_or_default()).map_err(|why| bad_entry(&name, why))?;
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
        let content = self.archive.slice(self.content(&name, size)?);
        Ok(Entry { name, is_folder, content })
    }

    fn block(&mut self) -> Result<&'a [u8; BLOCK]> {
        let block = self.archive.get(self.at..).and_then(<[u8]>::first_chunk);
        self.at += BLOCK;
        block.ok_or_else(|| {
            let end = self.archive.len();
            bad_archive(format!("stops at byte {end} without the two blocks of zeros at its end"))
        })
    }

    /// Where an entry's content lies; steps behind it. Nothing is made of a size before the bytes are known to be there.
    fn content(&mut self, name: &[u8], size: u64) -> Result<std::ops::Range<usize>> {
        let left = self.archive.len().saturating_sub(self.at);
        let cut = || bad_entry(name, format!("has {size} bytes by its header, of which {left} are there"));
        let length = usize::try_from(size).ok().filter(|length| *length <= left).ok_or_else(cut)?;
        let start = self.at;
        // At most one block behind what lies in memory; whether that is there, the next block says.
        self.at = start + length.next_multiple_of(BLOCK);
        Ok(start..start + length)
    }

    /// Checks what stands behind the first block of zeros.
    fn end(&mut self) -> Result<()> {
        if self.pax.is_some() {
            return Err(bad_archive("ends with PAX records that extend no entry"));
        }
        if self.block()?.iter().any(|byte| *byte != 0) {
            return Err(bad_archive(format!("goes on at byte {} after a block of zeros", self.at - BLOCK)));
        }
        let rest = self.archive.get(self.at..).unwrap_or_default();
        let junk = rest.len() - rest.iter().take_while(|byte| **byte == 0).count();
        if junk > JUNK || rest.len() - junk > PADDING {
            let why = format!(
                "goes on for {} bytes after its end; at most {PADDING} zeros and {JUNK} others are allowed",
                rest.len(),
            );
            return Err(bad_archive(why));
        }
        Ok(())
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
        self.bytes += entry.content.len() as u64;
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
    files: FileSet,
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
        self.files.insert(path, entry.content.clone()).or_else(|_| bad(BOTH))
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
