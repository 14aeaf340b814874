//! How archives come in: looked through once, with no more of them in memory than a few pieces, then put away.

use super::Solver;
use super::files::{Kept, Parcel};
use crate::error::Result;
use crate::model::{ContentId, FileLimits, JobId};
use crate::signer::Signed;
use crate::wire::{
    ArchiveId, JobProposal, OpenJob, ReadAt, ResultSubmission, open_job, open_result, unpack_job,
};

/// Bytes that are hashed at once.
const PIECE: usize = 1 << 20;

/// A job that came, and what its files hash to.
#[derive(Debug)]
pub(super) struct NewJob {
    pub(super) id: JobId,
    /// What was signed, without the files.
    pub(super) signed: Signed<JobProposal>,
    pub(super) inputs_id: ContentId,
    pub(super) bundle_id: ContentId,
    pub(super) archive: ArchiveId,
    pub(super) parcel: Parcel,
}

/// A result that came, and what its files hash to.
#[derive(Debug)]
pub(super) struct NewResult {
    /// What was handed in, without the files.
    pub(super) result: ResultSubmission,
    pub(super) data_id: ContentId,
    pub(super) archive: ArchiveId,
    pub(super) parcel: Parcel,
}

impl Solver {
    /// Looks through the archive of a job.
    ///
    /// # Errors
    /// `InvalidInput` where it is none, or goes beyond the limits.
    pub(super) async fn look_at_job(&self, parcel: Parcel) -> Result<NewJob> {
        let each = self.config().job_limits;
        let both = both(&each);
        on_its_own_thread(parcel, move |parcel| {
            let OpenJob { job, bundle, inputs } = open_job(&parcel, &both)?;
            bundle.check_limits(&each)?;
            inputs.check_limits(&each)?;
            Ok(NewJob {
                id: job.body.offer.id()?,
                inputs_id: inputs.inputs_id(&parcel, job.body.offer.inputs.as_ref())?,
                bundle_id: bundle.content_id(&parcel)?,
                archive: digest(&parcel)?,
                signed: job,
                parcel,
            })
        })
        .await
    }

    /// Looks through the archive of a result.
    ///
    /// # Errors
    /// `InvalidInput` where it is none, or goes beyond the limits.
    pub(super) async fn look_at_result(&self, parcel: Parcel) -> Result<NewResult> {
        let limits = self.config().result_limits;
        on_its_own_thread(parcel, move |parcel| {
            let (result, files) = open_result(&parcel, &limits)?;
            files.shape().check_visible()?;
            let data_id = files.content_id(&parcel)?;
            Ok(NewResult { result, data_id, archive: digest(&parcel)?, parcel })
        })
        .await
    }

    /// Fills in the files of a job, for a peer in this process.
    pub(super) async fn with_files(
        &self,
        mut job: Signed<JobProposal>,
        archive: Kept,
    ) -> Result<Signed<JobProposal>> {
        let limits = both(&self.config().job_limits);
        let whole = unpack_job(&self.0.shelf.load(archive).await?, &limits)?;
        (job.body.bundle, job.body.files) = (whole.body.bundle, whole.body.files);
        Ok(job)
    }
}

/// The limits of a job's two sets together.
pub(super) fn both(each: &FileLimits) -> FileLimits {
    FileLimits { files: each.files.saturating_mul(2), bytes: each.bytes.saturating_mul(2) }
}

/// The name of an archive, which need not be in memory.
pub(super) fn digest(parcel: &Parcel) -> Result<ArchiveId> {
    use sha2::{Digest as _, Sha256};
    let mut hash = Sha256::new();
    let mut at = 0;
    while at < parcel.length() {
        let piece = usize::try_from(parcel.length() - at).map_or(PIECE, |left| left.min(PIECE));
        hash.update(parcel.read_at(at, piece)?);
        at += piece as u64;
    }
    Ok(ArchiveId::new(hash.finalize().into()))
}

/// Works on a parcel: what is on disk keeps nobody waiting but its sender.
pub(super) async fn on_its_own_thread<T: Send + 'static>(
    parcel: Parcel,
    work: impl FnOnce(Parcel) -> Result<T> + Send + 'static,
) -> Result<T> {
    #[cfg(not(target_family = "wasm"))]
    if parcel.path().is_some() {
        return crate::rt::blocking(move || work(parcel)).await;
    }
    work(parcel)
}
