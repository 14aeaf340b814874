//! Results with their files, as archives.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::ResultSubmission;
use super::super::archive::{Laid, ReadAt, Roll, roll_parts};
use super::job::open;
use super::json;
use crate::error::Result;
use crate::model::{FileLimits, FileSet, Usage};
use crate::signer::{ReceiptBody, Signed};

const RESULT: &str = "result.json";
const RESULTS: &str = "results";

/// A result without its files.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "ResultSubmission")]
pub(in super::super) struct ResultBody {
    receipt: Signed<ReceiptBody>,
    usage: UsageBody,
    error: String,
}

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "Usage")]
pub(in super::super) struct UsageBody {
    instruction_count: u64,
    peak_memory_bytes: u64,
}

/// Writes a result as an archive: `result.json` (the receipt's body with the provider's signature, what the job used, why
/// it stopped) and `results/…`.
///
/// # Errors
/// `InvalidInput`: `E_BODY_LIMIT` where `result.json` has more than 1 MiB; `E_ARCHIVE_ENTRY` for a file of 8 GiB or more.
pub fn pack_result(result: &ResultSubmission) -> Result<Bytes> {
    roll_result(result).map(|archive| archive.whole())
}

/// The same archive with the files where they are.
///
/// # Errors
/// Those of [`pack_result`].
pub(crate) fn roll_result(result: &ResultSubmission) -> Result<Roll> {
    let Usage { instructions, peak_memory_bytes } = result.usage;
    let body = ResultBody {
        receipt: result.receipt.clone(),
        usage: UsageBody { instruction_count: instructions, peak_memory_bytes },
        error: result.error.clone(),
    };
    roll_parts(&[(RESULT, json::write(RESULT, &body)?)], &[(RESULTS, &result.results)])
}

/// Reads what [`pack_result`] writes. Signature, cost and content id are not checked.
///
/// # Errors
/// `InvalidInput`: those of [`read_archive`](super::super::read_archive); `E_BODY` where `result.json` is missing or no
/// result, where its receipt is not exactly as we write it, or where there are other files beside `results`;
/// `E_BODY_LIMIT`; `E_FILE_LIMIT`.
pub fn unpack_result(archive: &Bytes, limits: &FileLimits) -> Result<ResultSubmission> {
    let (mut result, results) = open_result(archive, limits)?;
    result.results = results.load(archive)?;
    Ok(result)
}

/// Reads a result as [`unpack_result`] does, and none of its files: the results folder of the first is empty.
///
/// # Errors
/// Those of [`unpack_result`]; where the archive cannot be read.
pub(crate) fn open_result(archive: &dyn ReadAt, limits: &FileLimits) -> Result<(ResultSubmission, Laid)> {
    let ([text], [laid]) = open("a result", archive, limits, [RESULT], [RESULTS])?;
    let given: Value = json::read(RESULT, &text)?;
    let ResultBody { receipt, usage, error } = json::read(RESULT, &text)?;
    json::check_signed(RESULT, "receipt", given.get("receipt").unwrap_or(&Value::Null), &receipt)?;
    let UsageBody { instruction_count, peak_memory_bytes } = usage;
    let usage = Usage { instructions: instruction_count, peak_memory_bytes };
    Ok((ResultSubmission { receipt, usage, error, results: FileSet::new() }, laid))
}
