//! From what a person types to a loaded module: read the reference, find the source, load and pin.

use std::path::{Path, PathBuf};

use super::{GitRef, Module, ModuleRef, PinSource, folder_tree};
use crate::error::{Error, ErrorKind, Result};
use crate::model::ModuleConfig;

/// Where modules may come from, and where fetched ones are kept.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// Folder in which fetched modules are kept; `None` keeps none.
    pub cache_dir: Option<PathBuf>,
    /// Hosts that modules may be fetched from although their address is private.
    pub allow_private_hosts: Vec<String>,
}

/// Loads the module that `reference` names: a local folder or a git repository. Blocks: call it where that is allowed.
///
/// # Errors
/// `InvalidInput` (the reference or the module is wrong, with every complaint), `NotFound` (no such folder, repository,
/// tag or file), `Unavailable`, `Timeout`, `Rejected` (egress policy) while fetching.
pub fn load(reference: &str, options: &LoadOptions) -> Result<Module> {
    match reference.parse()? {
        ModuleRef::Folder(path) => open_folder(&path),
        ModuleRef::Git(git) => super::fetch::load(&git, options),
        ModuleRef::Content(id) => Err(Error::unsupported(
            "E_MODULE_CONTENT_REF",
            format!("a module cannot be fetched by its content id alone ({id}) on this network"),
        )
        .with_hint("name the folder or the repository that holds it")),
    }
}

/// Loads the module that the fields of an offer name, from git. Blocks: call it where that is allowed.
///
/// # Errors
/// As [`load`].
pub fn load_wire(config: &ModuleConfig, options: &LoadOptions) -> Result<Module> {
    super::fetch::load(&GitRef::from_wire(&config.repo, &config.hash, &config.path)?, options)
}

fn open_folder(text: &str) -> Result<Module> {
    let path = Path::new(text);
    let file = path.file_name().and_then(|name| name.to_str()).filter(|_| path.is_file());
    let (root, inner) = match file {
        Some(file) => (path.parent().unwrap_or(Path::new("")), file),
        None => (path, ""),
    };
    let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    let tree = folder_tree(root).map_err(|error| hint(text, error))?;
    Module::load(PinSource::Content { path: inner.to_owned() }, &tree)
}

/// A bare name is not a folder: say how a module is named.
fn hint(text: &str, error: Error) -> Error {
    if error.kind() == ErrorKind::NotFound && !text.contains(['/', '.', '~']) {
        return error.with_hint(format!("to fetch the module {text} by name, add its tag: {text}:v1.0.0"));
    }
    let host = text.split('/').next().unwrap_or_default();
    if error.kind() == ErrorKind::NotFound
        && text.contains('/')
        && !host.is_empty()
        && host.trim_matches('.').contains('.')
    {
        return error.with_hint(format!("to fetch it from git, add a tag, branch or commit: {text}:v1.0.0"));
    }
    error.with_hint("check the path; a module is a folder with lilypad.toml or lilypad_module.json.tmpl")
}
