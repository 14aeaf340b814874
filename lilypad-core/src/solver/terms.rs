//! What a deal's money is agreed on: the terms that the ledger keeps.

use std::time::Duration;

use crate::error::Result;
use crate::model::{Address, Amount, JobId, Share, WorkUnit};
use crate::settlement::{MAX_MEDIATORS, MAX_WINDOW_MS, Panel, Parties, Terms, Windows};

use super::Solver;
use super::book::AgreedDeal;

impl Solver {
    /// Who pays whom in a deal, for how much, and how long each may take.
    pub(super) fn terms_of(&self, id: JobId, deal: &AgreedDeal) -> Result<(Parties, Terms)> {
        let offer = &deal.offer.signed.body;
        let job_creator = deal.deal.members.job_creator.parse()?;
        let parties = Parties { job_creator, provider: deal.offer.provider };
        let executor = self.book().job(id)?.signed.body.terms.executor.clone();
        let terms = Terms {
            rate: deal.rate,
            unit: WorkUnit::of_executor(&executor),
            price_cap: deal.price_cap,
            provider_collateral: offer.terms.collateral(deal.price_cap),
            author: None,
            solver_fee: Share::ZERO,
            // No role asks a mediator yet: a bond would only be able to lock money.
            mediation_fee: Amount::ZERO,
            mediators: self.panel(&parties, deal.deal.members.mediators.as_deref().unwrap_or_default())?,
            windows: self.windows(id)?,
        };
        Ok((parties, terms))
    }

    /// The deal's mediators that can judge: no party of the deal, and no more than a ledger asks.
    fn panel(&self, parties: &Parties, named: &[String]) -> Result<Panel> {
        let mut members: Vec<Address> = Vec::new();
        for mediator in named.iter().filter_map(|name| name.parse().ok()) {
            let party = [parties.job_creator, parties.provider, self.address()].contains(&mediator);
            if !party && !members.contains(&mediator) && members.len() < MAX_MEDIATORS {
                members.push(mediator);
            }
        }
        Panel::new(&members)
    }

    /// The ledger's deadlines in step with this solver's timers: a provider has the job's own time and the grace, but no
    /// more than is left of the job's time in all.
    fn windows(&self, id: JobId) -> Result<Windows> {
        let (running, age) = {
            let mut book = self.book();
            let job = book.job(id)?;
            (self.submit_window(job), job.age_before.saturating_add(job.age.elapsed()))
        };
        let config = self.config();
        Ok(Windows {
            submit_ms: millis(running.min(config.total_timeout.saturating_sub(age))),
            cancel_ms: millis(config.provider_grace),
            judge_ms: millis(config.download_timeout),
            // Running the job again takes no longer than running it.
            mediate_ms: millis(running),
        })
    }
}

/// Rounded down, so that a timer of the same length is never early; within what a ledger takes.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(MAX_WINDOW_MS).clamp(1, MAX_WINDOW_MS)
}
