//! A manifest's job as the v2 JSON that it would be, for people and tools that read v2.

use std::collections::BTreeMap;

use crate::model::v2::{
    Author, DealSpec, DockerSpec, Engine, Job, Module, Network, NetworkSpec, ResourceSpec, Spec,
    StorageSource, StorageSpec, WasmSpec,
};
use crate::model::{InputFiles, JobSpec, NetworkPolicy, RunSpec};
use crate::module::ModuleInfo;

/// The v2 module of a job. What v2 has no word for (clock, instruction limit, media types) is left out.
pub(in crate::module) fn module(info: &ModuleInfo, job: &JobSpec) -> Module {
    let seconds = job.timeout.map_or(0, |timeout| timeout.as_millis().div_ceil(1_000));
    let mut spec = Spec {
        timeout: i64::try_from(seconds).unwrap_or(i64::MAX),
        network: network(&job.network),
        outputs: (!job.outputs.is_empty()).then(|| outputs(job)),
        resources: ResourceSpec {
            gpu: if job.machine.gpu > 0 { job.machine.gpu.to_string() } else { String::new() },
            memory: job.limits.memory_bytes.map(|bytes| format!("{bytes}B")).unwrap_or_default(),
            ..ResourceSpec::default()
        },
        deal: DealSpec { concurrency: 1, ..DealSpec::default() },
        ..Spec::default()
    };
    run(&job.run, &mut spec);
    let list = |names: &[String]| (!names.is_empty()).then(|| names.to_vec());
    Module {
        author: Author { name: info.authors.join(", "), ..Author::default() },
        description: info.description.clone().unwrap_or_default(),
        input_files: InputFiles { required: list(&job.required_files), optional: list(&job.optional_files) },
        execution_timeout_seconds: u64::try_from(seconds).unwrap_or(u64::MAX),
        machine: job.machine.clone(),
        job: Job { api_version: "V1beta1".to_owned(), spec, ..Job::default() },
        ..Module::default()
    }
}

fn run(run: &RunSpec, spec: &mut Spec) {
    match run {
        RunSpec::Wasm(run) => {
            spec.engine = Engine::Wasm;
            spec.wasm = WasmSpec {
                entry_module: StorageSpec {
                    storage_source: StorageSource::LocalDirectory,
                    source_path: run.module.clone(),
                    ..StorageSpec::default()
                },
                entry_point: run.entry_point.clone(),
                parameters: Some(run.args.clone()),
                environment_variables: Some(run.env.clone()).filter(|env: &BTreeMap<_, _>| !env.is_empty()),
                ..WasmSpec::default()
            };
        }
        RunSpec::Docker(run) => {
            spec.engine = Engine::Docker;
            spec.docker = DockerSpec {
                image: run.image.clone(),
                entrypoint: run.entrypoint.clone(),
                parameters: Some(run.parameters.clone()).filter(|list| !list.is_empty()),
                environment_variables: Some(run.env.clone()).filter(|list| !list.is_empty()),
                working_directory: run.working_directory.clone().unwrap_or_default(),
            };
        }
        // v2 has no word for kernels: who knows only v2 must not take the job for one that it can run.
        RunSpec::Cuda(_) => spec.engine = Engine::Unknown,
    }
}

fn network(policy: &NetworkPolicy) -> NetworkSpec {
    let (kind, domains) = match policy {
        NetworkPolicy::None => (Network::None, None),
        NetworkPolicy::Full => (Network::Full, None),
        NetworkPolicy::Domains(domains) => (Network::Http, Some(domains.clone())),
    };
    NetworkSpec { r#type: kind, domains }
}

fn outputs(job: &JobSpec) -> Vec<StorageSpec> {
    let output = |output: &crate::model::OutputSpec| StorageSpec {
        name: output.name.clone(),
        path: output.path.clone(),
        ..StorageSpec::default()
    };
    job.outputs.iter().map(output).collect()
}
