//! `lilypad receipt verify`.

use std::path::Path;
use std::process::ExitCode;

use lilypad_core::disk;
use lilypad_core::model::FileLimits;
use lilypad_core::signer::Receipt;
use lilypad_core::{Error, ErrorKind, Result};
use serde_json::json;

use crate::args::{ReceiptArgs, ReceiptCommand};
use crate::report::{Report, grouped};

pub(crate) fn receipt(args: ReceiptArgs, report: &Report) -> Result<ExitCode> {
    let ReceiptCommand::Verify { file, results, .. } = args.command;
    let text = std::fs::read_to_string(&file).map_err(|source| {
        Error::invalid("E_RECEIPT_READ", format!("the receipt {} cannot be read", file.display()))
            .with_hint(source.to_string())
            .with_source(source)
    })?;
    let receipt = Receipt::from_json(&text)?;
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
    report.field("measured", format!("{} instructions", grouped(body.instruction_count)));
    report.field("cost", format!("{} from {} to {}", body.cost, body.job_creator, body.resource_provider));
    report.document(&json!({"verified": true, "results_verified": results.is_some(), "receipt": receipt}));
    Ok(ExitCode::SUCCESS)
}

fn compare(receipt: &Receipt, folder: &Path) -> Result<()> {
    let found = disk::read_folder(folder, &FileLimits::default())?.content_id()?;
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
