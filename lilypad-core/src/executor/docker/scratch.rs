//! The folders of a running job: inputs that it reads, outputs that it writes.
//!
//! Outputs of up to 256 MiB lie in a file system in memory, made for the job, where this process may mount one: what the job
//! writes is then bounded by the kernel, in bytes and in files, at every moment. Elsewhere they lie on disk and are
//! counted while the job runs.

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::disk::io_error;
use crate::error::{Error, ErrorKind, Fault, Result};
use crate::executor::{Limits, RunRequest};
use crate::rt::Random;

/// The largest outputs that are kept in memory while the job runs.
const MOST_IN_MEMORY: u64 = 256 << 20;
/// Of a file system in memory, what is there beside the bytes that files may hold: a started page of each file.
const PAGE: u64 = 4_096;
/// The user of containers where this process may choose: `nobody`, who owns nothing.
const NOBODY: u32 = 65_534;

/// The folder that all jobs of a provider have their folders in. One process holds it at a time.
#[derive(Debug)]
pub(super) struct Scratch {
    root: PathBuf,
    owner: String,
    made: AtomicU64,
    /// Held, not read: the lock ends with it.
    _lock: File,
}

impl Scratch {
    /// # Errors
    /// `Unavailable` (`E_DOCKER_SCRATCH`, `E_IO`).
    pub(super) fn open(root: &Path) -> Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(root)
            .map_err(|error| io_error("make", root, error))?;
        let root = root.canonicalize().map_err(|error| io_error("open", root, error))?;
        let path = root.join("lock");
        let lock = File::create(&path).map_err(|error| io_error("write", &path, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!("another process uses {}", root.display());
                return Err(Error::new(ErrorKind::Unavailable, "E_DOCKER_SCRATCH", message)
                    .with_fault(Fault::Provider)
                    .with_hint("give each provider a folder of its own")
                    .with("path", root.display()));
            }
            Err(TryLockError::Error(error)) => return Err(io_error("lock", &path, error)),
        }
        let owner = owner(&root.join("owner"))?;
        Ok(Self { root, owner, made: AtomicU64::new(0), _lock: lock })
    }

    /// Names what belongs to this folder: the same after a restart.
    pub(super) fn owner(&self) -> &str {
        &self.owner
    }

    /// A name for the container and the folders of a job; new at every call.
    pub(super) fn name(&self, job_id: &str) -> String {
        let job: String = job_id.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
        format!("lilypad-{}-{job}-{}", self.owner, self.made.fetch_add(1, Ordering::Relaxed))
    }

    /// Makes the folders of a job and writes its inputs.
    ///
    /// # Errors
    /// `Unavailable` (`E_IO`…): the provider's disk.
    pub(super) fn folders(&self, name: &str, request: &RunRequest) -> Result<Folders> {
        let root = self.root.join("jobs").join(name);
        let folders = Folders { outputs: Vec::new(), in_memory: false, root };
        folders.fill(request).inspect_err(|_| remove(&folders_root(&self.root, name)))
    }

    /// Removes the folders of jobs of an earlier process.
    pub(super) fn remove_leftovers(&self) {
        let Ok(entries) = fs::read_dir(self.root.join("jobs")) else { return };
        entries.flatten().for_each(|entry| remove(&entry.path()));
    }
}

fn folders_root(root: &Path, name: &str) -> PathBuf {
    root.join("jobs").join(name)
}

/// Reads the folder's own name, or makes one.
fn owner(path: &Path) -> Result<String> {
    let is_name = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Ok(text) = fs::read_to_string(path)
        && is_name(&text)
    {
        return Ok(text);
    }
    let name: String = hex::encode(Random::system().bytes()?).chars().take(12).collect();
    let written = File::create(path).and_then(|mut file| {
        file.write_all(name.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| io_error("write", path, error))?;
    Ok(name)
}

/// The folders of one job.
#[derive(Debug)]
pub(super) struct Folders {
    root: PathBuf,
    /// Name in the results, path in the job, folder here.
    pub(super) outputs: Vec<Output>,
    /// True where the kernel bounds what is written to the outputs, in memory.
    pub(super) in_memory: bool,
}

/// One declared output.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) target: String,
    pub(super) folder: PathBuf,
}

impl Folders {
    pub(super) fn inputs(&self) -> PathBuf {
        self.root.join("in")
    }

    fn fill(mut self, request: &RunRequest) -> Result<Self> {
        let out = self.root.join("out");
        for folder in [&self.root, &out] {
            make(folder, 0o700)?;
        }
        self.in_memory = in_memory(&out, &request.limits);
        // Each in a folder below: where the engine cannot see a file system that was mounted here, it says so.
        for (number, (name, target)) in request.outputs.iter().enumerate() {
            let folder = out.join(number.to_string());
            make(&folder, 0o777)?;
            self.outputs.push(Output { name: name.clone(), target: target.clone(), folder });
        }
        let inputs = self.inputs();
        make(&inputs, 0o755)?;
        for (path, bytes) in request.inputs.iter() {
            let path = inputs.join(path);
            let mut folder = path.parent();
            let mut missing = Vec::new();
            while let Some(parent) = folder.filter(|parent| **parent != inputs && !parent.exists()) {
                missing.push(parent);
                folder = parent.parent();
            }
            missing.into_iter().rev().try_for_each(|folder| make(folder, 0o755))?;
            let written = fs::write(&path, bytes)
                .and_then(|()| fs::set_permissions(&path, Permissions::from_mode(0o644)));
            written.map_err(|error| io_error("write", &path, error))?;
        }
        Ok(self)
    }

    /// Removes all of them. What cannot be removed is left to the next start.
    pub(super) fn remove(&self) {
        remove(&self.root);
    }
}

/// The user of a container: `nobody` where this process may hand files to others, else its own, so that it can read and
/// remove what the job leaves.
pub(super) fn user() -> String {
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    if user.is_root() {
        format!("{NOBODY}:{NOBODY}")
    } else {
        format!("{}:{}", user.as_raw(), group.as_raw())
    }
}

fn make(folder: &Path, mode: u32) -> Result<()> {
    fs::create_dir_all(folder)
        .and_then(|()| fs::set_permissions(folder, Permissions::from_mode(mode)))
        .map_err(|error| io_error("make", folder, error))
}

#[cfg(target_os = "linux")]
fn in_memory(folder: &Path, limits: &Limits) -> bool {
    use rustix::mount::{MountFlags, mount};
    if !rustix::process::geteuid().is_root() || limits.output_bytes > MOST_IN_MEMORY {
        return false;
    }
    let files = u64::from(limits.output_files);
    // One more than allowed of each, so that too much is seen as too much.
    let bytes = limits.output_bytes + (files + 2).saturating_mul(PAGE);
    let nodes = files.saturating_mul(2).saturating_add(128);
    let Ok(options) = std::ffi::CString::new(format!("size={bytes},nr_inodes={nodes},mode=700")) else {
        return false;
    };
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    mount("lilypad", folder, "tmpfs", flags, options.as_c_str()).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn in_memory(_: &Path, limits: &Limits) -> bool {
    let _ = (MOST_IN_MEMORY, PAGE, limits);
    false
}

fn remove(root: &Path) {
    #[cfg(target_os = "linux")]
    {
        // Nothing is mounted there where this fails.
        let _ = rustix::mount::unmount(root.join("out"), rustix::mount::UnmountFlags::DETACH);
    }
    let removed = fs::remove_dir_all(root).or_else(|error| {
        if error.kind() != std::io::ErrorKind::PermissionDenied {
            return Err(error);
        }
        // A job that runs as our own user may have closed folders to it.
        open_folders(root);
        fs::remove_dir_all(root)
    });
    if let Err(error) = removed
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, path = %root.display(), "the folders of a job could not be removed");
    }
}

/// Gives this user its rights on folders below `root` again, as far as it may. Links are not followed.
fn open_folders(root: &Path) {
    let mut left = vec![root.to_owned()];
    while let Some(folder) = left.pop() {
        // What cannot be changed cannot be removed, and that is told.
        let _ = fs::set_permissions(&folder, Permissions::from_mode(0o700));
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                left.push(entry.path());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_a_job_has_closed_are_removed_too() {
        let root = tempfile::tempdir().unwrap();
        let job = root.path().join("job");
        let inner = job.join("out/0/closed/inner");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("file"), "x").unwrap();
        for folder in [&inner, &job.join("out/0/closed"), &job.join("out/0")] {
            fs::set_permissions(folder, Permissions::from_mode(0o000)).unwrap();
        }
        open_folders(&job);
        assert_eq!(fs::metadata(&inner).unwrap().permissions().mode() & 0o777, 0o700);
        remove(&job);
        assert!(!job.exists());
    }
}
