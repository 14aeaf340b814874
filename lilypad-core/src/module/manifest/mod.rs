//! `lilypad.toml`: our own authoring format. Read, checked with every complaint at once, and bound to inputs after
//! parsing: a value becomes one argument or one variable as a whole and is never spliced into text.
//!
//! Layout: `reader` TOML to tables with places; `tables` what authors write, and `cuda` what they write of kernels; `units` texts with a unit; `validate`
//! tables to a [`Manifest`]; `bind` a manifest and inputs to a job; `schema` the JSON Schema.

mod bind;
mod cuda;
mod reader;
mod schema;
mod tables;
mod units;
mod validate;

#[cfg(test)]
mod tests;

pub use schema::schema;
pub(super) use units::loose_bytes;
pub(super) use validate::is_module_name;

use std::collections::BTreeMap;
use std::time::Duration;

use super::ModuleInfo;
use super::finding::Finding;
use super::inputs::InputSpec;
use crate::model::{
    ClockPolicy, Determinism, GpuRequirement, JobLimits, MachineSpec, NetworkPolicy, OutputSpec,
    RandomPolicy, SoftwareVersion,
};

/// The manifest's file name.
pub const MANIFEST_FILE: &str = "lilypad.toml";
/// Largest manifest or template, in bytes.
pub const MANIFEST_BYTES: u64 = 256 << 10;

/// A checked manifest.
#[derive(Clone, Debug)]
pub(super) struct Manifest {
    /// The manifest's text.
    pub(super) text: String,
    pub(super) info: ModuleInfo,
    pub(super) inputs: Vec<InputSpec>,
    pub(super) run: Run,
    pub(super) machine: MachineSpec,
    pub(super) gpus: Vec<GpuRequirement>,
    pub(super) min_driver: Option<SoftwareVersion>,
    pub(super) min_cuda: Option<SoftwareVersion>,
    pub(super) files: Vec<FileSpec>,
    pub(super) outputs: Vec<OutputSpec>,
    pub(super) timeout: Option<Duration>,
    pub(super) limits: JobLimits,
    pub(super) network: NetworkPolicy,
    pub(super) determinism: Determinism,
}

/// What runs, before inputs are bound.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Run {
    Wasm {
        module: String,
        args: Vec<Leaf>,
        env: BTreeMap<String, Leaf>,
        entry_point: String,
        clock: ClockPolicy,
        random: RandomPolicy,
    },
    Docker {
        image: String,
        entrypoint: Option<Vec<Leaf>>,
        args: Vec<Leaf>,
        env: BTreeMap<String, Leaf>,
        working_directory: Option<String>,
    },
    Cuda(cuda::Program),
}

/// One argument or variable, before inputs are bound.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Leaf {
    Literal(String),
    Input { name: String, flag: Option<String>, boolean: bool },
}

/// A declared input file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileSpec {
    /// Its name, as the job finds it in `/inputs`.
    pub name: String,
    /// True where the job cannot run without it.
    pub required: bool,
    /// One line for people.
    pub description: Option<String>,
    /// Media type, for people and programs that prepare the file.
    pub media_type: Option<String>,
    /// Most bytes.
    pub max_bytes: Option<u64>,
}

impl Manifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// Every complaint, in the order of the text.
    pub(super) fn parse(text: &str) -> Result<Self, Vec<Finding>> {
        let mut reader = reader::Reader::new(text);
        let file = reader.root::<tables::ManifestFile>();
        let manifest = file.map(|file| validate::manifest(file, &mut reader));
        let complaints = reader.into_complaints();
        match manifest.flatten() {
            Some(manifest) if complaints.is_empty() => Ok(manifest),
            _ if complaints.is_empty() => {
                Err(vec![Finding::error("E_MANIFEST", "the manifest is not usable")])
            }
            _ => Err(complaints),
        }
    }

    /// The path of the program in the bundle, where the manifest names one.
    pub(super) fn program(&self) -> Option<&str> {
        match &self.run {
            Run::Wasm { module, .. } => Some(module),
            Run::Cuda(program) => Some(&program.module),
            Run::Docker { .. } => None,
        }
    }
}
