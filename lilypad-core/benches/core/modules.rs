//! Loading a module and binding its inputs.

use std::collections::BTreeMap;
use std::path::Path;

use criterion::Criterion;
use lilypad_core::model::FileSet;
use lilypad_core::module::{Module, PinSource, folder_tree};

use crate::pair::pair;

pub(crate) fn all(criterion: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/modules/mandelbrot");
    let tree = folder_tree(&folder).expect("an example module");
    let module = Module::load(PinSource::local(), &tree).expect("an example module");
    let files: FileSet = module.bundle().clone();
    let text = std::fs::read_to_string(folder.join("lilypad.toml")).expect("a manifest");

    pair(
        criterion,
        "load a module from its files",
        ("content id of its files", || files.content_id().expect("a small set")),
        ("load, check and pin", || Module::load(PinSource::local(), &files).expect("an example module")),
    );
    pair(
        criterion,
        "read a manifest",
        ("TOML alone", || text.parse::<toml::Table>().expect("a manifest")),
        ("load without its program's bytes", || {
            let mut files = FileSet::new();
            files.insert("lilypad.toml", text.clone()).expect("a plain path");
            files.insert("mandelbrot.wasm", "").expect("a plain path");
            Module::load(PinSource::local(), &files).expect("an example module")
        }),
    );
    let inputs: BTreeMap<String, String> =
        [("Width", "320"), ("Zoom", "2.5")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    pair(
        criterion,
        "bind inputs to a manifest",
        ("copy the inputs", || inputs.clone()),
        ("render", || module.render(&inputs).expect("inputs that fit")),
    );
}
