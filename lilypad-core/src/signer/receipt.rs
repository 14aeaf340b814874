//! What a job did, for how much, signed by both parties and checkable by anyone offline.

use serde::{Deserialize, Serialize};

use super::{Domain, Signature, TypedData, TypedValue};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Address, Amount, ContentId, DealId, JobId, ModulePin, Outcome, Rate};
use crate::rt::Timestamp;

/// The version of [`ReceiptBody`]; a receipt of another version is refused.
pub const RECEIPT_VERSION: u64 = 1;

/// Everything that both parties sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptBody {
    /// [`RECEIPT_VERSION`].
    pub version: u64,
    /// Chain id of the network's settlement; 31337 for a network in one process.
    pub chain_id: u64,
    /// The job.
    pub job_id: JobId,
    /// The deal under which it ran.
    pub deal_id: DealId,
    /// Who asked and pays.
    pub job_creator: Address,
    /// Who ran it and is paid.
    pub resource_provider: Address,
    /// The exact code that ran.
    pub module: ModulePin,
    /// Content id of the inputs: values and files together.
    pub inputs_id: ContentId,
    /// Content id of the results folder; anyone who has the folder can recompute it.
    pub data_id: ContentId,
    /// How the program ended.
    pub outcome: Outcome,
    /// Executor and meter that measured (`wasm/1`).
    pub executor: String,
    /// Measured work units.
    pub instruction_count: u64,
    /// Price of the work units.
    pub rate: Rate,
    /// Most that the job could cost, in wei.
    pub price_cap: Amount,
    /// What it costs, in wei: [`Rate::cost`] of the count, at most the cap.
    pub cost: Amount,
    /// When the provider signed.
    pub created_at: Timestamp,
}

impl ReceiptBody {
    /// What the rate and the count come to, within the cap.
    #[must_use]
    pub fn expected_cost(&self) -> Amount {
        self.rate.cost(self.instruction_count).map_or(self.price_cap, |cost| cost.min(self.price_cap))
    }

    /// The typed data that both parties sign.
    #[must_use]
    pub fn typed_data(&self) -> TypedData {
        use TypedValue::{Address, Amount, Text, Uint64};
        TypedData::new(
            Domain { chain_id: self.chain_id },
            "Receipt",
            vec![
                ("version", Uint64(self.version)),
                ("jobId", Text(self.job_id.to_string())),
                ("dealId", Text(self.deal_id.to_string())),
                ("jobCreator", Address(self.job_creator)),
                ("resourceProvider", Address(self.resource_provider)),
                ("module", Text(self.module.to_string())),
                ("inputsId", Text(self.inputs_id.to_string())),
                ("dataId", Text(self.data_id.to_string())),
                ("outcome", Text(self.outcome.to_string())),
                ("executor", Text(self.executor.clone())),
                ("instructionCount", Uint64(self.instruction_count)),
                ("rateAmount", Amount(self.rate.amount())),
                ("ratePer", Uint64(self.rate.per().get())),
                ("priceCap", Amount(self.price_cap)),
                ("cost", Amount(self.cost)),
                ("createdAt", Uint64(self.created_at.as_millis())),
            ],
        )
    }
}

/// A job's receipt: the body and both signatures over it.
///
/// [`Receipt::verify`] needs nothing but the receipt: no network, no key. Compare [`ReceiptBody::data_id`] with the
/// content id of the results you hold to know that it speaks of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// What was signed.
    pub body: ReceiptBody,
    /// The provider's commitment to the result.
    pub provider_signature: Signature,
    /// The job creator's acceptance.
    pub job_creator_signature: Signature,
}

impl Receipt {
    /// Checks the version, the arithmetic of the cost, and both signatures.
    ///
    /// # Errors
    /// `VerificationFailed`: `E_RECEIPT_VERSION`, `E_RECEIPT_COST`, `E_RECEIPT_PARTIES`, `E_SIGNATURE`.
    pub fn verify(&self) -> Result<()> {
        self.verify_provider()?;
        self.job_creator_signature.verify(&self.body.typed_data().digest(), self.body.job_creator)
    }

    /// Reads a receipt from its JSON.
    ///
    /// # Errors
    /// `VerificationFailed` (`E_RECEIPT_FORMAT`) where the text is not a receipt, or writes a field in another way
    /// than receipts do.
    pub fn from_json(text: &str) -> Result<Self> {
        let wrong = |why: String| {
            Error::new(ErrorKind::VerificationFailed, "E_RECEIPT_FORMAT", format!("not a receipt: {why}"))
        };
        if text.len() > 64 << 10 {
            return Err(wrong(format!("{} bytes, at most 65,536 are read", text.len())));
        }
        let given: serde_json::Value =
            serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let receipt: Self = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        // One receipt has one spelling of each field: the checksummed address, the lower-case signature.
        let own = serde_json::to_value(&receipt).map_err(|error| wrong(error.to_string()))?;
        if own == given { Ok(receipt) } else { Err(wrong("a field is not in its canonical form".to_owned())) }
    }

    /// The receipt as indented JSON with a final newline: the content of `receipt.json`.
    ///
    /// # Errors
    /// `Unexpected` where the JSON library refuses.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self)
            .map(|text| text + "\n")
            .map_err(|source| Error::unexpected("a receipt could not be written as JSON").with_source(source))
    }

    fn verify_provider(&self) -> Result<()> {
        verify_provider(&self.body, &self.provider_signature)
    }
}

/// Checks the provider's half of a receipt: what a job creator does before it signs.
pub(crate) fn verify_provider(body: &ReceiptBody, signature: &Signature) -> Result<()> {
    let failed = |code, why: String| Err(Error::new(ErrorKind::VerificationFailed, code, why));
    if body.version != RECEIPT_VERSION {
        return failed(
            "E_RECEIPT_VERSION",
            format!("receipt version {} is not {RECEIPT_VERSION}, the one that is known here", body.version),
        );
    }
    if let Err(error) = body.module.check() {
        return failed("E_RECEIPT_MODULE", error.message().to_owned());
    }
    if body.job_creator == body.resource_provider {
        return failed("E_RECEIPT_PARTIES", "job creator and provider are the same account".to_owned());
    }
    if body.cost != body.expected_cost() {
        return failed(
            "E_RECEIPT_COST",
            format!("the cost is {}, but count, rate and cap give {}", body.cost, body.expected_cost()),
        );
    }
    signature.verify(&body.typed_data().digest(), body.resource_provider)
}
