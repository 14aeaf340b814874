//! Runs containers through a Docker engine, or what speaks its API.
//!
//! Layout: [`config`](DockerConfig) is what the provider allows; `engine` is the connection and its errors; `image` finds
//! the image and pins it; `spec` writes down how the container is created, which is the whole of its confinement;
//! `scratch` holds the job's folders; `meter` reads what it used; `job` is one run from its image to its outcome, and
//! `watch` what may stop it; `outputs` collects what it left; `reap` removes what an earlier process left behind.
//!
//! A container gets no network, no capabilities, no privileges beyond its start, a root file system that it cannot write,
//! a user that is not root, and limits on CPU, memory, processes, files and logs; [`DockerConfig`] says what a provider may
//! loosen. Work is measured in nanoseconds of CPU time.

mod config;
mod engine;
mod image;
mod job;
mod meter;
mod outputs;
mod reap;
mod scratch;
mod spec;
mod watch;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::error::{Error, Result};
use crate::model::RunSpec;
use crate::rt::{BoxFuture, CancelReason, CancelToken, spawn};

use super::{EventSink, Executor, RunOutcome, RunRequest};
pub use config::{DockerConfig, PullPolicy};
use engine::Engine;

/// Runs container jobs.
///
/// Clones share one connection. Where the future of [`Executor::run`] is dropped, the container is stopped and removed
/// all the same; what a killed process leaves is removed by the next [`DockerExecutor::connect`] with the same scratch
/// folder.
///
/// ```no_run
/// use lilypad_core::executor::docker::{DockerConfig, DockerExecutor};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> lilypad_core::Result<()> {
/// let docker = DockerExecutor::connect(DockerConfig::new("/var/lib/lilypad/docker")).await?;
/// println!("{}", docker.about());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DockerExecutor(Arc<Engine>);

impl DockerExecutor {
    /// Connects to the engine and removes what an earlier process with the same scratch folder left there.
    ///
    /// # Errors
    /// `Unavailable`: `E_DOCKER` where no engine answers, `E_DOCKER_SCRATCH` where the scratch folder cannot be used or
    /// another process uses it; `Unsupported` (`E_DOCKER_VERSION`, `E_DOCKER_OS`) for an engine that cannot run such jobs.
    pub async fn connect(config: DockerConfig) -> Result<Self> {
        let engine = Engine::connect(config).await?;
        reap::leftovers(&engine).await?;
        Ok(Self(Arc::new(engine)))
    }

    /// What answers, in one line: the engine, its version, and how containers are confined and measured.
    #[must_use]
    pub fn about(&self) -> String {
        self.0.about()
    }

    /// The runtime that confines containers (`runc`, `runsc`).
    #[must_use]
    pub fn runtime(&self) -> &str {
        self.0.runtime()
    }

    /// True where the engine can give containers NVIDIA's GPUs: its container toolkit is there.
    #[must_use]
    pub fn gives_gpus(&self) -> bool {
        self.0.gives_gpus
    }

    /// True where the CPU time of containers is read from the kernel to the nanosecond, and not asked for once a second.
    #[must_use]
    pub fn measures_exactly(&self) -> bool {
        self.0.hierarchy.is_some()
    }

    /// Fetches an image before a job needs it.
    ///
    /// # Errors
    /// As a job that names the image: `E_IMAGE_…`.
    pub async fn pull(&self, image: &str, events: &EventSink) -> Result<()> {
        image::find(&self.0, image, events).await.map(drop)
    }
}

impl Executor for DockerExecutor {
    fn name(&self) -> &'static str {
        "docker"
    }

    fn accepts(&self, run: &RunSpec) -> bool {
        matches!(run, RunSpec::Docker(_))
    }

    fn run<'a>(
        &'a self,
        request: RunRequest,
        events: EventSink,
        cancel: CancelToken,
    ) -> BoxFuture<'a, Result<RunOutcome>> {
        let engine = Arc::clone(&self.0);
        Box::pin(async move {
            // A task of its own: it cleans up where nobody waits for it any more.
            let (done, answer) = oneshot::channel();
            let left_alone = LeftAlone::default();
            let abandoned = left_alone.0.clone();
            spawn(async move {
                // Nobody waits any more where this fails.
                let _ = done.send(job::run(&engine, request, &events, [&cancel, &abandoned]).await);
            });
            let ended = answer.await;
            drop(left_alone);
            ended.map_err(|source| {
                Error::unexpected("the task of a container stopped before it answered").with_source(source)
            })?
        })
    }
}

/// Stops the container when nobody waits for it any more.
#[derive(Default)]
struct LeftAlone(CancelToken);

impl Drop for LeftAlone {
    fn drop(&mut self) {
        self.0.cancel(CancelReason::Shutdown);
    }
}
