//! Repositories for tests, made by git from a stream.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A bare repository that is served.
pub(super) struct Repository(PathBuf);

pub(super) fn has_git() -> bool {
    Command::new("git").args(["http-backend"]).output().is_ok_and(|output| !output.stdout.is_empty())
}

/// git without the settings of this machine.
pub(super) fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).env_clear().env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", folder);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

impl Repository {
    /// Makes a repository, or adds to one.
    pub(super) fn import(folder: &Path, stream: &str) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let repository = Self(folder.to_owned());
        if !folder.join("HEAD").exists() {
            repository.run(&["init", "--quiet", "--bare", "--initial-branch=main", "."], "");
        }
        repository.add(stream);
        repository
    }

    /// Adds what a stream for `git fast-import` holds.
    pub(super) fn add(&self, stream: &str) {
        self.run(&["fast-import", "--quiet", "--force"], stream);
    }

    pub(super) fn run(&self, arguments: &[&str], input: &str) -> String {
        let mut child =
            git(&self.0).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "git {arguments:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(super) fn id(&self, name: &str) -> String {
        self.run(&["rev-parse", &format!("{name}^{{commit}}")], "")
    }
}

/// A commit on a branch: `files` are mode, path and content.
pub(super) fn commit(branch: &str, files: &[(&str, &str, &str)]) -> String {
    let mut stream =
        format!("commit refs/heads/{branch}\ncommitter Frog <frog@pond.example> 1700000000 +0000\n");
    stream += &data(&format!("on {branch}"));
    for (mode, path, content) in files {
        if *mode == "160000" {
            stream += &format!("M 160000 {content} {path}\n");
        } else {
            stream += &format!("M {mode} inline {path}\n{}", data(content));
        }
    }
    stream + "\n"
}

/// An annotated tag of a branch's commit.
pub(super) fn annotated(tag: &str, branch: &str) -> String {
    format!(
        "tag {tag}\nfrom refs/heads/{branch}\ntagger Frog <frog@pond.example> 1700000000 +0000\n{}",
        data(tag)
    )
}

/// A tag without a message.
pub(super) fn light(tag: &str, branch: &str) -> String {
    format!("reset refs/tags/{tag}\nfrom refs/heads/{branch}\n\n")
}

fn data(content: &str) -> String {
    format!("data {}\n{content}\n", content.len())
}
