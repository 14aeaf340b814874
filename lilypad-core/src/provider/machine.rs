//! What of the offered machine is in use: the provider counts for itself, whatever the solver says.

use std::sync::{Mutex, PoisonError};

use crate::error::{Error, ErrorKind, Fault, Result};
use crate::market::{Free, Request, Taken};
use crate::model::{ResourceOffer, ResourceOfferId};
use crate::wire::{DealNotice, OfferProposal};

/// The offered machine.
#[derive(Debug)]
pub(super) struct Machine {
    id: ResourceOfferId,
    offer: ResourceOffer,
    free: Mutex<Free>,
}

/// A job's part of the machine; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Part<'a> {
    machine: &'a Machine,
    taken: Taken,
}

impl Part<'_> {
    /// The job's own GPUs, by their ids.
    pub(super) fn gpus(&self, ids: &[String]) -> Vec<String> {
        self.taken.gpus().iter().filter_map(|place| ids.get(place).cloned()).collect()
    }
}

impl Machine {
    pub(super) fn new(proposal: &OfferProposal) -> Result<Self> {
        let OfferProposal { offer, terms } = proposal;
        let free = Mutex::new(Free::of(offer, terms));
        Ok(Self { id: offer.id()?, offer: offer.clone(), free })
    }

    pub(super) fn offer_id(&self) -> ResourceOfferId {
        self.id
    }

    /// Takes what the job of a deal needs.
    ///
    /// # Errors
    /// `Conflict` (`E_PROVIDER_FULL`) where it does not fit beside the jobs that run.
    pub(super) fn take(&self, notice: &DealNotice) -> Result<Part<'_>> {
        let job = &notice.job.body;
        let request = Request::new(job.offer.id()?, &job.offer, &job.terms, &job.module)?;
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(taken) = free.fit(&request, &self.offer) else {
            let message = "the machine has no room for the job beside those that run";
            return Err(Error::new(ErrorKind::Conflict, "E_PROVIDER_FULL", message)
                .with_fault(Fault::Solver)
                .with_hint("nothing was charged; submit the job again")
                .with("deal_id", notice.deal_id));
        };
        free.take(&taken, &self.offer);
        Ok(Part { machine: self, taken })
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        let mut free = self.machine.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.give_back(&self.taken, &self.machine.offer);
    }
}
