//! How a container is created: all of its confinement is written down here.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use bollard::models::{
    ContainerCreateBody, DeviceRequest, HealthConfig, HostConfig, HostConfigLogConfig, Mount, MountType,
    ResourcesUlimits,
};

use crate::error::{Error, ErrorKind, Fault, Result};
use crate::executor::{Limits, RunRequest};
use crate::model::{DockerRun, NetworkPolicy};

use super::DockerConfig;
use super::image::Image;
use super::scratch::{Folders, user};

/// The label of what belongs to a scratch folder.
pub(super) const OWNER: &str = "network.lilypad.owner";
/// The label with the job's id.
const JOB: &str = "network.lilypad.job";
/// Most bytes of arguments and environment together.
const MAX_STRINGS: usize = 1 << 20;
/// The least memory that an engine gives a container.
const LEAST_MEMORY: u64 = 6 << 20;
/// The least CPU that a container is given: a hundredth.
const LEAST_NANO_CPUS: i64 = 10_000_000;
/// The most volumes that an image may declare.
const MAX_VOLUMES: usize = 16;
/// Open files of one process.
const OPEN_FILES: i64 = 4_096;

/// What a container is created from.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) run: &'a DockerRun,
    pub(super) request: &'a RunRequest,
    pub(super) image: &'a Image,
    pub(super) folders: &'a Folders,
    pub(super) config: &'a DockerConfig,
    pub(super) owner: &'a str,
    pub(super) runtime: &'a str,
    /// The control group around the container, where one is made.
    pub(super) group: Option<String>,
    /// CPUs of the machine: no container is given more.
    pub(super) cpus: Option<i64>,
}

impl Plan<'_> {
    /// The engine's own form of it.
    ///
    /// # Errors
    /// `InvalidInput` (`E_CONTAINER_ARGS`, `E_CONTAINER_MEMORY`, `E_IMAGE_VOLUMES`); `Rejected` or `Unsupported`
    /// (`E_CONTAINER_NETWORK`).
    pub(super) fn body(&self) -> Result<ContainerCreateBody> {
        self.check_strings()?;
        let labels = [(OWNER, self.owner), (JOB, self.request.job_id.as_str())];
        Ok(ContainerCreateBody {
            image: Some(self.image.id.clone()),
            entrypoint: self.run.entrypoint.clone(),
            cmd: (!self.run.parameters.is_empty()).then(|| self.run.parameters.clone()),
            env: Some(self.environment()),
            working_dir: self.run.working_directory.clone(),
            user: (!self.config.image_user).then(user),
            hostname: Some("job".to_owned()),
            attach_stdin: Some(false),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: Some(false),
            // What an image does to see whether it is well is not the job, and costs CPU time.
            healthcheck: Some(HealthConfig {
                test: Some(vec!["NONE".to_owned()]),
                ..HealthConfig::default()
            }),
            labels: Some(labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
            host_config: Some(self.host()?),
            ..ContainerCreateBody::default()
        })
    }

    fn host(&self) -> Result<HostConfig> {
        let limits = &self.request.limits;
        let memory = memory(limits, self.folders.in_memory)?;
        let mut tmpfs = self.volumes(limits)?;
        tmpfs.insert("/tmp".to_owned(), tmpfs_options(limits, "1777"));
        Ok(HostConfig {
            network_mode: Some(self.network()?.to_owned()),
            readonly_rootfs: Some(!self.config.writable_root),
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
            privileged: Some(false),
            ipc_mode: Some("private".to_owned()),
            shm_size: Some(signed(half(limits.memory_bytes).min(64 << 20))),
            memory: Some(memory),
            // The same: nothing is swapped.
            memory_swap: Some(memory),
            nano_cpus: self.nano_cpus(),
            pids_limit: Some(i64::from(limits.processes)),
            ulimits: Some(self.ulimits(limits)),
            mounts: Some(self.mounts()?),
            tmpfs: Some(tmpfs.into_iter().collect::<HashMap<_, _>>()),
            // What it prints comes to us and is written nowhere else.
            log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
            cgroup_parent: self.group.clone(),
            device_requests: self.gpus(),
            runtime: Some(self.runtime.to_owned()),
            ..HostConfig::default()
        })
    }

    /// The job's own GPUs and no other: without a request, a container sees none.
    fn gpus(&self) -> Option<Vec<DeviceRequest>> {
        let ids = &self.request.gpus;
        (!ids.is_empty()).then(|| {
            vec![DeviceRequest {
                device_ids: Some(ids.clone()),
                capabilities: Some(vec![vec!["gpu".to_owned()]]),
                ..DeviceRequest::default()
            }]
        })
    }

    fn network(&self) -> Result<&'static str> {
        match &self.request.network {
            NetworkPolicy::None => Ok("none"),
            NetworkPolicy::Full if self.config.network => Ok("bridge"),
            NetworkPolicy::Full => {
                let message = "the provider gives jobs no network";
                Err(Error::new(ErrorKind::Rejected, "E_CONTAINER_NETWORK", message)
                    .with_fault(Fault::Provider))
            }
            NetworkPolicy::Domains(_) => {
                let message = "the container executor cannot bound a network to some domains";
                Err(Error::unsupported("E_CONTAINER_NETWORK", message)
                    .with_fault(Fault::Provider)
                    .with_hint("ask for no network, and hand what the job needs over as input files"))
            }
        }
    }

    /// The job's variables, and a home that it can write where neither it nor its image names one.
    fn environment(&self) -> Vec<String> {
        let mut env = self.run.env.clone();
        let named = |env: &[String]| env.iter().any(|variable| variable.starts_with("HOME="));
        if !named(&env) && !self.image.config.env.as_deref().is_some_and(named) {
            env.push("HOME=/tmp".to_owned());
        }
        env
    }

    fn check_strings(&self) -> Result<()> {
        let run = self.run;
        let entrypoint = run.entrypoint.iter().flatten();
        let strings =
            || entrypoint.clone().chain(&run.parameters).chain(&run.env).chain(&run.working_directory);
        if strings().any(|text| text.contains('\0')) {
            let message = "an argument or variable of the container holds a NUL";
            return Err(Error::invalid("E_CONTAINER_ARGS", message));
        }
        let bytes: usize = strings().map(|text| text.len().saturating_add(1)).sum();
        if bytes > MAX_STRINGS {
            let message = format!(
                "the arguments and variables of the container have {bytes} bytes; the limit is {MAX_STRINGS}"
            );
            return Err(Error::invalid("E_CONTAINER_ARGS", message)
                .with("limit", MAX_STRINGS)
                .with("got", bytes));
        }
        Ok(())
    }

    fn nano_cpus(&self) -> Option<i64> {
        // The kernel gives no smaller share.
        let wanted = i64::from(self.request.limits.milli_cpus).saturating_mul(1_000_000);
        let wanted = if wanted > 0 { wanted.max(LEAST_NANO_CPUS) } else { 0 };
        let there = self.cpus.map_or(i64::MAX, |cpus| cpus.saturating_mul(1_000_000_000));
        (wanted > 0).then(|| wanted.min(there))
    }

    fn ulimits(&self, limits: &Limits) -> Vec<ResourcesUlimits> {
        let limit = |name: &str, most: i64| ResourcesUlimits {
            name: Some(name.to_owned()),
            soft: Some(most),
            hard: Some(most),
        };
        // One byte more than is allowed, so that too much is seen as too much.
        let file = signed(limits.output_bytes.max(limits.memory_bytes).saturating_add(1));
        vec![limit("core", 0), limit("nofile", OPEN_FILES), limit("fsize", file)]
    }

    fn mounts(&self) -> Result<Vec<Mount>> {
        let bind = |source: &Path, target: &str, read_only: bool| -> Result<Mount> {
            let source = source.to_str().ok_or_else(|| {
                Error::invalid("E_DOCKER_SCRATCH", "the path of the scratch folder is not UTF-8")
                    .with_fault(Fault::Provider)
            })?;
            Ok(Mount {
                typ: Some(MountType::BIND),
                source: Some(source.to_owned()),
                target: Some(target.to_owned()),
                read_only: Some(read_only),
                ..Mount::default()
            })
        };
        let mut mounts = vec![bind(&self.folders.inputs(), "/inputs", true)?];
        for output in &self.folders.outputs {
            mounts.push(bind(&output.folder, &output.target, false)?);
        }
        Ok(mounts)
    }

    /// Volumes that the image declares would be folders on disk that nothing bounds: they become memory, which is.
    fn volumes(&self, limits: &Limits) -> Result<BTreeMap<String, String>> {
        let declared = self.image.config.volumes.iter().flatten();
        let mut taken = self.folders.outputs.iter().map(|output| output.target.as_str()).collect::<Vec<_>>();
        taken.extend(["/inputs", "/tmp"]);
        let volumes: BTreeMap<_, _> = declared
            .map(|path| path.trim_end_matches('/'))
            .filter(|path| path.starts_with('/') && !taken.contains(path))
            .map(|path| (path.to_owned(), tmpfs_options(limits, "1777")))
            .collect();
        if volumes.len() > MAX_VOLUMES {
            let message = format!("the image declares {} volumes; the limit is {MAX_VOLUMES}", volumes.len());
            return Err(Error::invalid("E_IMAGE_VOLUMES", message).with_fault(Fault::Module));
        }
        Ok(volumes)
    }
}

/// A file system in memory: it counts as the job's memory, of which it may take half.
fn tmpfs_options(limits: &Limits, mode: &str) -> String {
    let nodes = u64::from(limits.output_files).saturating_mul(4).max(1_024);
    format!("rw,exec,nosuid,nodev,size={},nr_inodes={nodes},mode={mode}", half(limits.memory_bytes))
}

/// Outputs that lie in memory are not the job's own memory: they come on top.
fn memory(limits: &Limits, in_memory: bool) -> Result<i64> {
    if limits.memory_bytes < LEAST_MEMORY {
        let got = limits.memory_bytes;
        let message = format!("a container needs {LEAST_MEMORY} bytes of memory at least; the job has {got}");
        return Err(Error::invalid("E_CONTAINER_MEMORY", message)
            .with_hint("ask for more in machine.ram")
            .with("limit", LEAST_MEMORY)
            .with("got", got));
    }
    let outputs = if in_memory { limits.output_bytes } else { 0 };
    Ok(signed(limits.memory_bytes.saturating_add(outputs)))
}

fn half(bytes: u64) -> u64 {
    bytes / 2
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
