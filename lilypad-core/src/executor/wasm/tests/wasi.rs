//! What programs see through WASI.

use super::script::{OUT, Script};
use super::*;

const INPUTS: i64 = 3;
const OUTPUTS: i64 = 4;
const TMP: i64 = 5;
const READ: i64 = 2;
const WRITE: i64 = 64;
const CREATE: i64 = 1;
const DIRECTORY: i64 = 2;
const EXCLUSIVE: i64 = 4;
const TRUNCATE: i64 = 8;

fn with_inputs(script: &Script) -> RunRequest {
    let mut request = request(&script.wat());
    for (path, bytes) in [("a/b.txt", "hello"), ("a/c/d.txt", "deep"), ("z.txt", "zz")] {
        request.inputs.insert(path, bytes).unwrap();
    }
    request
}

/// Runs a script that must pass.
fn passes(script: &Script) -> RunOutcome {
    let outcome = run(with_inputs(script)).unwrap();
    let StopReason::Exited(code) = outcome.stop else { panic!("{:?}\n{}", outcome.stop, script.wat()) };
    let wat = script.wat();
    let failed = wat.lines().find(|line| line.ends_with(&format!(";; {code}"))).unwrap_or_default();
    assert_eq!(code, 0, "{failed}");
    outcome
}

#[test]
fn the_open_folders_have_names() {
    let mut script = Script::default();
    let out = i64::from(OUT);
    script.call("fd_prestat_get", &[3, out], 0).word(OUT, 0).word(OUT + 4, 7);
    script.call("fd_prestat_dir_name", &[3, out, 7], 0).long(OUT, u64::from_le_bytes(*b"/inputs\0"));
    script.call("fd_prestat_dir_name", &[3, out, 6], 37);
    script.call("fd_prestat_get", &[4, out], 0).word(OUT + 4, 8);
    script.call("fd_prestat_get", &[5, out], 0).word(OUT + 4, 4);
    script.call("fd_prestat_get", &[6, out], 8).call("fd_prestat_get", &[1, out], 8);
    passes(&script);
}

#[test]
fn no_path_leaves_its_folder() {
    let mut script = Script::default();
    for path in [
        "..",
        "../etc/passwd",
        "/etc/passwd",
        "a/../../x",
        "a/../../inputs/z.txt",
        "./../z.txt",
        "a/c/../../../tmp",
    ] {
        script.open_fails(INPUTS, path, 0, READ, 76);
        script.path("path_unlink_file", TMP, path, if path.starts_with("a/") { 44 } else { 76 });
    }
    script.open(INPUTS, "a/../z.txt", 0, READ, 6);
    script.open(INPUTS, "./a//c/./d.txt", 0, READ, 7);
    // Beneath a folder that was opened, its parent is out of reach too.
    script.open(INPUTS, "a", DIRECTORY, READ, 8).open_fails(8, "../z.txt", 0, READ, 76);
    script.open(8, "b.txt", 0, READ, 9);
    script.rename((TMP, "../outputs/x"), (TMP, "y"), 76);
    let [at, length] = script.bytes(b"/etc");
    script.call("path_symlink", &[at, length, TMP, at, length], 58);
    script.call("path_link", &[INPUTS, 0, at, length, TMP, at, length], 58);
    passes(&script);
}

#[test]
fn inputs_cannot_be_changed() {
    let mut script = Script::default();
    script.open_fails(INPUTS, "new", CREATE, WRITE, 69).open_fails(INPUTS, "z.txt", 0, READ | WRITE, 69);
    script.open_fails(INPUTS, "z.txt", TRUNCATE, READ, 69).open_fails(INPUTS, "a/new", CREATE, READ, 69);
    script.path("path_create_directory", INPUTS, "new", 69).path("path_unlink_file", INPUTS, "z.txt", 69);
    script.path("path_remove_directory", INPUTS, "a", 69);
    script.open(TMP, "x", CREATE, READ | WRITE, 6);
    script.rename((INPUTS, "z.txt"), (TMP, "z"), 69).rename((TMP, "x"), (INPUTS, "x"), 69);
    let [at, length] = script.bytes(b"z.txt");
    script.call("path_filestat_set_times", &[INPUTS, 0, at, length, 1, 1, 1], 69);
    script.open(INPUTS, "z.txt", 0, READ, 7).write(7, b"no", 8);
    script.call("fd_filestat_set_size", &[7, 0], 8).call("fd_allocate", &[7, 0, 100], 8);
    script.read(7, 1024, 100, 2);
    passes(&script);
}

#[test]
fn files_can_be_written_read_and_moved() {
    let mut script = Script::default();
    script.path("path_create_directory", OUTPUTS, "deep", 0).path(
        "path_create_directory",
        OUTPUTS,
        "deep",
        20,
    );
    script
        .open(OUTPUTS, "deep/one", CREATE | EXCLUSIVE, READ | WRITE, 6)
        .write(6, b"0123456789", 0)
        .word(OUT, 10);
    script.open_fails(OUTPUTS, "deep/one", CREATE | EXCLUSIVE, READ, 20);
    let out = i64::from(OUT);
    script.call("fd_tell", &[6, out], 0).long(OUT, 10).call("fd_seek", &[6, -4, 1, out], 0).long(OUT, 6);
    script.read(6, 1024, 100, 4).long(1024, u64::from(u32::from_le_bytes(*b"6789")));
    script.call("fd_seek", &[6, -1, 0, out], 28).call("fd_seek", &[6, 0, 9, out], 28);
    let [list, one] = script.vector([1040, 3]);
    script.call("fd_pread", &[6, list, one, 2, out], 0).word(OUT, 3);
    script.word(1040, u32::from_le_bytes(*b"234\0"));
    let place = script.bytes(b"XY");
    let [list, one] = script.vector(place);
    script.call("fd_pwrite", &[6, list, one, 12, out], 0);
    script.call("fd_filestat_get", &[6, out], 0).long(OUT + 32, 14).word(OUT + 16, 4);
    script.call("fd_filestat_set_size", &[6, 13], 0).call("fd_allocate", &[6, 0, 5], 0);
    script.call("fd_sync", &[6], 0).call("fd_datasync", &[6], 0).call("fd_close", &[6], 0).call(
        "fd_close",
        &[6],
        8,
    );
    script.rename((OUTPUTS, "deep/one"), (OUTPUTS, "two"), 0).rename(
        (OUTPUTS, "deep/one"),
        (OUTPUTS, "x"),
        44,
    );
    script.rename((OUTPUTS, "deep"), (OUTPUTS, "deep/inner"), 28).rename(
        (OUTPUTS, "deep"),
        (OUTPUTS, "two"),
        54,
    );
    script.path("path_remove_directory", OUTPUTS, "deep", 0).path(
        "path_remove_directory",
        OUTPUTS,
        "two",
        54,
    );
    let outcome = passes(&script);
    assert_eq!(outcome.results.get("outputs/two").unwrap(), &b"0123456789\0\0X"[..]);
    assert!(outcome.results.iter().all(|(path, _)| !path.contains("deep")), "empty folders are not kept");
}

#[test]
fn wrong_kinds_of_names_are_refused() {
    let mut script = Script::default();
    script.path("path_create_directory", TMP, "d", 0).open(TMP, "f", CREATE, WRITE, 6);
    script
        .open_fails(TMP, "d", 0, WRITE, 31)
        .open_fails(TMP, "f", DIRECTORY, READ, 54)
        .open_fails(TMP, "f/x", CREATE, WRITE, 54);
    script
        .open_fails(TMP, "f/", 0, READ, 54)
        .open_fails(TMP, "n/", CREATE, WRITE, 31)
        .open_fails(TMP, "", 0, READ, 44);
    script.open_fails(TMP, "none/x", CREATE, WRITE, 44).open_fails(TMP, "a\\b", CREATE, WRITE, 28);
    script.open_fails(TMP, "a\0b", CREATE, WRITE, 28).open_fails(TMP, &"n".repeat(256), CREATE, WRITE, 37);
    script.open_fails(TMP, &"n/".repeat(2_100), 0, READ, 37);
    script.path("path_unlink_file", TMP, "d", 31).path("path_unlink_file", TMP, "f/", 31).path(
        "path_unlink_file",
        TMP,
        "n",
        44,
    );
    script.open(TMP, "d/f", CREATE, WRITE, 7).path("path_remove_directory", TMP, "d", 55);
    let [at, length] = script.bytes(b"\xff\xfe");
    script.call("path_open", &[TMP, 0, at, length, CREATE, WRITE, 0, 0, 0], 25);
    let mut deep = "p".to_owned();
    for level in 2..=16 {
        script.path("path_create_directory", TMP, &deep, if level <= 16 { 0 } else { 37 });
        deep.push_str("/p");
    }
    script.path("path_create_directory", TMP, &deep, 37);
    passes(&script);
}

#[test]
fn listings_are_repeatable_and_survive_removals() {
    let mut script = Script::default();
    let out = i64::from(OUT);
    // `.`, `..`, then the entries as they came: 24 bytes and the name each.
    script.call("fd_readdir", &[INPUTS, 1024, 4096, 0, out], 0).word(OUT, 25 + 26 + 25 + 29);
    script.long(1024, 1).word(1024 + 16, 1).word(1024 + 20, 0x3).long(1024 + 25, 2);
    script.word(1024 + 51 + 20, 3).word(1024 + 51 + 24, u32::from_le_bytes([b'a', 4, 0, 0]));
    script.call("fd_readdir", &[INPUTS, 1024, 10, 0, out], 0).word(OUT, 10);
    for name in ["x", "y", "w"] {
        script.path("path_create_directory", TMP, name, 0);
    }
    script.path("path_remove_directory", TMP, "x", 0);
    // The place behind `x` still leads to `y` and `w`.
    script.call("fd_readdir", &[TMP, 1024, 4096, 3, out], 0).word(OUT, 50);
    script.word(1024 + 24, u32::from_le_bytes([b'y', 5, 0, 0]));
    script.call("fd_readdir", &[TMP, 1024, 4096, 99, out], 0).word(OUT, 0);
    script.call("fd_readdir", &[1, 1024, 4096, 0, out], 54);
    passes(&script);
}

#[test]
fn descriptors_are_checked_bounded_and_moved() {
    let mut script = Script::default();
    let out = i64::from(OUT);
    for (name, arguments) in [
        ("fd_read", &[99, 0, 0, out][..]),
        ("fd_write", &[99, 0, 0, out]),
        ("fd_seek", &[99, 0, 0, out]),
        ("fd_tell", &[99, out]),
        ("fd_close", &[99]),
        ("fd_fdstat_get", &[99, out]),
        ("fd_filestat_get", &[99, out]),
        ("fd_advise", &[99, 0, 0, 0]),
        ("sock_shutdown", &[99, 0]),
        ("fd_renumber", &[99, 3]),
        ("fd_renumber", &[3, 99]),
    ] {
        script.call(name, arguments, 8);
    }
    script.call("sock_shutdown", &[3, 0], 58).call("sock_accept", &[3, 0, out], 58);
    script.call("fd_seek", &[1, 0, 0, out], 70).call("fd_tell", &[1, out], 70).call(
        "fd_read",
        &[1, 0, 0, out],
        8,
    );
    script.write(0, b"x", 8);
    script.call("fd_fdstat_get", &[INPUTS, out], 0).word(OUT, 3);
    script.call("fd_fdstat_set_rights", &[INPUTS, -1, -1], 76).call("fd_fdstat_set_flags", &[1, 0x20], 28);
    script.open(TMP, "one", CREATE, READ | WRITE, 6).open(TMP, "two", CREATE, READ | WRITE, 7);
    script.write(6, b"1", 0).call("fd_renumber", &[6, 7], 0).write(7, b"1", 0).write(6, b"1", 8);
    script.call("fd_fdstat_set_rights", &[7, READ, 0], 0).write(7, b"1", 8);
    for fd in (6..256).filter(|fd| *fd != 7) {
        script.open(INPUTS, "z.txt", 0, READ, fd);
    }
    script.open_fails(INPUTS, "z.txt", 0, READ, 33);
    passes(&script);
}

#[test]
fn a_removed_file_lives_while_it_is_open() {
    let mut script = Script::default();
    script.open(TMP, "f", CREATE, READ | WRITE, 6).write(6, b"abcd", 0).path("path_unlink_file", TMP, "f", 0);
    script
        .open_fails(TMP, "f", 0, READ, 44)
        .call("fd_seek", &[6, 0, 0, i64::from(OUT)], 0)
        .read(6, 1024, 10, 4);
    script.call("fd_close", &[6], 0);
    // A folder that is gone takes no new files.
    script.path("path_create_directory", TMP, "d", 0).open(TMP, "d", DIRECTORY, READ, 6);
    script.path("path_remove_directory", TMP, "d", 0).open_fails(6, "x", CREATE, WRITE, 44);
    passes(&script);
}

#[test]
fn bad_pointers_answer_a_fault() {
    let mut script = Script::default();
    let (end, out) = (4 * 65_536, i64::from(OUT));
    script.call("args_sizes_get", &[end - 3, out], 21).call("args_sizes_get", &[out, -1], 21);
    script.call("random_get", &[end - 1, 2], 21).call("random_get", &[-1, 2], 21).call(
        "random_get",
        &[0, -1],
        21,
    );
    script.call("fd_write", &[1, end - 4, 1, out], 21).call("fd_write", &[1, -8, 2, out], 21);
    script.call("fd_write", &[1, 0, 1_025, out], 28).call("fd_write", &[1, 0, -1, out], 28);
    let [list, _] = script.vector([end - 1, 2]);
    script.call("fd_write", &[1, list, 1, out], 21).call("fd_read", &[0, list, 1, out], 21);
    let twice = script.bytes(&[0, 0, 0, 0, 0, 0, 2, 0].repeat(1_000));
    script.call("fd_write", &[1, twice[0], 1_000, out], 0);
    script.call("path_open", &[INPUTS, 0, end - 2, 4, 0, READ, 0, 0, out], 21);
    script.call("path_open", &[INPUTS, 0, 0, -1, 0, READ, 0, 0, out], 37);
    script.call("poll_oneoff", &[end - 8, out, 1, out], 21).call("poll_oneoff", &[0, 0, 0, 0], 28);
    script.call("poll_oneoff", &[0, 0, 100_000, 0], 28).call(
        "fd_readdir",
        &[INPUTS, end - 8, 64, 0, out],
        21,
    );
    script.call("clock_time_get", &[0, 0, -4], 21).call("clock_time_get", &[9, 0, out], 28);
    let mut request = with_inputs(&script);
    request.limits.log_bytes = 1 << 30;
    request.limits.instructions = u64::MAX;
    // The thousand vectors of 128 KiB are more than a call may move, or else they are written.
    assert!(matches!(run(request).unwrap().stop, StopReason::Exited(_)));
}

#[test]
fn the_fixed_clock_moves_with_readings_and_waits() {
    let mut script = Script::default();
    let out = i64::from(OUT);
    let start = 1_700_000_000_000_000_000;
    script.call("clock_time_get", &[0, 0, out], 0).long(OUT, start);
    script.call("clock_time_get", &[1, 0, out], 0).long(OUT, start + 1_000_000);
    script.call("clock_res_get", &[0, out], 0).long(OUT, 1_000_000);
    // An hour passes at once: one subscription to the monotonic clock.
    let mut subscription = [0_u8; 48];
    subscription[..8].copy_from_slice(&77_u64.to_le_bytes());
    subscription[16] = 1;
    subscription[24..32].copy_from_slice(&3_600_000_000_000_u64.to_le_bytes());
    let [at, _] = script.bytes(&subscription);
    script.call("poll_oneoff", &[at, 1024, 1, out], 0).word(OUT, 1).long(1024, 77).word(1032, 0);
    script.call("clock_time_get", &[1, 0, out], 0).long(OUT, start + 2_000_000 + 3_600_000_000_000);
    // A descriptor that is ready comes first, and no time passes.
    let mut reads = [0_u8; 48];
    reads[8] = 1;
    reads[16] = 3;
    let [at, _] = script.bytes(&[subscription, reads].concat());
    script.call("poll_oneoff", &[at, 1024, 2, out], 0).word(OUT, 1).word(1034, 1);
    script.call("sched_yield", &[], 0);
    passes(&script);
}

#[test]
fn arguments_and_environment_arrive() {
    let mut script = Script::default();
    let out = i64::from(OUT);
    script.call("args_sizes_get", &[out, out + 4], 0).word(OUT, 2).word(OUT + 4, 12 + 4);
    script
        .call("args_get", &[1024, 2048], 0)
        .word(1024, 2048)
        .word(1028, 2060)
        .word(2060, u32::from_le_bytes(*b"two\0"));
    script.call("environ_sizes_get", &[out, out + 4], 0).word(OUT, 1).word(OUT + 4, 4);
    script.call("environ_get", &[1024, 2048], 0).word(2048, u32::from_le_bytes(*b"K=v\0"));
    let mut request = with_inputs(&script);
    let RunSpec::Wasm(wasm) = &mut request.run else { panic!() };
    wasm.args = vec!["two".into()];
    wasm.env.insert("K".into(), "v".into());
    assert_eq!(run(request).unwrap().stop, StopReason::Exited(0));
}

#[test]
fn random_bytes_are_a_stream_of_the_seed() {
    let stdout = |pieces: &[i64], seed| {
        let mut script = Script::default();
        let mut at = 1024;
        for piece in pieces {
            script.call("random_get", &[at, *piece], 0);
            at += piece;
        }
        let [list, one] = script.vector([1024, 100]);
        script.call("fd_write", &[1, list, one, i64::from(OUT)], 0);
        let request = RunRequest { seed: [seed; 32], ..with_inputs(&script) };
        run(request).unwrap().results.get("stdout").unwrap().clone()
    };
    let whole = stdout(&[100], 1);
    assert_eq!(stdout(&[1, 31, 33, 35], 1), whole);
    assert_ne!(stdout(&[100], 2), whole);
    assert!(whole.iter().any(|byte| *byte != 0));
}

#[test]
fn exits_and_signals_are_told_apart() {
    let mut script = Script::default();
    script.call("proc_exit", &[42], 0);
    let outcome = run(with_inputs(&script)).unwrap();
    assert_eq!((outcome.stop.clone(), text(&outcome, "exitCode").as_str()), (StopReason::Exited(42), "42"));
    let mut script = Script::default();
    script.call("proc_raise", &[6], 0);
    let outcome = run(with_inputs(&script)).unwrap();
    assert!(
        matches!(&outcome.stop, StopReason::Trapped(why) if why.contains("signal 6")),
        "{:?}",
        outcome.stop
    );
    assert_eq!(text(&outcome, "exitCode"), "134");
}

#[test]
fn standard_input_is_empty() {
    let mut script = Script::default();
    script.read(0, 1024, 10, 0);
    passes(&script);
}

#[test]
fn hidden_files_are_left_out_and_said() {
    let mut script = Script::default();
    script.open(OUTPUTS, ".secret", CREATE, WRITE, 6).open(OUTPUTS, "seen", CREATE, WRITE, 7);
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&warnings);
    let events = EventSink::new(move |event| seen.lock().unwrap().push(event));
    let outcome = run_with(with_inputs(&script), events, CancelToken::new()).unwrap();
    let names: Vec<&str> = outcome.results.iter().map(|(path, _)| path).collect();
    assert_eq!(names, ["exitCode", "outputs/seen", "stderr", "stdout"]);
    assert!(
        matches!(&warnings.lock().unwrap()[..], [ExecutorEvent::Warning(text)] if text.contains("outputs/.secret"))
    );
}

#[test]
fn lines_are_streamed_whole_and_long_ones_in_pieces() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&lines);
    let events = EventSink::new(move |event| seen.lock().unwrap().push(event));
    let mut script = Script::default();
    script.write(1, b"on", 0).write(1, b"e\ntwo\n\nth", 0).write(2, b"\xff\n", 0).write(
        1,
        "é".repeat(5_000).as_bytes(),
        0,
    );
    run_with(with_inputs(&script), events, CancelToken::new()).unwrap();
    let lines = lines.lock().unwrap();
    let expected = ["one", "two", ""].map(|line| ExecutorEvent::Stdout(line.into()));
    assert_eq!(lines[..3], expected);
    assert_eq!(lines[3], ExecutorEvent::Stderr("\u{fffd}".into()));
    let pieces: Vec<&str> = lines[4..]
        .iter()
        .map(|event| match event {
            ExecutorEvent::Stdout(piece) => piece.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(pieces.len(), 2);
    assert!(pieces[0].len() <= 8_192 && pieces[0].len() > 8_000);
    assert_eq!(pieces.concat(), format!("th{}", "é".repeat(5_000)));
}
