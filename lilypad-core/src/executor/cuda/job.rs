//! One job: the worker is started, told what to do, watched, and its answer becomes the outcome.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::executor::log::Log;
use crate::executor::outputs::{check_outputs, results};
use crate::executor::{EventSink, ExecutorEvent, LimitKind, RunOutcome, RunRequest, StopReason, Usage};
use crate::model::{CudaRun, FileSet};
use crate::rt::{CancelReason, CancelToken};

use super::child::{Child, Heard};
use super::config::{CudaConfig, Worker};
use super::failure::{self, End, no_worker};
use super::npy;
use super::plan::Plan;
use super::wire::{self, Kind, Order, Said, Step};

/// How often is looked whether the job is to stop.
const TICK: Duration = Duration::from_millis(20);
/// Least time between two progress events.
const PROGRESS: Duration = Duration::from_millis(250);
/// A launch counts as this many nanoseconds at least: what it costs to make one.
const LEAST: u64 = 1_000;

/// What may stop a job from outside.
pub(super) struct Cancels<'a> {
    pub(super) token: &'a CancelToken,
    pub(super) left_alone: &'a AtomicBool,
}

impl Cancels<'_> {
    pub(super) fn reason(&self) -> Option<CancelReason> {
        let left_alone = self.left_alone.load(Ordering::Acquire).then_some(CancelReason::Shutdown);
        self.token.reason().or(left_alone)
    }
}

/// Asks a worker which devices there are.
pub(super) fn devices(config: &CudaConfig) -> Result<Vec<wire::Device>> {
    let silent = Log::new(1 << 16, EventSink::discard(), ExecutorEvent::Stderr);
    let child = Child::start(&config.worker, silent, |to| {
        wire::write(to, Kind::Hello, &[wire::HELLO])?;
        wire::message(to, &Order::Devices)
    })?;
    let mut watch = Watch::new(config, u64::MAX);
    loop {
        match watch.next(&child, None)? {
            Next::Said(Said::Devices(devices)) => {
                child.finish(TICK);
                return Ok(devices);
            }
            Next::Said(Said::Failed(failed)) => {
                return Err(match failure::of(&failed, None) {
                    End::Error(error) => error,
                    End::Stopped(_) => no_worker("the worker ran what it was not told to"),
                });
            }
            Next::Said(Said::Begins(step)) => watch.begin(step),
            Next::Stop(stop) => return Err(no_worker(format!("the worker did not answer ({stop:?})"))),
            Next::Said(_) | Next::Data(..) => return Err(out_of_order()),
        }
    }
}

fn out_of_order() -> Error {
    no_worker("the worker says what it must not").with_hint("worker and provider must be of the same version")
}

/// Runs a job on a device, to its end.
pub(super) fn run(
    config: &CudaConfig,
    device: u32,
    run: &CudaRun,
    request: &RunRequest,
    events: &EventSink,
    cancels: &Cancels<'_>,
) -> Result<RunOutcome> {
    check_outputs(&request.outputs)?;
    let mut plan = Plan::new(run, request)?;
    if plan.order.source && !config.compile {
        return Err(Error::unsupported("E_CUDA_COMPILER", "this provider does not compile CUDA C")
            .with_hint("let the module bring PTX"));
    }
    plan.order.device = device;
    let job = Job { plan: &plan, request, events };
    if let Some(limit) = job.output_limit() {
        return job.outcome(StopReason::Limit(limit), 0, Vec::new(), None, Vec::new());
    }
    let child = job.start(&config.worker)?;
    let mut watch = Watch::new(config, request.limits.instructions);
    let mut saved: Vec<Vec<u8>> = vec![Vec::new(); plan.buffers.len()];
    let mut launches = job.launches();
    let stop = loop {
        match watch.next(&child, Some(cancels))? {
            Next::Stop(stop) => break stop,
            Next::Data(bytes) => job.take(&mut saved, &bytes)?,
            Next::Said(Said::Done) => break StopReason::Exited(0),
            Next::Said(Said::Begins(step)) => {
                if let Step::Launch(at) = step {
                    launches.begin(at);
                }
                watch.begin(step);
            }
            Next::Said(Said::Ran(spent)) => {
                if let Some(stop) = watch.ran(spent) {
                    break stop;
                }
                watch.progress(events);
            }
            Next::Said(Said::Failed(failed)) => match failure::of(&failed, launches.current()) {
                End::Error(error) => return Err(error),
                End::Stopped(stop) => {
                    watch.charge_launch();
                    break stop;
                }
            },
            Next::Said(Said::Devices(_)) => return Err(out_of_order()),
        }
    };
    let printed = match stop {
        StopReason::Exited(_) | StopReason::Trapped(_) => child.finish(config.step_timeout),
        _ => child.stop(),
    };
    if !matches!(stop, StopReason::Exited(_)) {
        saved.clear();
    }
    job.outcome(stop, watch.used, launches.text, printed, saved)
}

struct Job<'a> {
    plan: &'a Plan,
    request: &'a RunRequest,
    events: &'a EventSink,
}

impl Job<'_> {
    fn start(&self, worker: &Worker) -> Result<Child> {
        let log = Log::new(self.request.limits.log_bytes, self.events.clone(), ExecutorEvent::Stdout);
        let (order, program) = (self.plan.order.clone(), self.plan.program.clone());
        let given: Vec<Option<Bytes>> = self.plan.buffers.iter().map(|buffer| buffer.given.clone()).collect();
        Child::start(worker, log, move |to| {
            wire::write(to, Kind::Hello, &[wire::HELLO])?;
            wire::message(to, &Order::Run(order))?;
            program.chunks(wire::PIECE).try_for_each(|piece| wire::write(to, Kind::Program, &[piece]))?;
            for (number, bytes) in (0..).zip(given) {
                bytes.map_or(Ok(()), |bytes| wire::data(to, number, &bytes))?;
            }
            Ok(())
        })
    }

    /// The results' size is known before anything runs.
    fn output_limit(&self) -> Option<LimitKind> {
        let saved = || self.plan.buffers.iter().filter(|buffer| buffer.saved.is_some());
        let bytes = saved().fold(0_u64, |sum, buffer| sum.saturating_add(buffer.bytes()));
        let limits = self.request.limits;
        if bytes > limits.output_bytes {
            return Some(LimitKind::OutputBytes);
        }
        (saved().count() > limits.output_files as usize).then_some(LimitKind::OutputFiles)
    }

    fn take(&self, saved: &mut [Vec<u8>], frame: &[u8]) -> Result<()> {
        let (number, piece) = wire::piece(frame).map_err(|_| out_of_order())?;
        let number = number as usize;
        let planned = self.plan.buffers.get(number).filter(|buffer| buffer.saved.is_some());
        let (Some(planned), Some(bytes)) = (planned, saved.get_mut(number)) else {
            return Err(out_of_order());
        };
        if (bytes.len() + piece.len()) as u64 > planned.bytes() {
            return Err(out_of_order());
        }
        bytes.extend_from_slice(piece);
        Ok(())
    }

    fn launches(&self) -> Launches<'_> {
        Launches { plan: self.plan, at: None, text: Vec::new(), events: self.events }
    }

    fn outcome(
        &self,
        stop: StopReason,
        used: u64,
        launches: Vec<u8>,
        printed: Option<Log>,
        saved: Vec<Vec<u8>>,
    ) -> Result<RunOutcome> {
        let stdout = printed.map(Log::into_bytes).unwrap_or_default();
        if let StopReason::Limit(kind) = &stop {
            let message = format!("the job was stopped at its limit {}", kind.code());
            self.events.send(ExecutorEvent::Warning(message));
        }
        let mut results = results(stdout, launches, &stop)?;
        for (buffer, bytes) in self.plan.buffers.iter().zip(saved) {
            let Some(path) = &buffer.saved else { continue };
            if bytes.len() as u64 != buffer.bytes() {
                return Err(out_of_order());
            }
            insert(&mut results, path, buffer, bytes)?;
        }
        let peak = self.plan.order.buffers.iter().fold(0_u64, |sum, buffer| sum.saturating_add(buffer.bytes));
        // Before anything has begun, no memory was taken.
        let peak_memory_bytes = if used == 0 && !matches!(stop, StopReason::Exited(_)) { 0 } else { peak };
        Ok(RunOutcome { stop, usage: Usage { instructions: used, peak_memory_bytes }, results })
    }
}

fn insert(results: &mut FileSet, path: &str, buffer: &super::plan::Planned, bytes: Vec<u8>) -> Result<()> {
    let is_npy = path.ends_with(".npy");
    let file = if is_npy { npy::write(buffer.element, &buffer.shape, &bytes) } else { bytes };
    results.insert(path, file)
}

/// What is said of launches: the same for every run of the job.
struct Launches<'a> {
    plan: &'a Plan,
    at: Option<usize>,
    text: Vec<u8>,
    events: &'a EventSink,
}

impl Launches<'_> {
    fn begin(&mut self, at: u32) {
        self.at = usize::try_from(at).ok();
        let Some(launch) = self.at.and_then(|at| self.plan.order.launches.get(at)) else { return };
        let ([gx, gy, gz], [bx, by, bz]) = (launch.grid, launch.block);
        let line = format!(
            "launch {}: {}, grid {gx} x {gy} x {gz}, block {bx} x {by} x {bz}",
            u64::from(at) + 1,
            launch.kernel
        );
        self.text.extend_from_slice(line.as_bytes());
        self.text.push(b'\n');
        self.events.send(ExecutorEvent::Stderr(line));
    }

    fn current(&self) -> Option<&str> {
        Some(&self.plan.order.launches.get(self.at?)?.kernel)
    }
}

/// What the worker does next.
enum Next {
    Said(Said),
    Data(Vec<u8>),
    Stop(StopReason),
}

/// How long the worker takes, in real time and on the GPU.
struct Watch<'a> {
    config: &'a CudaConfig,
    /// Most nanoseconds on the GPU.
    limit: u64,
    used: u64,
    step: Step,
    since: Instant,
    greeted: bool,
    told: Instant,
}

impl<'a> Watch<'a> {
    fn new(config: &'a CudaConfig, limit: u64) -> Self {
        let now = Instant::now();
        Self { config, limit, used: 0, step: Step::Order, since: now, greeted: false, told: now }
    }

    fn begin(&mut self, step: Step) {
        (self.step, self.since) = (step, Instant::now());
    }

    /// Counts a launch; what stops the job where that is more than its limit.
    fn ran(&mut self, spent: u64) -> Option<StopReason> {
        self.used = self.used.saturating_add(spent.max(LEAST));
        self.since = Instant::now();
        if self.used <= self.limit {
            return None;
        }
        self.used = self.limit;
        Some(StopReason::Limit(LimitKind::Instructions))
    }

    /// A launch that does not end by itself pays for the real time since it began.
    fn charge_launch(&mut self) {
        if matches!(self.step, Step::Launch(_)) {
            let spent = u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.used = self.used.saturating_add(spent.max(LEAST)).min(self.limit);
        }
    }

    fn progress(&mut self, events: &EventSink) {
        if self.told.elapsed() >= PROGRESS {
            self.told = Instant::now();
            events.send(ExecutorEvent::Progress { instructions: self.used });
        }
    }

    /// What the worker says next, or what stops it.
    fn next(&mut self, child: &Child, cancels: Option<&Cancels<'_>>) -> Result<Next> {
        loop {
            if let Some(reason) = cancels.and_then(Cancels::reason) {
                self.charge_launch();
                return Ok(Next::Stop(StopReason::Cancelled(reason)));
            }
            if child.log_is_full() {
                self.charge_launch();
                return Ok(Next::Stop(StopReason::Limit(LimitKind::LogBytes)));
            }
            let frame = match child.hear(TICK) {
                Heard::Frame(frame) => frame,
                Heard::Nothing => match self.late() {
                    Some(Late::Kernel) => {
                        self.used = self.limit;
                        return Ok(Next::Stop(StopReason::Limit(LimitKind::Instructions)));
                    }
                    Some(Late::Worker) => return Err(self.silent("takes too long to")),
                    None => continue,
                },
                Heard::End(why) => return Err(self.ended(why)),
            };
            return match (frame.kind, self.greeted) {
                (Kind::Hello, false) if frame.bytes == wire::HELLO => {
                    self.greeted = true;
                    continue;
                }
                (Kind::Message, true) => Said::read(&frame.bytes).map(Next::Said).map_err(|_| out_of_order()),
                (Kind::Data, true) => {
                    self.since = Instant::now();
                    Ok(Next::Data(frame.bytes))
                }
                _ => Err(out_of_order()),
            };
        }
    }

    fn late(&self) -> Option<Late> {
        let elapsed = self.since.elapsed();
        match self.step {
            Step::Launch(_) => {
                let left = Duration::from_nanos(self.limit.saturating_sub(self.used));
                (elapsed > left.saturating_add(self.config.grace)).then_some(Late::Kernel)
            }
            _ => (elapsed > self.config.step_timeout).then_some(Late::Worker),
        }
    }

    fn silent(&self, what: &str) -> Error {
        no_worker(format!("the worker {what} {}", failure::doing(self.step)))
            .with_hint("nothing was charged; submit the job again")
    }

    fn ended(&self, why: Option<io::Error>) -> Error {
        match why {
            Some(error) => out_of_order().with_source(error),
            None if !self.greeted => no_worker("the worker ended before it said anything")
                .with_hint("the worker is a program that calls cuda::worker_main"),
            None => self.silent("ended while it was to"),
        }
    }
}

enum Late {
    Kernel,
    Worker,
}
