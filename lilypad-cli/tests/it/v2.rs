//! Peers of Lilypad v2, written in Go with Go's own JSON, tar, websocket and signatures, at a solver of ours.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::http::Role;
use crate::tool::{User, skipped};

/// Builds the two peers. `None`, after a line that names `test`, where this machine cannot.
fn peers(test: &str, folder: &Path) -> Option<PathBuf> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/go/v2");
    let go = |args: &[&str]| {
        let mut go = Command::new("go");
        go.args(args)
            .current_dir(&sources)
            .env("GOTOOLCHAIN", "local")
            .env("GOFLAGS", "-mod=readonly")
            .output()
    };
    if go(&["version"]).is_err() {
        skipped(test, "go is not installed");
        return None;
    }
    if !go(&["mod", "download"]).unwrap().status.success() {
        skipped(test, "its Go modules cannot be fetched");
        return None;
    }
    let program = folder.join("peers");
    let built = go(&["build", "-o", program.to_str().unwrap(), "."]).unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Some(program)
}

#[test]
fn a_go_job_creator_and_a_go_provider_use_our_solver() {
    let user = User::new();
    let test = "a_go_job_creator_and_a_go_provider_use_our_solver";
    let Some(peers) = peers(test, user.home()) else { return };
    let args = ["solver", "--listen", "127.0.0.1:0", "--play-money", "1000 LP", "--v2-compat"];
    let solver = Role::start(&user, None, &args);
    let said = Command::new(peers).arg(solver.ready["url"].as_str().unwrap()).output().unwrap();
    let (out, errors) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success() && out.ends_with("\nok\n"), "{out}{errors}");
}

#[test]
fn without_the_switch_a_solver_knows_no_v2() {
    let user = User::new();
    let test = "without_the_switch_a_solver_knows_no_v2";
    let Some(peers) = peers(test, user.home()) else { return };
    let solver = Role::start(&user, None, &["solver", "--listen", "127.0.0.1:0", "--play-money", "1000 LP"]);
    let said = Command::new(peers).arg(solver.ready["url"].as_str().unwrap()).output().unwrap();
    assert!(!said.status.success() && !String::from_utf8_lossy(&said.stdout).contains("offered"));
}
