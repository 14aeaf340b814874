//! What runs jobs on this machine, and how tightly: the executors of a provider and of the network in this process.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use lilypad_core::executor::Executor;
use lilypad_core::executor::docker::{DockerConfig, DockerExecutor, PullPolicy};
use lilypad_core::executor::wasm::WasmExecutor;
use lilypad_core::market::NetworkAccess;
use lilypad_core::model::{GpuSpec, RunSpec};
use lilypad_core::{Error, Result};

use crate::cuda;
use crate::job::{self, Asked};
use crate::report::Report;

/// So many processes with containers may share a data folder.
const MOST_FOLDERS: u32 = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// WebAssembly programs, in this process.
    Wasm,
    /// Containers, in a Docker engine.
    Docker,
    /// GPU kernels, through CUDA's driver.
    Cuda,
}

/// What runs jobs here, and which GPUs it gives them.
#[derive(Default)]
pub(crate) struct Chosen {
    pub(crate) executors: Vec<Arc<dyn Executor>>,
    /// Those that kernels get: the executor finds them itself.
    pub(crate) gpus: Vec<GpuSpec>,
    /// Whether containers can be given GPUs by their ids, where containers run.
    pub(crate) containers: Option<bool>,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Executors")]
pub(crate) struct ExecutorArgs {
    /// What runs jobs on this machine; may be given several times. Default: wasm, and docker where an engine answers and
    /// containers are to run; cuda for kernels on the network in this process.
    #[arg(long = "executor", value_name = "KIND", value_enum)]
    pub(crate) executors: Vec<Kind>,
    /// Socket of the Docker engine. Default: DOCKER_HOST, else /var/run/docker.sock.
    #[arg(long, value_name = "PATH")]
    docker_socket: Option<PathBuf>,
    /// Folder for what containers read and write while they run; the engine must see it too. Default: docker in the data
    /// folder.
    #[arg(long, value_name = "DIR")]
    docker_scratch: Option<PathBuf>,
    /// Registry from which images may come, such as ghcr.io; may be given several times. Default: all.
    #[arg(long = "docker-registry", value_name = "HOST")]
    docker_registries: Vec<String>,
    /// Take only images that are named by digest.
    #[arg(long)]
    docker_digest_only: bool,
    /// Fetch no images: run only those that the engine has.
    #[arg(long)]
    docker_no_pull: bool,
    /// Runtime that confines containers, by its name in the engine. Default: runsc (gVisor) where there is one.
    #[arg(long, value_name = "NAME")]
    docker_runtime: Option<String>,
    /// Let containers run as the user that their image names, root too.
    #[arg(long)]
    docker_image_user: bool,
    /// Let containers write outside of /tmp and their outputs. Nothing bounds how much.
    #[arg(long)]
    docker_writable_root: bool,
    /// Give jobs that ask for it the network, all of it: also what this machine can reach and others cannot.
    #[arg(long)]
    docker_network: bool,
    /// GPU that kernels get, by the driver's number, from 0; may be given several times. Default: all.
    #[arg(long = "cuda-device", value_name = "NUMBER")]
    cuda_devices: Vec<u32>,
    /// Run modules in CUDA C, too, where CUDA's compiler (NVRTC) is there. They see the files of this machine that they include.
    #[arg(long)]
    cuda_compile: bool,
}

impl ExecutorArgs {
    /// The executors of a provider.
    pub(crate) async fn of_provider(&self, report: &Report) -> Result<Chosen> {
        match self.executors.is_empty() {
            false => self.named(None, report).await,
            true => {
                let mut chosen = Chosen { executors: vec![wasm()?], ..Chosen::default() };
                match self.docker(&mut chosen, None, report).await {
                    Ok(()) => {}
                    // Whoever asked for a socket wants containers.
                    Err(error) if self.docker_socket.is_some() => return Err(error),
                    Err(error) => report.field("docker", format!("no containers: {}", error.message())),
                }
                Ok(chosen)
            }
        }
    }

    /// The executors of the network in this process: those that are named, else what the module needs.
    pub(crate) async fn of_job(
        &self,
        asked: &Asked,
        data_dir: Option<&Path>,
        report: &Report,
    ) -> Result<Chosen> {
        if !self.executors.is_empty() {
            return self.named(data_dir, report).await;
        }
        let rendered = asked.module.render(&asked.inputs)?;
        let mut chosen = Chosen { executors: vec![wasm()?], ..Chosen::default() };
        match rendered.runnable().map(|spec| &spec.run) {
            Ok(RunSpec::Docker(_)) => self.docker(&mut chosen, data_dir, report).await?,
            Ok(RunSpec::Cuda(_)) => self.cuda(&mut chosen, report).await?,
            _ => {}
        }
        Ok(chosen)
    }

    /// The most that a job may reach here.
    pub(crate) fn network(&self) -> NetworkAccess {
        if self.docker_network { NetworkAccess::Full } else { NetworkAccess::None }
    }

    /// The engine that containers run in.
    pub(crate) async fn container_engine(&self, data_dir: Option<&Path>) -> Result<DockerExecutor> {
        match &self.docker_scratch {
            Some(folder) => DockerExecutor::connect(self.config(folder)).await,
            None => self.in_a_free_folder(&job::data_dir(data_dir)?.join("docker")).await,
        }
    }

    /// True where containers are named, and not only welcome.
    pub(crate) fn asks_for_containers(&self) -> bool {
        self.executors.contains(&Kind::Docker) || self.docker_socket.is_some()
    }

    /// Refuses flags that say how jobs run here where they run elsewhere.
    pub(crate) fn check_remote(&self) -> Result<()> {
        if self.executors.is_empty() {
            return Ok(());
        }
        Err(Error::invalid(
            "E_REMOTE_FLAG",
            "--executor has no meaning here: the network's providers run the job",
        )
        .with_hint("leave --executor out, or use --network local"))
    }

    async fn named(&self, data_dir: Option<&Path>, report: &Report) -> Result<Chosen> {
        let mut chosen = Chosen::default();
        if self.executors.contains(&Kind::Docker) && self.executors.contains(&Kind::Cuda) {
            let message = "containers and kernels of one provider would be given the same GPU";
            return Err(Error::invalid("E_GPU_SHARED", message)
                .with_hint("run two providers, each with GPUs of its own: --gpu and --cuda-device"));
        }
        if self.executors.contains(&Kind::Wasm) {
            chosen.executors.push(wasm()?);
        }
        if self.executors.contains(&Kind::Docker) {
            self.docker(&mut chosen, data_dir, report).await?;
        }
        if self.executors.contains(&Kind::Cuda) {
            self.cuda(&mut chosen, report).await?;
        }
        Ok(chosen)
    }

    async fn cuda(&self, chosen: &mut Chosen, report: &Report) -> Result<()> {
        let (cuda, gpus) = cuda::connect(&self.cuda_devices, self.cuda_compile, report).await?;
        chosen.executors.push(cuda);
        chosen.gpus = gpus;
        Ok(())
    }

    async fn docker(&self, chosen: &mut Chosen, data_dir: Option<&Path>, report: &Report) -> Result<()> {
        let docker = self.container_engine(data_dir).await?;
        report.field("docker", docker.about());
        chosen.containers = Some(docker.gives_gpus());
        chosen.executors.push(Arc::new(docker));
        Ok(())
    }

    /// One process at a time uses a folder: the first that is free, so that what a killed process left is found again.
    async fn in_a_free_folder(&self, root: &Path) -> Result<DockerExecutor> {
        let mut number = 0;
        loop {
            let connected = DockerExecutor::connect(self.config(&root.join(number.to_string()))).await;
            match connected {
                Err(error) if error.code() == "E_DOCKER_SCRATCH" && number < MOST_FOLDERS => number += 1,
                connected => return connected,
            }
        }
    }

    fn config(&self, scratch: &Path) -> DockerConfig {
        DockerConfig {
            socket: self.docker_socket.clone(),
            pull: if self.docker_no_pull { PullPolicy::Never } else { PullPolicy::Missing },
            registries: self.docker_registries.clone(),
            digest_only: self.docker_digest_only,
            image_user: self.docker_image_user,
            writable_root: self.docker_writable_root,
            network: self.docker_network,
            runtime: self.docker_runtime.clone(),
            ..DockerConfig::new(scratch)
        }
    }
}

fn wasm() -> Result<Arc<dyn Executor>> {
    Ok(Arc::new(WasmExecutor::new()?))
}
