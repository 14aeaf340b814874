//! What a fetch may reach and use.

use std::path::PathBuf;
use std::time::Duration;

/// What fetching from git may reach and use. Plain data: change what you need and keep the rest.
///
/// ```
/// use lilypad_core::module::GitPolicy;
/// let policy = GitPolicy { allow_hosts: Some(vec!["github.com".to_owned()]), ..GitPolicy::default() };
/// assert_eq!(policy.max_bytes, 64 << 20);
/// ```
#[derive(Clone, Debug)]
pub struct GitPolicy {
    /// Hosts (`github.com`) or hosts with a port (`git.example:8443`) that may be asked; `None` allows all.
    pub allow_hosts: Option<Vec<String>>,
    /// Hosts, with or without a port, that may have a private, loopback or link-local address. None by default.
    pub allow_private_hosts: Vec<String>,
    /// PEM certificates that are trusted beside the system's.
    pub extra_root_certificates: Vec<Vec<u8>>,
    /// Most bytes to receive for one module, and most bytes of its files once unpacked.
    pub max_bytes: u64,
    /// Most git objects (files, folders, commits) in what is received.
    pub max_objects: u32,
    /// Longest time for a whole fetch, waiting for other fetches of the same module included.
    pub timeout: Duration,
    /// Longest wait for the next 1,024 bytes: a server that is slower is given up.
    pub idle_timeout: Duration,
    /// Where fetched commits are kept; `None` keeps nothing on disk.
    pub cache_dir: Option<PathBuf>,
}

impl Default for GitPolicy {
    /// Every public host, 64 MiB, 20,000 objects, 2 minutes in total, 20 seconds without progress, and the user's
    /// cache folder (`$XDG_CACHE_HOME/lilypad`, `~/.cache/lilypad`, `%LOCALAPPDATA%\lilypad`).
    fn default() -> Self {
        Self {
            allow_hosts: None,
            allow_private_hosts: Vec::new(),
            extra_root_certificates: Vec::new(),
            max_bytes: 64 << 20,
            max_objects: 20_000,
            timeout: Duration::from_secs(120),
            idle_timeout: Duration::from_secs(20),
            cache_dir: user_cache(),
        }
    }
}

fn user_cache() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("LOCALAPPDATA"))
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("lilypad"))
}
