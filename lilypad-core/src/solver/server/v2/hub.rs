//! Who reads events: each reader has a short queue, and one that does not keep up is dropped.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    Deal, DealContainer, JobOffer, JobOfferContainer, ResourceOfferContainer, SolverEvent, json,
};

/// The readers of events.
#[derive(Debug)]
pub(super) struct Hub {
    readers: Vec<(IpAddr, Sender<Arc<str>>)>,
    most: usize,
    queue: usize,
}

/// To whom something happened.
pub(super) enum About<'a> {
    Job(&'a JobOfferContainer),
    Offer(&'a ResourceOfferContainer),
    Deal(&'a DealContainer),
    /// v2 does not say which offer went.
    Nothing,
}

impl Hub {
    pub(super) fn new(most: usize, queue: usize) -> Self {
        Self { readers: Vec::new(), most, queue }
    }

    /// A new reader. It ends when it is too slow.
    ///
    /// # Errors
    /// `Unavailable` (`E_NETWORK_BUSY`) where there are too many, of this address or of all.
    pub(super) fn connect(&mut self, address: IpAddr) -> Result<Receiver<Arc<str>>> {
        self.readers.retain(|(_, reader)| !reader.is_closed());
        let own = self.readers.iter().filter(|(known, _)| *known == address).count();
        if self.readers.len() >= self.most || own >= (self.most / 8).max(1) {
            return Err(Error::new(ErrorKind::Unavailable, "E_NETWORK_BUSY", "too many readers of events"));
        }
        let (sender, receiver) = channel(self.queue);
        self.readers.push((address, sender));
        Ok(receiver)
    }

    #[cfg(test)]
    pub(super) fn readers(&self) -> usize {
        self.readers.len()
    }

    /// Tells everybody, and waits for nobody. Inputs are left out: they are not everybody's affair.
    pub(super) fn tell(&mut self, event_type: &str, about: About<'_>) {
        if self.readers.is_empty() {
            return;
        }
        let mut event = SolverEvent { event_type: event_type.to_owned(), ..SolverEvent::default() };
        match about {
            About::Job(job) => event.job_offer = Some(without_inputs(job)),
            About::Offer(offer) => event.resource_offer = Some(offer.clone()),
            About::Deal(deal) => event.deal = Some(deal_without_inputs(deal)),
            About::Nothing => {}
        }
        match json::to_string(&event) {
            Ok(text) => {
                let text: Arc<str> = text.into();
                self.readers.retain(|(_, reader)| reader.try_send(Arc::clone(&text)).is_ok());
            }
            Err(error) => tracing::error!(%error, "an event cannot be written"),
        }
    }
}

/// A job as everybody may see it.
pub(super) fn without_inputs(job: &JobOfferContainer) -> JobOfferContainer {
    JobOfferContainer {
        id: job.id.clone(),
        deal_id: job.deal_id.clone(),
        job_creator: job.job_creator.clone(),
        state: job.state,
        job_offer: offer_without_inputs(&job.job_offer),
    }
}

/// A deal as everybody may see it.
pub(super) fn deal_without_inputs(deal: &DealContainer) -> DealContainer {
    DealContainer {
        id: deal.id.clone(),
        job_creator: deal.job_creator.clone(),
        resource_provider: deal.resource_provider.clone(),
        job_offer: deal.job_offer.clone(),
        resource_offer: deal.resource_offer.clone(),
        deal: Deal {
            id: deal.deal.id.clone(),
            members: deal.deal.members.clone(),
            pricing: deal.deal.pricing,
            job_offer: offer_without_inputs(&deal.deal.job_offer),
            resource_offer: deal.deal.resource_offer.clone(),
        },
        transactions: deal.transactions.clone(),
        mediator: deal.mediator.clone(),
        ..*deal
    }
}

/// The inputs are not even copied: they are what makes an offer large.
pub(super) fn offer_without_inputs(offer: &JobOffer) -> JobOffer {
    JobOffer {
        id: offer.id.clone(),
        nonce: offer.nonce.clone(),
        job_creator: offer.job_creator.clone(),
        module: offer.module.clone(),
        spec: offer.spec.clone(),
        inputs: None,
        input_files: offer.input_files.clone(),
        mode: offer.mode.clone(),
        trusted_parties: offer.trusted_parties.clone(),
        target: offer.target.clone(),
        ..*offer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_slow_reader_is_dropped_and_the_others_read_on() {
        let mut hub = Hub::new(16, 2);
        let (mut slow, mut fast) = (hub.connect(HERE).unwrap(), hub.connect(HERE).unwrap());
        for number in 0..5 {
            hub.tell(&number.to_string(), About::Nothing);
            let text = fast.try_recv().unwrap();
            assert!(text.starts_with(&format!("{{\"event_type\":\"{number}\"")), "{text}");
        }
        assert!(slow.try_recv().is_ok() && slow.try_recv().is_ok());
        assert!(slow.try_recv().is_err() && slow.is_closed());
        assert_eq!(hub.readers.len(), 1);
    }

    #[test]
    fn one_address_takes_an_eighth_of_the_places() {
        let mut hub = Hub::new(16, 2);
        let _readers = [hub.connect(HERE).unwrap(), hub.connect(HERE).unwrap()];
        assert_eq!(hub.connect(HERE).unwrap_err().code(), "E_NETWORK_BUSY");
        let reader = hub.connect(IpAddr::from([10, 0, 0, 1]));
        assert!(reader.is_ok());
    }

    #[test]
    fn an_event_has_the_wires_keys_and_no_inputs() {
        let mut hub = Hub::new(16, 2);
        let mut reader = hub.connect(HERE).unwrap();
        let mut job = JobOfferContainer { id: "Qm".to_owned(), ..JobOfferContainer::default() };
        job.job_offer.inputs = Some([("prompt".to_owned(), "private".to_owned())].into());
        hub.tell("JobOfferAdded", About::Job(&job));
        let text = reader.try_recv().unwrap();
        let begin = "{\"event_type\":\"JobOfferAdded\",\"job_offer\":{\"id\":\"Qm\",\"deal_id\":\"\",";
        assert!(text.starts_with(begin), "{text}");
        assert!(text.ends_with("\"resource_offer\":null,\"deal\":null}"), "{text}");
        assert!(text.contains("\"inputs\":null") && !text.contains("private"), "{text}");
    }
}
