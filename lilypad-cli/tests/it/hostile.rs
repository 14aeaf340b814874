//! Programs that mean harm end like any other: in time, within their limits, with what they used on record.

use std::fs;

use crate::tool::{Outcome, User};

fn run(user: &User, name: &str, program: &str, args: &[&str]) -> Outcome {
    let folder = user.path(name);
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("m.wat"), program).unwrap();
    let manifest = format!(
        "module.name = \"{name}\"\nrun.wasm = {{ module = \"m.wat\" }}\nmachine = {{ cpu = \"1\", ram = \"64 MB\" }}\n\
         [[outputs]]\nname = \"outputs\"\npath = \"/outputs\"\n"
    );
    fs::write(folder.join("lilypad.toml"), manifest).unwrap();
    let folder = folder.to_string_lossy().into_owned();
    let mut all = vec!["run", &folder, "--json"];
    all.extend(args);
    user.lilypad(&all)
}

/// Moves an open folder into one that was removed, then tries to close the circle.
#[test]
fn a_circle_of_folders_cannot_be_made() {
    let user = User::new();
    let outcome =
        run(&user, "circle", include_str!("hostile/circle.wat"), &["--timeout", "20s"]).ends_with(6);
    // WASI's number for "no such file or folder".
    assert_eq!(outcome.json()["exit_code"], 44);
}

/// Eight million empty lines on each stream in two calls.
#[test]
fn a_flood_of_lines_holds_nobody_up() {
    let user = User::new();
    let outcome = run(&user, "flood", include_str!("hostile/flood.wat"), &["--timeout", "20s"]).ends_with(0);
    assert_eq!(outcome.json()["stdout_bytes"], 8_388_600);
}

/// A type with a thousand results makes every branch dear to check.
#[test]
fn types_that_are_dear_to_check_are_refused() {
    let user = User::new();
    let results = "i32 ".repeat(1_000);
    let program = format!("(module (type (func (result {results}))) (func (export \"_start\")))");
    let outcome = run(&user, "dear", &program, &[]).ends_with(2);
    assert_eq!(outcome.json()["error"]["code"], "E_WASM_ARITY");
}
