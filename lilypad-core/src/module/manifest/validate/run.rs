//! `[run]`: exactly one kind, usable names, and leaves that refer to declared inputs.

use std::collections::{BTreeMap, BTreeSet};

use super::short;
use crate::model::image_ref;
use crate::model::{ClockPolicy, FileSet, RandomPolicy};
use crate::module::inputs::{InputKind, InputSpec};
use crate::module::manifest::reader::Reader;
use crate::module::manifest::tables::{ClockWord, DockerTable, LeafTable, RandomWord, RunTable, WasmTable};
use crate::module::manifest::{Leaf, Run};
use crate::module::suggest;

pub(super) fn run(table: RunTable, inputs: &[InputSpec], reader: &mut Reader<'_>) -> Option<Run> {
    let given =
        [("wasm", table.wasm.is_some()), ("docker", table.docker.is_some()), ("cuda", table.cuda.is_some())];
    let given: Vec<&str> = given.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    if given.len() != 1 && !reader.is_broken("run") {
        let got = if given.is_empty() { "none".to_owned() } else { given.join(" and ") };
        let message = format!("`run` must name exactly one of wasm, docker, cuda, not {got}");
        reader.complain("run", "E_MANIFEST_RUN", message);
    }
    let mut leaves = Leaves { inputs, used: BTreeSet::new() };
    let run = match (table.wasm, table.docker, table.cuda) {
        (Some(wasm), _, _) => Some(self::wasm(wasm, &mut leaves, reader)),
        (None, Some(docker), _) => Some(self::docker(docker, &mut leaves, reader)),
        (None, None, Some(cuda)) => Some(Run::Cuda(super::cuda::program(cuda, &mut leaves, reader))),
        (None, None, None) => None,
    };
    if run.is_some() && !reader.is_broken("run") {
        for input in inputs.iter().filter(|input| !leaves.used.contains(&input.name)) {
            let message = format!("input `{}` is declared and never used", input.name);
            let hint = format!("bind it with {{ input = {:?} }} under `run`, or remove it", input.name);
            reader.complain_with(&format!("inputs.{}", input.name), "E_MANIFEST_UNUSED", message, hint);
        }
    }
    run
}

pub(super) struct Leaves<'a> {
    inputs: &'a [InputSpec],
    used: BTreeSet<String>,
}

fn wasm(table: WasmTable, leaves: &mut Leaves<'_>, reader: &mut Reader<'_>) -> Run {
    program_path(&table.module, "run.wasm.module", [".wasm", ".wat"], reader);
    let entry_point = table.entry_point.unwrap_or_else(|| "_start".to_owned());
    if entry_point.is_empty() || entry_point.len() > 256 {
        reader.complain(
            "run.wasm.entry_point",
            "E_MANIFEST_LIMIT",
            "`run.wasm.entry_point` must have 1 to 256 bytes",
        );
    }
    Run::Wasm {
        module: table.module,
        args: leaves.list(table.args, "run.wasm.args", reader),
        env: leaves.variables(table.env, "run.wasm.env", reader),
        entry_point,
        clock: match table.clock {
            None | Some(ClockWord::Fixed) => ClockPolicy::Fixed,
            Some(ClockWord::Real) => ClockPolicy::Real,
        },
        random: match table.random {
            None | Some(RandomWord::Seeded) => RandomPolicy::Seeded,
            Some(RandomWord::Real) => RandomPolicy::Real,
        },
    }
}

/// The program must be a file of the module, with one of these ends.
pub(super) fn program_path(module: &str, path: &str, ends: [&str; 2], reader: &mut Reader<'_>) {
    let hidden = module.split('/').any(|part| part.starts_with('.'));
    if hidden || FileSet::new().insert(module, Vec::new()).is_err() {
        let message = format!("program path {:?} is not usable", short(module));
        let hint =
            "name a file in the module's folder, with `/` between parts and no part that starts with a dot";
        reader.complain_with(path, "E_MODULE_PATH", message, hint);
    } else if !ends.iter().any(|end| module.ends_with(end)) {
        let message = format!("program {:?} must end in {}", short(module), ends.join(" or "));
        reader.complain(path, "E_MANIFEST_VALUE", message);
    }
}

fn docker(table: DockerTable, leaves: &mut Leaves<'_>, reader: &mut Reader<'_>) -> Run {
    if let Err(why) = image_ref::parse(&table.image) {
        let message = format!("image {:?} {why}", short(&table.image));
        reader.complain_with("run.docker.image", "E_MANIFEST_IMAGE", message, "write it as name@sha256:…");
    }
    if table.working_directory.as_deref().is_some_and(|path| path != "/" && !super::is_absolute(path)) {
        let message = "`run.docker.working_directory` must be an absolute path without `..`";
        reader.complain("run.docker.working_directory", "E_MANIFEST_PATH", message);
    }
    Run::Docker {
        image: table.image,
        entrypoint: table
            .entrypoint
            .map(|entrypoint| leaves.list(entrypoint, "run.docker.entrypoint", reader)),
        args: leaves.list(table.args, "run.docker.args", reader),
        env: leaves.variables(table.env, "run.docker.env", reader),
        working_directory: table.working_directory,
    }
}

impl Leaves<'_> {
    fn list(&mut self, tables: Vec<LeafTable>, path: &str, reader: &mut Reader<'_>) -> Vec<Leaf> {
        let leaves = tables.into_iter().enumerate();
        leaves.filter_map(|(index, leaf)| self.leaf(leaf, &format!("{path}[{index}]"), reader)).collect()
    }

    fn variables(
        &mut self,
        tables: BTreeMap<String, LeafTable>,
        path: &str,
        reader: &mut Reader<'_>,
    ) -> BTreeMap<String, Leaf> {
        let mut variables = BTreeMap::new();
        for (name, table) in tables {
            let path = format!("{path}.{name}");
            if name.is_empty() || name.len() > 256 || name.contains(['=', '\0']) {
                let message = format!("variable name {:?} is not usable", short(&name));
                reader.complain(&path, "E_MANIFEST_NAME", message);
            }
            if let LeafTable::Input(leaf) = &table
                && leaf.flag.is_some()
            {
                reader.complain(&path, "E_MANIFEST_RULE", "`flag` belongs to arguments, not to variables");
            }
            if let Some(leaf) = self.leaf(table, &path, reader) {
                variables.insert(name, leaf);
            }
        }
        variables
    }

    /// The input of this name, which is used here; complains where there is none.
    pub(super) fn input(&mut self, name: &str, path: &str, reader: &mut Reader<'_>) -> Option<&'_ InputSpec> {
        self.used.insert(name.to_owned());
        let found = self.inputs.iter().find(|input| input.name == name);
        if found.is_none() && !reader.has(&format!("inputs.{name}")) {
            let message = format!("`{path}` binds the input `{}`, which is not declared", short(name));
            let names: Vec<&str> = self.inputs.iter().map(|input| input.name.as_str()).collect();
            match suggest::hint(name, names) {
                Some(hint) => reader.complain_with(path, "E_MANIFEST_INPUT", message, hint),
                None => reader.complain(path, "E_MANIFEST_INPUT", message),
            }
        }
        found
    }

    fn leaf(&mut self, table: LeafTable, path: &str, reader: &mut Reader<'_>) -> Option<Leaf> {
        let leaf = match table {
            LeafTable::Literal(text) if text.contains('\0') => {
                reader.complain(path, "E_MANIFEST_VALUE", format!("`{path}` must not hold NUL"));
                return None;
            }
            LeafTable::Literal(text) => {
                placeholder(&text, path, reader);
                return Some(Leaf::Literal(text));
            }
            LeafTable::Input(leaf) => leaf,
        };
        let boolean = self.input(&leaf.input, path, reader)?.kind == InputKind::Boolean;
        if leaf.flag.as_deref().is_some_and(|flag| flag.is_empty() || flag.contains('\0')) {
            reader.complain(path, "E_MANIFEST_VALUE", format!("`{path}.flag` must be a text without NUL"));
        }
        Some(Leaf::Input { name: leaf.input, flag: leaf.flag, boolean })
    }
}

/// A `{{…}}` in a literal is what an author brings along from a template: it would reach the job as it stands.
fn placeholder(text: &str, path: &str, reader: &mut Reader<'_>) {
    if text.contains("{{") && text.contains("}}") {
        let message = format!("`{path}` holds a `{{{{…}}}}` placeholder, which a manifest does not expand");
        reader.complain_with(
            path,
            "E_TEMPLATE_POSITION",
            message,
            "bind the input as a whole: { input = \"name\" }",
        );
    }
}
