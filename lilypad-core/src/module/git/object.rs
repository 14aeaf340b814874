//! git's objects: commits, trees, files and tags, named by the hash of what they hold.

use std::collections::HashMap;

use bytes::Bytes;
use sha1_checked::{CollisionResult, Digest, Sha1};

/// The hash that names an object.
pub(super) type Id = [u8; 20];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Commit = 1,
    Tree = 2,
    Blob = 3,
    Tag = 4,
}

impl Kind {
    pub(super) fn from_code(code: u8) -> Option<Self> {
        [Self::Commit, Self::Tree, Self::Blob, Self::Tag].into_iter().find(|kind| *kind as u8 == code)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }
}

/// Objects by the hash that was computed of them here.
#[derive(Clone, Debug, Default)]
pub(super) struct Objects(HashMap<Id, (Kind, Bytes)>);

impl Objects {
    /// Adds an object under its hash; `None` where the content was made to collide with another's hash.
    pub(super) fn add(&mut self, kind: Kind, data: Bytes) -> Option<Id> {
        let id = hash(kind, &data)?;
        self.0.insert(id, (kind, data));
        Some(id)
    }

    pub(super) fn get(&self, id: &Id) -> Option<(Kind, &Bytes)> {
        self.0.get(id).map(|(kind, data)| (*kind, data))
    }

    pub(super) fn of_kind(&self, id: &Id, kind: Kind) -> Option<&Bytes> {
        self.get(id).filter(|(found, _)| *found == kind).map(|(_, data)| data)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Kind, &Bytes)> {
        self.0.values().map(|(kind, data)| (*kind, data))
    }

    /// Forgets what is not in `keep`.
    pub(super) fn retain(&mut self, keep: impl Fn(&Id) -> bool) {
        self.0.retain(|id, _| keep(id));
    }
}

fn hash(kind: Kind, data: &[u8]) -> Option<Id> {
    let mut hasher = Sha1::new();
    hasher.update(format!("{} {}\0", kind.name(), data.len()));
    hasher.update(data);
    match hasher.try_finalize() {
        CollisionResult::Ok(id) => Some(id.into()),
        CollisionResult::Mitigated(_) | CollisionResult::Collision(_) => None,
    }
}

/// The tree that a commit holds.
pub(super) fn tree_of_commit(data: &[u8]) -> Option<Id> {
    let line = data.strip_prefix(b"tree ")?.split(|b| *b == b'\n').next()?;
    let mut id = Id::default();
    hex::decode_to_slice(line, &mut id).ok()?;
    Some(id)
}

/// What stands behind a name in a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    Folder,
    File,
    Link,
    Submodule,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) name: &'a [u8],
    pub(super) kind: EntryKind,
    pub(super) id: Id,
}

/// The entries of a tree; ends with `None` inside where the bytes are not a tree.
pub(super) fn entries(mut data: &[u8]) -> impl Iterator<Item = Option<Entry<'_>>> {
    std::iter::from_fn(move || {
        if data.is_empty() {
            return None;
        }
        let parsed = entry(data);
        data = parsed.map_or(&[], |(_, rest)| rest);
        Some(parsed.map(|(entry, _)| entry))
    })
}

fn entry(data: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let space = data.iter().position(|b| *b == b' ')?;
    let (mode, rest) = (data.get(..space)?, data.get(space.checked_add(1)?..)?);
    let end = rest.iter().position(|b| *b == 0)?;
    let (name, rest) = (rest.get(..end)?, rest.get(end.checked_add(1)?..)?);
    let (id, rest) = rest.split_first_chunk::<20>()?;
    let kind = match mode {
        b"40000" | b"040000" => EntryKind::Folder,
        b"100644" | b"100755" | b"100664" => EntryKind::File,
        b"120000" => EntryKind::Link,
        b"160000" => EntryKind::Submodule,
        _ => return None,
    };
    let plain = !name.is_empty() && !name.contains(&b'/');
    plain.then_some((Entry { name, kind, id: *id }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values are git's own: `git hash-object`.
    #[test]
    fn hashes_as_git_does() {
        let id = |kind, data: &'static [u8]| hash(kind, data).map(hex::encode);
        assert_eq!(id(Kind::Blob, b"").unwrap(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(id(Kind::Blob, b"hello\n").unwrap(), "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(id(Kind::Tree, b"").unwrap(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    }

    #[test]
    fn broken_trees_end() {
        for data in [
            &b"100644"[..],
            b"100644 a\0short",
            b"999 a\0aaaaaaaaaaaaaaaaaaaa",
            b"100644 a/b\0aaaaaaaaaaaaaaaaaaaa",
        ] {
            assert_eq!(entries(data).map(|entry| entry.is_some()).collect::<Vec<_>>(), [false]);
        }
        assert_eq!(entries(b"100644 a\0aaaaaaaaaaaaaaaaaaaa").filter(Option::is_some).count(), 1);
    }
}
