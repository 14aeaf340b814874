//! Results in folders, one for each job, with the receipt beside it.

use std::path::{Path, PathBuf};

use super::ResultKeeper;
use crate::disk;
use crate::error::Result;
use crate::model::{FileLimits, FileSet, JobId, Outcome};
use crate::signer::Receipt;
use crate::wire::StoredFiles;

/// Most that is read back: what a solver with its own defaults takes.
const LIMITS: FileLimits = FileLimits { files: 1_100, bytes: 96 << 20 };

/// Keeps the results of jobs in folders.
#[derive(Clone, Debug)]
pub struct ResultFolders {
    /// The folder of the one job that there will be; `None` is one of its own for each job, under `root`.
    one: Option<PathBuf>,
    root: PathBuf,
    limits: FileLimits,
    on_the_way: bool,
}

impl ResultFolders {
    /// A folder for each job under `root`, with the job's id as its name.
    ///
    /// # Errors
    /// Why nothing can be written there.
    pub fn under(root: PathBuf) -> Result<Self> {
        disk::check_writable(&root)?;
        Ok(Self { one: None, root, limits: LIMITS, on_the_way: false })
    }

    /// This one folder, which must be new or empty, for the one job that there will be.
    ///
    /// # Errors
    /// `Conflict` (`E_TARGET_EXISTS`) where it or the receipt beside it is there; why nothing can be written there.
    pub fn one(folder: &Path) -> Result<Self> {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        disk::check_target(&folder)?;
        disk::check_target(&Self::receipt_path(&folder))?;
        let root = folder.parent().map(Path::to_owned).unwrap_or_default();
        disk::check_writable(&root)?;
        Ok(Self { one: Some(folder), root, limits: LIMITS, on_the_way: false })
    }

    /// Lets results of at most this size go to the disk as they come: [`JobResult::files`](super::JobResult::files) has only the
    /// small ones then, and the folder all of them.
    #[must_use]
    pub fn on_the_way(self, limits: FileLimits) -> Self {
        Self { limits, on_the_way: true, ..self }
    }

    /// The folder of a job's results.
    #[must_use]
    pub fn folder_of(&self, job: JobId) -> PathBuf {
        let own = self.root.join(job.to_string());
        self.one.clone().unwrap_or_else(|| std::path::absolute(&own).unwrap_or(own))
    }

    /// Where the receipt of the results in `folder` is: beside it.
    #[must_use]
    pub fn receipt_path(folder: &Path) -> PathBuf {
        let mut name = folder.file_name().unwrap_or_default().to_os_string();
        name.push(".receipt.json");
        folder.with_file_name(name)
    }
}

impl ResultKeeper for ResultFolders {
    /// What was cancelled is not kept.
    fn keep(&self, job: JobId, results: &StoredFiles, receipt: &Receipt) -> Result<()> {
        if receipt.body.outcome == Outcome::Cancelled {
            return Ok(());
        }
        let folder = self.folder_of(job);
        // The same seed is the same job, and one that is resumed may have come so far before: what it left is there already.
        let is_there = disk::check_target(&folder).is_err()
            && self.kept(job).and_then(|files| files.content_id().ok()) == Some(receipt.body.data_id);
        if !is_there {
            results.write_folder(&folder)?;
        }
        disk::write_file(&Self::receipt_path(&folder), receipt.to_json()?.as_bytes())
    }

    /// On the disk on which they will be.
    fn on_the_way(&self) -> Option<PathBuf> {
        self.on_the_way.then(|| self.root.clone())
    }

    fn kept(&self, job: JobId) -> Option<FileSet> {
        disk::read_folder(&self.folder_of(job), &self.limits).ok()
    }
}
