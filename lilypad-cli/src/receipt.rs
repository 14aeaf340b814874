//! `lilypad receipt verify`.

use crate::exit::ExitCode;
use std::io::Read as _;
use std::path::Path;

use lilypad_core::disk;
use lilypad_core::model::WorkUnit;
use lilypad_core::signer::Receipt;
use lilypad_core::solver::SolverConfig;
use lilypad_core::{Error, ErrorKind, Result};
use serde_json::json;

use crate::args::{ReceiptArgs, ReceiptCommand};
use crate::report::Report;

pub(crate) fn receipt(args: ReceiptArgs, report: &Report) -> Result<ExitCode> {
    let ReceiptCommand::Verify { file, results, .. } = args.command;
    let receipt = Receipt::from_json(&inner(read(&file)?))?;
    receipt.verify()?;
    if let Some(results) = &results {
        compare(&receipt, results)?;
    }
    let body = &receipt.body;
    report.say("receipt verified: both signatures hold and the cost is what count, rate and cap give");
    if results.is_some() {
        report.say("results verified: the folder hashes to the receipt's data id");
    }
    report.field("job", body.job_id.to_string());
    report.field("module", body.module.to_string());
    report.field("outcome", body.outcome.to_string());
    report.field("data id", body.data_id.to_string());
    report.field("measured", WorkUnit::of_executor(&body.executor).in_words(body.instruction_count));
    report.field("cost", format!("{} from {} to {}", body.cost, body.job_creator, body.resource_provider));
    report.document(&json!({"verified": true, "results_verified": results.is_some(), "receipt": receipt}));
    Ok(ExitCode::SUCCESS)
}

/// At most a little more than a receipt may have: the rest of an endless file is nobody's receipt.
fn read(file: &Path) -> Result<String> {
    let failed = |source: std::io::Error| {
        Error::invalid("E_RECEIPT_READ", format!("the receipt {} cannot be read: {source}", file.display()))
            .with_hint("name the .receipt.json file beside the results")
            .with_source(source)
    };
    let mut bytes = Vec::new();
    std::fs::File::open(file).and_then(|file| file.take(1 << 20).read_to_end(&mut bytes)).map_err(failed)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The receipt in a document that `lilypad run --json` printed, or the text as it is.
fn inner(text: String) -> String {
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(document) if document["job_id"].is_string() && document["receipt"].is_object() => {
            document["receipt"].to_string()
        }
        _ => text,
    }
}

fn compare(receipt: &Receipt, folder: &Path) -> Result<()> {
    let files = disk::read_folder(folder, &SolverConfig::default().result_limits)?;
    if let Some(hidden) = files.hidden().next() {
        return Err(Error::new(
            ErrorKind::VerificationFailed,
            "E_RESULT_HASH",
            format!("the folder holds {hidden:?}, which was not among the results"),
        )
        .with_hint("a file was added since the job ran; hidden files are never part of results"));
    }
    let found = files.content_id()?;
    if found == receipt.body.data_id {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::VerificationFailed,
        "E_RESULT_HASH",
        format!("the folder hashes to {found}, the receipt speaks of {}", receipt.body.data_id),
    )
    .with_hint("a file was changed, added or lost since the job ran"))
}
