//! Loading modules: the examples, pins, bundles, folders and links.

use std::collections::BTreeMap;

use super::*;
use crate::error::ErrorKind;
use crate::model::{FileSet, ModulePin};

fn examples() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/modules")
}

#[test]
fn every_example_loads_and_renders() {
    for name in ["cowsay", "fail", "forever", "mandelbrot", "wordcount"] {
        let tree = folder_tree(examples().join(name)).unwrap();
        let module = Module::load(PinSource::local(), &tree).unwrap();
        assert_eq!(module.name(), name);
        assert!(module.render(&BTreeMap::new()).unwrap().runnable().is_ok(), "{name}");
        let again = Module::from_bundle(module.pin().clone(), module.bundle().clone()).unwrap();
        assert_eq!((again.pin(), again.name()), (module.pin(), name));
    }
}

#[test]
fn a_changed_bundle_is_not_the_pinned_one() {
    let tree = folder_tree(examples().join("cowsay")).unwrap();
    let module = Module::load(PinSource::local(), &tree).unwrap();
    let mut changed = module.bundle().clone();
    changed.insert("cowsay.wasm", "other").unwrap();
    let error = Module::from_bundle(module.pin().clone(), changed).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::VerificationFailed, "E_MODULE_PIN"));
    let mut hidden = module.bundle().clone();
    hidden.insert(".evil", "x").unwrap();
    assert_eq!(Module::from_bundle(module.pin().clone(), hidden).unwrap_err().code(), "E_MODULE_PIN");
}

#[test]
fn a_module_in_a_folder_of_a_repository() {
    let mut files = FileSet::new();
    files.insert("sub/dir/lilypad.toml", "module.name = \"m\"\nrun.wasm.module = \"bin/p.wasm\"\n").unwrap();
    files.insert("sub/dir/bin/p.wasm", "x").unwrap();
    let source = |path: &str| PinSource::Git {
        repo: "https://example.org/a/b".to_owned(),
        commit: "0".repeat(40),
        path: path.to_owned(),
    };
    let module = Module::load(source("sub/dir"), &files).unwrap();
    let same = Module::load(source("sub/dir/lilypad.toml"), &files).unwrap();
    assert_eq!(module.pin(), same.pin());
    assert!(matches!(module.pin(), ModulePin::Git { path, .. } if path == "sub/dir/lilypad.toml"));
    let paths: Vec<&str> = module.bundle().iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["bin/p.wasm", "lilypad.toml"]);
    assert_eq!(Module::load(source("sub"), &files).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let mut files = FileSet::new();
    files.insert("lilypad.toml", "module.name = \"m\"\nrun.wasm.module = \"p.wasm\"\n").unwrap();
    let error = Module::load(PinSource::local(), &files).unwrap_err();
    assert_eq!(error.code(), "E_MODULE_PROGRAM");
    assert!(error.to_string().contains("p.wasm"), "{error}");
}

#[cfg(unix)]
#[test]
fn links_and_folders_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder_tree(folder.path()).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("lilypad.toml")).unwrap();
    assert_eq!(Module::load(PinSource::local(), &tree).unwrap_err().code(), "E_MODULE_SYMLINK");
    std::fs::remove_file(folder.path().join("lilypad.toml")).unwrap();
    std::fs::create_dir(folder.path().join("lilypad.toml")).unwrap();
    assert_eq!(Module::load(PinSource::local(), &tree).unwrap_err().code(), "E_MODULE_PATH");
    assert_eq!(tree.read("../x", 10).unwrap_err().code(), "E_MODULE_PATH");
    assert_eq!(folder_tree(folder.path().join("none")).unwrap_err().kind(), ErrorKind::NotFound);
}
