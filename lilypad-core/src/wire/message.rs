//! What the peers hand to the solver and get from it.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::archive::ReadAt;
use super::body::{code, fault, kind, open};
use crate::error::Result;
use crate::market::{JobTerms, OfferTerms};
use crate::model::json;
use crate::model::{
    Address, AgreementState, Amount, ContentId, Deal, DealId, FileSet, JobId, JobOffer, ModulePin, Outcome,
    ResourceOffer, Usage, content_id_of,
};
use crate::signer::{Domain, Receipt, ReceiptBody, Typed, TypedData, TypedValue};

/// A job offer with everything that a provider needs to run it.
#[derive(Clone, Debug)]
pub struct JobProposal {
    /// The offer as it stands on the wire; its id is the job's id.
    pub offer: JobOffer,
    /// What the job creator agrees to that the wire's offer has no place for.
    pub terms: JobTerms,
    /// How long the program may run.
    pub execution_timeout: Duration,
    /// Most work units that the program may use; the price cap may allow fewer.
    pub instruction_limit: u64,
    /// The exact code.
    pub module: ModulePin,
    /// The module's files.
    pub bundle: FileSet,
    /// Input files.
    pub files: FileSet,
}

impl JobProposal {
    /// Content id of the inputs: of a folder with `inputs.json` (the values) and `files/` (the input files).
    ///
    /// # Errors
    /// `InvalidInput` where the files have no content id (too many in one folder).
    pub fn inputs_id(&self) -> Result<ContentId> {
        inputs_id(self.offer.inputs.as_ref().unwrap_or(&BTreeMap::new()), &self.files)
    }
}

/// Content id of inputs: of a folder with `inputs.json` (the values as the wire writes them) and `files/`.
///
/// # Errors
/// `InvalidInput` where the files have no content id (too many in one folder), or one of them is hidden and so would not
/// be covered by it.
pub fn inputs_id(values: &BTreeMap<String, String>, files: &FileSet) -> Result<ContentId> {
    files.check_visible()?;
    let lengths = files.iter().map(|(path, bytes)| (path, bytes.len() as u64));
    inputs_id_of(values, lengths, &mut |path, at, length| {
        files.get(path).cloned().unwrap_or_default().read_at(at, length)
    })
}

/// The same for files that are read piece by piece; none of them is hidden.
pub(super) fn inputs_id_of<'a>(
    values: &BTreeMap<String, String>,
    files: impl Iterator<Item = (&'a str, u64)>,
    read: &mut dyn FnMut(&str, u64, usize) -> Result<Bytes>,
) -> Result<ContentId> {
    let json = Bytes::from(json::to_string(values)?);
    let mut names = vec![("inputs.json".to_owned(), json.length())];
    for (path, length) in files {
        let name = format!("files/{path}");
        FileSet::check_path(&name)?;
        names.push((name, length));
    }
    let names = names.iter().map(|(name, length)| (name.as_str(), *length));
    content_id_of(names, &mut |name, at, length| match name.strip_prefix("files/") {
        Some(path) => read(path, at, length),
        None => json.read_at(at, length),
    })
}

impl Typed for JobProposal {
    fn typed_data(&self, domain: Domain) -> Result<TypedData> {
        self.typed_data_with(self.inputs_id()?, domain)
    }
}

impl JobProposal {
    /// What is signed, where the inputs have this id.
    pub(crate) fn typed_data_with(&self, inputs_id: ContentId, domain: Domain) -> Result<TypedData> {
        use TypedValue::{Amount, Text, Uint64};
        self.module.check()?;
        let fields = vec![
            ("jobId", Text(self.offer.id()?.to_string())),
            ("solver", Text(self.offer.trusted_parties.solver.clone())),
            ("module", Text(self.module.to_string())),
            ("inputsId", Text(inputs_id.to_string())),
            ("terms", Text(json::to_string(&self.terms)?)),
            ("priceCap", Amount(self.terms.price_cap)),
            ("executionTimeoutMillis", Uint64(millis(self.execution_timeout))),
            ("instructionLimit", Uint64(self.instruction_limit)),
        ];
        Ok(TypedData::new(domain, "JobOffer", fields))
    }
}

/// A job that is asked about before it is submitted: a proposal without its files and without a signature.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct QuoteRequest {
    /// The offer as it would stand on the wire.
    pub offer: JobOffer,
    /// What the job creator would agree to beside it.
    pub terms: JobTerms,
    /// Most work units that the program may use.
    #[serde(default = "open::most", skip_serializing_if = "open::is_most")]
    pub instruction_limit: u64,
    /// The exact code.
    pub module: ModulePin,
}

/// A resource offer with the terms that the wire's offer has no place for.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OfferProposal {
    /// The offer as it stands on the wire.
    pub offer: ResourceOffer,
    /// Rate, executors, collateral, module policy.
    pub terms: OfferTerms,
}

impl Typed for OfferProposal {
    fn typed_data(&self, domain: Domain) -> Result<TypedData> {
        use TypedValue::{Amount, Text, Uint64};
        let fields = vec![
            ("offerId", Text(self.offer.id()?.to_string())),
            ("solver", Text(self.offer.trusted_parties.solver.clone())),
            ("terms", Text(json::to_string(&self.terms)?)),
            ("rateAmount", Amount(self.terms.rate.amount())),
            ("ratePer", Uint64(self.terms.rate.per().get())),
        ];
        Ok(TypedData::new(domain, "ResourceOffer", fields))
    }
}

impl Typed for ReceiptBody {
    fn typed_data(&self, _domain: Domain) -> Result<TypedData> {
        // A receipt names its own chain: it must verify without knowing the network.
        Ok(ReceiptBody::typed_data(self))
    }
}

/// A deal for a provider: what to run, and both offers to check it against.
#[derive(Clone, Debug)]
pub struct DealNotice {
    /// The deal.
    pub deal_id: DealId,
    /// Its content.
    pub deal: Deal,
    /// The job, as its creator signed it.
    pub job: crate::signer::Signed<JobProposal>,
    /// Most that the job can cost, in wei: the creator's cap, in escrow now.
    pub price_cap: Amount,
    /// The offer of the deal as its provider signed it: what it has to stand by although it was started anew since.
    pub offer: Option<crate::signer::Signed<OfferProposal>>,
    /// How long the provider has from now on until it loses its collateral.
    pub time_left: Option<Duration>,
}

/// What a provider hands in when a job has ended, however it ended.
#[derive(Clone, Debug)]
pub struct ResultSubmission {
    /// The receipt's body with the provider's signature.
    pub receipt: crate::signer::Signed<ReceiptBody>,
    /// What the job used.
    pub usage: Usage,
    /// Why the program did not end by itself, in one line; empty where it did.
    pub error: String,
    /// The results folder.
    pub results: FileSet,
}

/// Why a job ended without a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct JobFailure {
    /// The kind, for the caller.
    #[serde(with = "kind")]
    #[schemars(schema_with = "kind::schema")]
    pub kind: crate::error::ErrorKind,
    /// Whose fault it is.
    #[serde(with = "fault")]
    #[schemars(schema_with = "fault::schema")]
    pub fault: crate::error::Fault,
    /// The stable code.
    #[serde(with = "code")]
    #[schemars(schema_with = "code::schema")]
    pub code: crate::error::Code,
    /// One line.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl From<JobFailure> for crate::error::Error {
    fn from(failure: JobFailure) -> Self {
        let error = Self::new(failure.kind, failure.code, failure.message).with_fault(failure.fault);
        match failure.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

/// Where a job stands.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct JobStatus {
    /// The job.
    pub job_id: JobId,
    /// Its state.
    pub state: AgreementState,
    /// Its deal, once there is one.
    pub deal_id: Option<DealId>,
    /// Who runs it, once somebody does.
    pub resource_provider: Option<Address>,
    /// Why it still waits, where it does.
    pub waiting_for: Option<String>,
    /// The cheapest change after which it would not, where one or two fields are enough.
    pub fix: Option<String>,
    /// How the program ended, once it has.
    pub outcome: Option<Outcome>,
    /// What it cost, once that is settled.
    pub cost: Option<Amount>,
    /// Why it ended without a result, where it did.
    pub failure: Option<JobFailure>,
    /// The receipt, once both have signed.
    pub receipt: Option<Receipt>,
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
