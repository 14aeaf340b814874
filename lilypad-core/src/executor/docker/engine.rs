//! The connection to the engine, what it can do, and what its errors mean.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error as EngineError;
use bollard::models::{SystemInfo, SystemInfoCgroupDriverEnum, SystemInfoCgroupVersionEnum};

use crate::error::{Error, ErrorKind, Fault, Result};
use crate::rt::within;

use super::DockerConfig;
use super::meter::Hierarchy;
use super::scratch::Scratch;

const DEFAULT_SOCKET: &str = "/var/run/docker.sock";
/// How long the engine may take to answer at first.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a request may take until its answer begins: pulling and waiting for the end of a container take long.
const REQUEST: u64 = 24 * 60 * 60;
/// gVisor's name among an engine's runtimes.
const GVISOR: &str = "runsc";

/// A connected engine.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) docker: Docker,
    pub(super) config: DockerConfig,
    pub(super) scratch: Scratch,
    /// Where the counters of containers are read; `None` where this process cannot read them exactly.
    pub(super) hierarchy: Option<Hierarchy>,
    /// Podman takes some settings silently and does not follow them.
    pub(super) podman: bool,
    /// CPUs of the engine's machine.
    pub(super) cpus: Option<i64>,
    version: String,
    runtime: String,
    /// True where NVIDIA's container toolkit has told the engine how to give containers its GPUs.
    pub(super) gives_gpus: bool,
}

impl Engine {
    pub(super) async fn connect(config: DockerConfig) -> Result<Self> {
        let socket = match &config.socket {
            Some(socket) => socket.clone(),
            None => from_environment()?,
        };
        let path = socket.to_str().ok_or_else(|| {
            Error::invalid("E_DOCKER_SOCKET", format!("the path of {} is not UTF-8", socket.display()))
        })?;
        if !socket.exists() {
            return Err(down(&socket, &"there is no such socket"));
        }
        let connected = Docker::connect_with_unix(path, REQUEST, bollard::API_DEFAULT_VERSION);
        let docker = connected.map_err(|error| down(&socket, &error))?;
        let docker = match within(CONNECT, docker.negotiate_version()).await {
            Some(answer) => answer.map_err(|error| down(&socket, &error))?,
            None => return Err(down(&socket, &"it does not answer within 10 s")),
        };
        let version = docker.version().await.map_err(|error| down(&socket, &error))?;
        let info = docker.info().await.map_err(|error| down(&socket, &error))?;
        if info.os_type.as_deref() != Some("linux") {
            let got = info.os_type.unwrap_or_default();
            return Err(Error::unsupported(
                "E_DOCKER_OS",
                format!("the engine runs {got:?} containers, not linux"),
            )
            .with_fault(Fault::Provider));
        }
        let podman = version.components.iter().flatten().any(|part| part.name.contains("Podman"));
        let runtime = choose_runtime(&config, &info)?;
        let scratch = Scratch::open(&config.scratch)?;
        let hierarchy = Hierarchy::find(v2(&info), cgroupfs(&info));
        let gives_gpus = info.runtimes.iter().flatten().any(|(name, _)| name.contains("nvidia"))
            || info
                .discovered_devices
                .iter()
                .flatten()
                .any(|device| device.id.as_deref().is_some_and(|id| id.starts_with("nvidia.com/gpu")));
        let version = version.version.unwrap_or_default();
        let cpus = info.ncpu.filter(|cpus| *cpus > 0);
        Ok(Self { docker, config, scratch, hierarchy, podman, cpus, version, runtime, gives_gpus })
    }

    pub(super) fn runtime(&self) -> &str {
        &self.runtime
    }

    pub(super) fn about(&self) -> String {
        let name = if self.podman { "Podman" } else { "Docker" };
        let measured = if self.hierarchy.is_some() { "exactly" } else { "once a second" };
        format!("{name} {}, runtime {}, CPU time measured {measured}", self.version, self.runtime)
    }
}

fn v2(info: &SystemInfo) -> bool {
    info.cgroup_version == Some(SystemInfoCgroupVersionEnum::_2)
}

fn cgroupfs(info: &SystemInfo) -> bool {
    info.cgroup_driver == Some(SystemInfoCgroupDriverEnum::CGROUPFS)
}

fn choose_runtime(config: &DockerConfig, info: &SystemInfo) -> Result<String> {
    let has = |name: &str| info.runtimes.iter().flatten().any(|(known, _)| known == name);
    match &config.runtime {
        Some(wanted) if has(wanted) => Ok(wanted.clone()),
        Some(wanted) => {
            let mut known: Vec<_> = info.runtimes.iter().flatten().map(|(name, _)| name.as_str()).collect();
            known.sort_unstable();
            let message = format!("the engine has no runtime {wanted:?}; it has {}", known.join(", "));
            Err(Error::invalid("E_DOCKER_RUNTIME", message).with_fault(Fault::Provider))
        }
        None if has(GVISOR) => Ok(GVISOR.to_owned()),
        None => Ok(info.default_runtime.clone().unwrap_or_else(|| "runc".to_owned())),
    }
}

fn from_environment() -> Result<PathBuf> {
    let Some(host) = std::env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty()) else {
        return Ok(PathBuf::from(DEFAULT_SOCKET));
    };
    host.strip_prefix("unix://").map(PathBuf::from).ok_or_else(|| {
        // What a URL holds may be secret: only its scheme is shown.
        let scheme: String = host.split(':').next().unwrap_or_default().chars().take(20).collect();
        Error::unsupported("E_DOCKER_SOCKET", format!("DOCKER_HOST is a {scheme:?} address, not unix://"))
            .with_fault(Fault::Provider)
            .with_hint("run the provider on the engine's own machine, and name the engine's socket")
    })
}

fn down(socket: &Path, cause: &dyn std::fmt::Display) -> Error {
    let denied = std::os::unix::net::UnixStream::connect(socket)
        .is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied);
    let hint = if denied {
        "this user may not use the socket: add it to the group `docker`, or run the provider as root"
    } else {
        "is Docker installed and started (`systemctl start docker`)? DOCKER_HOST names another socket"
    };
    let message = format!("no Docker engine answers at {}: {cause}", socket.display());
    Error::new(ErrorKind::Unavailable, "E_DOCKER", message)
        .with_fault(Fault::Provider)
        .with_hint(hint)
        .with("socket", socket.display())
}

/// What an answer of the engine means where nothing more is known of it: the provider's own trouble.
pub(super) fn failed(what: &str, cause: EngineError) -> Error {
    Error::new(ErrorKind::Unavailable, "E_DOCKER", format!("the engine could not {what}: {}", said(&cause)))
        .with_fault(Fault::Provider)
        .with_source(cause)
}

/// The status of a refusal, where the engine gave one.
pub(super) fn status(cause: &EngineError) -> Option<u16> {
    match cause {
        EngineError::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

/// What the engine said, in one line.
pub(super) fn said(cause: &EngineError) -> String {
    let text = match cause {
        EngineError::DockerResponseServerError { message, .. } => message.clone(),
        EngineError::DockerStreamError { error } => error.clone(),
        other => other.to_string(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}
