//! Archives that are not loaded: where the bytes of their files lie, read when they are needed.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::super::message::inputs_id_of;
use crate::error::Result;
use crate::model::{ContentId, FileLimits, FileSet, content_id_of};

/// Bytes that lie somewhere and are read in pieces.
pub trait ReadAt: Send + Sync {
    /// How many bytes there are.
    fn length(&self) -> u64;

    /// So many bytes from this place on. Whoever calls asks for none beyond the length.
    ///
    /// # Errors
    /// Where they cannot be read.
    fn read_at(&self, at: u64, length: usize) -> Result<Bytes>;
}

impl ReadAt for Bytes {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, at: u64, length: usize) -> Result<Bytes> {
        let start = usize::try_from(at).unwrap_or(usize::MAX).min(self.len());
        Ok(self.slice(start..start.saturating_add(length).min(self.len())))
    }
}

/// A set of files in an archive: their paths, and where their bytes lie.
#[derive(Debug, Default)]
#[cfg_attr(not(feature = "solver"), allow(dead_code, reason = "only a solver keeps archives closed"))]
pub(crate) struct Laid {
    /// The paths, with no bytes behind them: it knows which may stand beside each other.
    shape: FileSet,
    /// The first byte of each file, and how many there are.
    places: BTreeMap<String, (u64, u64)>,
}

#[cfg_attr(not(feature = "solver"), allow(dead_code, reason = "only a solver keeps archives closed"))]
impl Laid {
    pub(super) fn contains(&self, path: &str) -> bool {
        self.shape.contains(path)
    }

    pub(super) fn add(&mut self, path: &str, at: u64, length: u64) -> Result<()> {
        self.shape.insert(path, Bytes::new())?;
        self.places.insert(path.to_owned(), (at, length));
        Ok(())
    }

    /// The paths of the set.
    pub(crate) fn shape(&self) -> &FileSet {
        &self.shape
    }

    /// Paths and lengths, in the order of the paths.
    pub(crate) fn lengths(&self) -> impl Iterator<Item = (&str, u64)> {
        self.places.iter().map(|(path, (_, length))| (path.as_str(), *length))
    }

    fn total_bytes(&self) -> u64 {
        self.places.values().map(|(_, length)| length).sum()
    }

    /// What [`FileSet::check_limits`] checks.
    pub(crate) fn check_limits(&self, limits: &FileLimits) -> Result<()> {
        self.shape.check_limits(limits)?;
        let bytes = self.total_bytes();
        if bytes > limits.bytes { Err(limits.too_many_bytes(bytes)) } else { Ok(()) }
    }

    /// A part of one file.
    pub(crate) fn read(&self, archive: &dyn ReadAt, path: &str, at: u64, length: usize) -> Result<Bytes> {
        let (start, _) = self.places.get(path).copied().unwrap_or_default();
        archive.read_at(start + at, length)
    }

    /// As much of a part of one file as there is.
    #[cfg_attr(target_family = "wasm", allow(dead_code, reason = "only a disk has such archives"))]
    pub(crate) fn read_some(
        &self,
        archive: &dyn ReadAt,
        path: &str,
        at: u64,
        length: usize,
    ) -> Result<Bytes> {
        let (_, whole) = self.places.get(path).copied().unwrap_or_default();
        let left = whole.saturating_sub(at);
        self.read(archive, path, at, usize::try_from(left).map_or(length, |left| left.min(length)))
    }

    /// The content id of the set, with no more of it in memory than a few pieces.
    pub(crate) fn content_id(&self, archive: &dyn ReadAt) -> Result<ContentId> {
        content_id_of(self.lengths(), &mut |path, at, length| self.read(archive, path, at, length))
    }

    /// The id of inputs whose files these are, as [`inputs_id`](super::super::inputs_id) has it.
    pub(crate) fn inputs_id(
        &self,
        archive: &dyn ReadAt,
        values: Option<&BTreeMap<String, String>>,
    ) -> Result<ContentId> {
        self.shape.check_visible()?;
        let nothing = BTreeMap::new();
        inputs_id_of(values.unwrap_or(&nothing), self.lengths(), &mut |path, at, length| {
            self.read(archive, path, at, length)
        })
    }

    /// All files, in memory.
    pub(crate) fn load(&self, archive: &dyn ReadAt) -> Result<FileSet> {
        let mut files = FileSet::new();
        for (path, (at, length)) in &self.places {
            let length = usize::try_from(*length).unwrap_or(usize::MAX);
            files.insert(path.as_str(), archive.read_at(*at, length)?)?;
        }
        Ok(files)
    }
}
