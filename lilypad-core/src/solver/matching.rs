//! From offers to deals: reserve, hold the money, tell the provider.

use std::sync::Arc;

use crate::error::{Error, Fault, Result};
use crate::market;
use crate::model::{AgreementState, Amount, JobId};
use crate::rt::{Timestamp, crash_point};
use crate::wire::{JobEventKind, JobFailure, ProviderMessage};

use super::Solver;
use super::book::{AgreedDeal, JobEntry};
use super::quota::largest_cap;

/// How many of the oldest waiting jobs are told anew why they wait when the book changes; the others when they are asked
/// about.
const EXPLAINED: usize = 32;

impl Solver {
    /// Makes a deal for every job that now can have one, oldest first; then tells those that wait why.
    pub(super) async fn match_now(&self) {
        while let Some((id, deal)) = self.reserve() {
            crash_point("solver.reserved");
            match self.hold_money(id, &deal).await {
                Ok(epoch) => {
                    crash_point("solver.held");
                    self.agreed(id, AgreedDeal { epoch, ..deal }).await;
                    crash_point("solver.agreed");
                }
                Err(error) if error.fault() == Fault::Provider => {
                    tracing::warn!(offer = %deal.offer.id, %error, "an offer cannot be matched now");
                    let most = self.largest_cap(&deal).await;
                    self.release(id, Some((&deal, most)));
                }
                Err(_) if self.is_sound().is_err() => return,
                Err(error) => {
                    self.release(id, None);
                    self.give_up(id, &error);
                }
            }
        }
        let mut book = self.book();
        let oldest: Vec<JobId> = book.waiting.values().take(EXPLAINED).copied().collect();
        let mut explained = Vec::new();
        for id in oldest {
            if book.should_explain(id) {
                book.explain(id);
                explained.push(id);
            }
        }
        drop_failure(self.save(&mut book, &explained));
    }

    /// The next job with the offer that it gets, which is reserved for it.
    fn reserve(&self) -> Option<(JobId, AgreedDeal)> {
        let mut book = self.book();
        loop {
            let found = book.index.next_match()?;
            let offer = book.index.offer(&found.offer).cloned();
            if let Some(offer) = &offer
                && book.has_left(offer.provider)
            {
                // It would not hear of the deal, and lose its collateral. Where it comes back it offers anew.
                tracing::info!(offer = %offer.id, "an offer is dropped: its provider has left");
                book.index.requeue(&found.job);
                book.remove_offer(&found.offer);
                continue;
            }
            let Some(job) = book.jobs.get_mut(&found.job) else {
                book.leave_market(found.job);
                continue;
            };
            let signed = Arc::clone(&job.signed);
            let built = match offer {
                Some(offer) => market::build_deal(&signed.body.offer, &offer.signed.body.offer)
                    .and_then(|deal| Ok((deal.id()?, deal, offer))),
                None => Err(Error::unexpected("an offer was matched that is not there")),
            };
            match built {
                Ok((id, deal, offer)) => {
                    job.agreeing = true;
                    let price_cap = signed.body.terms.price_cap;
                    let rate = offer.signed.body.terms.rate_for(&signed.body.module);
                    let deal = AgreedDeal { id, deal, offer, rate, price_cap, epoch: 0 };
                    job.reserved = Some(deal.clone());
                    self.save(&mut book, &[found.job]).ok()?;
                    return Some((found.job, deal));
                }
                Err(error) => {
                    tracing::error!(%error, job = %found.job, "a chosen offer does not make a deal");
                    job.fail(AgreementState::JobOfferCancelled, failure_of(&error));
                    book.ended(found.job, self.config().max_ended_jobs);
                    self.save(&mut book, &[found.job]).ok()?;
                }
            }
        }
    }

    async fn hold_money(&self, id: JobId, deal: &AgreedDeal) -> Result<u64> {
        let (parties, terms) = self.terms_of(id, deal)?;
        Ok(self.0.settlement.agree(deal.id, parties, terms).await?.deal.epoch)
    }

    /// The highest price cap, below that of this deal, for which its provider has stake left.
    async fn largest_cap(&self, deal: &AgreedDeal) -> Amount {
        let Ok(pool) = self.0.settlement.pool(deal.offer.provider).await else { return Amount::ZERO };
        let enough = largest_cap(pool, deal.offer.signed.body.terms.collateral_multiple);
        enough.min(deal.price_cap.checked_sub(1_u64.into()).unwrap_or(Amount::ZERO))
    }

    /// Ends a reservation: the job looks for another offer. The one of `failed`, whose provider cannot hold its side, takes
    /// smaller jobs only until one of its own has left; where it has none and could pledge nothing it is dropped.
    fn release(&self, id: JobId, failed: Option<(&AgreedDeal, Amount)>) {
        let (mut cancelled, mut match_over) = (false, false);
        {
            let mut book = self.book();
            book.index.requeue(&id);
            if let Some((deal, most)) = failed
                && !book.index.pledges(&deal.offer.id, most)
            {
                book.remove_offer(&deal.offer.id);
            }
            if let Ok(job) = book.job(id) {
                (job.agreeing, job.reserved) = (false, None);
                (cancelled, match_over) = (job.cancelling, job.match_over);
            }
        }
        // What was asked while the money was on its way happens now.
        if cancelled {
            drop_failure(self.cancel_waiting(id));
        } else if match_over {
            self.match_timed_out(id);
        }
    }

    pub(super) async fn agreed(&self, id: JobId, deal: AgreedDeal) {
        // What was asked while the money was on its way happens now.
        if self.tell_of_deal(id, deal)
            && let Err(error) = self.stop_running(id).await
        {
            tracing::warn!(%error, job = %id, "a job could not be stopped");
        }
    }

    /// Writes the deal down and tells its provider; true where the job creator wishes to stop already.
    fn tell_of_deal(&self, id: JobId, deal: AgreedDeal) -> bool {
        let deal_id = deal.id;
        let mut book = self.book();
        let Ok(job) = book.job(id) else { return false };
        (job.agreeing, job.reserved) = (false, None);
        job.waiting_for = None;
        job.times.agreed = Some(self.0.clock.now());
        let event = JobEventKind::Agreed {
            deal_id,
            resource_provider: deal.offer.provider,
            rate: deal.rate,
            price_cap: deal.price_cap,
        };
        let (provider, cancelling, seq) = (deal.offer.provider, job.cancelling, job.seq);
        let deadline = self.0.clock.now().0.saturating_add(millis(self.submit_window(job)));
        job.trace.agreed(deal.id, deal.offer.provider);
        job.deal = Some(deal);
        if let Err(error) = job.move_to(AgreementState::DealAgreed, event) {
            tracing::error!(%error, "a job ended while its deal was made");
            return false;
        }
        if self.save(&mut book, &[id]).is_err() {
            return false;
        }
        book.tally.matches = book.tally.matches.saturating_add(1);
        book.deals.insert(deal_id, id);
        book.waiting.remove(&seq);
        book.index.set_deadline(&id, Timestamp(deadline));
        let told = book.tell(provider, ProviderMessage::Deal { deal_id });
        drop(book);
        self.watch_execution(id, deal_id, None);
        if !told {
            tracing::warn!(%provider, "a provider left before its deal reached it");
        }
        cancelling
    }

    /// Ends a job that cannot be matched through no fault of any provider.
    fn give_up(&self, id: JobId, error: &Error) {
        let mut book = self.book();
        let Ok(job) = book.job(id) else { return };
        job.fail(AgreementState::JobOfferCancelled, failure_of(error));
        book.ended(id, self.config().max_ended_jobs);
        drop_failure(self.save(&mut book, &[id]));
    }
}

impl JobEntry {
    /// Ends the job without a result.
    pub(super) fn fail(&mut self, state: AgreementState, failure: JobFailure) {
        let message = failure.message.clone();
        self.failure = Some(failure);
        self.cost.get_or_insert(Amount::ZERO);
        if let Err(error) = self.move_to(state, JobEventKind::Failed { message }) {
            tracing::error!(%error, "a job could not be ended");
        }
    }
}

/// A save that failed has stopped the solver and was written to its log; who cannot tell anybody lets it be.
pub(super) fn drop_failure(saved: Result<()>) {
    drop(saved);
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn failure_of(error: &Error) -> JobFailure {
    JobFailure {
        kind: error.kind(),
        fault: error.fault(),
        code: error.code(),
        message: error.message().to_owned(),
        hint: error.hint().map(str::to_owned),
    }
}
