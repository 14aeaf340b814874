//! A v2 module: what a rendered template says, with the job types of Bacalhau's first API that it carries.
//!
//! Read these with [`json::from_slice`](super::json::from_slice): templates in the wild rely on Go's leniency. Written with
//! [`json::to_string`](super::json::to_string) they are what the reference writes, except that a list or map that was given
//! empty stays (`[]`) where the reference drops it.
//!
//! Layout: `spec` what a job may say; `words` the closed sets of words in it; `time` moments.

mod spec;
mod time;
mod words;

pub use spec::{
    DealSpec, DockerSpec, EngineSpec, NetworkSpec, NodeSelector, PublisherSpec, ResourceSpec, S3Spec, Spec,
    StorageSpec, WasmSpec,
};
pub use time::Time;
pub use words::{Engine, Network, Publisher, StorageSource};

use serde::{Deserialize, Serialize};

use super::{InputFiles, MachineSpec};

/// Rendered template: everything that a module says about a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Module {
    /// Who made it.
    pub author: Author,
    /// What it does.
    pub description: String,
    /// Address of a picture for display; not the container image.
    pub image: String,
    /// The model that it serves.
    pub model: ServedModel,
    /// Names of the files that it reads.
    #[serde(rename = "inputFiles")]
    pub input_files: InputFiles,
    /// How long it may run; 0 leaves it to the solver.
    #[serde(rename = "executionTimeoutSeconds")]
    pub execution_timeout_seconds: u64,
    /// What the machine needs at least.
    pub machine: MachineSpec,
    /// What runs.
    pub job: Job,
}

/// Who made a module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Author {
    /// Name.
    pub name: String,
    /// Address of a picture.
    pub avatar: String,
    /// Account that is paid.
    pub address: String,
}

/// The model that a module serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServedModel {
    /// Name.
    pub name: String,
    /// Kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Size, in the author's words.
    pub size: String,
}

/// A job with its envelope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Job {
    /// `V1beta1`.
    #[serde(rename = "APIVersion")]
    pub api_version: String,
    /// Names and times that templates have no use for.
    pub metadata: Metadata,
    /// What runs.
    pub spec: Spec,
}

/// Names and times of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Metadata {
    /// Id of the job.
    #[serde(rename = "ID", skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// When it was made.
    pub created_at: Time,
    /// Who made it.
    #[serde(rename = "ClientID", skip_serializing_if = "String::is_empty")]
    pub client_id: String,
    /// Which node took it.
    pub requester: Requester,
}

/// The node that took a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Requester {
    /// Its id.
    #[serde(rename = "RequesterNodeID", skip_serializing_if = "String::is_empty")]
    pub node_id: String,
    /// Its public key in base64, not looked into.
    #[serde(rename = "RequesterPublicKey", skip_serializing_if = "String::is_empty")]
    pub public_key: String,
}

#[cfg(test)]
mod tests;
