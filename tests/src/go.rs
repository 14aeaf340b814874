//! Go programs that say what the reference's own libraries do.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::skipped;

/// The `go` command. `None`, after a line that names `test`, where this machine has no Go.
#[must_use]
pub fn go(test: &str) -> Option<Command> {
    if Command::new("go").arg("version").output().is_err() {
        skipped(test, "go is not installed");
        return None;
    }
    let mut go = Command::new("go");
    go.env("GOTOOLCHAIN", "local");
    Some(go)
}

/// A built program of `tests/go`.
#[derive(Debug)]
pub struct GoProgram {
    binary: PathBuf,
    _folder: tempfile::TempDir,
}

impl GoProgram {
    /// Builds `tests/go/<name>`. `None`, after a line that names `test`, where this machine has no Go.
    #[must_use]
    pub fn build(test: &str, name: &str) -> Option<Self> {
        let mut go = go(test)?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let binary = folder.path().join(name);
        let built = go
            .args(["build", "-o"])
            .arg(&binary)
            .arg(format!("./{name}"))
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("go"))
            .status();
        assert!(built.is_ok_and(|status| status.success()), "go build ./{name}");
        Some(Self { binary, _folder: folder })
    }

    /// Sends all requests, one line each, and gives back as many lines.
    #[must_use]
    pub fn ask(&self, requests: &[String]) -> Vec<String> {
        let mut child = Command::new(&self.binary)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program was just built");
        let mut stdin = child.stdin.take().expect("stdin is piped");
        let lines = requests.join("\n");
        let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
        let output = child.wait_with_output().expect("the program answers");
        writer.join().expect("the writer does not panic").expect("the program reads all requests");
        assert!(output.status.success(), "the Go program failed");
        let answers: Vec<String> =
            String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
        assert_eq!(answers.len(), requests.len());
        answers
    }
}
