//! The one entry: from a reference to a verified commit.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::module::{CommitId, GitRef, ModuleRef};
use crate::rt::CancelToken;

use super::budget::Budget;
use super::cache::Cache;
use super::commit::{GitCommit, verify};
use super::egress::{self, Resolve};
use super::object::Objects;
use super::pack::{PackLimits, read_pack};
use super::policy::GitPolicy;
use super::remote::Remote;
use super::site::Site;

/// Fetches modules from git within a [`GitPolicy`]. Clones share nothing but the cache on disk.
///
/// ```no_run
/// use lilypad_core::module::{GitFetcher, GitPolicy, Tree};
/// use lilypad_core::rt::CancelToken;
///
/// let fetcher = GitFetcher::new(GitPolicy::default());
/// let commit = fetcher.fetch(&"cowsay:v0.0.4".parse()?, &CancelToken::new())?;
/// let template = commit.read("lilypad_module.json.tmpl", 1 << 20)?;
/// println!("{} at {}: {:?}", commit.repo(), commit.commit(), template.map(|bytes| bytes.len()));
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone)]
pub struct GitFetcher {
    policy: GitPolicy,
    resolve: Resolve,
}

impl GitFetcher {
    /// A fetcher that asks the system for the addresses of hosts.
    #[must_use]
    pub fn new(policy: GitPolicy) -> Self {
        Self { policy, resolve: egress::system_resolver() }
    }

    /// Asks `resolve` for the addresses of a host. They are checked as the system's are, once for each fetch, and only
    /// checked addresses are connected to.
    #[must_use]
    pub fn with_resolver(
        mut self,
        resolve: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static,
    ) -> Self {
        self.resolve = Arc::new(resolve);
        self
    }

    /// Fetches the commit that `module` names: a tag, else the branch of that name, else the commit it is pinned to.
    ///
    /// Blocks; call it on a thread where that is allowed. A tag or branch is asked of the server each time, since
    /// both can move; a pinned commit that is in the cache needs no network. Fetches of one commit at the same time,
    /// in any process, download it once.
    ///
    /// # Errors
    /// - `InvalidInput`: `E_MODULE_REF` where `module` is not in git, `E_MODULE_TOO_LARGE`.
    /// - `NotFound`: `E_GIT_REPO`, `E_GIT_REF`.
    /// - `Rejected` (`E_EGRESS_DENIED`): a host, address or redirect that the policy does not allow.
    /// - `Timeout` (`E_MODULE_TIMEOUT`), `Cancelled` (`E_CANCELLED`).
    /// - `Unavailable`: `E_GIT_HOST`, `E_GIT_TLS`, `E_GIT_UNAVAILABLE`; `RateLimited`: `E_GIT_RATE`.
    /// - `Protocol` (`E_GIT_PROTOCOL`), `VerificationFailed` (`E_GIT_HASH`): what the server sent cannot be used.
    pub fn fetch(&self, module: &ModuleRef, cancel: &CancelToken) -> Result<GitCommit> {
        let ModuleRef::Git(git) = module else {
            return Err(Error::invalid(
                "E_MODULE_REF",
                format!("module {:?} is not in git", module.to_string()),
            )
            .with_hint("write cowsay:v0.0.4 or github.com/owner/repo:ref"));
        };
        let site = Site {
            url: git.repo_url(),
            authority: git.authority(),
            budget: Arc::new(Budget::new(&self.policy, cancel)),
        };
        self.fetch_git(git, &site).map_err(|error| error.with_operation("fetch"))
    }

    fn fetch_git(&self, git: &GitRef, site: &Site) -> Result<GitCommit> {
        egress::check_host(git, &self.policy, site)?;
        let cache = self.policy.cache_dir.as_deref().map(Cache::new);
        let (commit, remote) = self.resolve_commit(git, cache.as_ref(), site)?;
        let objects = match cache {
            Some(cache) => self.cached(&cache, git, commit, remote, site)?,
            None => self.download(git, commit, remote, site)?.0,
        };
        GitCommit::new(git, commit, objects)
    }

    /// The commit, and the server where it had to be asked for it.
    fn resolve_commit(
        &self,
        git: &GitRef,
        cache: Option<&Cache>,
        site: &Site,
    ) -> Result<(CommitId, Option<Remote>)> {
        let name = match (git.commit(), git.name()) {
            (Some(commit), _) => return Ok((commit, None)),
            (None, Some(name)) => name,
            (None, None) => {
                return Err(Error::unexpected("a git reference names neither a ref nor a commit"));
            }
        };
        let asked = self.connect(git, site).and_then(|remote| Ok((remote.resolve(name)?, Some(remote))));
        asked.map_err(|error| match error.kind() {
            ErrorKind::Unavailable => offline(error, git, cache),
            _ => error,
        })
    }

    fn cached(
        &self,
        cache: &Cache,
        git: &GitRef,
        commit: CommitId,
        remote: Option<Remote>,
        site: &Site,
    ) -> Result<Objects> {
        let load = || cache.load(git, commit, self.policy.max_bytes, site);
        if let Some(objects) = load() {
            return Ok(objects);
        }
        let guard = cache.lock(commit, site)?;
        if let Some(objects) = load() {
            return Ok(objects);
        }
        let (objects, partial) = self.download(git, commit, remote, site)?;
        if let Some(guard) = guard {
            cache.store(&guard, git, commit, &objects, partial);
        }
        Ok(objects)
    }

    /// The commit's objects, and whether large files may be missing.
    fn download(
        &self,
        git: &GitRef,
        commit: CommitId,
        remote: Option<Remote>,
        site: &Site,
    ) -> Result<(Objects, bool)> {
        let remote = match remote {
            Some(remote) => remote,
            None => self.connect(git, site)?,
        };
        let limits = PackLimits { bytes: self.policy.max_bytes, objects: self.policy.max_objects };
        let pack = remote.pack(commit, self.policy.max_bytes / 2)?;
        let mut objects = read_pack(pack, limits, site)?;
        verify(&mut objects, commit, remote.filters(), site)?;
        Ok((objects, remote.filters()))
    }

    fn connect(&self, git: &GitRef, site: &Site) -> Result<Remote> {
        Remote::connect(git, &self.policy, &self.resolve, site)
    }
}

/// Says what works without the network.
fn offline(error: Error, git: &GitRef, cache: Option<&Cache>) -> Error {
    let commits = cache.map(|cache| cache.commits(git)).unwrap_or_default();
    if commits.is_empty() {
        return error;
    }
    let names: Vec<String> = commits.iter().take(3).map(CommitId::to_string).collect();
    error.with_hint(format!(
        "`{git}` may move, so the server is asked each time; pin a commit to work offline (in the cache: {})",
        names.join(", ")
    ))
}

impl fmt::Debug for GitFetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitFetcher").field("policy", &self.policy).finish_non_exhaustive()
    }
}
