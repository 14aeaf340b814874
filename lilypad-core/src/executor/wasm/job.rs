//! One job from request to outcome, on whichever thread calls it.

use crate::error::{Error, Result};
use crate::executor::log::Log;
use crate::executor::outputs::check_outputs;
use crate::executor::{EventSink, ExecutorEvent, Limits, RunOutcome, RunRequest, StopReason};
use crate::model::{ClockPolicy, RandomPolicy, WasmRun};
use crate::rt::Random;

use super::cache::Cache;
use super::engine::{Program, Ran, Wasmi};
use super::host::{Growth, Host, Watch};
use super::meter::{Account, SLICE};
use super::wasi::{Clocks, Inode, RandomSource, RealTime, Vfs, VfsLimits, Wasi};
use super::{program, results};

/// What a job needs from the machine that it runs on.
pub(super) struct Machine {
    pub(super) watch: Box<dyn Watch>,
    pub(super) real_time: Box<dyn RealTime>,
    pub(super) slice: u64,
}

impl Machine {
    pub(super) fn new(watch: Box<dyn Watch>, real_time: Box<dyn RealTime>) -> Self {
        Self { watch, real_time, slice: SLICE }
    }
}

/// Runs a job.
pub(super) fn run(
    (engine, cache): (&Wasmi, &Cache),
    request: &RunRequest,
    run: &WasmRun,
    events: &EventSink,
    machine: Machine,
) -> Result<RunOutcome> {
    check_outputs(&request.outputs)?;
    let file = program::file(request, run)?;
    let compiled = cache.get(engine, file, || program::binary(request, run, file))?;
    program::check(&compiled.facts, run)?;
    let clocks = match run.clock {
        ClockPolicy::Fixed => Clocks::fixed(),
        ClockPolicy::Real => Clocks::Real(machine.real_time),
    };
    let (wasi, outputs) = system(request, run, clocks, events)?;
    let host = Host {
        wasi,
        account: Account::new(request.limits.instructions, machine.slice),
        watch: machine.watch,
        events: events.clone(),
        growth: Growth::new(&request.limits),
        handles: None,
        stop: None,
    };
    let entry_point = &run.entry_point;
    let program = Program { compiled: &compiled, entry_point, stack_units: request.limits.stack_units };
    finish(engine.run(&program, host)?, &outputs, events)
}

fn finish(ran: Ran, outputs: &[(String, Inode)], events: &EventSink) -> Result<RunOutcome> {
    let Ran { stop, usage, host } = ran;
    let Wasi { mut stdout, mut stderr, mut vfs, .. } = host.wasi;
    stdout.finish();
    stderr.finish();
    if let StopReason::Limit(kind) = &stop {
        events.send(ExecutorEvent::Warning(format!("the job was stopped at its limit {}", kind.code())));
    }
    let logs = (stdout.into_bytes(), stderr.into_bytes());
    let results = results::collect(&mut vfs, outputs, logs, &stop, events)?;
    Ok(RunOutcome { stop, usage, results })
}

/// The files, streams and clocks that the program sees; and the output folders by their names.
fn system(
    request: &RunRequest,
    run: &WasmRun,
    clocks: Clocks,
    events: &EventSink,
) -> Result<(Wasi, Vec<(String, Inode)>)> {
    let Limits { output_bytes, output_files, log_bytes, .. } = request.limits;
    let mut vfs = Vfs::new(VfsLimits { bytes: output_bytes, files: output_files });
    let now = clocks.stamp();
    let mut roots = vec![("/inputs".to_owned(), vfs.add_read_only(request.inputs.iter(), now))];
    let mut outputs = Vec::new();
    for (name, path) in &request.outputs {
        let root = vfs.add_root(name, now);
        outputs.push((name.clone(), root));
        roots.push((path.clone(), root));
    }
    roots.push(("/tmp".to_owned(), vfs.add_root("tmp", now)));
    let logs = (
        Log::new(log_bytes, events.clone(), ExecutorEvent::Stdout),
        Log::new(log_bytes, events.clone(), ExecutorEvent::Stderr),
    );
    let mut wasi = Wasi::new(clocks, random(request, run), vfs, &roots, logs);
    wasi.args = program::args(run)?;
    wasi.env = program::environment(run)?;
    Ok((wasi, outputs))
}

/// A stream of bytes: how it is cut into requests does not change it.
fn random(request: &RunRequest, run: &WasmRun) -> RandomSource {
    let mut source = match run.random {
        RandomPolicy::Seeded => Random::from_seed(request.seed).child("wasi random"),
        RandomPolicy::Real => Random::system(),
    };
    let mut rest: Vec<u8> = Vec::new();
    Box::new(move |target: &mut [u8]| {
        for byte in target {
            if rest.is_empty() {
                let Ok(bytes) = source.bytes() else { return false };
                rest.extend(bytes.iter().rev());
            }
            *byte = rest.pop().unwrap_or(0);
        }
        true
    })
}

/// The run of another executor's job.
pub(super) fn not_wasm() -> Error {
    Error::unsupported("E_EXECUTOR", "the WebAssembly executor runs WebAssembly programs only")
        .with_hint("choose an executor that accepts the module")
}
