//! Each way to go wrong gives one clear line, the right exit code, and kind, fault and hint in JSON.

use std::fs;
use std::process::Command;

use crate::tool::{Outcome, User, skipped};

/// Runs twice, for people and for programs, and compares what both say.
#[track_caller]
fn fails(user: &User, args: &[&str], code: i32, error_code: &str, fault: &str) -> Outcome {
    let told = user.lilypad(args).ends_with(code);
    let line = told.stderr.lines().filter(|line| line.starts_with("error: ")).collect::<Vec<_>>();
    assert_eq!(line.len(), 1, "one error line in:\n{}", told.stderr);
    let mut with_json = args.to_vec();
    with_json.push("--json");
    let document = user.lilypad(&with_json).ends_with(code).json();
    let error = &document["error"];
    assert_eq!(error["code"], error_code, "{document:#}");
    assert_eq!(error["fault"], fault, "{document:#}");
    assert!(error["kind"].is_string() && error["message"].is_string());
    assert!(
        line[0].contains(error["message"].as_str().unwrap()),
        "{} is not in {}",
        error["message"],
        line[0]
    );
    told
}

#[test]
fn inputs() {
    let user = User::new();
    let cowsay = "examples/modules/cowsay";
    fails(&user, &["run", cowsay, "-i", "Mesage=x"], 2, "E_INPUT_UNKNOWN", "User");
    fails(&user, &["run", cowsay, "-i", "Message=a", "-i", "Message=b"], 2, "E_INPUT_TWICE", "User");
    fails(&user, &["run", "examples/modules/mandelbrot", "-i", "width=wide"], 2, "E_INPUT_TYPE", "User");
    fails(&user, &["run", "examples/modules/mandelbrot", "-i", "width=0"], 2, "E_INPUT_RANGE", "User");
    fails(&user, &["run", "examples/modules/wordcount"], 2, "E_FILE_MISSING", "User");
    fails(
        &user,
        &["run", cowsay, "--inputs-path", "examples/modules/cowsay/src"],
        2,
        "E_FILE_UNKNOWN",
        "User",
    );
    fails(&user, &["run", cowsay, "-i", "Message"], 2, "E_USAGE", "User");
    fails(&user, &["run", cowsay, "--timeout", "soon"], 2, "E_USAGE", "User");
}

#[test]
fn a_required_input_that_is_missing() {
    let user = User::new();
    let folder = user.path("module");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("m.wat"), "(module (func (export \"_start\")))").unwrap();
    fs::write(
        folder.join("lilypad.toml"),
        "module.name = \"m\"\ninputs.Name = { type = \"string\", required = true }\nrun.wasm = { module = \"m.wat\", args = [{ input = \"Name\" }] }\n",
    )
    .unwrap();
    let told = fails(&user, &["run", &folder.to_string_lossy()], 2, "E_INPUT_MISSING", "User");
    assert!(told.stderr.contains("Name"), "{}", told.stderr);
}

#[test]
fn modules_that_cannot_be_loaded() {
    let user = User::new();
    fails(&user, &["run", "./no-such-folder"], 2, "E_MODULE_FOLDER", "User");
    let told = fails(&user, &["run", "cowsay"], 2, "E_MODULE_FOLDER", "User");
    assert!(told.stderr.contains("cowsay:v1.0.0"), "{}", told.stderr);
    fails(&user, &["run", "user:secret@github.com/owner/repo:v1"], 2, "E_MODULE_REF", "User");
    fails(&user, &["run", "ssh://github.com/owner/repo:v1"], 2, "E_GIT_SCHEME", "User");
    fails(&user, &["run", "lilypad-cli"], 2, "E_MODULE_MISSING", "User");

    let folder = user.path("broken");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("lilypad_module.json.tmpl"), "{\n  \"machine\": {{ if .X }}\n}").unwrap();
    let told = fails(&user, &["run", &folder.to_string_lossy()], 2, "E_TEMPLATE_PARSE", "Module");
    assert!(told.stderr.contains("line"), "{}", told.stderr);
}

#[test]
fn an_unreadable_folder() {
    let user = User::new();
    let folder = user.path("locked");
    fs::create_dir(&folder).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o000)).unwrap();
        if fs::read_dir(&folder).is_ok() {
            skipped("an_unreadable_folder", "this user may read everything");
            return;
        }
        let path = folder.to_string_lossy().into_owned();
        fails(&user, &["run", &path], 2, "E_MODULE_FOLDER", "User");
        fails(
            &user,
            &["run", "examples/modules/wordcount", "--inputs-path", &path],
            2,
            "E_PERMISSION",
            "User",
        );
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn programs_that_fail_still_report_what_they_used() {
    let user = User::new();
    for (args, code) in [
        (&["run", "examples/modules/fail"][..], "E_EXIT_CODE"),
        (&["run", "examples/modules/fail", "-i", "How=trap"][..], "E_TRAP"),
        (&["run", "examples/modules/fail", "-i", "How=memory"][..], "LIMIT_MEMORY"),
        (&["run", "examples/modules/forever", "--max-instructions", "1000000"][..], "LIMIT_INSTRUCTIONS"),
    ] {
        fails(&user, args, 6, code, "Module");
        let mut args = args.to_vec();
        args.push("--json");
        let document = user.lilypad(&args).json();
        assert!(document["instruction_count"].as_u64().unwrap() > 100, "{document:#}");
        assert_eq!(document["state"], "ResultsAccepted");
        assert!(fs::exists(document["output_dir"].as_str().unwrap()).unwrap());
    }
}

#[test]
fn jobs_that_no_machine_takes() {
    let user = User::new();
    let quick = ["--match-timeout", "100ms"];
    let folder = user.path("huge");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("m.wat"), "(module (func (export \"_start\")))").unwrap();
    fs::write(
        folder.join("lilypad.toml"),
        "module.name = \"m\"\nrun.wasm = { module = \"m.wat\" }\nmachine = { cpu = \"64\", ram = \"900 GB\" }\n",
    )
    .unwrap();
    let path = folder.to_string_lossy().into_owned();
    let told = fails(&user, &["run", &path, quick[0], quick[1]], 9, "E_NO_MATCH", "Network");
    assert!(told.stderr.contains("CPU"), "{}", told.stderr);
    let poor = ["run", "examples/modules/cowsay", "--price-cap", "100000 LP", "--seed", "1"];
    fails(&user, &poor, 5, "E_FUNDS", "User");
}

#[test]
fn a_results_folder_that_cannot_be_used() {
    let user = User::new();
    let taken = user.path("taken");
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("mine.txt"), "keep me").unwrap();
    let path = taken.to_string_lossy().into_owned();
    fails(&user, &["run", "examples/modules/cowsay", "-o", &path], 2, "E_TARGET_EXISTS", "User");
    assert_eq!(fs::read_to_string(taken.join("mine.txt")).unwrap(), "keep me");
    // A folder that can never be made is refused before anything is paid.
    let under_a_file = taken.join("mine.txt/results").to_string_lossy().into_owned();
    let told = user.lilypad(&["run", "examples/modules/cowsay", "-o", &under_a_file]).ends_with(2);
    assert!(!told.stderr.contains("deal agreed"), "{}", told.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let user = User::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let outcome = Outcome::of(
        user.command(&["run", "examples/modules/cowsay", "--json"]).stdout(full).output().unwrap(),
    );
    let outcome = outcome.ends_with(1);
    assert!(outcome.stderr.contains("standard output cannot be written"), "{}", outcome.stderr);
}

#[test]
fn a_results_folder_that_somebody_added_to() {
    let user = User::new();
    let folder = user.path("results").to_string_lossy().into_owned();
    user.lilypad(&["run", "examples/modules/cowsay", "-o", &folder]).ends_with(0);
    fs::write(format!("{folder}/.hidden"), "evil").unwrap();
    let receipt = format!("{folder}.receipt.json");
    fails(&user, &["receipt", "verify", &receipt, "--results", &folder], 7, "E_RESULT_HASH", "Provider");
}

#[test]
fn a_receipt_says_nothing_to_the_terminal_but_text() {
    let user = User::new();
    let folder = user.path("results").to_string_lossy().into_owned();
    user.lilypad(&["run", "examples/modules/cowsay", "-o", &folder]).ends_with(0);
    let receipt = format!("{folder}.receipt.json");
    let text = fs::read_to_string(&receipt).unwrap();
    fs::write(&receipt, text.replace("exited:0", "limit:\\u001b[2Jpwned")).unwrap();
    let told = user.lilypad(&["receipt", "verify", &receipt]).ends_with(7);
    assert!(!told.stderr.contains('\u{1b}'), "{:?}", told.stderr);
}

#[test]
fn a_full_disk_under_the_results_folder() {
    let user = User::new();
    let disk = user.path("disk");
    fs::create_dir(&disk).unwrap();
    let mount = |program: &str, args: &[&str]| {
        Command::new(program).args(args).arg(&disk).output().is_ok_and(|output| output.status.success())
    };
    if !mount("mount", &["-t", "tmpfs", "-o", "size=16k", "tmpfs"]) {
        skipped("a_full_disk_under_the_results_folder", "this user may not mount a small disk");
        return;
    }
    let folder = disk.join("results").to_string_lossy().into_owned();
    let args = ["run", "examples/modules/mandelbrot", "-i", "width=128", "-i", "height=128", "-o", &folder];
    fails(&user, &args, 6, "E_DISK_FULL", "User");
    let left = fs::read_dir(&disk).unwrap().count();
    mount("umount", &[]);
    assert_eq!(left, 0, "something is left on the full disk");
}

#[test]
fn a_receipt_that_was_changed() {
    let user = User::new();
    let folder = user.path("results").to_string_lossy().into_owned();
    user.lilypad(&["run", "examples/modules/cowsay", "-o", &folder]).ends_with(0);
    let receipt = format!("{folder}.receipt.json");
    let text = fs::read_to_string(&receipt).unwrap();
    fs::write(&receipt, text.replace("exited:0", "exited:1")).unwrap();
    fails(&user, &["receipt", "verify", &receipt], 7, "E_SIGNATURE", "Unknown");
    fs::write(&receipt, "{}").unwrap();
    fails(&user, &["receipt", "verify", &receipt], 7, "E_RECEIPT_FORMAT", "Provider");
    fails(&user, &["receipt", "verify", "/no/such/file"], 2, "E_RECEIPT_READ", "User");
}
