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
    pub(super) async fn time_out(
        &self,
        deal_id: DealId,
        epoch: u64,
        event: DealEvent,
        end: EscrowState,
    ) -> bool {
        loop {
            let Err(error) = self.settle(deal_id, epoch, event).await else { return true };
            if let (Retry::After(left), "E_TOO_EARLY") = (error.retry(), error.code()) {
                self.0.clock.sleep(left.max(Duration::from_millis(1))).await;
                continue;
            }
            if self.is_sound().is_err() {
                return false;
            }
            let ended = self.0.settlement.deal(deal_id).await.is_ok_and(|known| known.state == end);
            if !ended {
                tracing::warn!(%error, %deal_id, "the ledger moved on before the timeout");
            }
            return ended;
        }
    }

    /// Tells the ledger and the provider that the job creator wishes to stop. The ledger hears it first: it takes the
    /// count of a stopped job only after the wish.
    pub(super) async fn stop_running(&self, id: JobId) -> Result<()> {
        let Some(deal) = self.deal_in(id, AgreementState::DealAgreed) else { return Ok(()) };
        let asked = self.ask_to_stop(&deal).await;
        {
            let mut book = self.book();
            let job = book.job(id)?;
            match asked {
                Ok(Some(epoch)) => {
                    if let Some(known) = &mut job.deal {
                        known.epoch = known.epoch.max(epoch);
                    }
                }
                // The results came first: the work is done, and they stand.
                Ok(None) => return Ok(()),
                Err(error) => {
                    job.cancelling = false;
                    self.save(&mut book, &[id])?;
                    return Err(error);
                }
            }
            if job.state != AgreementState::DealAgreed {
                return Ok(());
            }
            if !std::mem::replace(&mut job.stopping, true) {
                job.times.stopping = Some(self.0.clock.now());
                job.note(JobEventKind::Cancelling);
            }
            self.save(&mut book, &[id])?;
            let stop = ProviderMessage::Stop { deal_id: deal.id, reason: CancelReason::Cancelled };
            book.tell(deal.offer.provider, stop);
        }
        self.watch_cancel(id, None);
        Ok(())
    }

    /// The deal's epoch once the ledger knows of the wish to stop, from whomever; `None` where it is too late for one.
    async fn ask_to_stop(&self, deal: &AgreedDeal) -> Result<Option<u64>> {
        match self.settle(deal.id, deal.epoch, DealEvent::RequestCancel).await {
            Err(error) if error.code() == "E_DEAL_STATE" => {
                let known = self.0.settlement.deal(deal.id).await?;
                Ok((known.state == EscrowState::Cancelling).then_some(known.epoch))
            }
            asked => asked.map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Address, Amount, Cid, Rate, Share, WorkUnit};
    use crate::rt::{Clock, ManualClock, Timestamp};
    use crate::settlement::{LedgerConfig, MemorySettlement, Panel, Parties, Settlement, Terms, Windows};
    use crate::signer::Domain;
    use crate::solver::SolverConfig;

    fn address(byte: u8) -> Address {
        Address::new([byte; 20])
    }

    /// A solver and its ledger with one free deal, which has a second to be handed in.
    async fn agreed(hand: &ManualClock) -> (Solver, MemorySettlement, DealId) {
        let clock = Clock::from(hand.clone());
        let ledger = MemorySettlement::with_clock(address(1), clock.clone(), LedgerConfig::default());
        let settlement: Arc<dyn Settlement> = Arc::new(ledger.clone());
        let solver = Solver::new(address(1), Domain::local(), clock, settlement, SolverConfig::default());
        let terms = Terms {
            rate: Rate::FREE,
            unit: WorkUnit::Instructions,
            price_cap: Amount::ZERO,
            provider_collateral: Amount::ZERO,
            author: None,
            solver_fee: Share::ZERO,
            mediation_fee: Amount::ZERO,
            mediators: Panel::EMPTY,
            windows: Windows { submit_ms: 1_000, cancel_ms: 100, judge_ms: 500, mediate_ms: 300 },
        };
        let deal = DealId(Cid::of_block(b"a deal"));
        let parties = Parties { job_creator: address(2), provider: address(3) };
        ledger.agree(deal, parties, terms).await.unwrap();
        (solver, ledger, deal)
    }

    #[tokio::test]
    async fn a_result_that_crosses_a_wish_to_stop_still_counts() {
        let (solver, ledger, deal) = agreed(&ManualClock::new(Timestamp(5))).await;
        ledger.request_cancel(deal, 1).await.unwrap();
        assert_eq!(solver.settle(deal, 1, DealEvent::Submit { work_units: 7 }).await.unwrap(), 3);
        let late = solver.settle(deal, 1, DealEvent::RequestCancel).await.unwrap_err();
        assert_eq!(late.code(), "E_DEAL_STATE");
    }

    #[tokio::test]
    async fn a_timeout_that_is_early_waits_for_its_moment() {
        let hand = ManualClock::new(Timestamp(5));
        let (solver, ledger, deal) = agreed(&hand).await;
        hand.advance(Duration::from_millis(999));
        let end = EscrowState::ProviderTimedOut;
        let calling = {
            let solver = solver.clone();
            tokio::spawn(async move { solver.time_out(deal, 1, DealEvent::ProviderTimeout, end).await })
        };
        while hand.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(ledger.deal(deal).await.unwrap().state, EscrowState::Agreed);
        hand.advance(Duration::from_millis(1));
        assert!(calling.await.unwrap());
        // Somebody else's call is as good; another end is not.
        assert!(solver.time_out(deal, 1, DealEvent::ProviderTimeout, end).await);
        let other = EscrowState::CreatorTimedOut;
        assert!(!solver.time_out(deal, 1, DealEvent::CreatorTimeout, other).await);
    }
}
