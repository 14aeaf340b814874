//! Every limit ends a job with a name of its own, and the job still says what it used.

use super::script::Script;
use super::*;
use crate::ErrorKind;
use crate::rt::CancelReason;

fn start(fields: &str, body: &str) -> RunRequest {
    request(&format!("(module {fields} (func (export \"_start\") {body}))"))
}

/// Runs a job that must end at a limit.
fn ends(request: RunRequest, kind: LimitKind) -> RunOutcome {
    let outcome = run(request).unwrap();
    assert_eq!(outcome.stop, StopReason::Limit(kind));
    assert_eq!(text(&outcome, "exitCode"), "137");
    outcome
}

#[test]
fn an_endless_loop_ends_at_the_limit_exactly() {
    let mut request = start("", "(loop br 0)");
    request.limits.instructions = 10_000_000;
    assert_eq!(ends(request, LimitKind::Instructions).usage.instructions, 10_000_000);
}

#[test]
fn a_memory_bomb_ends_at_the_memory_limit() {
    let mut request = start("(memory 1)", "(loop (drop (memory.grow (i32.const 16))) (br 0))");
    request.limits.memory_bytes = 8 << 20;
    let outcome = ends(request, LimitKind::Memory);
    // Seven growths of 1 MiB and the first page fit: 7 x (1 + 1 + 1 + 1 + 16 pages x 1,024), and the refused one.
    assert_eq!(outcome.usage.instructions, 7 * (4 + 16 * 1_024) + 4);
    assert_eq!(outcome.usage.peak_memory_bytes, (1 + 7 * 16) * 65_536);
    let mut request = start("(memory 200)", "");
    request.limits.memory_bytes = 8 << 20;
    ends(request, LimitKind::Memory);
}

#[test]
fn growth_past_the_modules_own_maximum_is_answered() {
    let body = "(if (i32.ne (memory.grow (i32.const 9)) (i32.const -1)) (then unreachable))
        (if (i32.ne (memory.grow (i32.const -1)) (i32.const -1)) (then unreachable))";
    assert_eq!(run(start("(memory 1 2)", body)).unwrap().stop, StopReason::Exited(0));
}

#[test]
fn deep_recursion_ends_at_the_stack_limit() {
    let recursion = "(func $f (param i64) (call $f (local.get 0)))";
    let outcome = ends(start(recursion, "(call $f (i64.const 0))"), LimitKind::Stack);
    // Frames of 8 + 1 + 1 units behind the first one of 8 + 1; three operators a call.
    let frames = (1_000_000 - 9) / 10;
    assert_eq!(outcome.usage.instructions, 2 + frames * 2);
    let indirect = "(type $t (func)) (table 1 funcref) (elem (i32.const 0) $g)
        (func $g (call_indirect (type $t) (i32.const 0)))";
    ends(start(indirect, "(call $g)"), LimitKind::Stack);
}

#[test]
fn the_engines_stack_outlasts_ours() {
    let mut deepest = start("(func $f (call $f))", "(call $f)");
    deepest.limits.stack_units = u32::MAX;
    ends(deepest, LimitKind::Stack);
    let wide = format!("(func $f (local{}) (call $f))", " v128".repeat(2_000));
    let mut widest = start(&wide, "(call $f)");
    widest.limits.stack_units = u32::MAX;
    ends(widest, LimitKind::Stack);
}

#[test]
fn huge_tables_end_at_the_table_limit() {
    ends(start("(table 1000001 funcref)", ""), LimitKind::Table);
    ends(start("(table 600000 funcref) (table 600000 funcref)", ""), LimitKind::Table);
    let grow = "(drop (table.grow (ref.null func) (i32.const 2000000)))";
    ends(start("(table 1 funcref)", grow), LimitKind::Table);
}

#[test]
fn host_calls_are_bounded_by_the_count() {
    let yields = "(import \"wasi_snapshot_preview1\" \"sched_yield\" (func $yield (result i32)))";
    let mut request = start(
        yields,
        "(local i32) (local.set 0 (i32.const 10000000))
        (loop (drop (call $yield)) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))",
    );
    request.limits.instructions = 5_000_000;
    let used = ends(request, LimitKind::Instructions).usage.instructions;
    assert!((5_000_000 - 70..=5_000_000).contains(&used), "{used}");
}

#[test]
fn a_program_that_is_too_large_is_refused_before_it_is_read() {
    let mut request = start("", "");
    let mut large = b"\0asm\x01\0\0\0".to_vec();
    large.resize(100 << 20, 0);
    request.bundle.insert("program.wat", large).unwrap();
    let error = run(request).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, "LIMIT_MODULE_BYTES"));
}

#[test]
fn logs_end_at_their_limit_and_keep_what_fits() {
    let mut script = Script::default();
    script.write(1, &[b'x'; 900], 0).write(2, b"fine", 0).write(1, &[b'y'; 900], 0);
    let mut request = request(&script.wat());
    request.limits.log_bytes = 1_000;
    let outcome = ends(request, LimitKind::LogBytes);
    assert_eq!(text(&outcome, "stdout"), format!("{}{}", "x".repeat(900), "y".repeat(100)));
    assert_eq!(text(&outcome, "stderr"), "fine");
}

#[test]
fn outputs_end_at_their_limits_and_keep_what_fits() {
    let mut script = Script::default();
    script.open(4, "a", 1, 66, 6).write(6, &[b'x'; 600], 0).open(5, "b", 1, 66, 7).write(7, &[b'x'; 600], 0);
    let mut limited = request(&script.wat());
    limited.limits.output_bytes = 1_000;
    let outcome = ends(limited, LimitKind::OutputBytes);
    assert_eq!(outcome.results.get("outputs/a").unwrap().len(), 600);
    let mut script = Script::default();
    script.open(4, "a", 1, 66, 6).call("fd_filestat_set_size", &[6, i64::MAX], 0);
    ends(request(&script.wat()), LimitKind::OutputBytes);
    let mut script = Script::default();
    for (fd, name) in (6..).zip(["a", "b", "c"]) {
        script.open(4, name, 1, 66, fd);
    }
    let mut limited = request(&script.wat());
    limited.limits.output_files = 2;
    ends(limited, LimitKind::OutputFiles);
    let mut script = Script::default();
    for name in ["a", "b", "c"] {
        script.path("path_create_directory", 5, name, 0);
    }
    let mut limited = request(&script.wat());
    limited.limits.output_files = 2;
    ends(limited, LimitKind::OutputFiles);
}

/// Cancels when the job writes its first line.
fn cancelled(reason: CancelReason, wat: &str) -> RunOutcome {
    let token = CancelToken::new();
    let cancel = token.clone();
    let events = EventSink::new(move |event| {
        if matches!(event, ExecutorEvent::Stdout(_)) {
            cancel.cancel(reason);
        }
    });
    let mut request = request(wat);
    request.limits.instructions = u64::MAX;
    let RunSpec::Wasm(run) = &mut request.run else { panic!() };
    run.clock = ClockPolicy::Real;
    run_with(request, events, token).unwrap()
}

#[test]
fn a_cancelled_job_stops_and_says_what_it_used() {
    let mut script = Script::default();
    script.write(1, b"here\n", 0).line("(loop (br 0))");
    for (reason, code) in
        [(CancelReason::Cancelled, "130"), (CancelReason::TimedOut, "124"), (CancelReason::Shutdown, "130")]
    {
        let outcome = cancelled(reason, &script.wat());
        assert_eq!(outcome.stop, StopReason::Cancelled(reason));
        assert_eq!(text(&outcome, "exitCode"), code);
        assert!(outcome.usage.instructions > 64);
        assert_eq!(text(&outcome, "stdout"), "here\n");
    }
}

#[test]
fn a_waiting_job_can_be_cancelled() {
    let mut script = Script::default();
    let mut subscription = [0_u8; 48];
    subscription[16] = 1;
    subscription[24..32].copy_from_slice(&u64::MAX.to_le_bytes());
    let [at, _] = script.bytes(&subscription);
    script.write(1, b"here\n", 0).call("poll_oneoff", &[at, 1024, 1, 64], 0);
    assert_eq!(
        cancelled(CancelReason::Cancelled, &script.wat()).stop,
        StopReason::Cancelled(CancelReason::Cancelled)
    );
}

#[test]
fn traps_are_named() {
    for (body, cause) in [
        ("unreachable", "unreachable"),
        ("(drop (i32.div_u (i32.const 1) (i32.const 0)))", "division by zero"),
        ("(drop (i32.load (i32.const -1)))", "out of bounds"),
        ("(drop (i32.trunc_f32_s (f32.const nan)))", "does not fit"),
        ("(call_indirect (i32.const 0))", "empty table element"),
        ("(call_indirect (i32.const 7))", "table access"),
        ("(call_indirect (param i32) (i32.const 0) (i32.const 1))", "another signature"),
    ] {
        let fields = "(memory 1) (table 2 funcref) (elem (i32.const 1) $n) (func $n)";
        let outcome = run(start(fields, body)).unwrap();
        assert!(
            matches!(&outcome.stop, StopReason::Trapped(why) if why.contains(cause)),
            "{cause}: {:?}",
            outcome.stop
        );
        assert!(outcome.usage.instructions > 0);
    }
    let outcome = run(start("(memory 1) (data (i32.const 65536) \"x\")", "")).unwrap();
    assert!(matches!(outcome.stop, StopReason::Trapped(_)), "{:?}", outcome.stop);
}

#[test]
fn what_keeps_a_job_from_starting_is_an_error_with_a_name() {
    let code = |request| run(request).unwrap_err().code();
    let import = "(import \"env\" \"magic\" (func))";
    let error = run(start(import, "")).unwrap_err();
    assert!(error.code() == "E_WASM_IMPORT" && error.to_string().contains("env.magic"), "{error}");
    let wrong = "(import \"wasi_snapshot_preview1\" \"sched_yield\" (func (param i32)))";
    assert_eq!(code(start(wrong, "")), "E_WASM_IMPORT");
    assert_eq!(code(start("(import \"wasi_snapshot_preview1\" \"memory\" (memory 1))", "")), "E_WASM_IMPORT");
    assert_eq!(code(request("(module)")), "E_WASM_ENTRY");
    assert_eq!(code(request("(module (func (export \"_start\") (param i32)))")), "E_WASM_ENTRY");
    assert_eq!(code(request("(module (memory (export \"_start\") 1))")), "E_WASM_ENTRY");
    assert_eq!(code(request("(module (oops))")), "E_WASM_TEXT");
    assert_eq!(code(RunRequest { bundle: FileSet::new(), ..request("") }), "E_WASM_MISSING");
    for (name, path) in [
        ("stdout", "/o"),
        (".x", "/o"),
        ("../x", "/o"),
        ("o", "o"),
        ("o", "/"),
        ("o", "/tmp/x"),
        ("o", "/inputs"),
    ] {
        let outputs = BTreeMap::from([(name.to_owned(), path.to_owned())]);
        assert_eq!(code(RunRequest { outputs, ..start("", "") }), "E_OUTPUT", "{name} {path}");
    }
}

#[test]
fn the_entry_point_may_return_the_exit_code() {
    assert_eq!(
        run(request("(module (func (export \"_start\") (result i32) i32.const 9))")).unwrap().stop,
        StopReason::Exited(9)
    );
}

#[test]
fn the_start_function_is_counted_too() {
    let outcome = run(start("(func $s nop nop nop) (start $s)", "nop")).unwrap();
    assert_eq!(outcome.usage.instructions, 4);
}

#[test]
fn two_runs_are_equal() {
    let mut script = Script::default();
    script.call("random_get", &[1024, 64], 0).write(1, b"same\n", 0).open(4, "f", 1, 66, 6);
    let [list, one] = script.vector([1024, 64]);
    script.call("fd_write", &[6, list, one, 64], 0);
    let (first, second) = (run(request(&script.wat())).unwrap(), run(request(&script.wat())).unwrap());
    assert_eq!((first.usage, &first.results), (second.usage, &second.results));
}
