//! A manifest and inputs become a job: each input is one argument or one variable as a whole.

use std::collections::BTreeMap;

use super::{Leaf, Manifest, Run};
use crate::model::{DockerRun, JobSpec, RunSpec, WasmRun};

impl Manifest {
    /// The job for inputs that were checked and completed with their defaults.
    pub(in crate::module) fn bind(&self, inputs: &BTreeMap<String, String>) -> JobSpec {
        let files = |required: bool| {
            self.files.iter().filter(|file| file.required == required).map(|file| file.name.clone()).collect()
        };
        JobSpec {
            run: self.run.bind(inputs),
            machine: self.machine.clone(),
            gpus: self.gpus.clone(),
            min_driver: self.min_driver,
            min_cuda: self.min_cuda,
            required_files: files(true),
            optional_files: files(false),
            outputs: self.outputs.clone(),
            timeout: self.timeout,
            limits: self.limits,
            network: self.network.clone(),
            determinism: self.determinism.clone(),
        }
    }
}

impl Run {
    fn bind(&self, inputs: &BTreeMap<String, String>) -> RunSpec {
        match self {
            Self::Cuda(program) => RunSpec::Cuda(program.bind(inputs)),
            Self::Wasm { module, args, env, entry_point, clock, random } => RunSpec::Wasm(WasmRun {
                module: module.clone(),
                args: arguments(args, inputs),
                env: variables(env, inputs).collect(),
                entry_point: entry_point.clone(),
                clock: *clock,
                random: *random,
            }),
            Self::Docker { image, entrypoint, args, env, working_directory } => RunSpec::Docker(DockerRun {
                image: image.clone(),
                entrypoint: entrypoint.as_ref().map(|entrypoint| arguments(entrypoint, inputs)),
                parameters: arguments(args, inputs),
                env: variables(env, inputs).map(|(name, value)| format!("{name}={value}")).collect(),
                working_directory: working_directory.clone(),
            }),
        }
    }
}

fn arguments(leaves: &[Leaf], inputs: &BTreeMap<String, String>) -> Vec<String> {
    leaves.iter().flat_map(|leaf| argument(leaf, inputs)).collect()
}

fn argument(leaf: &Leaf, inputs: &BTreeMap<String, String>) -> Vec<String> {
    match leaf {
        Leaf::Literal(text) => vec![text.clone()],
        Leaf::Input { name, flag, boolean } => match (inputs.get(name), flag) {
            (None, _) => Vec::new(),
            (Some(value), None) => vec![value.clone()],
            (Some(value), Some(flag)) if *boolean => {
                if value == "true" {
                    vec![flag.clone()]
                } else {
                    Vec::new()
                }
            }
            (Some(value), Some(flag)) => vec![flag.clone(), value.clone()],
        },
    }
}

fn variables<'a>(
    leaves: &'a BTreeMap<String, Leaf>,
    inputs: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = (String, String)> + 'a {
    leaves.iter().filter_map(|(variable, leaf)| {
        let value = match leaf {
            Leaf::Literal(text) => text.clone(),
            Leaf::Input { name, .. } => inputs.get(name)?.clone(),
        };
        Some((variable.clone(), value))
    })
}
