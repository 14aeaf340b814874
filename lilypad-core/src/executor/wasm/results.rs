//! What a run leaves: `stdout`, `stderr`, `exitCode` and the output folders.

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::executor::outputs;
use crate::executor::{EventSink, ExecutorEvent, StopReason};
use crate::model::FileSet;

use super::wasi::{Body, Inode, Vfs};

/// The results folder. Empty folders are not kept; hidden files are left out with a warning, for the content id
/// does not see them.
pub(super) fn collect(
    vfs: &mut Vfs,
    folders: &[(String, Inode)],
    logs: (Vec<u8>, Vec<u8>),
    stop: &StopReason,
    events: &EventSink,
) -> Result<FileSet> {
    let mut results = outputs::results(logs.0, logs.1, stop)?;
    for (name, root) in folders {
        let mut folders = vec![(name.clone(), *root)];
        while let Some((path, folder)) = folders.pop() {
            for (inner, inode) in entries(vfs, folder) {
                let path = format!("{path}/{inner}");
                if inner.starts_with('.') {
                    events.send(ExecutorEvent::Warning(outputs::hidden(&path)));
                } else if vfs.is_folder(inode) {
                    folders.push((path, inode));
                } else {
                    results.insert(path, take(vfs, inode)?)?;
                }
            }
        }
    }
    Ok(results)
}

fn entries(vfs: &Vfs, folder: Inode) -> Vec<(String, Inode)> {
    let entries = vfs
        .folder(folder)
        .map(|folder| folder.by_name().map(|(name, inode)| (name.to_owned(), inode)).collect());
    entries.unwrap_or_default()
}

fn take(vfs: &mut Vfs, inode: Inode) -> Result<Bytes> {
    let node = vfs.node_mut(inode).map_err(|_| Error::unexpected("a file of the results is gone"))?;
    Ok(match &mut node.body {
        Body::File(bytes) => Bytes::from(std::mem::take(bytes)),
        Body::Shared(bytes) => bytes.clone(),
        Body::Folder(_) => Bytes::new(),
    })
}
