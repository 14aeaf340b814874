//! The repository's own sources, as text.

use std::path::{Path, PathBuf};

/// One source file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path below the folder that was asked for, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The folder of the repository.
///
/// # Panics
/// Never: this package lies in the repository.
#[must_use]
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package has a parent folder")
}

/// True for a folder that cargo builds into: by the tag that it writes, as a module may be called `target` too.
#[must_use]
pub fn is_build_output(folder: &Path) -> bool {
    folder.join("CACHEDIR.TAG").exists()
}

/// The Rust files below a folder of the repository, in the order of their paths; what cargo builds is left out.
///
/// # Panics
/// Where the folder cannot be read.
#[must_use]
pub fn sources(folder: &str) -> Vec<Source> {
    let root = repository().join(folder);
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("an entry of a folder").path();
            if path.is_dir() {
                if !is_build_output(&path) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(Source { path: below(&root, &path), text: read(&path) });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn read(path: &PathBuf) -> String {
    std::fs::read_to_string(path).expect("a source file is UTF-8")
}

fn below(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).expect("found below").to_string_lossy().replace('\\', "/")
}
