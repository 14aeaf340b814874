//! The ids of protocol objects: the hash of their JSON with a blank id.

use serde::Serialize;

use super::unixfs::wrap;
use super::{Cid, Deal, DealId, JobId, JobOffer, ModuleConfig, ResourceOffer, ResourceOfferId, json};
use crate::error::Result;

impl Cid {
    /// The id of any value: its Go JSON, wrapped in a dag-pb node without links.
    ///
    /// # Errors
    /// `Unexpected` where the value cannot be written as JSON.
    pub fn of_json<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        let text = json::to_string(value)?;
        Ok(Self::of_block(&wrap(text.as_bytes())))
    }
}

impl ModuleConfig {
    /// The id of this way to name a module.
    ///
    /// # Errors
    /// `Unexpected` where it cannot be written as JSON, which does not happen.
    pub fn id(&self) -> Result<Cid> {
        Cid::of_json(self)
    }
}

impl JobOffer {
    /// The id that the solver gives to this offer, whatever its `id` field says.
    ///
    /// # Errors
    /// `Unexpected` where it cannot be written as JSON, which does not happen.
    pub fn id(&self) -> Result<JobId> {
        Cid::of_json(&Self { id: String::new(), ..self.clone() }).map(JobId)
    }
}

impl ResourceOffer {
    /// The id that the solver gives to this offer, whatever its `id` field says.
    ///
    /// # Errors
    /// `Unexpected` where it cannot be written as JSON, which does not happen.
    pub fn id(&self) -> Result<ResourceOfferId> {
        Cid::of_json(&Self { id: String::new(), ..self.clone() }).map(ResourceOfferId)
    }
}

impl Deal {
    /// The id of this deal, whatever its `id` field says. The offers inside keep theirs.
    ///
    /// # Errors
    /// `Unexpected` where it cannot be written as JSON, which does not happen.
    pub fn id(&self) -> Result<DealId> {
        Cid::of_json(&Self { id: String::new(), ..self.clone() }).map(DealId)
    }
}
