//! From offers to deals: choose, hold the money, tell the provider.

use std::sync::Arc;

use crate::error::{Error, Fault, Result};
use crate::market::{self, Candidate, Choice};
use crate::model::{AgreementState, Amount, JobId};
use crate::wire::{DealNotice, JobEventKind, JobFailure, ProviderMessage};

use super::Solver;
use super::book::{AgreedDeal, JobEntry, OfferEntry};

impl Solver {
    /// Matches every waiting job that now can be, oldest first.
    pub(super) async fn match_waiting(&self) {
        let waiting: Vec<JobId> = self.book().waiting.iter().copied().collect();
        for id in waiting {
            self.match_job(id).await;
        }
    }

    /// Matches one job, trying the next offer where a provider cannot hold its side of the deal.
    pub(super) async fn match_job(&self, id: JobId) {
        while let Some(deal) = self.reserve(id) {
            match self.hold_money(id, &deal).await {
                Ok(epoch) => {
                    self.agreed(id, AgreedDeal { epoch, ..deal }).await;
                    return;
                }
                Err(error) if error.fault() == Fault::Provider => {
                    tracing::warn!(offer = %deal.offer.id, %error, "an offer cannot be matched: dropped");
                    self.release(id, None);
                }
                Err(error) => {
                    self.release(id, Some(deal.offer));
                    self.give_up(id, &error);
                    return;
                }
            }
        }
    }

    /// Chooses an offer and takes it out of the book; notes why where none fits.
    fn reserve(&self, id: JobId) -> Option<AgreedDeal> {
        let mut book = self.book();
        let offers: Vec<(u64, OfferEntry)> =
            book.offers.iter().map(|(seq, offer)| (*seq, offer.clone())).collect();
        let job = book.job(id).ok()?;
        if job.state != AgreementState::DealNegotiating || job.agreeing || job.cancelling {
            return None;
        }
        let signed = Arc::clone(&job.signed);
        let candidates: Vec<Candidate<'_>> = offers
            .iter()
            .map(|(_, offer)| Candidate { offer: &offer.signed.body.offer, terms: &offer.signed.body.terms })
            .collect();
        let (at, deal) =
            match market::choose(&signed.body.offer, &signed.body.terms, &signed.body.module, &candidates) {
                Choice::Offer(at) => offers.get(at).map(|(seq, offer)| (*seq, offer.clone()))?,
                Choice::None(why) => {
                    if job.waiting_for.as_ref() != Some(&why) {
                        job.note(JobEventKind::Waiting { reason: why.to_string() });
                        job.waiting_for = Some(why);
                    }
                    return None;
                }
            };
        let built = market::build_deal(&signed.body.offer, &deal.signed.body.offer)
            .and_then(|built| Ok((built.id()?, built)));
        match built {
            Ok((deal_id, built)) => {
                job.agreeing = true;
                book.offers.remove(&at);
                let price_cap = signed.body.terms.price_cap;
                Some(AgreedDeal { id: deal_id, deal: built, offer: deal, price_cap, epoch: 0 })
            }
            Err(error) => {
                tracing::error!(%error, job = %id, "a chosen offer does not make a deal");
                None
            }
        }
    }

    async fn hold_money(&self, id: JobId, deal: &AgreedDeal) -> Result<u64> {
        let (parties, terms) = self.terms_of(id, deal)?;
        Ok(self.0.settlement.agree(deal.id, parties, terms).await?.deal.epoch)
    }

    /// Ends a reservation; the offer goes back where it is still good.
    fn release(&self, id: JobId, offer: Option<OfferEntry>) {
        let (mut cancelled, mut match_over) = (false, false);
        {
            let mut book = self.book();
            if let Ok(job) = book.job(id) {
                job.agreeing = false;
                (cancelled, match_over) = (job.cancelling, job.match_over);
            }
            if let Some(offer) = offer {
                book.add_offer(offer);
            }
        }
        // What was asked while the money was on its way happens now.
        if cancelled {
            self.cancel_waiting(id);
        } else if match_over {
            self.match_timed_out(id);
        }
    }

    async fn agreed(&self, id: JobId, deal: AgreedDeal) {
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
        job.agreeing = false;
        job.waiting_for = None;
        let notice = DealNotice {
            deal_id,
            deal: deal.deal.clone(),
            job: (*job.signed).clone(),
            price_cap: deal.price_cap,
        };
        let event = JobEventKind::Agreed {
            deal_id,
            resource_provider: deal.offer.provider,
            rate: deal.offer.signed.body.terms.rate,
            price_cap: deal.price_cap,
        };
        let (provider, cancelling) = (deal.offer.provider, job.cancelling);
        job.deal = Some(deal);
        if let Err(error) = job.move_to(AgreementState::DealAgreed, event) {
            tracing::error!(%error, "a job ended while its deal was made");
            return false;
        }
        book.deals.insert(deal_id, id);
        book.waiting.retain(|waiting| *waiting != id);
        let told = book.tell(provider, ProviderMessage::Deal(Box::new(notice)));
        drop(book);
        self.watch_execution(id, deal_id);
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

pub(super) fn failure_of(error: &Error) -> JobFailure {
    JobFailure {
        kind: error.kind(),
        fault: error.fault(),
        code: error.code(),
        message: error.message().to_owned(),
        hint: error.hint().map(str::to_owned),
    }
}
