//! Files in memory: what a job sees at `/inputs`, its outputs and `/tmp`. Nothing here touches the machine's disk.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::abi::{Errno, Fail, Stop};
use crate::executor::LimitKind;

/// Longest name of a file or folder, in bytes.
const MAX_NAME: usize = 255;
/// Longest path of a file in the results, in bytes.
const MAX_PATH: usize = 1_024;
/// Most levels of a path in the results.
const MAX_DEPTH: usize = 16;

/// A file or folder.
pub(crate) type Inode = usize;

/// How much may be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VfsLimits {
    pub(crate) bytes: u64,
    pub(crate) files: u32,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) body: Body,
    pub(crate) times: Times,
    pub(crate) read_only: bool,
    /// Where it lies; `None` for roots and for what was unlinked.
    parent: Option<Inode>,
    root: bool,
    /// How many descriptors are open on it.
    opens: u32,
    /// Levels and bytes of its path in the results.
    depth: usize,
    length: usize,
}

#[derive(Debug)]
pub(crate) enum Body {
    Shared(Bytes),
    File(Vec<u8>),
    Folder(Folder),
}

/// The entries of a folder. A place in it stays valid while entries come and go.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    by_name: BTreeMap<String, (u64, Inode)>,
    by_place: BTreeMap<u64, String>,
    next: u64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times {
    pub(crate) accessed: u64,
    pub(crate) modified: u64,
    pub(crate) changed: u64,
}

impl Folder {
    pub(crate) fn get(&self, name: &str) -> Option<Inode> {
        self.by_name.get(name).map(|(_, inode)| *inode)
    }

    fn insert(&mut self, name: &str, inode: Inode) {
        self.remove(name);
        self.by_name.insert(name.to_owned(), (self.next, inode));
        self.by_place.insert(self.next, name.to_owned());
        self.next += 1;
    }

    fn remove(&mut self, name: &str) -> Option<Inode> {
        let (place, inode) = self.by_name.remove(name)?;
        self.by_place.remove(&place);
        Some(inode)
    }

    /// Entries in the order in which they came, from a place on: place, name, inode.
    pub(crate) fn entries_from(&self, place: u64) -> impl Iterator<Item = (u64, &str, Inode)> {
        self.by_place
            .range(place..)
            .filter_map(|(place, name)| Some((*place, name.as_str(), self.get(name)?)))
    }

    /// Entries in the order of their names.
    pub(crate) fn by_name(&self) -> impl Iterator<Item = (&str, Inode)> {
        self.by_name.iter().map(|(name, (_, inode))| (name.as_str(), *inode))
    }

    fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }
}

/// All files of one run.
#[derive(Debug)]
pub(crate) struct Vfs {
    nodes: Vec<Option<Node>>,
    free: Vec<Inode>,
    limits: VfsLimits,
    bytes: u64,
    files: u32,
    folders: u32,
}

impl Vfs {
    pub(crate) fn new(limits: VfsLimits) -> Self {
        Self { nodes: Vec::new(), free: Vec::new(), limits, bytes: 0, files: 0, folders: 0 }
    }

    /// Adds a root that can be written to; `name` is its name in the results.
    pub(crate) fn add_root(&mut self, name: &str, time: u64) -> Inode {
        let node = Node {
            body: Body::Folder(Folder::default()),
            times: Times { accessed: time, modified: time, changed: time },
            read_only: false,
            parent: None,
            root: true,
            opens: 0,
            depth: name.split('/').count(),
            length: name.len(),
        };
        self.add(node)
    }

    /// Adds a root that holds `files` and cannot be written to.
    pub(crate) fn add_read_only<'a>(
        &mut self,
        files: impl Iterator<Item = (&'a str, &'a Bytes)>,
        time: u64,
    ) -> Inode {
        let root = self.add_root("", time);
        for (path, bytes) in files {
            let mut folder = root;
            let mut parts = path.split('/').peekable();
            while let Some(part) = parts.next() {
                let body = if parts.peek().is_some() {
                    Body::Folder(Folder::default())
                } else {
                    Body::Shared(bytes.clone())
                };
                let known = self.folder(folder).ok().and_then(|folder| folder.get(part));
                folder = known.unwrap_or_else(|| self.link_new(folder, part, body, time));
            }
        }
        for node in self.nodes.iter_mut().skip(root).flatten() {
            node.read_only = true;
        }
        root
    }

    pub(crate) fn node(&self, inode: Inode) -> Result<&Node, Errno> {
        self.nodes.get(inode).and_then(Option::as_ref).ok_or(Errno::Io)
    }

    pub(crate) fn node_mut(&mut self, inode: Inode) -> Result<&mut Node, Errno> {
        self.nodes.get_mut(inode).and_then(Option::as_mut).ok_or(Errno::Io)
    }

    pub(crate) fn folder(&self, inode: Inode) -> Result<&Folder, Errno> {
        match &self.node(inode)?.body {
            Body::Folder(folder) => Ok(folder),
            _ => Err(Errno::NotDirectory),
        }
    }

    /// Creates an empty file.
    pub(crate) fn create_file(&mut self, folder: Inode, name: &str, time: u64) -> Result<Inode, Fail> {
        self.check_new(folder, name)?;
        if self.files >= self.limits.files {
            return Err(Stop::Limit(LimitKind::OutputFiles).into());
        }
        self.files += 1;
        Ok(self.link_new(folder, name, Body::File(Vec::new()), time))
    }

    /// Creates an empty folder.
    pub(crate) fn create_folder(&mut self, folder: Inode, name: &str, time: u64) -> Result<Inode, Fail> {
        self.check_new(folder, name)?;
        if self.folders >= self.limits.files {
            return Err(Stop::Limit(LimitKind::OutputFiles).into());
        }
        self.folders += 1;
        Ok(self.link_new(folder, name, Body::Folder(Folder::default()), time))
    }

    /// Removes a file (`files`) or an empty folder from `folder`.
    pub(crate) fn unlink(&mut self, folder: Inode, name: &str, files: bool) -> Result<(), Errno> {
        let inode = self.folder(folder)?.get(name).ok_or(Errno::NoEntry)?;
        self.writable(folder)?;
        match (&self.node(inode)?.body, files) {
            (Body::Folder(_), true) => return Err(Errno::IsDirectory),
            (Body::Folder(inner), false) if !inner.is_empty() => return Err(Errno::NotEmpty),
            (Body::Folder(_), false) | (_, true) => {}
            (_, false) => return Err(Errno::NotDirectory),
        }
        self.detach(folder, name, inode)
    }

    /// Moves an entry; answers how many nodes moved.
    pub(crate) fn rename(&mut self, from: (Inode, &str), to: (Inode, &str)) -> Result<u64, Errno> {
        let inode = self.folder(from.0)?.get(from.1).ok_or(Errno::NoEntry)?;
        self.writable(from.0)?;
        self.writable(to.0)?;
        check_name(to.1)?;
        // A folder that was removed while it is still open takes nothing in: its place in the tree is gone.
        if self.is_removed(to.0) {
            return Err(Errno::NoEntry);
        }
        let is_folder = matches!(self.node(inode)?.body, Body::Folder(_));
        let target = self.folder(to.0)?.get(to.1);
        if target == Some(inode) {
            return Ok(1);
        }
        if is_folder && self.is_within(to.0, inode) {
            return Err(Errno::Invalid);
        }
        if let Some(target) = target {
            match (&self.node(target)?.body, is_folder) {
                (Body::Folder(_), false) => return Err(Errno::IsDirectory),
                (Body::Folder(inner), true) if !inner.is_empty() => return Err(Errno::NotEmpty),
                (Body::Folder(_), true) => {}
                (_, true) => return Err(Errno::NotDirectory),
                (_, false) => {}
            }
        }
        let home = self.node(to.0)?;
        let (depth, length) = (home.depth + 1, home.length + 1 + to.1.len());
        let moved = self.place(inode, depth, length, false)?;
        if let Some(target) = target {
            self.detach(to.0, to.1, target)?;
        }
        self.folder_mut(from.0)?.remove(from.1);
        self.folder_mut(to.0)?.insert(to.1, inode);
        self.node_mut(inode)?.parent = Some(to.0);
        self.place(inode, depth, length, true)?;
        Ok(moved)
    }

    /// Changes the size of a file; what is added is zero.
    pub(crate) fn resize(&mut self, inode: Inode, size: u64) -> Result<(), Fail> {
        self.writable(inode)?;
        let Body::File(bytes) = &self.node(inode)?.body else { return Err(Errno::Invalid.into()) };
        let old = bytes.len() as u64;
        let total = self.bytes.saturating_sub(old).saturating_add(size);
        if size > old && total > self.limits.bytes {
            return Err(Stop::Limit(LimitKind::OutputBytes).into());
        }
        let size = usize::try_from(size).map_err(|_| Errno::Invalid)?;
        self.bytes = total;
        if let Body::File(bytes) = &mut self.node_mut(inode)?.body {
            bytes.resize(size, 0);
            // What the limit no longer counts must not stay in memory either.
            if bytes.capacity() / 2 > size {
                bytes.shrink_to(size);
            }
        }
        Ok(())
    }

    /// Bytes that may still be written.
    pub(crate) fn room(&self) -> u64 {
        self.limits.bytes.saturating_sub(self.bytes)
    }

    /// Writes at a place, and grows the file where needed.
    pub(crate) fn write(&mut self, inode: Inode, at: u64, data: &[u8], time: u64) -> Result<(), Fail> {
        if data.is_empty() {
            return Ok(());
        }
        let end = at.checked_add(data.len() as u64).ok_or(Errno::Invalid)?;
        if end > self.size(inode)? {
            self.resize(inode, end)?;
        }
        let node = self.node_mut(inode)?;
        (node.times.modified, node.times.changed) = (time, time);
        let Body::File(bytes) = &mut node.body else { return Err(Errno::ReadOnly.into()) };
        let start = usize::try_from(at).map_err(|_| Errno::Invalid)?;
        let end = usize::try_from(end).map_err(|_| Errno::Invalid)?;
        bytes.get_mut(start..end).ok_or(Errno::Io)?.copy_from_slice(data);
        Ok(())
    }

    /// The bytes of a file from a place on.
    pub(crate) fn read(&self, inode: Inode, at: u64) -> Result<&[u8], Errno> {
        let bytes: &[u8] = match &self.node(inode)?.body {
            Body::Shared(bytes) => bytes,
            Body::File(bytes) => bytes,
            Body::Folder(_) => return Err(Errno::IsDirectory),
        };
        let at = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
        Ok(bytes.get(at..).unwrap_or_default())
    }

    pub(crate) fn size(&self, inode: Inode) -> Result<u64, Errno> {
        Ok(match &self.node(inode)?.body {
            Body::Shared(bytes) => bytes.len() as u64,
            Body::File(bytes) => bytes.len() as u64,
            Body::Folder(_) => 0,
        })
    }

    pub(crate) fn is_folder(&self, inode: Inode) -> bool {
        self.folder(inode).is_ok()
    }

    /// Refuses what lies in a read-only root.
    pub(crate) fn writable(&self, inode: Inode) -> Result<(), Errno> {
        if self.node(inode)?.read_only { Err(Errno::ReadOnly) } else { Ok(()) }
    }

    /// Counts one more open descriptor.
    pub(crate) fn open(&mut self, inode: Inode) {
        if let Ok(node) = self.node_mut(inode) {
            node.opens = node.opens.saturating_add(1);
        }
    }

    /// Counts one open descriptor less, and forgets what nobody can reach any more.
    pub(crate) fn close(&mut self, inode: Inode) {
        if let Ok(node) = self.node_mut(inode) {
            node.opens = node.opens.saturating_sub(1);
        }
        self.forget(inode);
    }

    fn check_new(&self, folder: Inode, name: &str) -> Result<(), Errno> {
        self.writable(folder)?;
        check_name(name)?;
        if self.is_removed(folder) {
            return Err(Errno::NoEntry);
        }
        let home = self.node(folder)?;
        if home.depth + 1 > MAX_DEPTH || home.length + 1 + name.len() > MAX_PATH {
            return Err(Errno::NameTooLong);
        }
        if self.folder(folder)?.get(name).is_some() {
            return Err(Errno::Exists);
        }
        Ok(())
    }

    /// True for what was unlinked while it is still open.
    fn is_removed(&self, inode: Inode) -> bool {
        self.node(inode).is_ok_and(|node| !node.root && node.parent.is_none())
    }

    fn link_new(&mut self, folder: Inode, name: &str, body: Body, time: u64) -> Inode {
        let (depth, length) =
            self.node(folder).map_or((0, 0), |home| (home.depth + 1, home.length + 1 + name.len()));
        let inode = self.add(Node {
            body,
            times: Times { accessed: time, modified: time, changed: time },
            read_only: false,
            parent: Some(folder),
            root: false,
            opens: 0,
            depth,
            length,
        });
        if let Ok(entries) = self.folder_mut(folder) {
            entries.insert(name, inode);
        }
        inode
    }

    fn add(&mut self, node: Node) -> Inode {
        if let Some(inode) = self.free.pop()
            && let Some(slot) = self.nodes.get_mut(inode)
        {
            *slot = Some(node);
            return inode;
        }
        self.nodes.push(Some(node));
        self.nodes.len() - 1
    }

    fn folder_mut(&mut self, inode: Inode) -> Result<&mut Folder, Errno> {
        match &mut self.node_mut(inode)?.body {
            Body::Folder(folder) => Ok(folder),
            _ => Err(Errno::NotDirectory),
        }
    }

    fn detach(&mut self, folder: Inode, name: &str, inode: Inode) -> Result<(), Errno> {
        self.folder_mut(folder)?.remove(name);
        self.node_mut(inode)?.parent = None;
        self.forget(inode);
        Ok(())
    }

    fn forget(&mut self, inode: Inode) {
        let gone = self.node(inode).is_ok_and(|node| !node.root && node.parent.is_none() && node.opens == 0);
        if !gone {
            return;
        }
        match self.nodes.get_mut(inode).and_then(Option::take).map(|node| node.body) {
            Some(Body::File(bytes)) => {
                self.bytes = self.bytes.saturating_sub(bytes.len() as u64);
                self.files = self.files.saturating_sub(1);
            }
            Some(Body::Folder(_)) => self.folders = self.folders.saturating_sub(1),
            _ => {}
        }
        self.free.push(inode);
    }

    fn is_within(&self, inode: Inode, ancestor: Inode) -> bool {
        let mut at = Some(inode);
        // No path is longer than this, so what goes on is no path.
        for _ in 0..=MAX_DEPTH {
            match at {
                Some(inode) if inode == ancestor => return true,
                Some(inode) => at = self.node(inode).ok().and_then(|node| node.parent),
                None => return false,
            }
        }
        true
    }

    /// Checks (or, with `write`, notes) the path of a node and all below it; answers how many there are.
    fn place(&mut self, inode: Inode, depth: usize, length: usize, write: bool) -> Result<u64, Errno> {
        if depth > MAX_DEPTH || length > MAX_PATH {
            return Err(Errno::NameTooLong);
        }
        if write {
            let node = self.node_mut(inode)?;
            (node.depth, node.length) = (depth, length);
        }
        let inner: Vec<(usize, Inode)> = match &self.node(inode)?.body {
            Body::Folder(folder) => folder.by_name().map(|(name, inode)| (name.len(), inode)).collect(),
            _ => Vec::new(),
        };
        let mut count = 1;
        for (name, inode) in inner {
            count += self.place(inode, depth + 1, length + 1 + name, write)?;
        }
        Ok(count)
    }
}

/// Refuses names that a results folder could not hold.
fn check_name(name: &str) -> Result<(), Errno> {
    if name.len() > MAX_NAME {
        return Err(Errno::NameTooLong);
    }
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\\', '\0']) {
        return Err(Errno::Invalid);
    }
    Ok(())
}
