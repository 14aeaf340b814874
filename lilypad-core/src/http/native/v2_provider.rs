//! A solver of Lilypad v2, as a provider calls it.

use reqwest::Method;

use super::request::MOST_JSON;
use super::v2::V2Solver;
use crate::error::{Error, ErrorKind, Fault, Result};
use crate::model::{
    DealContainer, DealId, DealTransactionsResourceProvider, FileSet, JobResult, ResourceOffer,
    ResourceOfferContainer,
};
use crate::wire::{archive_limit, read_archive, write_archive};

impl V2Solver {
    /// Puts a machine on the market. `None` where an offer of this provider waits already: v2 takes one at a time, and takes it away
    /// when it is matched.
    ///
    /// # Errors
    /// `InvalidInput` (`E_V2_PROVIDER`) where the offer names another account; `Rejected` (`E_V2_REFUSED`) with the solver's words; and why
    /// it cannot be reached.
    pub async fn offer_machine(&self, offer: &ResourceOffer) -> Result<Option<ResourceOfferContainer>> {
        if offer.resource_provider != self.account() {
            let message =
                format!("the offer's provider is {}, not {}", offer.resource_provider, self.account());
            return Err(
                Error::invalid("E_V2_PROVIDER", message).with_hint("make the offer with this key's address")
            );
        }
        self.post("/resource_offers", offer).await
    }

    /// The deals that this provider has to run.
    ///
    /// # Errors
    /// `Protocol` (`E_V2_DEAL`) where one is not this provider's, or has not the id of what it says; `Rejected` (`E_V2_REFUSED`); and why the
    /// solver cannot be reached.
    pub async fn deals(&self) -> Result<Vec<DealContainer>> {
        let path = format!("/deals?resource_provider={}&state=DealAgreed", self.account());
        // An empty list of Go's is written as `null`.
        let deals: Option<Vec<DealContainer>> = self.get(&path).await?;
        let deals = deals.unwrap_or_default();
        for deal in &deals {
            let own = deal.deal.id()?.to_string() == deal.id
                && deal.deal.members.resource_provider == self.account()
                && deal.deal.resource_offer.resource_provider == self.account();
            if !own {
                let shown: String = deal.id.chars().take(60).collect();
                let message = format!("deal {shown:?} is not what this provider offered");
                return Err(Error::new(ErrorKind::Protocol, "E_V2_DEAL", message).with_fault(Fault::Solver));
            }
        }
        Ok(deals)
    }

    /// The input files of a deal that has some.
    ///
    /// # Errors
    /// `Protocol` for what is no archive within the limits; `Rejected` (`E_V2_REFUSED`); and why the solver cannot be reached.
    pub async fn input_files(&self, deal: DealId) -> Result<FileSet> {
        let limits = self.limits();
        let most = usize::try_from(archive_limit(limits)).unwrap_or(usize::MAX);
        let archive = self.call(Method::GET, &format!("/deals/{deal}/input_files"), None, most).await?;
        read_archive(&archive, limits).map_err(|error| self.unreadable(&error))
    }

    /// Hands in what a job left.
    ///
    /// # Errors
    /// `Rejected` (`E_V2_REFUSED`), and why the solver cannot be reached.
    pub async fn hand_in(&self, deal: DealId, files: &FileSet, instruction_count: u64) -> Result<()> {
        let data_id = files.content_id()?.to_string();
        let archive = write_archive(files)?;
        self.call(Method::POST, &format!("/deals/{deal}/files"), Some(archive), MOST_JSON).await?;
        self.say(deal, &JobResult { data_id, instruction_count, ..JobResult::default() }).await
    }

    /// Says that a job did not come to a result, and why.
    ///
    /// # Errors
    /// As [`V2Solver::hand_in`].
    pub async fn give_up(&self, deal: DealId, why: &str) -> Result<()> {
        let error: String = why.chars().take(2_000).collect();
        self.say(deal, &JobResult { error, ..JobResult::default() }).await
    }

    async fn say(&self, deal: DealId, result: &JobResult) -> Result<()> {
        let _: JobResult = self.post(&format!("/deals/{deal}/result"), result).await?;
        let add_result = "0x".to_owned();
        let noted =
            DealTransactionsResourceProvider { add_result, ..DealTransactionsResourceProvider::default() };
        let _: DealContainer = self.post(&format!("/deals/{deal}/txs/resource_provider"), &noted).await?;
        Ok(())
    }
}
