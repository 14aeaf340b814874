//! The tables of `lilypad.toml`, as authors write them. The JSON Schema is generated from these types.

use std::collections::BTreeMap;

use super::cuda::CudaTable;
use super::reader::{
    Amount, Needed, Node, Number, Read, Reader, Scalar, number_text_or_list, table, text_or_table, words,
};

table! {
    /// A Lilypad module: what runs, what it takes, what it needs and what it leaves.
    pub(super) struct ManifestFile {
        /// Who and what the module is.
        #[schemars(with = "ModuleTable")]
        module = "module": Needed<ModuleTable>,
        /// What the caller gives, by name. A value is bound to one argument or variable as a whole; it is never
        /// spliced into text.
        #[schemars(default)]
        inputs = "inputs": BTreeMap<String, InputTable>,
        /// What runs: exactly one of `wasm`, `docker`, `cuda`.
        #[schemars(with = "RunTable")]
        run = "run": Needed<RunTable>,
        /// What the machine needs at least.
        machine = "machine": Option<MachineTable>,
        /// Input files. The job finds them read-only in `/inputs`.
        files = "files": Option<FilesTable>,
        /// What the job leaves behind beside `stdout` and `stderr`.
        #[schemars(default)]
        outputs = "outputs": Vec<OutputTable>,
        /// What the job may use.
        limits = "limits": Option<LimitsTable>,
        /// What the job may reach; nothing where this is left out.
        network = "network": Option<NetworkTable>,
        /// What re-running the job promises.
        determinism = "determinism": Option<DeterminismTable>,
    }
}

table! {
    /// Who and what the module is.
    pub(super) struct ModuleTable {
        /// Name: lower-case letters, digits, `-`, `_` and `.`; at most 64 characters.
        name = "name": String,
        /// Version, such as `0.1.0`.
        version = "version": Option<String>,
        /// One line for people.
        description = "description": Option<String>,
        /// Authors, each as `Name <mail>` or a name.
        #[schemars(default)]
        authors = "authors": Vec<String>,
        /// Licence of the module, as an SPDX expression.
        license = "license": Option<String>,
        /// Where people can read more: an `https` address.
        homepage = "homepage": Option<String>,
        /// Where the sources are: an `https` address.
        repository = "repository": Option<String>,
    }
}

words! {
    /// The type of an input.
    pub(super) enum InputType {
        /// Any text.
        String = "string",
        /// A whole number of 64 bits.
        Integer = "integer",
        /// A finite decimal number.
        Number = "number",
        /// `true` or `false`.
        Boolean = "boolean",
    }
}

table! {
    /// One input.
    pub(super) struct InputTable {
        /// The type of the value.
        kind = "type": InputType,
        /// True where the caller must give it; an input with a default is never required.
        #[schemars(default)]
        required = "required": bool,
        /// What the job gets where the caller gives nothing.
        #[schemars(default, schema_with = "scalar_schema")]
        default = "default": Option<Scalar>,
        /// One line for people.
        description = "description": Option<String>,
        /// True where the value must not appear in logs, errors or stored offers.
        #[schemars(default)]
        secret = "secret": bool,
        /// Fewest characters (`string`).
        min_length = "min_length": Option<u64>,
        /// Most characters (`string`).
        max_length = "max_length": Option<u64>,
        /// Regular expression that the whole value must match (`string`).
        pattern = "pattern": Option<String>,
        /// Smallest value (`integer`, `number`).
        #[schemars(with = "Option<f64>")]
        min = "min": Option<Number>,
        /// Largest value (`integer`, `number`).
        #[schemars(with = "Option<f64>")]
        max = "max": Option<Number>,
        /// The only values that are taken (`string`).
        #[schemars(default)]
        choices = "choices": Vec<String>,
    }
}

table! {
    /// What runs: exactly one of these.
    pub(super) struct RunTable {
        /// A WebAssembly program (WASI preview 1).
        wasm = "wasm": Option<WasmTable>,
        /// A container.
        docker = "docker": Option<DockerTable>,
        /// Kernels for a GPU.
        cuda = "cuda": Option<CudaTable>,
    }
}

words! {
    /// What the clock shows.
    pub(super) enum ClockWord {
        /// A fixed start that moves 1 ms with every reading: repeatable.
        Fixed = "fixed",
        /// The machine's clock; the job cannot be checked by re-running.
        Real = "real",
    }
}

words! {
    /// Where random bytes come from.
    pub(super) enum RandomWord {
        /// A stream seeded from the job's inputs: repeatable.
        Seeded = "seeded",
        /// The operating system; the job cannot be checked by re-running.
        Real = "real",
    }
}

table! {
    /// A WebAssembly program (WASI preview 1).
    pub(super) struct WasmTable {
        /// Path of the `.wasm` or `.wat` file, relative to the manifest.
        module = "module": String,
        /// Arguments after the program's name.
        #[schemars(default)]
        args = "args": Vec<LeafTable>,
        /// Environment variables.
        #[schemars(default)]
        env = "env": BTreeMap<String, LeafTable>,
        /// The exported function to call; `_start` where this is left out.
        entry_point = "entry_point": Option<String>,
        /// What the clock shows; `fixed` where this is left out.
        clock = "clock": Option<ClockWord>,
        /// Where random bytes come from; `seeded` where this is left out.
        random = "random": Option<RandomWord>,
    }
}

table! {
    /// A container.
    pub(super) struct DockerTable {
        /// Image reference with a digest: `name@sha256:…`.
        image = "image": String,
        /// Replaces the image's entry point.
        entrypoint = "entrypoint": Option<Vec<LeafTable>>,
        /// Arguments after the entry point.
        #[schemars(default)]
        args = "args": Vec<LeafTable>,
        /// Environment variables.
        #[schemars(default)]
        env = "env": BTreeMap<String, LeafTable>,
        /// Working directory in the container; the image's where this is left out.
        working_directory = "working_directory": Option<String>,
    }
}

/// One argument or one variable: a text, or the whole value of an input.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema)]
#[schemars(untagged)]
pub(super) enum LeafTable {
    /// The text itself.
    Literal(String),
    /// The value of an input.
    Input(InputLeaf),
}

table! {
    /// The whole value of an input, as one argument or one variable; left out where an optional input is not given.
    pub(super) struct InputLeaf {
        /// The input's name.
        input = "input": String,
        /// Put this argument in front of the value (`--width`). With a boolean input: this argument where the value
        /// is `true`, nothing where it is `false`.
        flag = "flag": Option<String>,
    }
}

impl Read for LeafTable {
    fn read(node: &Node<'_>, path: &str, reader: &mut Reader<'_>) -> Option<Self> {
        text_or_table(node, path, reader, "a text or { input = \"name\" }", Self::Literal, |node, reader| {
            InputLeaf::read(node, path, reader).map(Self::Input)
        })
    }
}

table! {
    /// What the machine needs at least.
    pub(super) struct MachineTable {
        /// CPUs: a number of thousandths (`1000`), or a text of CPUs (`"1"`, `"0.5"`).
        cpu = "cpu": Option<Amount>,
        /// Memory: a number of megabytes (`512`), or a text with a unit (`"2 GB"`).
        ram = "ram": Option<Amount>,
        /// Disk: a number of megabytes, or a text with a unit.
        disk = "disk": Option<Amount>,
        /// GPUs: a number, a text such as `"nvidia:H100,A100:80GB..:2"`, or a list of such texts.
        gpu = "gpu": Option<GpuTable>,
        /// With a number of GPUs: the video memory that a GPU needs, a number of mebibytes or a text with a unit
        /// (`"24 GiB"`).
        vram = "vram": Option<Amount>,
        /// Oldest GPU driver that will do, such as `"550"`; needs a GPU.
        driver = "driver": Option<String>,
        /// Oldest CUDA version that will do, such as `"12.4"`; needs a GPU.
        cuda = "cuda": Option<String>,
    }
}

/// Which GPUs a job needs.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema)]
#[schemars(untagged)]
pub(super) enum GpuTable {
    /// So many of any kind.
    Number(u64),
    /// GPUs of one kind, as `vendor:models:memory:count`; each part may be left out.
    Text(String),
    /// GPUs of several kinds, at most 8.
    List(Vec<String>),
}

impl Read for GpuTable {
    fn read(node: &Node<'_>, path: &str, reader: &mut Reader<'_>) -> Option<Self> {
        number_text_or_list(node, path, reader, Self::Number, Self::Text, Self::List)
    }
}

fn scalar_schema(_generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["string", "number", "boolean"] })
}

table! {
    /// Input files. The job finds them read-only in `/inputs`.
    pub(super) struct FilesTable {
        /// Files that must be given.
        #[schemars(default)]
        required = "required": Vec<FileEntry>,
        /// Files that may be given.
        #[schemars(default)]
        optional = "optional": Vec<FileEntry>,
    }
}

/// One input file: its name, or a table that says more.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema)]
#[schemars(untagged)]
pub(super) enum FileEntry {
    /// The name.
    Name(String),
    /// Name, media type, limit.
    Table(FileTable),
}

impl Read for FileEntry {
    fn read(node: &Node<'_>, path: &str, reader: &mut Reader<'_>) -> Option<Self> {
        text_or_table(node, path, reader, "a file name or { name = \"…\" }", Self::Name, |node, reader| {
            FileTable::read(node, path, reader).map(Self::Table)
        })
    }
}

table! {
    /// One input file.
    pub(super) struct FileTable {
        /// The file's name.
        name = "name": String,
        /// One line for people.
        description = "description": Option<String>,
        /// Media type (`text/csv`), for people and programs that prepare the file; the content is not looked into.
        media_type = "media_type": Option<String>,
        /// Most bytes: a number, or a text with a unit (`"10 MB"`).
        max_size = "max_size": Option<Amount>,
    }
}

table! {
    /// One output.
    pub(super) struct OutputTable {
        /// Its name in the results folder.
        name = "name": String,
        /// Where the job writes it: an absolute path.
        path = "path": String,
        /// Media type (`image/png`).
        media_type = "media_type": Option<String>,
        /// One line for people.
        description = "description": Option<String>,
    }
}

table! {
    /// What the job may use.
    pub(super) struct LimitsTable {
        /// Longest run, such as `"30s"`, `"5m"`, `"1h"`.
        timeout = "timeout": Option<String>,
        /// Most metered WebAssembly instructions.
        instructions = "instructions": Option<u64>,
        /// Most memory: a number of bytes, or a text with a unit (`"64 MiB"`).
        memory = "memory": Option<Amount>,
        /// Most bytes in all outputs together: a number, or a text with a unit.
        output = "output": Option<Amount>,
    }
}

words! {
    /// What the job may reach.
    pub(super) enum NetworkWord {
        /// Nothing.
        None = "none",
        /// The named domains over HTTP.
        Domains = "domains",
        /// Anything.
        Full = "full",
    }
}

table! {
    /// What the job may reach.
    pub(super) struct NetworkTable {
        /// The policy.
        policy = "policy": NetworkWord,
        /// The domains (`domains`).
        #[schemars(default)]
        domains = "domains": Vec<String>,
    }
}

words! {
    /// How two results of one job are compared.
    pub(super) enum ClassWord {
        /// Nothing is promised.
        None = "none",
        /// Content id and instruction count are equal.
        Exact = "exact",
        /// Numbers agree within `absolute + relative × |expected|`.
        Numeric = "numeric",
    }
}

table! {
    /// What re-running the job promises.
    pub(super) struct DeterminismTable {
        /// How two results are compared.
        class = "class": ClassWord,
        /// Absolute tolerance (`numeric`).
        #[schemars(with = "Option<f64>")]
        absolute = "absolute": Option<Number>,
        /// Relative tolerance (`numeric`).
        #[schemars(with = "Option<f64>")]
        relative = "relative": Option<Number>,
    }
}
