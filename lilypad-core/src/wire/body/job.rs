//! Jobs and deals with their files, as archives.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::super::archive::{Laid, ReadAt, Roll, lay_out, roll_parts};
use super::super::message::millis;
use super::super::{DealNotice, JobProposal, OfferProposal};
use super::{json, open, with_parts};
use crate::error::{Error, Result};
use crate::market::JobTerms;
use crate::model::{Amount, Deal, DealId, FileLimits, FileSet, JobOffer, ModulePin};
use crate::signer::Signed;

const PROPOSAL: &str = "proposal.json";
const DEAL: &str = "deal.json";
const FOLDERS: [&str; 2] = ["bundle", "inputs"];

/// A proposal without its files.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "JobProposal")]
pub(in super::super) struct Proposal {
    offer: JobOffer,
    terms: JobTerms,
    execution_timeout_ms: u64,
    #[serde(default = "open::most", skip_serializing_if = "open::is_most")]
    instruction_limit: u64,
    module: ModulePin,
}

/// A deal without its job.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "DealNotice")]
pub(in super::super) struct DealBody {
    deal_id: DealId,
    deal: Deal,
    price_cap: Amount,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    offer: Option<Signed<OfferProposal>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_left_ms: Option<u64>,
}

/// Writes a signed job as an archive: `proposal.json`, `bundle/…` (the module's files) and `inputs/…` (input files).
///
/// The time that the program may run is written in whole milliseconds, as it is signed.
///
/// # Errors
/// `InvalidInput`: `E_BODY_LIMIT` where the proposal has more than 1 MiB without its files; `E_ARCHIVE_ENTRY` for a file of
/// 8 GiB or more.
pub fn pack_job(job: &Signed<JobProposal>) -> Result<Bytes> {
    roll_job(job).map(|archive| archive.whole())
}

/// The same archive with the files where they are.
///
/// # Errors
/// Those of [`pack_job`].
pub(crate) fn roll_job(job: &Signed<JobProposal>) -> Result<Roll> {
    roll_parts(&[(PROPOSAL, proposal(job)?)], &folders(&job.body))
}

/// Reads what [`pack_job`] writes. The signature is read, not checked: see [`Signed::verify`].
///
/// `limits` hold for the module's files and the input files together.
///
/// # Errors
/// `InvalidInput`: those of [`read_archive`](super::super::read_archive); `E_BODY` where `proposal.json` is missing, is not
/// exactly as we write it, or is not the only file beside the two folders; `E_BODY_LIMIT`.
pub fn unpack_job(archive: &Bytes, limits: &FileLimits) -> Result<Signed<JobProposal>> {
    let OpenJob { mut job, bundle, inputs } = open_job(archive, limits)?;
    (job.body.bundle, job.body.files) = (bundle.load(archive)?, inputs.load(archive)?);
    Ok(job)
}

/// A job whose files stay where they are: those of the proposal are left out of it.
#[derive(Debug)]
pub(crate) struct OpenJob {
    pub(crate) job: Signed<JobProposal>,
    pub(crate) bundle: Laid,
    pub(crate) inputs: Laid,
}

/// Reads a job as [`unpack_job`] does, and none of its files.
///
/// # Errors
/// Those of [`unpack_job`]; where the archive cannot be read.
pub(crate) fn open_job(archive: &dyn ReadAt, limits: &FileLimits) -> Result<OpenJob> {
    let ([text], [bundle, inputs]) = open("a job", archive, limits, [PROPOSAL], FOLDERS)?;
    let job = job(&text, [FileSet::new(), FileSet::new()])?;
    Ok(OpenJob { job, bundle, inputs })
}

/// Writes a deal for its provider as an archive: `deal.json`, then what [`pack_job`] writes.
///
/// # Errors
/// Those of [`pack_job`].
pub fn pack_deal(notice: &DealNotice) -> Result<Bytes> {
    let DealNotice { deal_id, deal, job, price_cap, offer, time_left } = notice;
    let body = DealBody {
        deal_id: *deal_id,
        deal: deal.clone(),
        price_cap: *price_cap,
        offer: offer.clone(),
        time_left_ms: time_left.map(millis),
    };
    let parts = [(DEAL, json::write(DEAL, &body)?), (PROPOSAL, proposal(job)?)];
    roll_parts(&parts, &folders(&job.body)).map(|archive| archive.whole())
}

/// Reads what [`pack_deal`] writes. Neither the signature nor the deal's id is checked.
///
/// # Errors
/// Those of [`unpack_job`]; unknown fields of `deal.json` are ignored.
pub fn unpack_deal(archive: &Bytes, limits: &FileLimits) -> Result<DealNotice> {
    let ([deal, proposal], files) = unpack("a deal", archive, limits, [DEAL, PROPOSAL], FOLDERS)?;
    let DealBody { deal_id, deal, price_cap, offer, time_left_ms } = json::read(DEAL, &deal)?;
    let time_left = time_left_ms.map(Duration::from_millis);
    Ok(DealNotice { deal_id, deal, job: job(&proposal, files)?, price_cap, offer, time_left })
}

/// Takes an archive apart: exactly these JSON parts, and files in these folders only, the files within `limits`.
fn unpack<const PARTS: usize, const SETS: usize>(
    what: &str,
    archive: &Bytes,
    limits: &FileLimits,
    parts: [&str; PARTS],
    folders: [&str; SETS],
) -> Result<([Bytes; PARTS], [FileSet; SETS])> {
    let (texts, sets) = open(what, archive, limits, parts, folders)?;
    let sets = sets.iter().map(|set| set.load(archive)).collect::<Result<Vec<_>>>()?;
    Ok((texts, sets.try_into().map_err(|_| lost())?))
}

/// The same, with the files left where they are.
pub(super) fn open<const PARTS: usize, const SETS: usize>(
    what: &str,
    archive: &dyn ReadAt,
    limits: &FileLimits,
    parts: [&str; PARTS],
    folders: [&str; SETS],
) -> Result<([Bytes; PARTS], [Laid; SETS])> {
    let (top, sets) = lay_out(archive, &with_parts(limits), &folders)?;
    let mut texts = Vec::with_capacity(PARTS);
    for part in parts {
        let known = top.lengths().find(|(path, _)| *path == part);
        let (_, length) = known.ok_or_else(|| json::bad(what, &format!("{part} is missing")))?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        json::at_most(part, json::MOST_BYTES, length, "bytes")?;
        texts.push(top.read(archive, part, 0, length)?);
    }
    if let Some((path, _)) = top.lengths().find(|(path, _)| !parts.contains(path)) {
        return Err(json::bad(what, &format!("{path:?} does not belong to it")));
    }
    let count = sets.iter().map(|set| set.lengths().count()).sum::<usize>();
    let bytes = sets.iter().flat_map(Laid::lengths).map(|(_, length)| length).sum::<u64>();
    if count > limits.files {
        return Err(limits.too_many_files(count));
    }
    if bytes > limits.bytes {
        return Err(limits.too_many_bytes(bytes));
    }
    Ok((texts.try_into().map_err(|_| lost())?, sets.try_into().map_err(|_| lost())?))
}

fn lost() -> Error {
    Error::unexpected("an archive lost a part")
}

fn folders(job: &JobProposal) -> [(&'static str, &FileSet); 2] {
    let [bundle, inputs] = FOLDERS;
    [(bundle, &job.bundle), (inputs, &job.files)]
}

fn proposal(job: &Signed<JobProposal>) -> Result<String> {
    let JobProposal { offer, terms, execution_timeout, instruction_limit, module, .. } = &job.body;
    let body = Proposal {
        offer: offer.clone(),
        terms: terms.clone(),
        execution_timeout_ms: millis(*execution_timeout),
        instruction_limit: *instruction_limit,
        module: module.clone(),
    };
    json::write(PROPOSAL, &Signed { body, signature: job.signature })
}

fn job(text: &[u8], [bundle, files]: [FileSet; 2]) -> Result<Signed<JobProposal>> {
    let Signed { body, signature } = json::read_signed::<Signed<Proposal>>(PROPOSAL, text)?;
    let Proposal { offer, terms, execution_timeout_ms, instruction_limit, module } = body;
    let execution_timeout = Duration::from_millis(execution_timeout_ms);
    let body = JobProposal { offer, terms, execution_timeout, instruction_limit, module, bundle, files };
    Ok(Signed { body, signature })
}
