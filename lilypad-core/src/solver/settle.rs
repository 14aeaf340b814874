//! How the solver speaks to the ledger: events that may race, and timeouts that must be due.

use std::time::Duration;

use crate::error::{Result, Retry};
use crate::model::{AgreementState, DealId, JobId};
use crate::rt::CancelReason;
use crate::settlement::{DealEvent, EscrowState};
use crate::wire::{JobEventKind, ProviderMessage};

use super::Solver;
use super::book::AgreedDeal;

/// How often an event is tried again because somebody else moved the deal first. A deal moves a few times only.
const RACES: usize = 4;

impl Solver {
    /// Tells the ledger what happened, and gives back the deal's new epoch.
    ///
    /// A wish to stop and a result may cross: where the deal has moved since `epoch` was seen, the event is tried again
    /// at the present one, and the ledger says whether it may still follow.
    pub(super) async fn settle(&self, deal_id: DealId, mut epoch: u64, event: DealEvent) -> Result<u64> {
        for _ in 0..RACES {
            match self.0.settlement.advance(deal_id, epoch, event).await {
                Err(error) if error.code() == "E_STALE_EPOCH" => {
                    epoch = self.0.settlement.deal(deal_id).await?.epoch;
                }
                settled => return Ok(settled?.deal.epoch),
            }
        }
        Ok(self.0.settlement.advance(deal_id, epoch, event).await?.deal.epoch)
    }

    /// Calls a timeout that leads to `end`; true where the deal has ended so, whoever called it.
    ///
    /// The ledger's deadline may be a moment later than this solver's timer: then it waits for that moment, so that no
    /// job hangs because its timeout came a millisecond early.
    pub(super) async fn time_out(&self, deal: &AgreedDeal, event: DealEvent, end: EscrowState) -> bool {
        loop {
            let Err(error) = self.settle(deal.id, deal.epoch, event).await else { return true };
            if let (Retry::After(left), "E_TOO_EARLY") = (error.retry(), error.code()) {
                self.0.clock.sleep(left.max(Duration::from_millis(1))).await;
                continue;
            }
            let ended = self.0.settlement.deal(deal.id).await.is_ok_and(|known| known.state == end);
            if !ended {
                tracing::warn!(%error, deal_id = %deal.id, "the ledger moved on before the timeout");
            }
            return ended;
        }
    }

    /// Tells the ledger and the provider that the job creator wishes to stop. The ledger hears it first: it takes the
    /// count of a stopped job only after the wish.
    pub(super) async fn stop_running(&self, id: JobId) -> Result<()> {
        let Some(deal) = self.deal_in(id, AgreementState::DealAgreed) else { return Ok(()) };
        let asked = self.settle(deal.id, deal.epoch, DealEvent::RequestCancel).await;
        {
            let mut book = self.book();
            let job = book.job(id)?;
            match asked {
                Ok(epoch) => {
                    if let Some(known) = &mut job.deal {
                        known.epoch = known.epoch.max(epoch);
                    }
                }
                // The results came first: the work is done, and they stand.
                Err(error) if error.code() == "E_DEAL_STATE" => return Ok(()),
                Err(error) => {
                    job.cancelling = false;
                    return Err(error);
                }
            }
            if job.state != AgreementState::DealAgreed {
                return Ok(());
            }
            job.note(JobEventKind::Cancelling);
            let stop = ProviderMessage::Stop { deal_id: deal.id, reason: CancelReason::Cancelled };
            book.tell(deal.offer.provider, stop);
        }
        self.watch_cancel(id);
        Ok(())
    }
}
