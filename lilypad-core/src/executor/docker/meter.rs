//! What a container used: the kernel's counters of its control group, which outlive it.
//!
//! Each container gets a group of its own around the engine's, so that its counters can be read after its end: the CPU time
//! is exact, however short the job was. That takes the right to remove the group again, so it needs root, and an engine
//! that makes groups itself (the `cgroupfs` driver) on this machine. Elsewhere the engine is asked once a second.

use std::fs;
use std::path::{Path, PathBuf};

const MOUNT: &str = "/sys/fs/cgroup";
/// The group of all jobs.
const TOP: &str = "lilypad";
/// The controllers that are read, where each has a tree of its own.
const CPU: &str = "cpuacct";
const MEMORY: &str = "memory";
const PIDS: &str = "pids";

/// Where control groups are found.
#[derive(Clone, Debug)]
pub(super) struct Hierarchy {
    mount: PathBuf,
    v2: bool,
}

impl Hierarchy {
    /// `None` where this process cannot read the engine's groups, or could not remove what it makes.
    pub(super) fn find(v2: bool, cgroupfs: bool) -> Option<Self> {
        let mount = PathBuf::from(MOUNT);
        let there = if v2 { mount.join("cgroup.controllers") } else { mount.join(CPU).join("cpuacct.usage") };
        let usable = cgroupfs && rustix::process::geteuid().is_root() && there.exists();
        usable.then_some(Self { mount, v2 })
    }

    /// The group of the container with this name; the engine makes it.
    pub(super) fn group(&self, name: &str) -> Group {
        Group { hierarchy: self.clone(), name: name.to_owned() }
    }

    /// Removes the groups whose names start so.
    pub(super) fn remove_leftovers(&self, prefix: &str) {
        for tree in self.trees() {
            for entry in fs::read_dir(tree.join(TOP)).into_iter().flatten().flatten() {
                if entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix)) {
                    remove(&entry.path());
                }
            }
        }
    }

    fn trees(&self) -> Vec<PathBuf> {
        if self.v2 {
            return vec![self.mount.clone()];
        }
        fs::read_dir(&self.mount).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    }
}

/// A container's group.
#[derive(Clone, Debug)]
pub(super) struct Group {
    hierarchy: Hierarchy,
    name: String,
}

/// What the kernel has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Nanoseconds of CPU time, of all processes on all CPUs.
    pub(super) cpu_ns: u64,
    /// Most bytes of memory at any time.
    pub(super) peak_memory: u64,
}

impl Group {
    /// The group as the engine is told.
    pub(super) fn path(&self) -> String {
        format!("/{TOP}/{}", self.name)
    }

    /// What was used so far; `None` before the container starts.
    pub(super) fn read(&self) -> Option<Counted> {
        let number = |controller: &str, file: &str| -> Option<u64> {
            fs::read_to_string(self.folder(controller).join(file)).ok()?.trim().parse().ok()
        };
        if self.hierarchy.v2 {
            let text = fs::read_to_string(self.folder(CPU).join("cpu.stat")).ok()?;
            let cpu_ns = field(&text, "usage_usec")?.saturating_mul(1_000);
            return Some(Counted { cpu_ns, peak_memory: number(MEMORY, "memory.peak").unwrap_or(0) });
        }
        let cpu_ns = number(CPU, "cpuacct.usage")?;
        Some(Counted { cpu_ns, peak_memory: number(MEMORY, "memory.max_usage_in_bytes").unwrap_or(0) })
    }

    /// How many processes the container could not start for its limit.
    pub(super) fn processes_refused(&self) -> u64 {
        let groups = fs::read_dir(self.folder(PIDS)).into_iter().flatten().flatten();
        let refused = groups
            .filter_map(|entry| field(&fs::read_to_string(entry.path().join("pids.events")).ok()?, "max"));
        refused.fold(0, u64::saturating_add)
    }

    /// Removes it, once its container is gone.
    pub(super) fn remove(&self) {
        for tree in self.hierarchy.trees() {
            remove(&tree.join(TOP).join(&self.name));
        }
    }

    fn folder(&self, controller: &str) -> PathBuf {
        let tree = &self.hierarchy.mount;
        let tree = if self.hierarchy.v2 { tree.clone() } else { tree.join(controller) };
        tree.join(TOP).join(&self.name)
    }
}

/// The number after a word at the start of a line.
fn field(text: &str, word: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(' ')?.trim().parse().ok())
}

/// Control groups are removed from the innermost on; their files go with them.
fn remove(group: &Path) {
    for inner in fs::read_dir(group).into_iter().flatten().flatten() {
        if inner.file_type().is_ok_and(|kind| kind.is_dir()) {
            // The engine may still be at it: what is left is removed at the next start.
            let _ = fs::remove_dir(inner.path());
        }
    }
    let _ = fs::remove_dir(group);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_read() {
        let stat = "usage_usec 1234\nuser_usec 1000\nsystem_usec 234\n";
        assert_eq!(field(stat, "usage_usec"), Some(1_234));
        assert_eq!(field(stat, "usage"), None, "a word and not its beginning");
        assert_eq!(field("max 3\n", "max"), Some(3));
        assert_eq!(field("max x\n", "max"), None);
    }
}
