//! A rendered v2 module becomes a job. Every field that would change the job's meaning and that this system cannot honour
//! is a refusal; every other field without effect is a warning. None is dropped in silence.

use std::collections::BTreeSet;
use std::time::Duration;

use super::keys::place;
use super::{given, view};
use crate::model::image_ref;
use crate::model::json::Value;
use crate::model::v2::{Engine, Module, Network, Publisher, Spec, StorageSpec};
use crate::model::{Determinism, DockerRun, FileSet, JobLimits, JobSpec, NetworkPolicy, OutputSpec, RunSpec};
use crate::module::finding::Finding;
use crate::module::lint::found;
use crate::module::manifest::loose_bytes;

/// What came of a rendered module.
pub(super) struct Examined {
    /// The job, meaningful only without refusals.
    pub(super) spec: JobSpec,
    pub(super) refusals: Vec<Finding>,
    pub(super) warnings: Vec<Finding>,
}

struct Examiner<'a> {
    module: &'a Module,
    spec: &'a Spec,
    value: &'a Value,
    source: &'a str,
    refusals: Vec<Finding>,
    warnings: Vec<Finding>,
}

/// Reads what the module asks for; `value` is the same module as plain JSON, `source` the template.
pub(super) fn examine(module: &Module, value: &Value, source: &str) -> Examined {
    let spec = &module.job.spec;
    let mut examiner = Examiner { module, spec, value, source, refusals: Vec::new(), warnings: Vec::new() };
    examiner.engine();
    examiner.elsewhere();
    let job = JobSpec {
        run: RunSpec::Docker(examiner.docker()),
        machine: module.machine.clone(),
        gpus: Vec::new(),
        min_driver: None,
        min_cuda: None,
        required_files: module.input_files.required.clone().unwrap_or_default(),
        optional_files: module.input_files.optional.clone().unwrap_or_default(),
        outputs: examiner.outputs(),
        timeout: examiner.timeout(),
        limits: examiner.limits(),
        network: examiner.network(),
        determinism: Determinism::None,
    };
    examiner.machine();
    examiner.files();
    Examined { spec: job, refusals: examiner.refusals, warnings: examiner.warnings }
}

impl Examiner<'_> {
    fn refuse(&mut self, code: &'static str, path: &[&str], message: impl Into<String>) {
        let place = place(self.source, path);
        self.refusals.push(Finding::error(code, message).at(place).on(full(path)));
    }

    fn warn(&mut self, rule: &'static str, path: &[&str], message: impl Into<String>) {
        let place = place(self.source, path);
        self.warnings.push(found(rule, message).at(place).on(full(path)));
    }

    fn engine(&mut self) {
        let image = !self.spec.docker.image.is_empty();
        let old = !self.spec.engine_spec.r#type.is_empty() || self.spec.engine_spec.params.is_some();
        match self.spec.engine {
            Engine::Wasm => {
                let message =
                    "the program of a v2 WebAssembly job comes from a storage, which is not supported";
                self.refuse("E_SPEC_WASM", &["Wasm", "EntryModule"], message);
            }
            Engine::Docker => {}
            Engine::Unknown if !given(self.value, &["job", "Spec", "Engine"]) => {
                if image {
                    let message = "`Engine` is not given: taken as Docker, as the reference does";
                    self.warn("engine-missing", &["Spec"], message);
                }
            }
            _ => {
                let engine = view::text(self.value, &["job", "Spec", "Engine"]).unwrap_or_default();
                let shown: String = engine.chars().take(40).collect();
                self.refuse("E_SPEC_ENGINE", &["Spec", "Engine"], format!("there is no engine {shown:?}"));
            }
        }
        if old && !image {
            let message = "the container stands in `EngineSpec`, which is not supported";
            self.refuse("E_SPEC_ENGINE_SPEC", &["EngineSpec"], message);
        } else if old {
            self.warn("no-effect", &["EngineSpec"], "`EngineSpec` has no effect: `Docker` is what runs");
        }
        let wasm = &self.spec.wasm;
        let program = wasm.entry_module != StorageSpec::default() || !wasm.entry_point.is_empty();
        if program && self.spec.engine != Engine::Wasm {
            self.warn("no-effect", &["Wasm"], "`Wasm` has no effect beside `Docker`");
        }
    }

    fn docker(&mut self) -> DockerRun {
        let docker = &self.spec.docker;
        let elsewhere =
            self.refusals.iter().any(|refusal| matches!(refusal.rule, "E_SPEC_ENGINE_SPEC" | "E_SPEC_WASM"));
        if !elsewhere && let Err(why) = image_ref::parse(&docker.image) {
            let shown: String = docker.image.chars().take(120).collect();
            self.refuse("E_SPEC_IMAGE", &["Docker", "Image"], format!("image {shown:?} {why}"));
        }
        let lists = [
            ("Entrypoint", &docker.entrypoint),
            ("Parameters", &docker.parameters),
            ("EnvironmentVariables", &docker.environment_variables),
        ];
        for (key, list) in lists {
            if list.iter().flatten().any(|text| text.contains('\0')) {
                let message = format!("`Docker.{key}` holds a NUL byte, which no program can be given");
                self.refuse("E_SPEC_NUL", &["Docker", key], message);
            }
        }
        let env = docker.environment_variables.clone().unwrap_or_default();
        if env.iter().any(|pair| pair.split_once('=').is_none_or(|(name, _)| name.is_empty())) {
            let message = "an environment variable is not `NAME=value`: the job does not get it";
            self.warn("env-without-value", &["EnvironmentVariables"], message);
        }
        DockerRun {
            image: docker.image.clone(),
            entrypoint: docker.entrypoint.clone().filter(|entrypoint| !entrypoint.is_empty()),
            parameters: docker.parameters.clone().unwrap_or_default(),
            env,
            working_directory: Some(docker.working_directory.clone()).filter(|path| !path.is_empty()),
        }
    }

    /// Fields that ask for something beside the job itself.
    fn elsewhere(&mut self) {
        for input in self.spec.inputs.iter().flatten() {
            let message = format!("an input volume from {} is not supported", input.storage_source);
            self.refuse("E_SPEC_STORAGE", &["Inputs"], message);
        }
        let publishers = [
            (["Publisher"].as_slice(), self.spec.publisher),
            (&["PublisherSpec", "Type"], self.spec.publisher_spec.r#type),
        ];
        for (path, publisher) in publishers {
            match publisher {
                Publisher::Unknown | Publisher::Noop => {}
                Publisher::Estuary => {
                    let message =
                        "the publisher Estuary does not exist any more; results travel through the network";
                    self.warn("publisher-estuary", path, message);
                }
                other => {
                    let message = format!(
                        "nothing is published to {}: results travel through the network",
                        other.as_str().to_uppercase()
                    );
                    self.warn("publisher-unused", path, message);
                }
            }
        }
        if self.spec.node_selectors.as_ref().is_some_and(|selectors| !selectors.is_empty()) {
            self.refuse("E_SPEC_NODE_SELECTORS", &["NodeSelectors"], "node selectors are not supported");
        }
        if self.spec.deal.concurrency > 1 || self.spec.deal.targeting_mode {
            self.refuse("E_SPEC_DEAL", &["Deal"], "a job runs on one machine: `Deal` cannot ask for more");
        }
        let metadata = &self.module.job.metadata;
        if !metadata.id.is_empty() || !metadata.client_id.is_empty() {
            self.warn(
                "no-effect",
                &["Metadata"],
                "`Metadata` has no effect: the network names its jobs itself",
            );
        }
        if self.spec.annotations.as_ref().is_some_and(|labels| !labels.is_empty()) {
            self.warn("no-effect", &["Annotations"], "`Annotations` have no effect");
        }
    }

    fn outputs(&mut self) -> Vec<OutputSpec> {
        let mut names = BTreeSet::new();
        let outputs: Vec<OutputSpec> = self
            .spec
            .outputs
            .iter()
            .flatten()
            .map(|output| OutputSpec {
                name: output.name.clone(),
                path: output.path.clone(),
                media_type: None,
            })
            .collect();
        for output in &outputs {
            let taken = matches!(output.name.as_str(), "stdout" | "stderr" | "exitCode");
            let plain = !output.name.contains('/') && FileSet::new().insert(output.name.as_str(), "").is_ok();
            let path = output.path.strip_prefix('/').unwrap_or_default();
            if taken || !plain || !names.insert(output.name.clone()) {
                let shown: String = output.name.chars().take(80).collect();
                let message = format!("an output cannot be named {shown:?}");
                self.refuse("E_SPEC_OUTPUT", &["Outputs"], message);
            }
            if FileSet::new().insert(path.trim_end_matches('/'), "").is_err() {
                let shown: String = output.path.chars().take(80).collect();
                let message = format!("output path {shown:?} is not an absolute path below the root");
                self.refuse("E_SPEC_OUTPUT", &["Outputs"], message);
            }
        }
        outputs
    }

    /// The shorter of the two time limits that a v2 module can set.
    fn timeout(&mut self) -> Option<Duration> {
        let Ok(job) = u64::try_from(self.spec.timeout) else {
            let message = format!("`Timeout` must not be negative, is {}", self.spec.timeout);
            self.refuse("E_NUMBER", &["Spec", "Timeout"], message);
            return None;
        };
        let both = [job, self.module.execution_timeout_seconds];
        both.into_iter().filter(|seconds| *seconds > 0).min().map(Duration::from_secs)
    }

    fn limits(&mut self) -> JobLimits {
        let memory = self.spec.resources.memory.trim();
        if memory.is_empty() {
            return JobLimits::default();
        }
        let memory_bytes = loose_bytes(memory);
        if memory_bytes.is_none() {
            let shown: String = memory.chars().take(40).collect();
            let message = format!("`Resources.Memory` {shown:?} is not a size");
            self.refuse("E_SPEC_RESOURCES", &["Resources", "Memory"], message);
        }
        if memory.bytes().all(|byte| byte.is_ascii_digit()) {
            let message = format!("`Resources.Memory` is {memory} bytes, as it has no unit");
            self.warn("memory-without-unit", &["Resources", "Memory"], message);
        }
        JobLimits { memory_bytes, ..JobLimits::default() }
    }

    fn network(&mut self) -> NetworkPolicy {
        let domains = self.spec.network.domains.clone().unwrap_or_default();
        if !domains.is_empty() && self.spec.network.r#type != Network::Http {
            self.warn(
                "no-effect",
                &["Network", "Domains"],
                "`Network.Domains` has an effect only with the type HTTP",
            );
        }
        match self.spec.network.r#type {
            Network::None => NetworkPolicy::None,
            Network::Full => NetworkPolicy::Full,
            Network::Http => NetworkPolicy::Domains(domains),
        }
    }

    fn machine(&mut self) {
        let machine = &self.module.machine;
        let numbers = [
            ("gpu", machine.gpu),
            ("cpu", machine.cpu),
            ("ram", machine.ram),
            ("disk", machine.disk),
            ("gpus", machine.gpus.iter().flatten().map(|gpu| gpu.vram).min().unwrap_or(0)),
        ];
        for (key, _) in numbers.into_iter().filter(|(_, number)| *number < 0) {
            self.refuse("E_NUMBER", &["machine", key], format!("`machine.{key}` must not be negative"));
        }
        let resources = &self.spec.resources;
        let gpus = resources.gpu.trim().parse::<i64>().unwrap_or(0);
        if gpus != machine.gpu {
            let message = format!(
                "`Resources.GPU` is {gpus}, but the machine is chosen by `machine.gpu`, {}",
                machine.gpu
            );
            self.warn("gpu-mismatch", &["Resources", "GPU"], message);
        }
        for (key, text) in [("CPU", &resources.cpu), ("Disk", &resources.disk)] {
            if !text.trim().is_empty() {
                let message = format!(
                    "`Resources.{key}` has no effect: the machine is chosen by `machine.{}`",
                    key.to_lowercase()
                );
                self.warn("no-effect", &["Resources", key], message);
            }
        }
    }

    fn files(&mut self) {
        let files = &self.module.input_files;
        let mut names = BTreeSet::new();
        let all = files.required.iter().chain(&files.optional).flatten();
        let wrong = all.filter(|name| {
            let plain = !name.contains('/') && FileSet::new().insert(name.as_str(), "").is_ok();
            !plain || !names.insert(name.as_str())
        });
        let wrong: Vec<String> = wrong.take(4).map(|name| name.chars().take(80).collect()).collect();
        if !wrong.is_empty() {
            let message = format!("`inputFiles` must name plain files, each once: {wrong:?}");
            self.refuse("E_SPEC_FILES", &["inputFiles"], message);
        }
    }
}

/// A field's path from the root, for reports.
fn full(path: &[&str]) -> String {
    let root = matches!(path.first(), Some(&"machine" | &"inputFiles"));
    let path = path.join(".");
    let path = path.strip_prefix("Spec.").unwrap_or(&path);
    if root { path.to_owned() } else { format!("job.Spec.{path}") }
}
