//! The archives of a solver that starts again: those that its jobs name must be there, those that an older program kept in the
//! store itself are put away, and those that nobody names go.

use std::collections::HashMap;

use super::book::{JobEntry, Paper};
use super::files::{Parcel, Shelf};
use super::record::{self, Read};
use super::store::{Batch, Store};
use crate::error::{Error, ErrorKind, Fault, Result};
use crate::model::JobId;
use crate::wire::{ArchiveId, ReadAt as _};

/// Brings jobs and archives together.
///
/// # Errors
/// `InvalidInput` (`E_FILES_MISSING`) where an archive that a job names is not there; what the store and the files say.
pub(super) async fn refile(jobs: Vec<Read>, shelf: &Shelf, store: &dyn Store) -> Result<Vec<JobEntry>> {
    let kept: HashMap<ArchiveId, u64> = shelf.list().await?.into_iter().collect();
    let mut entries = Vec::with_capacity(jobs.len());
    for Read { job, old_proposal, old_result } in jobs {
        for paper in
            [Some(&job.proposal), job.delivered.as_ref()].into_iter().flatten().filter(|paper| paper.here)
        {
            if kept.get(&paper.archive.id) != Some(&paper.archive.length) {
                return Err(missing(job.id, paper));
            }
            shelf.name(paper.archive);
        }
        let mut job = job;
        let is_old = old_proposal.is_some() || old_result.is_some();
        if let Some(archive) = old_proposal {
            job.proposal = put(shelf, Parcel::from(archive)).await?;
            job.saved.proposal = false;
        }
        if let Some(archive) = old_result {
            job.delivered = Some(put(shelf, Parcel::from(archive)).await?);
            job.saved.result = None;
        }
        if is_old {
            let mut batch = Batch::default();
            record::changes(&mut job, &mut batch)?;
            store.save(batch)?;
        }
        entries.push(job);
    }
    shelf.sweep().await?;
    Ok(entries)
}

async fn put(shelf: &Shelf, archive: Parcel) -> Result<Paper> {
    let bytes = archive.read_at(0, usize::try_from(archive.length()).unwrap_or(usize::MAX))?;
    Ok(Paper { archive: shelf.put(ArchiveId::of(&bytes), &archive).await?, here: true })
}

fn missing(job: JobId, paper: &Paper) -> Error {
    let message =
        format!("the files of job {job} are not where the solver's files are: archive {}", paper.archive.id);
    Error::new(ErrorKind::InvalidInput, "E_FILES_MISSING", message)
        .with_fault(Fault::User)
        .with_hint("start the solver with the place of files that it was begun with")
        .with("job", job)
}
