//! A rendered job: ready to run, or with every reason why it is not.

use super::finding::{Finding, refuse};
use super::manifest::FileSpec;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{FileSet, JobSpec, v2};

/// A module with its inputs bound.
///
/// A v2 template may ask for things that this system does not do (IPFS volumes, the old `EngineSpec`…). Such a job
/// still renders, so that it can be looked at; [`RenderedJob::runnable`] refuses it and names each field.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "call `runnable` to get the job"]
pub struct RenderedJob {
    /// What a v2 template rendered to, byte for byte; `None` for a manifest.
    pub text: Option<String>,
    /// The job in the wire's v2 form: what a template rendered to, or what a manifest's job would be there.
    pub wire: v2::Module,
    /// What is doubtful: unknown keys, fields that change nothing…
    pub warnings: Vec<Finding>,
    pub(super) spec: std::result::Result<JobSpec, Vec<Finding>>,
    pub(super) files: Vec<FileSpec>,
}

impl RenderedJob {
    /// The job, where this system can honour everything that it asks for.
    ///
    /// # Errors
    /// `Unsupported`, naming every field that would change the job's meaning if it were left out.
    pub fn runnable(&self) -> Result<&JobSpec> {
        self.spec.as_ref().map_err(|refusals| refuse(ErrorKind::Unsupported, "", refusals))
    }

    /// The job's own limit of time, where it can be run here and has one.
    #[cfg(feature = "http")]
    pub(crate) fn timeout(&self) -> Option<std::time::Duration> {
        self.spec.as_ref().ok().and_then(|spec| spec.timeout)
    }

    /// The same, by value.
    ///
    /// # Errors
    /// As [`RenderedJob::runnable`].
    pub fn into_runnable(self) -> Result<JobSpec> {
        self.spec.map_err(|refusals| refuse(ErrorKind::Unsupported, "", &refusals))
    }

    /// The declared input files.
    #[must_use]
    pub fn files(&self) -> &[FileSpec] {
        &self.files
    }

    /// Checks the input files that a caller gives: all required ones are there, no other ones, none too large.
    ///
    /// # Errors
    /// `InvalidInput` (`E_FILE_MISSING`, `E_FILE_UNKNOWN`, `E_FILE_TOO_LARGE`), all complaints at once.
    pub fn check_files(&self, given: &FileSet) -> Result<()> {
        let mut complaints = Vec::new();
        for file in &self.files {
            match (given.get(&file.name), file.max_bytes) {
                (None, _) if file.required => {
                    let message = format!("input file `{}` is missing", file.name);
                    complaints.push(Finding::error("E_FILE_MISSING", message).on(&file.name));
                }
                (Some(bytes), Some(limit)) if bytes.len() as u64 > limit => {
                    let got = bytes.len();
                    let message = format!("input file `{}` is too large: limit={limit} got={got}", file.name);
                    complaints.push(Finding::error("E_FILE_TOO_LARGE", message).on(&file.name));
                }
                _ => {}
            }
        }
        for (name, _) in given.iter().filter(|(name, _)| !self.files.iter().any(|file| file.name == *name)) {
            let shown: String = name.chars().take(80).collect();
            let finding =
                Finding::error("E_FILE_UNKNOWN", format!("the module takes no input file `{shown}`"));
            let hint = super::suggest::hint(name, self.files.iter().map(|file| file.name.as_str()));
            complaints.push(match hint {
                Some(hint) => finding.hint(hint),
                None => finding,
            });
        }
        if complaints.is_empty() {
            return Ok(());
        }
        Err(refuse(ErrorKind::InvalidInput, "", &complaints))
    }
}

/// A module's own files do not add up: the pin, the manifest or the program.
pub(super) fn broken(code: &'static str, message: impl Into<String>) -> Error {
    Error::invalid(code, message).with_fault(crate::error::Fault::Module)
}
