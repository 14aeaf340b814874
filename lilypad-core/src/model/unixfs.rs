//! The content id of a set of files: what `ipfs add -r` of the same folder gives (CIDv0, 256 KiB chunks, balanced,
//! 174 links a node, leaves wrapped).

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{Cid, ContentId, FileSet};
use crate::error::{Error, Result};

/// Bytes of file in one leaf.
const CHUNK: usize = 262_144;

/// Links in one inner node of a large file.
const MAX_LINKS: usize = 174;

/// From this estimate on, the reference splits a folder into shards.
const SHARD_FROM: usize = 262_144;

/// Bytes of a CIDv0 in that estimate.
const CID_BYTES: usize = 34;

impl FileSet {
    /// The content id of the folder that these files make, as IPFS computes it.
    ///
    /// Files and folders whose name begins with a dot are not part of it: see [`FileSet::remove_hidden`].
    ///
    /// ```
    /// use lilypad_core::model::FileSet;
    /// let files = FileSet::from_files([("exitCode", "0"), ("stderr", ""), ("stdout", "moo\n")])?;
    /// assert_eq!(files.content_id()?.to_string(), "Qme5yFHYuGK97MfCqNdNTCU8n9GxystnsJaU7CyJuhAZcy");
    /// # Ok::<(), lilypad_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` (`E_FOLDER_TOO_WIDE`) where a folder has so many entries that IPFS would shard it: names and 34
    /// bytes for each come to 256 KiB.
    pub fn content_id(&self) -> Result<ContentId> {
        let lengths = self.iter().map(|(path, bytes)| (path, bytes.len() as u64));
        content_id_of(lengths, &mut |path, at, length| {
            let bytes = self.get(path).cloned().unwrap_or_default();
            let start = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
            Ok(bytes.slice(start..start.saturating_add(length).min(bytes.len())))
        })
    }
}

/// The content id of files of these paths and lengths, which are read piece by piece: so many bytes of a path from a place
/// on. No path is both a file and a folder.
///
/// # Errors
/// Those of [`FileSet::content_id`]; what reading says.
pub(crate) fn content_id_of<'a>(
    files: impl IntoIterator<Item = (&'a str, u64)>,
    read: &mut Read<'_>,
) -> Result<ContentId> {
    let mut root = Folder::default();
    for (path, length) in files {
        root.add(path, path, length);
    }
    Ok(ContentId(root.node("", read)?.cid))
}

/// Reads a piece of a file.
pub(crate) type Read<'a> = dyn FnMut(&str, u64, usize) -> Result<Bytes> + 'a;

/// The content id of a single file.
#[must_use]
pub fn file_content_id(bytes: &[u8]) -> ContentId {
    ContentId(file_node(bytes.chunks(CHUNK).map(leaf).collect()).cid)
}

/// A dag-pb node as its parent sees it.
struct Node {
    cid: Cid,
    /// Bytes of this block and of all blocks below it.
    tree_size: u64,
    /// Bytes of the file that it holds.
    file_size: u64,
}

#[derive(Default)]
struct Folder<'a> {
    entries: BTreeMap<&'a str, Entry<'a>>,
}

enum Entry<'a> {
    /// The whole path, and the bytes of the file.
    File(&'a str, u64),
    Folder(Folder<'a>),
}

impl<'a> Folder<'a> {
    /// Adds a file by its path. The set promises that no path is both a file and a folder.
    fn add(&mut self, whole: &'a str, path: &'a str, length: u64) {
        let (name, below) = path.split_once('/').map_or((path, None), |(name, below)| (name, Some(below)));
        if name.starts_with('.') {
            return;
        }
        match below {
            None => {
                self.entries.insert(name, Entry::File(whole, length));
            }
            Some(below) => {
                let entry = self.entries.entry(name).or_insert_with(|| Entry::Folder(Folder::default()));
                if let Entry::Folder(folder) = entry {
                    folder.add(whole, below, length);
                }
            }
        }
    }

    fn node(&self, path: &str, read: &mut Read<'_>) -> Result<Node> {
        let estimate: usize = self.entries.keys().map(|name| name.len() + CID_BYTES).sum();
        if estimate >= SHARD_FROM {
            let folder = if path.is_empty() { "the top folder" } else { path };
            let message = format!(
                "{folder} has {} entries with an estimate of {estimate} bytes; a content id allows less than {SHARD_FROM}",
                self.entries.len(),
            );
            return Err(
                Error::invalid("E_FOLDER_TOO_WIDE", message).with_hint("spread the files over more folders")
            );
        }
        let mut links = Vec::with_capacity(self.entries.len());
        for (name, entry) in &self.entries {
            let node = match entry {
                Entry::File(path, length) => file_node(leaves(path, *length, read)?),
                Entry::Folder(folder) => folder.node(&format!("{path}{name}/"), read)?,
            };
            links.push((*name, node));
        }
        let directory = [0x08, 0x01];
        Ok(block(&links, &directory, 0))
    }
}

fn leaves(path: &str, length: u64, read: &mut Read<'_>) -> Result<Vec<Node>> {
    let mut leaves = Vec::new();
    let mut at = 0;
    while at < length {
        let piece = usize::try_from(length - at).map_or(CHUNK, |left| left.min(CHUNK));
        leaves.push(leaf(&read(path, at, piece)?));
        at += piece as u64;
    }
    Ok(leaves)
}

fn file_node(mut level: Vec<Node>) -> Node {
    while level.len() > 1 {
        let mut rest = level.into_iter().peekable();
        level = Vec::new();
        while rest.peek().is_some() {
            level.push(inner(rest.by_ref().take(MAX_LINKS).collect()));
        }
    }
    level.pop().unwrap_or_else(|| leaf(&[]))
}

fn leaf(chunk: &[u8]) -> Node {
    let mut data = Vec::with_capacity(chunk.len() + 16);
    data.extend([0x08, 0x02]);
    if !chunk.is_empty() {
        bytes_field(&mut data, 2, chunk);
    }
    let size = chunk.len() as u64;
    number_field(&mut data, 3, size);
    block(&[], &data, size)
}

fn inner(children: Vec<Node>) -> Node {
    let size = children.iter().map(|child| child.file_size).sum();
    let mut data = vec![0x08, 0x02];
    number_field(&mut data, 3, size);
    for child in &children {
        number_field(&mut data, 4, child.file_size);
    }
    let links: Vec<_> = children.into_iter().map(|child| ("", child)).collect();
    block(&links, &data, size)
}

/// Encodes a dag-pb node: its links, in order, then its data.
fn block(links: &[(&str, Node)], data: &[u8], file_size: u64) -> Node {
    let mut bytes = Vec::with_capacity(data.len() + 16);
    for (name, node) in links {
        let mut link = Vec::with_capacity(name.len() + 48);
        bytes_field(&mut link, 1, &node.cid.multihash());
        bytes_field(&mut link, 2, name.as_bytes());
        number_field(&mut link, 3, node.tree_size);
        bytes_field(&mut bytes, 2, &link);
    }
    bytes_field(&mut bytes, 1, data);
    let below: u64 = links.iter().map(|(_, node)| node.tree_size).sum();
    Node { cid: Cid::of_block(&bytes), tree_size: below + bytes.len() as u64, file_size }
}

/// The dag-pb node without links around `data`, which is what a protocol object's id is the hash of.
pub(super) fn wrap(data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(data.len() + 8);
    bytes_field(&mut bytes, 1, data);
    bytes
}

fn bytes_field(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn number_field(out: &mut Vec<u8>, field: u8, number: u64) {
    out.push(field << 3);
    varint(out, number);
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
