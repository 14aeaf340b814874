//! What two matched offers become: deals, their transactions, results and the solver's events, as on the wire.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::json::{self, Value};
use super::{
    AgreementState, DealPricing, JobOffer, JobOfferContainer, ResourceOffer, ResourceOfferContainer,
};
use crate::rt::Timestamp;

/// Who takes part in a deal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DealMembers {
    /// Address of the solver.
    pub solver: String,
    /// Address of the job creator.
    pub job_creator: String,
    /// Address of the provider.
    pub resource_provider: String,
    /// Addresses of the mediators that both sides trust.
    pub mediators: Option<Vec<String>>,
}

/// Two matched offers. Field order is the wire's: it decides the id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Deal {
    /// [`Deal::id`].
    pub id: String,
    /// Who takes part.
    pub members: DealMembers,
    /// The agreed prices.
    pub pricing: DealPricing,
    /// The job offer, with its id.
    pub job_offer: JobOffer,
    /// The resource offer, with its id.
    pub resource_offer: ResourceOffer,
}

/// Hashes of the job creator's transactions; empty where there was none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DealTransactionsJobCreator {
    /// Agreeing.
    pub agree: String,
    /// Taking the result.
    pub accept_result: String,
    /// Asking a mediator.
    pub check_result: String,
    /// Nobody agreed in time.
    pub timeout_agree: String,
    /// No result came in time.
    pub timeout_submit_result: String,
    /// The mediator did not answer in time.
    pub timeout_mediate_result: String,
}

/// Hashes of the provider's transactions; empty where there was none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DealTransactionsResourceProvider {
    /// Agreeing.
    pub agree: String,
    /// Giving the result.
    pub add_result: String,
    /// Nobody agreed in time.
    pub timeout_agree: String,
    /// Nobody judged the result in time.
    pub timeout_judge_result: String,
    /// The mediator did not answer in time.
    pub timeout_mediate_result: String,
}

/// Hashes of the mediator's transactions; empty where there was none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DealTransactionsMediator {
    /// The result was right.
    pub mediation_accept_result: String,
    /// The result was wrong.
    pub mediation_reject_result: String,
}

/// Hashes of all transactions of a deal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DealTransactions {
    /// The provider's.
    pub resource_provider: DealTransactionsResourceProvider,
    /// The job creator's.
    pub job_creator: DealTransactionsJobCreator,
    /// The mediator's.
    pub mediator: DealTransactionsMediator,
}

/// A deal as the solver keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DealContainer {
    /// Id of the deal.
    pub id: String,
    /// When the offers were matched.
    pub created_at: Timestamp,
    /// When the results came; 0 before.
    pub upload_at: Timestamp,
    /// When the results were fetched; 0 before.
    pub download_at: Timestamp,
    /// Address of the job creator.
    pub job_creator: String,
    /// Address of the provider.
    pub resource_provider: String,
    /// Id of the job offer.
    pub job_offer: String,
    /// Id of the resource offer.
    pub resource_offer: String,
    /// Where the agreement stands.
    pub state: AgreementState,
    /// The deal.
    pub deal: Deal,
    /// Hashes of its transactions.
    pub transactions: DealTransactions,
    /// Address of the mediator; empty until one is asked.
    pub mediator: String,
}

/// Whether two offers were matched: the solver's own note.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchDecision {
    /// Id of the job offer.
    pub job_offer: String,
    /// Id of the resource offer.
    pub resource_offer: String,
    /// Id of the deal; empty where they were not matched.
    pub deal: String,
    /// True where they were matched.
    pub result: bool,
}

/// What a provider says that a job gave.
///
/// Written with `results_id` beside `data_id`, both the same. Read, a `results_id` that is a string wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobResult {
    /// Always empty on the wire.
    pub id: String,
    /// Id of the deal.
    pub deal_id: String,
    /// Content id of the results folder.
    pub data_id: String,
    /// Why the job failed; empty where it did not.
    pub error: String,
    /// Work units used.
    pub instruction_count: u64,
}

#[derive(Serialize, Deserialize)]
struct PlainResult {
    id: String,
    deal_id: String,
    data_id: String,
    error: String,
    instruction_count: u64,
}

#[derive(Serialize)]
struct WrittenResult<'a> {
    id: &'a str,
    deal_id: &'a str,
    data_id: &'a str,
    error: &'a str,
    instruction_count: u64,
    results_id: &'a str,
}

impl Serialize for JobResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { id, deal_id, data_id, error, instruction_count } = self;
        let instruction_count = *instruction_count;
        WrittenResult { id, deal_id, data_id, error, instruction_count, results_id: data_id }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JobResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let PlainResult { id, deal_id, mut data_id, error, instruction_count } =
            json::from_value(&value).map_err(|error| serde::de::Error::custom(error.message))?;
        if let Some(Value::String(results_id)) = value.get("results_id") {
            data_id.clone_from(results_id);
        }
        Ok(Self { id, deal_id, data_id, error, instruction_count })
    }
}

/// What the solver tells everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SolverEvent {
    /// What happened (`JobOfferAdded`, `DealStateUpdated`…).
    pub event_type: String,
    /// The job offer that it happened to.
    pub job_offer: Option<JobOfferContainer>,
    /// The resource offer that it happened to.
    pub resource_offer: Option<ResourceOfferContainer>,
    /// The deal that it happened to.
    pub deal: Option<DealContainer>,
}
