//! Jobs that run already when their offer comes.

use super::{Index, JobSlot, JobState, Offered, Wanted, full, module_id};
use crate::error::Result;
use crate::model::{JobId, ResourceOfferId};

impl<O: Offered, J: Wanted> Index<O, J> {
    /// Puts a job that runs on an offer onto it, wherever the job stood before, and takes what it needs of the machine: an
    /// offer that comes back must not be sold twice. False where the offer is not there, or where the job does not fit
    /// beside those that it has; the job then stands nowhere.
    ///
    /// # Errors
    /// `Unexpected` beyond 2^32 − 1 jobs.
    pub fn attach(&mut self, id: JobId, item: J, offer: &ResourceOfferId) -> Result<bool> {
        self.remove_job(&id);
        let Some(offer_slot) = self.offer_ids.get(offer).copied() else { return Ok(false) };
        let module_id = module_id(&item.offer().module)?.into_boxed_str();
        let mut job = JobSlot { id, item, module_id, state: JobState::Unserved };
        let known = self.offers.get(offer_slot);
        let fit = known.and_then(|offer| offer.free.fit(&job.request(), offer.item.offer()));
        let Some(taken) = fit else { return Ok(false) };
        job.state = JobState::Matched { offer: offer_slot, taken, until: None };
        let job_slot = self.jobs.add(job).ok_or_else(full)?;
        self.job_ids.insert(id, job_slot);
        self.take(offer_slot, job_slot, &taken);
        Ok(true)
    }
}
