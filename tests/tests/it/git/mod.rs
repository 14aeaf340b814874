//! Modules from git, over https, against git's own server: what is fetched, what is refused, what stays behind.

mod cache;
mod egress;
mod fetch;
mod limits;
mod repository;
mod server;

use lilypad_core::module::{CommitId, GitCommit, GitFetcher, GitPolicy, Tree};
use lilypad_core::rt::CancelToken;
use lilypad_core::{Error, Result};
use tempfile::TempDir;

use repository::Repository;
use server::Server;

/// A server with the repository `owner/repo`, and a fetcher that may use it.
struct Pond {
    server: Server,
    policy: GitPolicy,
    folder: TempDir,
}

impl Pond {
    /// `None` where git is not on this machine.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        repository::has_git().then(|| {
            let server = Server::start(&folder.path().join("served"));
            let policy = GitPolicy {
                allow_private_hosts: vec!["127.0.0.1".to_owned()],
                extra_root_certificates: vec![server.certificate().to_vec()],
                cache_dir: Some(folder.path().join("cache")),
                ..GitPolicy::default()
            };
            Self { server, policy, folder }
        })
    }

    /// Makes `owner/repo` out of a stream for `git fast-import`.
    fn repository(&self, stream: &str) -> Repository {
        Repository::import(&self.folder.path().join("served/owner/repo"), stream)
    }

    fn name(&self, reference: &str) -> String {
        format!("https://127.0.0.1:{}/owner/repo{reference}", self.server.port())
    }

    fn fetch(&self, reference: &str) -> Result<GitCommit> {
        self.fetch_with(&self.policy, reference)
    }

    fn fetch_with(&self, policy: &GitPolicy, reference: &str) -> Result<GitCommit> {
        GitFetcher::new(policy.clone()).fetch(&self.name(reference).parse()?, &CancelToken::new())
    }

    fn error(&self, reference: &str) -> Error {
        self.fetch(reference).expect_err(reference)
    }

    /// Every file below the cache that is not a lock, as a path relative to it.
    fn kept(&self) -> Vec<String> {
        let root = self.folder.path().join("cache");
        let mut kept = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            for path in entries.map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if !path.parent().unwrap().ends_with(".locks") {
                    kept.push(path.strip_prefix(&root).unwrap().to_string_lossy().into_owned());
                }
            }
        }
        kept.sort();
        kept
    }
}

/// The text of one file.
fn text(commit: &GitCommit, path: &str) -> String {
    let bytes = commit.read(path, 1 << 20).unwrap().unwrap_or_else(|| panic!("{path} is not there"));
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn commit_id(text: &str) -> CommitId {
    text.trim().parse().unwrap()
}
