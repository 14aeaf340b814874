//! Whole jobs through the executor.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::executor::wasm::WasmExecutor;
use crate::executor::{
    EventSink, Executor, ExecutorEvent, LimitKind, Limits, RunOutcome, RunRequest, StopReason,
};
use crate::model::{ClockPolicy, FileSet, RandomPolicy, RunSpec, WasmRun};
use crate::rt::CancelToken;

mod limits;
mod script;
mod wasi;

pub(super) fn request(wat: &str) -> RunRequest {
    let mut bundle = FileSet::new();
    bundle.insert("program.wat", wat.as_bytes().to_vec()).unwrap();
    RunRequest {
        job_id: "job".into(),
        run: RunSpec::Wasm(WasmRun {
            module: "program.wat".into(),
            args: vec![],
            env: BTreeMap::new(),
            entry_point: "_start".into(),
            clock: ClockPolicy::Fixed,
            random: RandomPolicy::Seeded,
        }),
        bundle,
        inputs: FileSet::new(),
        outputs: BTreeMap::from([("outputs".to_owned(), "/outputs".to_owned())]),
        network: crate::model::NetworkPolicy::None,
        gpus: Vec::new(),
        seed: [7; 32],
        limits: Limits { instructions: 1_000_000_000, ..Limits::default() },
    }
}

pub(super) fn run(request: RunRequest) -> crate::Result<RunOutcome> {
    run_with(request, EventSink::discard(), CancelToken::new())
}

pub(super) fn run_with(
    request: RunRequest,
    events: EventSink,
    cancel: CancelToken,
) -> crate::Result<RunOutcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(WasmExecutor::new().unwrap().run(request, events, cancel))
}

pub(super) fn text(outcome: &RunOutcome, name: &str) -> String {
    String::from_utf8(outcome.results.get(name).unwrap_or_else(|| panic!("no {name}")).to_vec()).unwrap()
}

const HELLO: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\0c\00\00\00")
  (data (i32.const 16) "hello, pond\n")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

#[test]
fn hello_world_has_an_exact_count() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&lines);
    let events = EventSink::new(move |event| seen.lock().unwrap().push(event));
    let outcome = run_with(request(HELLO), events, CancelToken::new()).unwrap();
    assert_eq!(outcome.stop, StopReason::Exited(0));
    assert_eq!(text(&outcome, "stdout"), "hello, pond\n");
    assert_eq!(text(&outcome, "stderr"), "");
    assert_eq!(text(&outcome, "exitCode"), "0");
    // Four constants, the call and the drop; 64 for the host call, 1 for one vector of 8 bytes, 2 for 12 bytes.
    assert_eq!(outcome.usage.instructions, 6 + 64 + 1 + 2);
    assert_eq!(outcome.usage.peak_memory_bytes, 65_536);
    assert_eq!(*lines.lock().unwrap(), [ExecutorEvent::Stdout("hello, pond".into())]);
}
