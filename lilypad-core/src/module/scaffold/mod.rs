//! A new module to start from: every file of it, ready to build.

use std::fmt;
use std::str::FromStr;

use super::manifest::is_module_name;
use crate::error::{Error, Result};
use crate::model::FileSet;

/// What a new module runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScaffoldKind {
    /// A WebAssembly program, written in Rust.
    #[default]
    Wasm,
    /// A container.
    Docker,
}

impl fmt::Display for ScaffoldKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wasm => "wasm",
            Self::Docker => "docker",
        })
    }
}

impl FromStr for ScaffoldKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "wasm" => Ok(Self::Wasm),
            "docker" => Ok(Self::Docker),
            _ => {
                let shown: String = text.chars().take(40).collect();
                Err(Error::invalid("E_SCAFFOLD_KIND", format!("there is no module kind {shown:?}"))
                    .with_hint("use wasm or docker"))
            }
        }
    }
}

const WASM: [(&str, &str); 5] = [
    ("lilypad.toml", include_str!("files/wasm/lilypad.toml.in")),
    ("Cargo.toml", include_str!("files/wasm/Cargo.toml.in")),
    ("src/main.rs", include_str!("files/wasm/main.rs.in")),
    ("README.md", include_str!("files/wasm/README.md.in")),
    (".gitignore", "/target\n"),
];

const DOCKER: [(&str, &str); 4] = [
    ("lilypad.toml", include_str!("files/docker/lilypad.toml.in")),
    ("Dockerfile", include_str!("files/docker/Dockerfile.in")),
    ("run.sh", include_str!("files/docker/run.sh.in")),
    ("README.md", include_str!("files/docker/README.md.in")),
];

/// The files of a new module: manifest, program, and a README that says how to build and run it.
///
/// ```
/// use lilypad_core::module::{ScaffoldKind, scaffold};
/// let files = scaffold("greeter", ScaffoldKind::Wasm)?;
/// assert!(files.get("lilypad.toml").is_some() && files.get("src/main.rs").is_some());
/// # Ok::<(), lilypad_core::Error>(())
/// ```
///
/// # Errors
/// `InvalidInput` (`E_MODULE_NAME`) where the name is not one that a manifest may have.
pub fn scaffold(name: &str, kind: ScaffoldKind) -> Result<FileSet> {
    if !is_module_name(name) {
        let shown: String = name.chars().take(80).collect();
        return Err(Error::invalid("E_MODULE_NAME", format!("module name {shown:?} is not usable"))
            .with_hint(
                "use 1 to 64 lower-case letters, digits, `-`, `_` and `.`, starting with a letter or digit",
            ));
    }
    let files: &[(&str, &str)] = match kind {
        ScaffoldKind::Wasm => &WASM,
        ScaffoldKind::Docker => &DOCKER,
    };
    let mut set = FileSet::new();
    for (path, text) in files {
        let text = text.replace("@NAME@", name).replace("@PACKAGE@", &package(name));
        set.insert(*path, text)?;
    }
    Ok(set)
}

/// A name that Cargo takes: no dot, and a letter first.
fn package(name: &str) -> String {
    let plain = name.replace('.', "-");
    if plain.starts_with(|letter: char| letter.is_ascii_digit()) { format!("m-{plain}") } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::{Module, PinSource};

    #[test]
    fn a_new_module_passes_its_own_check() {
        for kind in [ScaffoldKind::Wasm, ScaffoldKind::Docker] {
            for name in ["greeter", "3d.view_er-2"] {
                let mut files = scaffold(name, kind).unwrap();
                if kind == ScaffoldKind::Wasm {
                    let error = Module::load(PinSource::local(), &files).unwrap_err();
                    assert_eq!(error.code(), "E_MODULE_PROGRAM", "the program is not built yet");
                    files.insert(format!("{}.wasm", package(name)), "x").unwrap();
                }
                let module = Module::load(PinSource::local(), &files).unwrap();
                assert_eq!(module.name(), name);
                assert_eq!(module.check(), []);
                assert!(module.render(&std::collections::BTreeMap::new()).unwrap().runnable().is_ok());
                for (path, bytes) in files.iter() {
                    assert!(!String::from_utf8_lossy(bytes).contains('@') || path != "Cargo.toml", "{path}");
                }
            }
        }
    }

    #[test]
    fn names_and_kinds_are_checked() {
        for name in ["", "Upper", "a/b", "../x", "-x", &"x".repeat(65)] {
            assert_eq!(scaffold(name, ScaffoldKind::Wasm).unwrap_err().code(), "E_MODULE_NAME", "{name}");
        }
        assert_eq!("docker".parse::<ScaffoldKind>().unwrap(), ScaffoldKind::Docker);
        assert_eq!("podman".parse::<ScaffoldKind>().unwrap_err().code(), "E_SCAFFOLD_KIND");
    }
}
