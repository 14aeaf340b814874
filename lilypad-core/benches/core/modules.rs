//! Loading a module and binding its inputs.

use std::collections::BTreeMap;
use std::path::Path;

use criterion::Criterion;
use lilypad_core::model::FileSet;
use lilypad_core::module::template::Template;
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
        [("width", "320"), ("zoom", "2.5")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    pair(
        criterion,
        "bind inputs to a manifest",
        ("write the inputs as JSON", || serde_json::to_vec(&inputs).expect("plain data")),
        ("render", || module.render(&inputs).expect("inputs that fit")),
    );
    templates(criterion);
}

/// A v2 template in the manner of those that are in use.
const TEMPLATE: &str = r#"{
  "machine": {"gpu": 0, "cpu": 1000, "ram": 100},
  "job": {
    "APIVersion": "V1beta1",
    "Spec": {
      "Deal": {"Concurrency": 1},
      "Docker": {
        "Entrypoint": ["/app/run.sh", {{ if .Message }}"{{ .Message | js }}"{{ else }}"hello"{{ end }}],
        "Image": "grycap/cowsay@sha256:0000000000000000000000000000000000000000000000000000000000000000",
        "EnvironmentVariables": [
          {{ range $name, $value := . }}{{ printf "%s=%s" $name $value | printf "%q" }},{{ end }}
          "{{ printf "STEPS=%s" (or .Steps "20") }}"
        ]
      },
      "Engine": "Docker", "Network": {"Type": "None"}, "Timeout": 1800
    }
  }
}
"#;

fn templates(criterion: &mut Criterion) {
    let template = Template::parse(TEMPLATE).expect("a template");
    let inputs = BTreeMap::from([("Message".to_owned(), "a prompt <with> & \"marks\" ".repeat(20))]);
    let rendered = template.render(&inputs).expect("inputs that fit");
    pair(
        criterion,
        "render a v2 template",
        ("read what comes out as JSON", || {
            serde_json::from_str::<serde_json::Value>(&rendered).expect("JSON")
        }),
        ("render", || template.render(&inputs).expect("inputs that fit")),
    );
    pair(
        criterion,
        "read a v2 template",
        ("render it once", || template.render(&inputs).expect("inputs that fit")),
        ("parse", || Template::parse(TEMPLATE).expect("a template")),
    );
}
