//! What the tables must satisfy together: names, limits, references between them. Complains about everything at once.

mod cuda;
mod gpus;
mod input;
mod machine;
mod run;

use std::collections::BTreeSet;

use super::reader::{Number, Reader};
use super::tables::{
    ClassWord, DeterminismTable, FileEntry, FileTable, FilesTable, LimitsTable, ManifestFile, ModuleTable,
    NetworkTable, NetworkWord, OutputTable,
};
use super::{FileSpec, Manifest, Run, units};
use crate::model::{
    ClockPolicy, Comparator, Determinism, JobLimits, NetworkPolicy, OutputSpec, RandomPolicy,
};
use crate::module::ModuleInfo;

/// Most inputs, input files, or outputs.
const DECLARED: usize = 256;

pub(super) fn manifest(file: ManifestFile, reader: &mut Reader<'_>) -> Option<Manifest> {
    count(&file, reader);
    let info = file.module.0.map(|table| info(table, reader));
    let inputs = input::inputs(file.inputs, reader);
    let run = file.run.0.and_then(|table| run::run(table, &inputs, reader));
    let machine = machine::machine(file.machine, reader);
    let files = files(file.files, reader);
    let outputs = outputs(&file.outputs, run.as_ref(), reader);
    cuda::surroundings(run.as_ref(), machine.spec.gpu, &files, &outputs, reader);
    let (timeout, limits) = limits(file.limits, reader);
    let network = network(file.network, run.as_ref(), reader);
    let determinism = determinism(file.determinism, run.as_ref(), reader);
    Some(Manifest {
        text: reader.source().to_owned(),
        info: info?,
        inputs,
        run: run?,
        machine: machine.spec,
        gpus: machine.gpus,
        min_driver: machine.driver,
        min_cuda: machine.cuda,
        files,
        outputs,
        timeout,
        limits,
        network,
        determinism,
    })
}

fn count(file: &ManifestFile, reader: &mut Reader<'_>) {
    let files = file.files.as_ref().map_or(0, |files| files.required.len() + files.optional.len());
    for (path, got) in [("inputs", file.inputs.len()), ("files", files), ("outputs", file.outputs.len())] {
        if got > DECLARED {
            reader.complain(path, "E_MANIFEST_LIMIT", format!("`{path}` has {got}, the limit is {DECLARED}"));
        }
    }
}

fn info(table: ModuleTable, reader: &mut Reader<'_>) -> ModuleInfo {
    if !is_module_name(&table.name) {
        let message = format!("module name {:?} is not usable", short(&table.name));
        let hint =
            "use 1 to 64 lower-case letters, digits, `-`, `_` and `.`, starting with a letter or digit";
        reader.complain_with("module.name", "E_MANIFEST_NAME", message, hint);
    }
    let lines = [
        ("module.version", table.version.as_deref(), 64),
        ("module.description", table.description.as_deref(), 4_096),
        ("module.license", table.license.as_deref(), 256),
        ("module.homepage", table.homepage.as_deref(), 2_048),
        ("module.repository", table.repository.as_deref(), 2_048),
    ];
    for (path, text, limit) in lines {
        let Some(text) = text else { continue };
        if text.is_empty() || text.len() > limit {
            let message = format!("`{path}` must have 1 to {limit} bytes, has {}", text.len());
            reader.complain(path, "E_MANIFEST_LIMIT", message);
        }
        let address = matches!(path, "module.homepage" | "module.repository");
        if address && !text.starts_with("https://") {
            reader.complain(path, "E_MANIFEST_VALUE", format!("`{path}` must start with https://"));
        }
    }
    ModuleInfo {
        name: table.name,
        version: table.version,
        description: table.description,
        authors: table.authors,
        license: table.license,
        homepage: table.homepage,
        repository: table.repository,
    }
}

/// True for a module name: 1 to 64 lower-case letters, digits, `-`, `_`, `.`, not starting with a mark.
pub(in crate::module) fn is_module_name(name: &str) -> bool {
    let mark = |letter: char| matches!(letter, '-' | '_' | '.');
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    (1..=64).contains(&name.len())
        && name.chars().all(|letter| plain(letter) || mark(letter))
        && name.starts_with(plain)
}

fn files(table: Option<FilesTable>, reader: &mut Reader<'_>) -> Vec<FileSpec> {
    let Some(table) = table else { return Vec::new() };
    let mut names = BTreeSet::new();
    let mut files = Vec::new();
    for (key, required, entries) in [("required", true, table.required), ("optional", false, table.optional)]
    {
        for (index, entry) in entries.into_iter().enumerate() {
            let path = format!("files.{key}[{index}]");
            let file = input_file(entry, required, &path, reader);
            if !names.insert(file.name.clone()) {
                let message = format!("the file {:?} is named twice", short(&file.name));
                reader.complain(&path, "E_MANIFEST_DUPLICATE", message);
            }
            files.push(file);
        }
    }
    files
}

fn input_file(entry: FileEntry, required: bool, path: &str, reader: &mut Reader<'_>) -> FileSpec {
    let table = match entry {
        FileEntry::Table(table) => table,
        FileEntry::Name(name) => FileTable { name, description: None, media_type: None, max_size: None },
    };
    if !is_file_name(&table.name) {
        let message = format!("file name {:?} is not usable", short(&table.name));
        let hint = "use one plain file name without folders, at most 255 bytes";
        reader.complain_with(path, "E_MANIFEST_NAME", message, hint);
    }
    media_type(table.media_type.as_deref(), &format!("{path}.media_type"), reader);
    let max_bytes = table
        .max_size
        .and_then(|amount| machine::amount(amount, 1, units::bytes, &format!("{path}.max_size"), reader));
    FileSpec {
        name: table.name,
        required,
        description: table.description,
        media_type: table.media_type,
        max_bytes,
    }
}

/// True for one path part that can be a file's name everywhere.
fn is_file_name(name: &str) -> bool {
    (1..=255).contains(&name.len())
        && !name.contains(['/', '\\'])
        && !name.chars().any(char::is_control)
        && !matches!(name, "." | "..")
}

fn outputs(tables: &[OutputTable], run: Option<&Run>, reader: &mut Reader<'_>) -> Vec<OutputSpec> {
    let mut names = BTreeSet::new();
    let mut paths = BTreeSet::new();
    for (index, table) in tables.iter().enumerate() {
        let at = |key: &str| format!("outputs[{index}].{key}");
        if !is_file_name(&table.name) || matches!(table.name.as_str(), "stdout" | "stderr" | "exitCode") {
            let message = format!("output name {:?} is not usable", short(&table.name));
            let hint = "use one plain name that is not stdout, stderr or exitCode";
            reader.complain_with(&at("name"), "E_MANIFEST_NAME", message, hint);
        }
        if !names.insert(table.name.as_str()) {
            let message = format!("two outputs are named {:?}", short(&table.name));
            reader.complain(&at("name"), "E_MANIFEST_DUPLICATE", message);
        }
        if !paths.insert(table.path.as_str()) {
            let message = format!("two outputs have the path {:?}", short(&table.path));
            reader.complain(&at("path"), "E_MANIFEST_DUPLICATE", message);
        }
        let under = table.path == "/outputs" || table.path.starts_with("/outputs/");
        if !is_absolute(&table.path) {
            let message = format!("output path {:?} is not usable", short(&table.path));
            let hint = "use an absolute path such as /outputs, without `..`";
            reader.complain_with(&at("path"), "E_MANIFEST_PATH", message, hint);
        } else if matches!(run, Some(Run::Wasm { .. })) && !under {
            let message =
                format!("a WebAssembly job can write only below /outputs, not {:?}", short(&table.path));
            reader.complain(&at("path"), "E_MANIFEST_PATH", message);
        }
        media_type(table.media_type.as_deref(), &at("media_type"), reader);
    }
    tables
        .iter()
        .map(|table| OutputSpec {
            name: table.name.clone(),
            path: table.path.clone(),
            media_type: table.media_type.clone(),
        })
        .collect()
}

fn is_absolute(path: &str) -> bool {
    path.len() <= 1_024
        && !path.contains(['\\', '\0'])
        && path
            .strip_prefix('/')
            .is_some_and(|rest| rest.split('/').all(|part| !matches!(part, "" | "." | "..")))
}

fn media_type(text: Option<&str>, path: &str, reader: &mut Reader<'_>) {
    let word = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let Some(text) = text else { return };
    let plain = text.split(';').next().unwrap_or_default().trim();
    if text.len() > 255 || !plain.split_once('/').is_some_and(|(left, right)| word(left) && word(right)) {
        let message = format!("{:?} is not a media type", short(text));
        reader.complain_with(
            path,
            "E_MANIFEST_VALUE",
            message,
            "write it as type/subtype, such as image/png",
        );
    }
}

fn limits(table: Option<LimitsTable>, reader: &mut Reader<'_>) -> (Option<std::time::Duration>, JobLimits) {
    let Some(table) = table else { return (None, JobLimits::default()) };
    let timeout = table.timeout.as_deref().and_then(|text| {
        let read = units::duration(text);
        if read.is_none() {
            let message = format!("{:?} is not a duration from 1ms to 720h", short(text));
            reader.complain_with(
                "limits.timeout",
                "E_MANIFEST_VALUE",
                message,
                "write it as 30s, 5m, 1h or 250ms",
            );
        }
        read
    });
    if table.instructions == Some(0) {
        reader.complain("limits.instructions", "E_NUMBER", "`limits.instructions` must be at least 1");
    }
    let mut bytes = |amount, path: &str| machine::amount(amount, 1, units::bytes, path, reader);
    let memory_bytes = table.memory.and_then(|amount| bytes(amount, "limits.memory"));
    let output_bytes = table.output.and_then(|amount| bytes(amount, "limits.output"));
    (timeout, JobLimits { instructions: table.instructions, memory_bytes, output_bytes })
}

fn network(table: Option<NetworkTable>, run: Option<&Run>, reader: &mut Reader<'_>) -> NetworkPolicy {
    let Some(table) = table else { return NetworkPolicy::None };
    if matches!(run, Some(Run::Wasm { .. } | Run::Cuda(_))) && table.policy != NetworkWord::None {
        let message = "WebAssembly and GPU kernels have no network: `network.policy` must be \"none\"";
        reader.complain("network.policy", "E_MANIFEST_NETWORK", message);
    }
    if table.policy != NetworkWord::Domains && !table.domains.is_empty() {
        let message = "`network.domains` needs `policy = \"domains\"`";
        reader.complain("network.domains", "E_MANIFEST_NETWORK", message);
    }
    for (index, domain) in table.domains.iter().enumerate() {
        if !is_domain(domain) {
            let message = format!("{:?} is not a domain name", short(domain));
            let hint = "write the name alone, such as api.example.org; *.example.org for its subdomains";
            reader.complain_with(&format!("network.domains[{index}]"), "E_MANIFEST_VALUE", message, hint);
        }
    }
    match table.policy {
        NetworkWord::None => NetworkPolicy::None,
        NetworkWord::Full => NetworkPolicy::Full,
        NetworkWord::Domains => {
            if table.domains.is_empty() {
                let message = "`network.domains` must name at least one domain";
                reader.complain("network.policy", "E_MANIFEST_NETWORK", message);
            }
            NetworkPolicy::Domains(table.domains)
        }
    }
}

fn is_domain(domain: &str) -> bool {
    let name = domain.strip_prefix("*.").unwrap_or(domain);
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(label)
}

/// Where the author says nothing, a WebAssembly job with the fixed clock and seeded random bytes is exact.
fn determinism(table: Option<DeterminismTable>, run: Option<&Run>, reader: &mut Reader<'_>) -> Determinism {
    let repeatable =
        matches!(run, Some(Run::Wasm { clock: ClockPolicy::Fixed, random: RandomPolicy::Seeded, .. }));
    let Some(table) = table else {
        return if repeatable { Determinism::Compared(Comparator::Exact) } else { Determinism::None };
    };
    let real_sources = matches!(run, Some(Run::Wasm { .. })) && !repeatable;
    if real_sources && table.class == ClassWord::Exact {
        let message = "an exact comparison needs `clock = \"fixed\"` and `random = \"seeded\"`";
        reader.complain("determinism.class", "E_MANIFEST_DETERMINISM", message);
    }
    let mut tolerance = |number: Option<Number>, key: &str| {
        let path = format!("determinism.{key}");
        let value = match number? {
            Number::Whole(value) => value as f64,
            Number::Real(value) => value,
        };
        if value < 0.0 {
            reader.complain(&path, "E_NUMBER", format!("`{path}` must not be negative"));
        }
        if table.class != ClassWord::Numeric {
            let message = format!("`{path}` needs `class = \"numeric\"`");
            reader.complain(&path, "E_MANIFEST_DETERMINISM", message);
        }
        Some(value)
    };
    let absolute = tolerance(table.absolute, "absolute").unwrap_or(0.0);
    let relative = tolerance(table.relative, "relative").unwrap_or(0.0);
    match table.class {
        ClassWord::None => Determinism::None,
        ClassWord::Exact => Determinism::Compared(Comparator::Exact),
        ClassWord::Numeric => Determinism::Compared(Comparator::Numeric { absolute, relative }),
    }
}

/// At most 80 characters of a text, for messages.
fn short(text: &str) -> String {
    text.chars().take(80).collect()
}
