//! What happens when nothing happens.

use std::sync::Arc;
use std::time::Duration;

use super::{V2, book::Book};
use crate::model::{AgreementEvent, AgreementState, DealId, JobId, ResourceOfferId};
use crate::rt::{CancelToken, spawn};

impl V2 {
    /// Watches over a new job: its match, and its whole time.
    pub(super) fn watch_job(&self, id: JobId) {
        let Some(over) = self.book().jobs.get(&id).map(|job| job.over.clone()) else { return };
        let config = self.config();
        self.after(config.match_timeout, &over, move |book| {
            if book.jobs.get(&id).is_some_and(|job| job.container.deal_id.is_empty()) {
                drop_refusal(book.move_job(id, AgreementEvent::MatchTimeout));
            }
        });
        self.after(config.total_timeout, &over, move |book| {
            let Some(job) = book.jobs.get(&id) else { return };
            drop_refusal(match job.deal {
                Some(deal) => book.move_deal(deal, AgreementEvent::TotalTimeout),
                None => book.move_job(id, AgreementEvent::TotalTimeout),
            });
        });
    }

    /// Watches over the execution of new deals.
    pub(super) fn watch_deals(&self, ids: &[DealId]) {
        for id in ids.iter().copied() {
            let found = {
                let book = self.book();
                book.deals.get(&id).and_then(|deal| {
                    let job = book.jobs.get(&deal.job)?;
                    Some((job.container.job_offer.execution_timeout_seconds, job.over.clone()))
                })
            };
            let Some((seconds, over)) = found else { continue };
            let own = Duration::from_secs(seconds);
            let time = if own.is_zero() { self.config().execution_timeout } else { own };
            let time = time.min(self.config().total_timeout);
            self.after(time, &over, move |book| {
                let state = book.deals.get(&id).map(|deal| deal.container.state);
                if matches!(state, Some(AgreementState::DealAgreed | AgreementState::Uploading)) {
                    drop_refusal(book.move_deal(id, AgreementEvent::ExecutionTimeout));
                }
            });
        }
    }

    /// Watches over a deal that has a result.
    pub(super) fn watch_download(&self, id: DealId, failed: bool) {
        let over = {
            let book = self.book();
            let job = book.deals.get(&id).and_then(|deal| book.jobs.get(&deal.job));
            job.map(|job| job.over.clone())
        };
        let Some(over) = over else { return };
        let config = self.config();
        let time = if failed { config.failed_grace } else { config.download_timeout };
        self.after(time, &over, move |book| {
            drop_refusal(book.move_deal(id, AgreementEvent::DownloadTimeout));
        });
    }

    /// Watches whether the provider of an offer that waits is heard.
    pub(super) fn watch_offer(&self, id: ResourceOfferId) {
        let Some(taken) = self.book().offers.get(&id).map(|offer| offer.taken.clone()) else { return };
        let market = Arc::downgrade(&self.0);
        let (clock, silence) = (self.clock().clone(), self.config().provider_silence);
        // Its time counts from here, not from when the task runs.
        let mut sleep = Box::pin(clock.sleep(silence));
        spawn(async move {
            loop {
                tokio::select! {
                    biased;
                    _ = taken.cancelled() => return,
                    () = sleep.as_mut() => sleep = Box::pin(clock.sleep(silence)),
                }
                let Some(inner) = market.upgrade() else { return };
                let market = V2(inner);
                let mut book = market.book();
                let Some(offer) = book.offers.get_mut(&id) else { return };
                if !std::mem::take(&mut offer.heard) {
                    tracing::info!(offer = %id, "a v2 offer goes: its provider is silent");
                    book.withdraw(id);
                    return;
                }
            }
        });
    }

    /// Does something after a time, unless the job has ended.
    fn after(&self, time: Duration, over: &CancelToken, then: impl FnOnce(&mut Book) + Send + 'static) {
        let (sleep, over) = (self.clock().sleep(time), over.clone());
        let market = Arc::downgrade(&self.0);
        spawn(async move {
            tokio::select! {
                biased;
                _ = over.cancelled() => return,
                () = sleep => {}
            }
            if let Some(inner) = market.upgrade() {
                then(&mut V2(inner).book());
            }
        });
    }
}

/// A deadline that comes when the job is elsewhere means nothing.
fn drop_refusal(moved: crate::error::Result<()>) {
    drop(moved);
}
