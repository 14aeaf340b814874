//! A fetched commit, read as a module's tree.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::{Error, ErrorKind, Fault, Result};
use crate::module::reference::check_tree_path;
use crate::module::{CommitId, GitRef, PinSource, Tree};

use super::object::{EntryKind, Id, Kind, Objects, entries, tree_of_commit};
use super::site::Site;

/// A commit whose every object was hashed here: the tree is what the commit's name says.
///
/// Paths given to [`Tree::read`] are relative to the root of the repository.
#[derive(Clone)]
pub struct GitCommit {
    repo: String,
    commit: CommitId,
    path: String,
    objects: Arc<Objects>,
    root: Id,
}

/// What a path leads to.
enum Found {
    Folder,
    File(Id),
    Nothing,
}

impl GitCommit {
    /// Reads out of objects that were verified.
    pub(super) fn new(git: &GitRef, commit: CommitId, objects: Objects) -> Result<Self> {
        let tree = objects.of_kind(commit.as_bytes(), Kind::Commit).and_then(|data| tree_of_commit(data));
        let root = tree.ok_or_else(|| Error::unexpected("a verified commit has no tree"))?;
        Ok(Self {
            repo: git.repo_url(),
            commit,
            path: git.path().to_owned(),
            objects: Arc::new(objects),
            root,
        })
    }

    /// The https address of the repository.
    #[must_use]
    pub fn repo(&self) -> &str {
        &self.repo
    }

    /// The commit.
    #[must_use]
    pub fn commit(&self) -> CommitId {
        self.commit
    }

    /// What [`Module::load`](crate::module::Module::load) needs to know of where the tree comes from.
    #[must_use]
    pub fn source(&self) -> PinSource {
        PinSource::Git { repo: self.repo.clone(), commit: self.commit.to_string(), path: self.path.clone() }
    }

    fn find(&self, path: &str) -> Result<Found> {
        let mut tree = self.root;
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let data = self
                .objects
                .of_kind(&tree, Kind::Tree)
                .ok_or_else(|| Error::unexpected("a verified tree is gone"))?;
            let entry = entries(data).flatten().find(|entry| entry.name == part.as_bytes());
            let last = parts.peek().is_none();
            match entry.map(|entry| (entry.kind, entry.id)) {
                Some((EntryKind::Folder, _)) if last => return Ok(Found::Folder),
                Some((EntryKind::Folder, id)) => tree = id,
                Some((EntryKind::File, id)) if last => return Ok(Found::File(id)),
                Some((EntryKind::Link, _)) => {
                    return Err(self.refused("E_MODULE_SYMLINK", path, "is or lies behind a symbolic link"));
                }
                Some((EntryKind::Submodule, _)) => {
                    return Err(self.refused(
                        "E_MODULE_SUBMODULE",
                        path,
                        "lies in a submodule, which is not fetched",
                    ));
                }
                Some((EntryKind::File, _)) | None => return Ok(Found::Nothing),
            }
        }
        Ok(Found::Nothing)
    }

    fn refused(&self, code: &'static str, path: &str, why: &str) -> Error {
        Error::invalid(code, format!("{path:?} in {} {why}", self.repo))
            .with_hint("keep the module's files in the repository as plain files")
            .with_fault(Fault::Module)
            .with("path", path)
            .with("commit", self.commit)
    }
}

impl Tree for GitCommit {
    fn read(&self, path: &str, limit: u64) -> Result<Option<Bytes>> {
        check_tree_path(path)?;
        let id = match self.find(path)? {
            Found::File(id) => id,
            Found::Nothing => return Ok(None),
            Found::Folder => return Err(self.refused("E_MODULE_PATH", path, "is a folder, not a file")),
        };
        // The server leaves out what is larger than any file may be.
        let Some(data) = self.objects.of_kind(&id, Kind::Blob) else {
            return Err(self.refused("E_MODULE_TOO_LARGE", path, "is too large to be fetched"));
        };
        if data.len() as u64 > limit {
            let why = format!("has {} bytes, the limit is {limit}", data.len());
            return Err(self
                .refused("E_MODULE_TOO_LARGE", path, &why)
                .with("limit", limit)
                .with("got", data.len()));
        }
        Ok(Some(data.clone()))
    }
}

impl fmt::Debug for GitCommit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitCommit")
            .field("repo", &self.repo)
            .field("commit", &self.commit)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Checks that the commit, its trees and (unless `partial`) its files are all there, and forgets everything else.
pub(super) fn verify(objects: &mut Objects, commit: CommitId, partial: bool, site: &Site) -> Result<()> {
    let data = match objects.get(commit.as_bytes()) {
        Some((Kind::Commit, data)) => data,
        Some(_) => {
            let message = format!("{commit} in {} is not a commit", site.url);
            return Err(Error::new(ErrorKind::NotFound, "E_GIT_REF", message)
                .with_hint("name a tag or branch of a commit"));
        }
        None => return Err(site.hash(format_args!("other objects than the commit {commit}"))),
    };
    let root = tree_of_commit(data).ok_or_else(|| site.protocol("a commit has no tree"))?;
    let mut seen: HashSet<Id> = HashSet::from([*commit.as_bytes(), root]);
    let mut trees = vec![root];
    while let Some(tree) = trees.pop() {
        let data = objects
            .of_kind(&tree, Kind::Tree)
            .ok_or_else(|| site.hash("a commit without all of its trees"))?;
        let mut names = HashSet::new();
        for entry in entries(data) {
            let entry = entry.ok_or_else(|| site.protocol("a tree is broken"))?;
            if !names.insert(entry.name) {
                return Err(site.protocol("a tree holds a name twice"));
            }
            match entry.kind {
                // Each tree is looked at once, however often it is used.
                EntryKind::Folder if seen.insert(entry.id) => trees.push(entry.id),
                EntryKind::File if !partial && objects.of_kind(&entry.id, Kind::Blob).is_none() => {
                    return Err(site.hash("a commit without all of its files"));
                }
                EntryKind::File => {
                    seen.insert(entry.id);
                }
                EntryKind::Folder | EntryKind::Link | EntryKind::Submodule => {}
            }
        }
    }
    objects.retain(|id| seen.contains(id));
    Ok(())
}
