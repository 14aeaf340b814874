//! One run of a container, from its image to its outcome.

use std::sync::Arc;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::errors::Error as EngineError;
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, KillContainerOptionsBuilder,
    StopContainerOptionsBuilder, WaitContainerOptions,
};
use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;

use crate::error::{Error, ErrorKind, Fault, Result};
use crate::executor::log::Log;
use crate::executor::outputs::{check_outputs, results};
use crate::executor::{EventSink, ExecutorEvent, LimitKind, RunOutcome, RunRequest, StopReason, Usage};
use crate::model::{DockerRun, RunSpec};
use crate::rt::{BoxFuture, CancelReason, CancelToken, Clock, blocking, spawn};

use super::engine::{Engine, failed, said, status};
use super::image::{self, Image};
use super::scratch::Folders;
use super::spec::Plan;
use super::watch::{TICK, Watch};
use super::{outputs, reap};

/// How long a killed container may take to end, and its last output to arrive.
const END: Duration = Duration::from_secs(20);
/// The exit code of a process that was killed.
const KILLED: i64 = 137;

/// Runs a container and removes everything of it again, however it ends.
pub(super) async fn run(
    engine: &Arc<Engine>,
    request: RunRequest,
    events: &EventSink,
    cancels: [&CancelToken; 2],
) -> Result<RunOutcome> {
    let RunSpec::Docker(run) = &request.run else {
        return Err(Error::unsupported("E_EXECUTOR", "the container executor runs containers only")
            .with_hint("choose an executor that accepts the module"));
    };
    check_outputs(&request.outputs)?;
    let image = tokio::select! {
        biased;
        reason = cancelled(cancels) => return not_started(reason),
        image = image::find(engine, &run.image, events) => image?,
    };
    let name = engine.scratch.name(&request.job_id);
    let folders = {
        let (engine, name, request) = (Arc::clone(engine), name.clone(), request.clone());
        Arc::new(blocking(move || engine.scratch.folders(&name, &request)).await?)
    };
    let job = Job { engine, name: &name, request: &request, run, image: &image, folders: &folders, events };
    let ended = job.drive(cancels).await;
    reap::after(engine, &name, folders).await;
    ended
}

/// Which of the tokens asks first.
async fn cancelled([one, other]: [&CancelToken; 2]) -> CancelReason {
    tokio::select! {
        biased;
        reason = one.cancelled() => reason,
        reason = other.cancelled() => reason,
    }
}

fn not_started(reason: CancelReason) -> Result<RunOutcome> {
    let stop = StopReason::Cancelled(reason);
    let results = results(Vec::new(), Vec::new(), &stop)?;
    Ok(RunOutcome { stop, usage: Usage::default(), results })
}

struct Job<'a> {
    engine: &'a Engine,
    name: &'a str,
    request: &'a RunRequest,
    run: &'a DockerRun,
    image: &'a Image,
    folders: &'a Arc<Folders>,
    events: &'a EventSink,
}

/// What a container wrote.
struct Logs {
    stdout: Log,
    stderr: Log,
}

impl Logs {
    /// False where a log is full.
    fn write(&mut self, output: LogOutput) -> bool {
        match output {
            LogOutput::StdErr { message } => self.stderr.write(&message),
            LogOutput::StdOut { message } | LogOutput::Console { message } => self.stdout.write(&message),
            LogOutput::StdIn { .. } => true,
        }
    }
}

impl Job<'_> {
    async fn drive(&self, cancels: [&CancelToken; 2]) -> Result<RunOutcome> {
        let limits = self.request.limits;
        let (folders, events) = (Arc::clone(self.folders), self.events.clone());
        let mut watch = Watch::new(self.engine, self.name, limits, folders, events);
        self.create(watch.group()).await?;
        let options = AttachContainerOptionsBuilder::default().stream(true).stdout(true).stderr(true).build();
        let attached = self.engine.docker.attach_container(self.name, Some(options)).await;
        let mut output = attached.map_err(|cause| failed("attach to a container", cause))?.output;
        let log = |wrap| Log::new(limits.log_bytes, self.events.clone(), wrap);
        let mut logs = Logs { stdout: log(ExecutorEvent::Stdout), stderr: log(ExecutorEvent::Stderr) };
        self.start().await?;
        let (code, stop) = self.follow(&mut watch, &mut output, &mut logs, cancels).await?;
        logs.stdout.finish();
        logs.stderr.finish();
        let stop = match stop {
            Some(stop) => stop,
            None => self.ended(code, &watch).await,
        };
        self.outcome(stop, &watch, logs).await
    }

    async fn create(&self, group: Option<String>) -> Result<()> {
        let engine = self.engine;
        let body = Plan {
            run: self.run,
            request: self.request,
            image: self.image,
            folders: self.folders,
            config: &engine.config,
            owner: engine.scratch.owner(),
            runtime: engine.runtime(),
            group,
            cpus: engine.cpus,
        }
        .body()?;
        let options = CreateContainerOptionsBuilder::default().name(self.name).build();
        let created = engine.docker.create_container(Some(options), body).await.map_err(refused)?;
        for warning in created.warnings.iter().filter(|warning| !warning.is_empty()) {
            tracing::warn!(warning, "the engine says of a container");
        }
        Ok(())
    }

    async fn start(&self) -> Result<()> {
        self.engine.docker.start_container(self.name, None).await.map_err(refused)
    }

    /// Reads what the container writes until it ends, and stops it where it must; its exit code, and why it was stopped.
    async fn follow(
        &self,
        watch: &mut Watch,
        output: &mut (impl Stream<Item = Result<LogOutput, EngineError>> + Unpin),
        logs: &mut Logs,
        cancels: [&CancelToken; 2],
    ) -> Result<(i64, Option<StopReason>)> {
        let clock = Clock::system();
        // Asked after the start: a container that was never started counts as ended.
        let mut wait = self.engine.docker.wait_container(self.name, None::<WaitContainerOptions>);
        let mut tick: BoxFuture<'static, ()> = Box::pin(clock.sleep(TICK));
        let mut deadline = None;
        let (mut code, mut open, mut stop) = (None, true, None);
        loop {
            if let (Some(code), false) = (code, open) {
                return Ok((code, stop));
            }
            let asked = tokio::select! {
                biased;
                reason = cancelled(cancels), if stop.is_none() && code.is_none() => {
                    Some(StopReason::Cancelled(reason))
                }
                piece = output.next(), if open => match piece {
                    Some(Ok(piece)) => {
                        let full = !logs.write(piece);
                        full.then_some(StopReason::Limit(LimitKind::LogBytes))
                    }
                    // The connection ends with the container.
                    None => {
                        open = false;
                        None
                    }
                    Some(Err(cause)) => return Err(failed("read what a container writes", cause)),
                },
                ended = wait.next(), if code.is_none() => {
                    code = Some(exit_code(ended)?);
                    deadline = Some(Box::pin(clock.sleep(END)) as BoxFuture<'static, ()>);
                    None
                }
                () = until(&mut deadline) => {
                    let Some(code) = code else { return Err(self.stuck()) };
                    // Something in the container's place holds its output open: what came is kept.
                    return Ok((code, stop));
                }
                () = &mut tick => {
                    tick = Box::pin(clock.sleep(TICK));
                    if code.is_none() && stop.is_none() { watch.tick().await?.map(StopReason::Limit) } else { None }
                }
            };
            if let Some(asked) = asked.filter(|_| stop.is_none()) {
                if code.is_none() {
                    self.stop(&asked);
                    deadline = Some(Box::pin(clock.sleep(END)) as BoxFuture<'static, ()>);
                }
                stop = Some(asked);
            }
        }
    }

    /// Asks a container to end, and kills it after the grace; one that passed a limit is killed at once.
    fn stop(&self, why: &StopReason) {
        let (docker, name) = (self.engine.docker.clone(), self.name.to_owned());
        let gently = matches!(why, StopReason::Cancelled(_));
        let grace = i32::try_from(self.engine.config.grace.as_secs().min(4)).unwrap_or(1);
        spawn(async move {
            let stopped = if gently {
                let options = StopContainerOptionsBuilder::default().t(grace).build();
                docker.stop_container(&name, Some(options)).await
            } else {
                let options = KillContainerOptionsBuilder::default().signal("SIGKILL").build();
                docker.kill_container(&name, Some(options)).await
            };
            // One that ended by itself meanwhile cannot be stopped.
            if let Err(error) = stopped {
                tracing::debug!(%error, name, "a container could not be stopped");
            }
        });
    }

    fn stuck(&self) -> Error {
        Error::new(ErrorKind::Unavailable, "E_EXECUTOR_STUCK", "the engine did not stop a container")
            .with_fault(Fault::Provider)
            .with_hint("nothing was charged; submit the job again")
            .with("container", self.name)
    }

    /// Why a container ended that nobody stopped.
    async fn ended(&self, code: i64, watch: &Watch) -> StopReason {
        let inspected = self.engine.docker.inspect_container(self.name, None).await;
        // Podman may not be able to say: the exit code is known all the same.
        let killed = inspected.ok().and_then(|found| found.state?.oom_killed).unwrap_or(false);
        let at_the_limit = watch.counted().peak_memory >= self.request.limits.memory_bytes;
        let for_memory = killed || (self.engine.podman && code == KILLED && at_the_limit);
        if for_memory && code != 0 {
            return StopReason::Limit(LimitKind::Memory);
        }
        if for_memory {
            let message = "a process of the job was killed for its memory".to_owned();
            self.events.send(ExecutorEvent::Warning(message));
        }
        StopReason::Exited(i32::try_from(code).unwrap_or(i32::MAX))
    }

    async fn outcome(&self, stop: StopReason, watch: &Watch, logs: Logs) -> Result<RunOutcome> {
        let counted = watch.counted();
        let usage = Usage { instructions: counted.cpu_ns, peak_memory_bytes: counted.peak_memory };
        if !watch.is_exact() {
            let message = "CPU time was measured once a second: what came after is not counted".to_owned();
            self.events.send(ExecutorEvent::Warning(message));
        }
        let (limits, events) = (self.request.limits, self.events.clone());
        let (folders, mut stop) = (Arc::clone(self.folders), stop);
        blocking(move || {
            let mut collected = crate::model::FileSet::new();
            if let Some(limit) = outputs::collect(&folders, &limits, &mut collected, &events)?
                && matches!(stop, StopReason::Exited(_))
            {
                stop = StopReason::Limit(limit);
            }
            if let StopReason::Limit(kind) = &stop {
                events.send(ExecutorEvent::Warning(format!(
                    "the job was stopped at its limit {}",
                    kind.code()
                )));
            }
            let mut results = results(logs.stdout.into_bytes(), logs.stderr.into_bytes(), &stop)?;
            for (path, bytes) in collected.iter() {
                results.insert(path, Bytes::clone(bytes))?;
            }
            Ok(RunOutcome { stop, usage, results })
        })
        .await
    }
}

/// Waits for a moment, where there is one.
async fn until(moment: &mut Option<BoxFuture<'static, ()>>) {
    match moment {
        Some(moment) => moment.await,
        None => std::future::pending().await,
    }
}

fn exit_code(ended: Option<Result<bollard::models::ContainerWaitResponse, EngineError>>) -> Result<i64> {
    match ended {
        Some(Ok(answer)) => Ok(answer.status_code),
        Some(Err(EngineError::DockerContainerWaitError { code, .. })) => Ok(code),
        Some(Err(cause)) => Err(failed("wait for a container", cause)),
        None => Err(Error::new(
            ErrorKind::Unavailable,
            "E_DOCKER",
            "the engine said nothing of a container's end",
        )
        .with_fault(Fault::Provider)),
    }
}

/// Why a container was not created or started: its program and arguments are the module's, the rest the provider's.
fn refused(cause: EngineError) -> Error {
    let text = said(&cause);
    if text.contains("bind source path does not exist") {
        return Error::new(
            ErrorKind::Unavailable,
            "E_DOCKER_SCRATCH",
            "the engine does not see the scratch folder",
        )
        .with_fault(Fault::Provider)
        .with_hint("the engine must run on the provider's machine and see the folder under the same path")
        .with_source(cause);
    }
    if ["device driver", "nvidia-container", "CDI device"].iter().any(|sign| text.contains(sign)) {
        let message = format!("the engine cannot give the job its GPU: {text}");
        return Error::new(ErrorKind::Unavailable, "E_CONTAINER_GPU", message)
            .with_fault(Fault::Provider)
            .with_hint("the provider installs NVIDIA's container toolkit and starts its engine again, or offers no GPU")
            .with_source(cause);
    }
    let no_program =
        ["executable file not found", "no such file or directory", "permission denied", "exec format"];
    let of_program = no_program.iter().any(|sign| text.to_lowercase().contains(sign));
    if matches!(status(&cause), Some(400 | 404 | 500)) && of_program || text.contains("No command specified")
    {
        return Error::invalid("E_CONTAINER_START", format!("the container cannot start: {text}"))
            .with_fault(Fault::Module)
            .with_hint("check the image, its entry point and the working directory")
            .with_source(cause);
    }
    failed("start a container", cause)
}
