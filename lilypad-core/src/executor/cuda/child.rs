//! The worker's process, as the provider's side holds it: what it says comes through a channel, and it dies with its handle.

use std::io::{self, BufWriter, Read, Write};
use std::process::{Child as Process, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::error::Result;
use crate::executor::log::Log;

use super::config::Worker;
use super::failure::no_worker;
use super::wire::{self, Frame};

/// Variables that the worker keeps: where libraries lie, and which devices the provider's user may see.
const KEPT: [&str; 4] = ["PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR"];
const KEPT_FAMILIES: [&str; 2] = ["CUDA_", "NVIDIA_"];
/// Frames that wait to be taken: the worker goes no faster than its results are read.
const WAITING: usize = 4;

/// A running worker.
pub(super) struct Child {
    process: Process,
    frames: Receiver<io::Result<Frame>>,
    log: Option<JoinHandle<Log>>,
    log_is_full: Arc<AtomicBool>,
}

/// What comes of waiting for the worker.
pub(super) enum Heard {
    Frame(Frame),
    /// Nothing yet.
    Nothing,
    /// It has closed its end, or says what cannot be read.
    End(Option<io::Error>),
}

impl Child {
    /// Starts a worker; `send` writes what it is told, on a thread of its own, and `log` takes what kernels print.
    pub(super) fn start(
        worker: &Worker,
        log: Log,
        send: impl FnOnce(&mut BufWriter<ChildStdin>) -> io::Result<()> + Send + 'static,
    ) -> Result<Self> {
        let mut process = command(worker).spawn().map_err(|source| {
            no_worker(format!("the worker {} does not start", worker.program.display()))
                .with_hint("the worker is a program that calls cuda::worker_main")
                .with_source(source)
        })?;
        let pipes = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let mut child = Self {
            process,
            frames: sync_channel(0).1,
            log: None,
            log_is_full: Arc::new(AtomicBool::new(false)),
        };
        // From here on, the handle's end is the worker's.
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(no_worker("the worker has no pipes"));
        };
        thread(move || {
            let mut stdin = BufWriter::new(stdin);
            // A worker that ends early does not read to the end: why is said by what it answers.
            let _ = send(&mut stdin).and_then(|()| stdin.flush());
        })?;
        let (sender, frames) = sync_channel(WAITING);
        child.frames = frames;
        thread(move || read_frames(stdout, &sender))?;
        let full = Arc::clone(&child.log_is_full);
        child.log = Some(thread(move || read_log(stderr, log, &full))?);
        Ok(child)
    }

    /// Waits for what the worker says next.
    pub(super) fn hear(&self, patience: Duration) -> Heard {
        match self.frames.recv_timeout(patience) {
            Ok(Ok(frame)) => Heard::Frame(frame),
            Ok(Err(error)) => Heard::End(Some(error)),
            Err(RecvTimeoutError::Timeout) => Heard::Nothing,
            Err(RecvTimeoutError::Disconnected) => Heard::End(None),
        }
    }

    /// True once kernels have printed more than the log holds.
    pub(super) fn log_is_full(&self) -> bool {
        self.log_is_full.load(Ordering::Acquire)
    }

    /// Waits for the end of a worker that has said its last word, and gives what kernels have printed.
    pub(super) fn finish(mut self, patience: Duration) -> Option<Log> {
        // Its output closes when it ends; what is unread is of no use any more.
        while let Heard::Frame(_) = self.hear(patience) {}
        self.kill();
        self.log.take()?.join().ok()
    }

    /// Kills the worker and gives what kernels have printed.
    pub(super) fn stop(mut self) -> Option<Log> {
        self.kill();
        self.log.take()?.join().ok()
    }

    fn kill(&mut self) {
        // It may have ended already; either way it is waited for.
        let _ = self.process.kill();
        if let Err(error) = self.process.wait() {
            tracing::warn!(%error, "the end of a CUDA worker could not be waited for");
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

fn command(worker: &Worker) -> Command {
    let mut command = Command::new(&worker.program);
    command.args(&worker.args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env_clear();
    let kept =
        |name: &str| KEPT.contains(&name) || KEPT_FAMILIES.iter().any(|family| name.starts_with(family));
    command.envs(std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(kept)));
    // Nothing of one job's programs stays on this machine for another.
    command.env("CUDA_CACHE_DISABLE", "1");
    command
}

fn thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<JoinHandle<T>> {
    let started = Builder::new().name("lilypad-cuda".into()).spawn(work);
    started.map_err(|source| no_worker("no thread can be started for the worker").with_source(source))
}

fn read_frames(mut from: impl Read, to: &SyncSender<io::Result<Frame>>) {
    loop {
        let frame = match wire::read(&mut from) {
            Ok(None) => return,
            Ok(Some(frame)) => Ok(frame),
            Err(error) => Err(error),
        };
        let is_last = frame.is_err();
        // Nobody listens any more where this fails.
        if to.send(frame).is_err() || is_last {
            return;
        }
    }
}

fn read_log(mut from: impl Read, mut log: Log, full: &AtomicBool) -> Log {
    let mut piece = [0; 8_192];
    loop {
        match from.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => {
                if !log.write(piece.get(..length).unwrap_or_default()) {
                    full.store(true, Ordering::Release);
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    log.finish();
    log
}
