//! What a provider lets containers do.

use std::path::PathBuf;
use std::time::Duration;

/// When an image is fetched from its registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PullPolicy {
    /// Where the engine has none of that name or digest.
    #[default]
    Missing,
    /// Never: only what the engine already has runs.
    Never,
}

/// What a provider lets containers do. Plain settings; the defaults are tight.
#[derive(Clone, Debug)]
pub struct DockerConfig {
    /// The engine's socket; `None` takes `DOCKER_HOST` where that is a `unix://` address, else `/var/run/docker.sock`.
    pub socket: Option<PathBuf>,
    /// Folder for what jobs read and write while they run. The engine must see it under the same path. One process at a
    /// time uses it.
    pub scratch: PathBuf,
    /// When images are fetched.
    pub pull: PullPolicy,
    /// Registries from which images may come (`docker.io`, `ghcr.io`); empty allows all.
    pub registries: Vec<String>,
    /// Take only images that are named by digest.
    pub digest_only: bool,
    /// Let containers run as the user that their image names, root too.
    pub image_user: bool,
    /// Let containers write outside of `/tmp` and their outputs, which nothing bounds.
    pub writable_root: bool,
    /// Let jobs that ask for it reach the network, all of it.
    pub network: bool,
    /// The runtime that confines containers; `None` takes `runsc` (gVisor) where the engine has it, else its default.
    pub runtime: Option<String>,
    /// How long a container may take to end after it is asked to, before it is killed. Whole seconds, at most 4.
    pub grace: Duration,
}

impl DockerConfig {
    /// The tight defaults, with this scratch folder.
    #[must_use]
    pub fn new(scratch: impl Into<PathBuf>) -> Self {
        Self {
            socket: None,
            scratch: scratch.into(),
            pull: PullPolicy::default(),
            registries: Vec::new(),
            digest_only: false,
            image_user: false,
            writable_root: false,
            network: false,
            runtime: None,
            grace: Duration::from_secs(1),
        }
    }
}
