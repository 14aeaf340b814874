//! The keys that a v2 module may have, and the ones that nothing reads.

use crate::model::json::Value;
use crate::module::finding::{Finding, Position};
use crate::module::suggest;

/// What may stand at one place of a v2 module.
enum Shape {
    /// A plain value, or a table whose keys are free.
    Any,
    /// A table with these keys.
    Keys(&'static [(&'static str, Shape)]),
    /// A list of tables or values.
    List(&'static Shape),
}

use Shape::{Any, Keys, List};

const STORAGE: Shape = Keys(&[
    ("StorageSource", Any),
    ("Name", Any),
    ("CID", Any),
    ("URL", Any),
    (
        "S3",
        Keys(&[
            ("Bucket", Any),
            ("Key", Any),
            ("Checksum", Any),
            ("VersionID", Any),
            ("Endpoint", Any),
            ("Region", Any),
        ]),
    ),
    ("Repo", Any),
    ("SourcePath", Any),
    ("ReadWrite", Any),
    ("Path", Any),
    ("Metadata", Any),
]);

const SPEC: Shape = Keys(&[
    ("Engine", Any),
    ("EngineSpec", Keys(&[("Type", Any), ("Params", Any)])),
    ("Publisher", Any),
    ("PublisherSpec", Keys(&[("Type", Any), ("Params", Any)])),
    (
        "Docker",
        Keys(&[
            ("Image", Any),
            ("Entrypoint", Any),
            ("Parameters", Any),
            ("EnvironmentVariables", Any),
            ("WorkingDirectory", Any),
        ]),
    ),
    (
        "Wasm",
        Keys(&[
            ("EntryModule", STORAGE),
            ("EntryPoint", Any),
            ("Parameters", Any),
            ("EnvironmentVariables", Any),
            ("ImportModules", List(&STORAGE)),
        ]),
    ),
    ("Resources", Keys(&[("CPU", Any), ("Memory", Any), ("Disk", Any), ("GPU", Any)])),
    ("Network", Keys(&[("Type", Any), ("Domains", Any)])),
    ("Timeout", Any),
    ("Inputs", List(&STORAGE)),
    ("Outputs", List(&STORAGE)),
    ("Annotations", Any),
    ("NodeSelectors", List(&Keys(&[("Key", Any), ("Operator", Any), ("Values", Any)]))),
    ("DoNotTrack", Any),
    ("Deal", Keys(&[("TargetingMode", Any), ("Concurrency", Any)])),
]);

const MODULE: Shape = Keys(&[
    ("author", Keys(&[("name", Any), ("avatar", Any), ("address", Any)])),
    ("description", Any),
    ("image", Any),
    ("model", Keys(&[("name", Any), ("type", Any), ("size", Any)])),
    ("inputFiles", Keys(&[("required", Any), ("optional", Any)])),
    ("executionTimeoutSeconds", Any),
    (
        "machine",
        Keys(&[
            ("gpu", Any),
            ("gpus", List(&Keys(&[("name", Any), ("vendor", Any), ("vram", Any)]))),
            ("cpu", Any),
            ("ram", Any),
            ("disk", Any),
        ]),
    ),
    (
        "job",
        Keys(&[
            ("APIVersion", Any),
            (
                "Metadata",
                Keys(&[
                    ("ID", Any),
                    ("CreatedAt", Any),
                    ("ClientID", Any),
                    ("Requester", Keys(&[("RequesterNodeID", Any), ("RequesterPublicKey", Any)])),
                ]),
            ),
            ("Spec", SPEC),
        ]),
    ),
]);

/// Keys of older versions: nothing reads them, and no author expects them to do anything today.
const LEGACY: [&str; 2] = ["Verifier", "Language"];

/// Most findings about keys.
const MOST: usize = 100;

/// A finding for each key that nothing reads and for each key that stands twice in one table.
///
/// `source` is the template; places are looked up in it.
pub(in crate::module) fn check(value: &Value, source: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    walk(value, &MODULE, &mut Vec::new(), source, &mut findings);
    findings
}

fn walk<'a>(
    value: &'a Value,
    shape: &Shape,
    path: &mut Vec<&'a str>,
    source: &str,
    findings: &mut Vec<Finding>,
) {
    match (value, shape) {
        (Value::Array(items), List(shape)) => {
            for item in items.iter().take(MOST) {
                walk(item, shape, path, source, findings);
            }
        }
        (Value::Object(members), Keys(keys)) => {
            for (index, (name, member)) in members.iter().enumerate() {
                if findings.len() >= MOST {
                    return;
                }
                path.push(name);
                let twice = members.iter().take(index).any(|(other, _)| other.eq_ignore_ascii_case(name));
                if twice {
                    let message = format!("`{}` stands twice: the later one wins", shown(path));
                    let place = place(source, path);
                    findings.push(Finding::warning("duplicate-key", message).at(place).on(shown(path)));
                }
                match keys.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)) {
                    Some((_, shape)) => walk(member, shape, path, source, findings),
                    None => findings.push(unknown(path, keys, source)),
                }
                path.pop();
            }
        }
        _ => {}
    }
}

fn unknown(path: &[&str], keys: &[(&str, Shape)], source: &str) -> Finding {
    let (name, place) = (path.last().copied().unwrap_or_default(), place(source, path));
    let message = format!("nothing reads `{}`", shown(path));
    if matches!(name.to_ascii_lowercase().as_str(), "vram" | "gpus") {
        return Finding::warning("vram-place", message)
            .at(place)
            .on(shown(path))
            .hint("video memory is read only at machine.gpus[].vram");
    }
    if LEGACY.iter().any(|legacy| legacy.eq_ignore_ascii_case(name)) {
        return Finding::note("legacy-key", format!("{message} any more")).at(place).on(shown(path));
    }
    let finding = Finding::warning("unknown-key", message).at(place).on(shown(path));
    match suggest::nearest(name, keys.iter().map(|(key, _)| *key)) {
        Some(key) => finding.hint(format!("did you mean `{key}`?")),
        None => finding,
    }
}

fn shown(path: &[&str]) -> String {
    path.join(".").chars().take(200).collect()
}

/// Where the last key of a path stands in the template: each key is looked for behind the one above it.
pub(in crate::module) fn place(source: &str, path: &[&str]) -> Option<Position> {
    let mut from = 0;
    for key in path {
        let quoted = format!("\"{key}\"");
        let rest = source.get(from..)?;
        let found =
            rest.find(&quoted).or_else(|| rest.to_ascii_lowercase().find(&quoted.to_ascii_lowercase()))?;
        from += found;
    }
    (!path.is_empty()).then(|| Position::of(source, from))
}
