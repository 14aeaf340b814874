//! From bytes to files.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::error::{bad_archive, bad_entry};
use super::header::{BLOCK, FILE, FOLDER, Header, PAX};
use super::pax::Records;
use super::{JUNK, PADDING, PAX_BYTES};
use crate::error::{Error, Result};
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
    let mut reader = Reader { archive, at: 0, pax: None };
    let mut found = Found { limits, files: FileSet::new(), folders: BTreeSet::new(), bytes: 0 };
    while let Some(entry) = reader.next()? {
        found.add(entry)?;
    }
    Ok(found.files)
}

/// A file or folder, its name not yet looked at.
struct Entry {
    name: Vec<u8>,
    is_folder: bool,
    content: Bytes,
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

/// What was read so far.
struct Found<'a> {
    limits: &'a FileLimits,
    files: FileSet,
    folders: BTreeSet<String>,
    bytes: u64,
}

impl Found<'_> {
    fn add(&mut self, entry: Entry) -> Result<()> {
        let bad = |why: &str| bad_entry(&entry.name, why);
        let name = std::str::from_utf8(&entry.name).map_err(|_| bad("has a name that is not UTF-8"))?;
        if entry.is_folder && matches!(name, "." | "./") {
            return Ok(());
        }
        let path = name.strip_prefix("./").unwrap_or(name);
        let path = path.strip_suffix('/').filter(|_| entry.is_folder).unwrap_or(path);
        if let Some(why) = FileSet::path_fault(path) {
            return Err(bad(why));
        }
        self.check_limits(&entry)?;
        if self.files.contains(path) || self.folders.contains(path) {
            let is_same = self.folders.contains(path) == entry.is_folder;
            return Err(bad(if is_same { "is there twice" } else { BOTH }));
        }
        let path = path.to_owned();
        if entry.is_folder {
            self.add_folder(path, bad)
        } else {
            self.add_file(path, entry.content.clone(), bad)
        }
    }

    fn add_folder(&mut self, path: String, bad: impl Fn(&str) -> Error) -> Result<()> {
        if path
            .match_indices('/')
            .any(|(at, _)| path.get(..at).is_some_and(|above| self.files.contains(above)))
        {
            return Err(bad(BOTH));
        }
        self.folders.insert(path);
        Ok(())
    }

    fn add_file(&mut self, path: String, content: Bytes, bad: impl Fn(&str) -> Error) -> Result<()> {
        let below = format!("{path}/");
        if self.folders.range(below.clone()..).next().is_some_and(|folder| folder.starts_with(&below)) {
            return Err(bad(BOTH));
        }
        self.bytes += content.len() as u64;
        self.files.insert(path, content).map_err(|_| bad(BOTH))
    }

    fn check_limits(&self, entry: &Entry) -> Result<()> {
        let entries = self.files.len() + self.folders.len() + 1;
        let bytes = self.bytes + entry.content.len() as u64;
        let over = |got: u64, most: u64, what: &str| {
            bad_entry(&entry.name, format!("makes {got} {what}; at most {most} are allowed"))
        };
        if entries > self.limits.files {
            let most = self.limits.files as u64;
            return Err(over(entries as u64, most, "files and folders").with("limit", "files"));
        }
        if bytes > self.limits.bytes {
            return Err(over(bytes, self.limits.bytes, "bytes of files").with("limit", "bytes"));
        }
        Ok(())
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
