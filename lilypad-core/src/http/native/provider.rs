//! The solver as a provider sees it, over HTTP.

use std::sync::PoisonError;

use bytes::Bytes;
use reqwest::Method;

use super::{HttpSolver, failure, report, stream};
use crate::error::{Error, Result};
use crate::model::{Address, DealId, ExecutorEvent, FileLimits, ResourceOfferId};
use crate::rt::BoxFuture;
use crate::signer::{Domain, Signed};
use crate::wire::{
    Body, DealNotice, Done, JobProposal, OfferProposal, ProviderApi, ProviderInbox, ResultSubmission,
    body_limit, roll_result, routes, unpack_deal, unpack_job,
};

impl ProviderApi for HttpSolver {
    fn identity(&self) -> (Address, Domain) {
        (self.0.info.address, self.0.domain)
    }

    fn connect<'a>(&'a self, _provider: Address) -> BoxFuture<'a, Result<ProviderInbox>> {
        Box::pin(async move { stream::of_provider(self.clone()).await })
    }

    fn offer<'a>(&'a self, offer: Signed<OfferProposal>) -> BoxFuture<'a, Result<ResourceOfferId>> {
        Box::pin(async move {
            let id = offer.body.offer.id()?;
            self.post_offer(&offer).await?;
            self.offers().insert(id, offer);
            Ok(id)
        })
    }

    fn withdraw<'a>(&'a self, offer: ResourceOfferId) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.offers().remove(&offer);
            self.call(Method::DELETE, &routes::offer(offer), Bytes::new(), "", 4 << 10).await.map(drop)
        })
    }

    fn notice<'a>(&'a self, deal_id: DealId) -> BoxFuture<'a, Result<DealNotice>> {
        Box::pin(async move {
            let (base, limits) = (&self.0.base, &self.0.options.limits);
            let unreadable = |error: Error| failure::unreadable(base, &error);
            let notice =
                self.download(&routes::deal_notice(deal_id), body_limit(&FileLimits::default())).await?;
            let mut notice = unpack_deal(&notice, &FileLimits::default()).map_err(unreadable)?;
            // What the job creator signed says which files these must be: the provider checks it before it runs any.
            let archive = self.download(&routes::deal_files(deal_id), body_limit(limits)).await?;
            let JobProposal { bundle, files, .. } = unpack_job(&archive, limits).map_err(unreadable)?.body;
            (notice.job.body.bundle, notice.job.body.files) = (bundle, files);
            Ok(notice)
        })
    }

    fn started(&self, deal_id: DealId, executor: &str) {
        self.tell(deal_id, report::Report::Started(executor.to_owned()));
    }

    fn report(&self, deal_id: DealId, event: ExecutorEvent) {
        self.tell(deal_id, report::Report::Event(event));
    }

    fn deliver<'a>(&'a self, deal_id: DealId, result: ResultSubmission) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.flush(deal_id).await;
            let archive = roll_result(&result)?;
            let path = routes::deal_delivery(deal_id);
            let _: Done = self.hand_in(&path, archive).await?;
            Ok(())
        })
    }

    fn refuse<'a>(&'a self, deal_id: DealId, why: Error) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.flush(deal_id).await;
            let why = why.to_body()?.into();
            let _: Done = self.post(&routes::deal_refusal(deal_id), why, "application/json").await?;
            Ok(())
        })
    }
}

impl HttpSolver {
    pub(super) async fn post_offer(&self, offer: &Signed<OfferProposal>) -> Result<()> {
        let json = offer.to_body()?.into();
        let _: ResourceOfferId = self.post(routes::OFFERS, json, "application/json").await?;
        Ok(())
    }

    pub(super) fn offers(
        &self,
    ) -> std::sync::MutexGuard<'_, std::collections::HashMap<ResourceOfferId, Signed<OfferProposal>>> {
        self.0.offers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
