//! Named bytes that travel together: a module's bundle, a job's input files, a job's results.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::error::{Error, Result};

/// How much a set of files may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileLimits {
    /// Most files.
    pub files: usize,
    /// Most bytes in all files together.
    pub bytes: u64,
}

impl FileLimits {
    pub(crate) fn too_many_files(&self, got: usize) -> Error {
        Error::invalid("E_FILE_LIMIT", format!("{got} files; at most {} are allowed", self.files))
            .with("limit", "files")
    }

    pub(crate) fn too_many_bytes(&self, got: u64) -> Error {
        Error::invalid("E_FILE_LIMIT", format!("{got} bytes of files; at most {} are allowed", self.bytes))
            .with("limit", "bytes")
    }
}

impl Default for FileLimits {
    /// 1,000 files, 64 MiB.
    fn default() -> Self {
        Self { files: 1_000, bytes: 64 << 20 }
    }
}

/// Files by relative path, in the order of their paths.
///
/// Paths are UTF-8, use `/`, are at most 1,024 bytes and 16 levels deep, and never leave the set (`..`, absolute
/// paths, empty parts, backslashes and NUL are refused), so a set can be written under any folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSet {
    files: BTreeMap<String, Bytes>,
}

impl FileSet {
    /// A set without files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A set of these files.
    ///
    /// # Errors
    /// Those of [`FileSet::insert`].
    pub fn from_files<P: Into<String>, B: Into<Bytes>>(
        files: impl IntoIterator<Item = (P, B)>,
    ) -> Result<Self> {
        let mut set = Self::new();
        for (path, bytes) in files {
            set.insert(path, bytes)?;
        }
        Ok(set)
    }

    /// Adds or replaces a file.
    ///
    /// # Errors
    /// `InvalidInput` (`E_FILE_PATH`) where the path is not a plain relative one, or where it would put a file
    /// where a folder is or the other way round.
    pub fn insert(&mut self, path: impl Into<String>, bytes: impl Into<Bytes>) -> Result<()> {
        let path = path.into();
        check_path(&path)?;
        self.check_shape(&path)?;
        self.files.insert(path, bytes.into());
        Ok(())
    }

    /// Takes a file out.
    pub fn remove(&mut self, path: &str) -> Option<Bytes> {
        self.files.remove(path)
    }

    /// The files with a part of their path that begins with a dot.
    ///
    /// [`FileSet::content_id`] does not cover them: whoever names a set by its id drops or refuses them first.
    pub fn hidden(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str).filter(|path| is_hidden(path))
    }

    /// Takes out every hidden file and gives back their paths.
    pub fn remove_hidden(&mut self) -> Vec<String> {
        let paths: Vec<String> = self.hidden().map(str::to_owned).collect();
        self.files.retain(|path, _| !is_hidden(path));
        paths
    }

    /// Checks that no file is hidden, so that the content id covers all of them.
    ///
    /// # Errors
    /// `InvalidInput` (`E_FILE_HIDDEN`) that names the first hidden file.
    pub fn check_visible(&self) -> Result<()> {
        match self.hidden().next() {
            None => Ok(()),
            Some(path) => {
                let shown: String = path.chars().take(80).collect();
                Err(Error::invalid("E_FILE_HIDDEN", format!("{shown:?} is a hidden file"))
                    .with_hint("content ids do not cover names that begin with a dot: rename it")
                    .with("path", shown))
            }
        }
    }

    /// Checks that the set holds no more than `limits` allow.
    ///
    /// # Errors
    /// `InvalidInput` (`E_FILE_LIMIT`) that names the limit and what was got.
    pub fn check_limits(&self, limits: &FileLimits) -> Result<()> {
        if self.len() > limits.files {
            return Err(limits.too_many_files(self.len()));
        }
        if self.total_bytes() > limits.bytes {
            return Err(limits.too_many_bytes(self.total_bytes()));
        }
        Ok(())
    }

    /// True where there is a file at exactly this path.
    #[must_use]
    pub fn contains(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// The bytes of one file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Bytes> {
        self.files.get(path)
    }

    /// Paths and bytes, in the order of the paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), bytes))
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// True where there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The bytes of all files together.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.files.values().map(|bytes| bytes.len() as u64).sum()
    }

    /// Checks that a path is one that a set may hold.
    ///
    /// # Errors
    /// `InvalidInput` (`E_FILE_PATH`) that says which rule it breaks.
    pub fn check_path(path: &str) -> Result<()> {
        check_path(path)
    }

    /// Which rule a path breaks, as a phrase that can stand behind it.
    pub(crate) fn path_fault(path: &str) -> Option<&'static str> {
        if path.is_empty() || path.len() > 1_024 {
            return Some("must have 1 to 1,024 bytes");
        }
        if path.contains(['\\', '\0']) {
            return Some("must not hold a backslash or NUL");
        }
        if path.split('/').count() > 16 {
            return Some("must be at most 16 levels deep");
        }
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Some("must be relative, without `.`, `..` or empty parts");
        }
        None
    }

    fn check_shape(&self, path: &str) -> Result<()> {
        let under = format!("{path}/");
        let covers =
            self.files.range(under.clone()..).next().is_some_and(|(other, _)| other.starts_with(&under));
        let covered = path.match_indices('/').any(|(at, _)| self.files.contains_key(&path[..at]));
        if covers || covered {
            return Err(path_error(path, "is both a file and a folder"));
        }
        Ok(())
    }
}

impl IntoIterator for FileSet {
    type Item = (String, Bytes);
    type IntoIter = std::collections::btree_map::IntoIter<String, Bytes>;

    fn into_iter(self) -> Self::IntoIter {
        self.files.into_iter()
    }
}

fn check_path(path: &str) -> Result<()> {
    FileSet::path_fault(path).map_or(Ok(()), |why| Err(path_error(path, why)))
}

fn path_error(path: &str, why: &str) -> Error {
    let shown: String = path.chars().take(80).collect();
    Error::invalid("E_FILE_PATH", format!("file path {shown:?} {why}")).with("path", shown)
}

fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.'))
}

#[cfg(test)]
mod tests;
