//! A deal made of two offers, as the wire wants it.

use super::sides::{module_id, pricing};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Deal, DealMembers, JobOffer, ResourceOffer, ServiceConfig};

/// Most pairs of mediators: repeated names in both lists multiply.
const MAX_PAIRS: usize = 4_096;

/// Makes the deal of a job offer and a resource offer: solver and parties of the offers, the mediators that both trust in the
/// provider's order, the provider's price for the module, both offers with their ids. The deal's own id is filled in.
///
/// # Errors
/// `NoMatch` (`E_NO_MEDIATOR`, `E_SOLVER_MISMATCH`) where the two trust nobody in common; `InvalidInput` (`E_TOO_MANY_MEDIATORS`)
/// where the lists of mediators are absurdly long.
pub fn build_deal(job: &JobOffer, resource: &ResourceOffer) -> Result<Deal> {
    let wanted = mediators(&job.trusted_parties);
    let offered = mediators(&resource.trusted_parties);
    if wanted.len().saturating_mul(offered.len()) > MAX_PAIRS {
        let message = format!("{} and {} mediators are too many to pair", wanted.len(), offered.len());
        return Err(Error::invalid("E_TOO_MANY_MEDIATORS", message).with_hint("name fewer mediators"));
    }
    // As v2 pairs them: in the provider's order, repeated where a list repeats.
    let mutual = offered.iter().flat_map(|offered| wanted.iter().filter(move |wanted| *wanted == offered));
    let mediators: Vec<String> = mutual.cloned().collect();
    if mediators.is_empty() {
        return Err(Error::new(
            ErrorKind::NoMatch,
            "E_NO_MEDIATOR",
            "the two offers trust no mediator in common",
        )
        .with_hint("name a mediator that both trust"));
    }
    if job.trusted_parties.solver != resource.trusted_parties.solver {
        return Err(Error::new(
            ErrorKind::NoMatch,
            "E_SOLVER_MISMATCH",
            "the two offers trust different solvers",
        )
        .with_hint("name the same solver in both"));
    }
    let mut deal = Deal {
        id: String::new(),
        members: DealMembers {
            solver: job.trusted_parties.solver.clone(),
            job_creator: job.job_creator.clone(),
            resource_provider: resource.resource_provider.clone(),
            mediators: Some(mediators),
        },
        pricing: pricing(resource, &module_id(&job.module)?),
        job_offer: JobOffer { id: job.id()?.to_string(), ..job.clone() },
        resource_offer: ResourceOffer { id: resource.id()?.to_string(), ..resource.clone() },
    };
    deal.id = deal.id()?.to_string();
    Ok(deal)
}

/// The mediators that a side trusts; the wire's `null` is none.
pub(super) fn mediators(services: &ServiceConfig) -> &[String] {
    services.mediator.as_deref().unwrap_or_default()
}
