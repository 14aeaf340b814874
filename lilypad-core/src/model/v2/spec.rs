//! What a v2 job may say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::json::Value;
use super::{Engine, Network, Publisher, StorageSource};

/// Parameters of engines and publishers: anything.
type Params = Option<BTreeMap<String, Value>>;

/// What runs, with which needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Spec {
    /// What runs it.
    #[serde(skip_serializing_if = "Engine::is_unknown")]
    pub engine: Engine,
    /// The engine in its later form; the v2 executor does not read it.
    pub engine_spec: EngineSpec,
    /// Where results go.
    #[serde(skip_serializing_if = "Publisher::is_unknown")]
    pub publisher: Publisher,
    /// The publisher in its later form.
    pub publisher_spec: PublisherSpec,
    /// The container.
    pub docker: DockerSpec,
    /// The WebAssembly program.
    pub wasm: WasmSpec,
    /// What it needs.
    pub resources: ResourceSpec,
    /// What it may reach.
    pub network: NetworkSpec,
    /// How many seconds it may run.
    #[serde(skip_serializing_if = "is_zero")]
    pub timeout: i64,
    /// What it reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Vec<StorageSpec>>,
    /// What it writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outputs: Option<Vec<StorageSpec>>,
    /// Labels of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Vec<String>>,
    /// What labels a node must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_selectors: Option<Vec<NodeSelector>>,
    /// Asks not to be counted.
    #[serde(skip_serializing_if = "is_false")]
    pub do_not_track: bool,
    /// How many nodes run it.
    pub deal: DealSpec,
}

/// An engine by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct EngineSpec {
    /// Its name.
    pub r#type: String,
    /// Its parameters.
    pub params: Params,
}

/// A publisher with parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct PublisherSpec {
    /// Which one.
    #[serde(skip_serializing_if = "Publisher::is_unknown")]
    pub r#type: Publisher,
    /// Its parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Params,
}

/// A container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DockerSpec {
    /// Reference of the image.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub image: String,
    /// Replaces the image's entry point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// Arguments after the entry point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Vec<String>>,
    /// `NAME=value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_variables: Option<Vec<String>>,
    /// Working directory.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub working_directory: String,
}

/// A WebAssembly program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct WasmSpec {
    /// Where the program is.
    pub entry_module: StorageSpec,
    /// The function to call.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub entry_point: String,
    /// Arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Vec<String>>,
    /// Environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_variables: Option<BTreeMap<String, String>>,
    /// Programs whose exports it imports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import_modules: Option<Vec<StorageSpec>>,
}

/// Data that a job reads or a place where it writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct StorageSpec {
    /// Where it comes from.
    #[serde(skip_serializing_if = "StorageSource::is_unknown")]
    pub storage_source: StorageSource,
    /// Its name in the results.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Content id.
    #[serde(rename = "CID", skip_serializing_if = "String::is_empty")]
    pub cid: String,
    /// Address to download from.
    #[serde(rename = "URL", skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// Object storage.
    #[serde(rename = "S3", skip_serializing_if = "Option::is_none")]
    pub s3: Option<S3Spec>,
    /// Git repository.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub repo: String,
    /// Path on the host.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source_path: String,
    /// Whether the job may write it.
    #[serde(skip_serializing_if = "is_false")]
    pub read_write: bool,
    /// Path in the job.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
}

/// An object in S3.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct S3Spec {
    /// Bucket.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub bucket: String,
    /// Key.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// SHA-256.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub checksum: String,
    /// Version.
    #[serde(rename = "VersionID", skip_serializing_if = "String::is_empty")]
    pub version_id: String,
    /// Endpoint.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub endpoint: String,
    /// Region.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub region: String,
}

/// What a job needs, in words (`500m`, `1Gb`, `1`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ResourceSpec {
    /// Processors.
    #[serde(rename = "CPU", skip_serializing_if = "String::is_empty")]
    pub cpu: String,
    /// Memory.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub memory: String,
    /// Disk.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub disk: String,
    /// GPUs; empty or a number.
    #[serde(rename = "GPU")]
    pub gpu: String,
}

/// What a job may reach.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct NetworkSpec {
    /// How much.
    pub r#type: Network,
    /// Which domains, over HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domains: Option<Vec<String>>,
}

/// A rule about the labels of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct NodeSelector {
    /// The label.
    pub key: String,
    /// How it is compared.
    pub operator: String,
    /// With what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
}

/// How many nodes run a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DealSpec {
    /// All nodes that fit, instead of some.
    #[serde(skip_serializing_if = "is_false")]
    pub targeting_mode: bool,
    /// How many nodes.
    #[serde(skip_serializing_if = "is_zero")]
    pub concurrency: i64,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

fn is_false(value: &bool) -> bool {
    !*value
}
