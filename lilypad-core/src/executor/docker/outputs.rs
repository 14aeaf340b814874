//! Collects what a container left in its outputs. Links are never followed: the files are the job's, and this is the host.

use std::fs;
use std::path::PathBuf;

use crate::disk::{io_error, read_file_beneath};
use crate::error::{Error, Result};
use crate::executor::{EventSink, ExecutorEvent, LimitKind, Limits, outputs};
use crate::model::FileSet;

use super::scratch::{Folders, Output};

/// How deep folders may lie in each other.
const DEEPEST: usize = 64;
/// How many left-out entries are told one by one.
const WARNINGS: usize = 20;

/// What lies in the outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) bytes: u64,
    pub(super) files: u64,
}

impl Size {
    /// The limit that it is above.
    pub(super) fn above(self, limits: &Limits) -> Option<LimitKind> {
        if self.bytes > limits.output_bytes {
            Some(LimitKind::OutputBytes)
        } else if self.files > u64::from(limits.output_files) {
            Some(LimitKind::OutputFiles)
        } else {
            None
        }
    }
}

/// How much is in the outputs of a job that may be running: what comes and goes meanwhile is passed over. Folders count as
/// files. Stops counting above the limits.
pub(super) fn measure(folders: &Folders, limits: &Limits) -> Size {
    let mut size = Size::default();
    let mut left: Vec<(PathBuf, usize)> =
        folders.outputs.iter().map(|output| (output.folder.clone(), 0)).collect();
    while let Some((folder, depth)) = left.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            size.files += 1;
            if metadata.is_dir() {
                if depth < DEEPEST {
                    left.push((entry.path(), depth + 1));
                }
            } else {
                size.bytes = size.bytes.saturating_add(metadata.len());
            }
            if size.above(limits).is_some() {
                return size;
            }
        }
    }
    size
}

/// Puts the files of a job that has ended into its results, as far as the limits go. Hidden files, links, devices and names
/// that are not UTF-8 are left out and told.
///
/// # Errors
/// Where the provider's disk fails.
pub(super) fn collect(
    folders: &Folders,
    limits: &Limits,
    results: &mut FileSet,
    events: &EventSink,
) -> Result<Option<LimitKind>> {
    let mut walk = Walk { limits, size: Size::default(), results, events, told: 0 };
    for output in &folders.outputs {
        if let Some(limit) = walk.output(output)? {
            return Ok(Some(limit));
        }
    }
    Ok(None)
}

struct Walk<'a> {
    limits: &'a Limits,
    size: Size,
    results: &'a mut FileSet,
    events: &'a EventSink,
    told: usize,
}

impl Walk<'_> {
    fn output(&mut self, output: &Output) -> Result<Option<LimitKind>> {
        // Names in order: the same job leaves the same files where not all fit.
        let mut left = vec![String::new()];
        while let Some(relative) = left.pop() {
            let folder = output.folder.join(&relative);
            let listed = fs::read_dir(&folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
            let mut entries = match listed {
                Ok(entries) => entries,
                Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                    let shown = format!("{}/{relative}", output.name);
                    self.warn(format!("{shown} is left out of the results: the job let nobody read it"));
                    continue;
                }
                Err(error) => return Err(io_error("read", &folder, error)),
            };
            entries.sort_by_key(fs::DirEntry::file_name);
            let mut inner = Vec::new();
            for entry in entries {
                let kind = entry.file_type().map_err(|error| io_error("read", &folder, error))?;
                let Some(path) = self.path(output, &relative, &entry, kind) else { continue };
                self.size.files += 1;
                if let Some(limit) = self.size.above(self.limits) {
                    return Ok(Some(limit));
                }
                if kind.is_dir() {
                    inner.push(path);
                } else if let Some(limit) = self.file(output, &path)? {
                    return Ok(Some(limit));
                }
            }
            left.extend(inner.into_iter().rev());
        }
        Ok(None)
    }

    /// The path below the output; `None` for what is left out.
    fn path(
        &mut self,
        output: &Output,
        folder: &str,
        entry: &fs::DirEntry,
        kind: fs::FileType,
    ) -> Option<String> {
        let name = entry.file_name();
        let join = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let shown = format!("{}/{}", output.name, join(&name.to_string_lossy()));
        let why = match name.to_str() {
            _ if kind.is_symlink() => "it is a link",
            _ if !kind.is_dir() && !kind.is_file() => "it is no regular file",
            None => "its name is not UTF-8",
            Some(name) if name.starts_with('.') => {
                self.warn(outputs::hidden(&shown));
                return None;
            }
            Some(name) => {
                let path = join(name);
                let whole = format!("{}/{path}", output.name);
                if path.split('/').count() <= DEEPEST && FileSet::check_path(&whole).is_ok() {
                    return Some(path);
                }
                "its path is not plain"
            }
        };
        self.warn(format!("{shown} is left out of the results: {why}"));
        None
    }

    fn file(&mut self, output: &Output, path: &str) -> Result<Option<LimitKind>> {
        let room = self.limits.output_bytes.saturating_sub(self.size.bytes);
        match read_file_beneath(&output.folder, path, room) {
            Ok(Some(bytes)) => {
                self.size.bytes = self.size.bytes.saturating_add(bytes.len() as u64);
                self.results.insert(format!("{}/{path}", output.name), bytes)?;
                Ok(None)
            }
            Ok(None) => Err(Error::unexpected("a file of the results is gone").with("path", path)),
            Err(error) if error.code() == "E_FILE_TOO_LARGE" => Ok(Some(LimitKind::OutputBytes)),
            Err(error) if error.code() == "E_PERMISSION" => {
                self.warn(format!(
                    "{}/{path} is left out of the results: the job let nobody read it",
                    output.name
                ));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn warn(&mut self, message: String) {
        self.told += 1;
        if self.told <= WARNINGS {
            self.events.send(ExecutorEvent::Warning(message));
        } else if self.told == WARNINGS + 1 {
            let message = "more files are left out of the results for such reasons".to_owned();
            self.events.send(ExecutorEvent::Warning(message));
        }
    }
}
