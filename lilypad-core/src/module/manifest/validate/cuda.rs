//! `[run.cuda]`: usable names, sizes and arguments, and buffers that come from declared files and end in declared outputs.

use std::collections::BTreeSet;

use super::run::{Leaves, program_path};
use super::short;
use crate::model::{CudaCount, CudaType, OutputSpec};
use crate::module::inputs::{InputKind, InputSpec};
use crate::module::manifest::cuda::{
    Arg, ArgTable, Buffer, BufferTable, CudaTable, Launch, LaunchTable, Program, Size, SizeFrom, SizeOf,
    SizeTable,
};
use crate::module::manifest::reader::Reader;
use crate::module::manifest::tables::LeafTable;
use crate::module::manifest::{FileSpec, Leaf, Run};
use crate::module::suggest;

/// Most buffers, and most arguments of a kernel.
const BUFFERS: usize = 64;
/// Most axes of a buffer.
const AXES: usize = 8;
/// Most bytes of shared memory that can be asked for: what the largest cards have.
const SHARED: u64 = 1 << 20;

pub(super) fn program(table: CudaTable, leaves: &mut Leaves<'_>, reader: &mut Reader<'_>) -> Program {
    program_path(&table.module, "run.cuda.module", [".ptx", ".cu"], reader);
    if table.launches.is_empty() && !reader.is_broken("run.cuda.launches") {
        let message = "`run.cuda` must have at least one launch";
        reader.complain_with("run.cuda", "E_MANIFEST_MISSING", message, "add a [[run.cuda.launches]] table");
    }
    at_most(table.buffers.len(), BUFFERS, "run.cuda.buffers", reader);
    let names: BTreeSet<String> = table.buffers.keys().cloned().collect();
    let mut checker = Checker { leaves, reader, names };
    Program {
        module: table.module,
        buffers: table.buffers.into_iter().map(|(name, table)| checker.buffer(name, table)).collect(),
        launches: table
            .launches
            .into_iter()
            .enumerate()
            .map(|(at, table)| checker.launch(table, &format!("run.cuda.launches[{at}]")))
            .collect(),
    }
}

/// What kernels need of the rest of the manifest: one GPU, input files, outputs.
pub(super) fn surroundings(
    run: Option<&Run>,
    gpus: i64,
    files: &[FileSpec],
    outputs: &[OutputSpec],
    reader: &mut Reader<'_>,
) {
    let Some(Run::Cuda(program)) = run else { return };
    if gpus != 1 && !reader.is_broken("machine") {
        let message = format!("kernels run on one GPU: `machine.gpu` must be 1, not {gpus}");
        let path = if reader.has("machine.gpu") { "machine.gpu" } else { "run.cuda" };
        reader.complain(path, "E_MANIFEST_MACHINE", message);
    }
    let mut saved = BTreeSet::new();
    for buffer in &program.buffers {
        let at = |key: &str| format!("run.cuda.buffers.{}.{key}", buffer.name);
        let declared = |name: &str| files.iter().any(|file| file.required && file.name == name);
        if let Some(file) = buffer.file.as_deref().filter(|file| !declared(file)) {
            let message = format!("{:?} is none of the required input files", short(file));
            reader.complain_with(&at("file"), "E_MANIFEST_FILE", message, "name it in `files.required`");
        }
        let Some(save) = &buffer.save else { continue };
        if outputs.iter().all(|output| output.holds(save).is_none()) {
            let message = format!("{:?} lies in none of the declared outputs", short(save));
            let hint = "declare one, such as [[outputs]] name = \"outputs\", path = \"/outputs\"";
            reader.complain_with(&at("save"), "E_MANIFEST_PATH", message, hint);
        }
        if !saved.insert(save) {
            let message = format!("two buffers are saved as {:?}", short(save));
            reader.complain(&at("save"), "E_MANIFEST_DUPLICATE", message);
        }
    }
}

fn at_most(got: usize, most: usize, path: &str, reader: &mut Reader<'_>) {
    if got > most {
        reader.complain(path, "E_MANIFEST_LIMIT", format!("`{path}` has {got}, the limit is {most}"));
    }
}

fn complain(reader: &mut Reader<'_>, path: &str, what: &str) {
    reader.complain(path, "E_MANIFEST_VALUE", format!("`{path}` {what}"));
}

struct Checker<'c, 'l, 'r> {
    leaves: &'c mut Leaves<'l>,
    reader: &'c mut Reader<'r>,
    names: BTreeSet<String>,
}

impl Checker<'_, '_, '_> {
    fn buffer(&mut self, name: String, table: BufferTable) -> Buffer {
        let path = format!("run.cuda.buffers.{name}");
        let element = CudaType::from(table.kind);
        if name.is_empty() || name.len() > 64 {
            complain(self.reader, &path, "must have a name of 1 to 64 bytes");
        }
        if table.file.is_some() && table.values.is_some() {
            complain(self.reader, &path, "cannot hold both a `file` and `values`");
        }
        if table.shape.is_none() && table.file.is_none() && table.values.is_none() {
            complain(self.reader, &path, "needs a `shape`, a `file` or `values`");
        }
        let values = table.values.and_then(|values| self.values(values, element, &format!("{path}.values")));
        if let Some(save) = table.save.as_deref()
            && (!super::is_absolute(save) || save.split('/').any(|part| part.starts_with('.')))
        {
            complain(self.reader, &format!("{path}.save"), "must be an absolute path without hidden parts");
        }
        let shape = table.shape.map(|shape| {
            let path = format!("{path}.shape");
            at_most(shape.len(), AXES, &path, self.reader);
            self.sizes(shape, &path)
        });
        Buffer { name, element, shape, file: table.file, values, save: table.save }
    }

    fn values(&mut self, leaf: LeafTable, element: CudaType, path: &str) -> Option<Leaf> {
        match leaf {
            LeafTable::Literal(text) => {
                let bad = text.split(',').find(|number| element.bytes(number.trim()).is_none());
                if let Some(bad) = bad {
                    complain(self.reader, path, &format!("holds {:?}, which is no {element}", short(bad)));
                }
                Some(Leaf::Literal(text))
            }
            LeafTable::Input(leaf) if leaf.flag.is_some() => {
                complain(self.reader, path, "takes an input without a `flag`");
                None
            }
            LeafTable::Input(leaf) => {
                self.given(&leaf.input, path, |_| true, "")?;
                Some(Leaf::Input { name: leaf.input, flag: None, boolean: false })
            }
        }
    }

    /// An input that always has a value of a fitting kind.
    fn given(
        &mut self,
        name: &str,
        path: &str,
        fits: impl FnOnce(&InputKind) -> bool,
        what: &str,
    ) -> Option<()> {
        let input: &InputSpec = self.leaves.input(name, path, self.reader)?;
        let (given, fits) = (input.required || input.default.is_some(), fits(&input.kind));
        if !given {
            complain(self.reader, path, "binds an optional input: make it required, or give it a default");
        }
        if !fits {
            complain(self.reader, path, what);
        }
        Some(())
    }

    fn sizes(&mut self, tables: Vec<SizeTable>, path: &str) -> Vec<Size> {
        let sizes = tables.into_iter().enumerate();
        sizes.map(|(at, table)| self.size(table, &format!("{path}[{at}]"))).collect()
    }

    fn size(&mut self, table: SizeTable, path: &str) -> Size {
        let zero = || SizeFrom::Count(CudaCount::Number(0));
        let SizeOf { input, buffer, axis, per } = match table {
            SizeTable::Number(0) => {
                complain(self.reader, path, "must be at least 1");
                return Size { of: zero(), per: 1 };
            }
            SizeTable::Number(number) => {
                return Size { of: SizeFrom::Count(CudaCount::Number(number)), per: 1 };
            }
            SizeTable::Of(of) => of,
        };
        if per == Some(0) {
            complain(self.reader, path, "cannot be divided by 0");
        }
        let of = match (input, buffer, axis) {
            (Some(name), None, None) => {
                let integer = |kind: &InputKind| matches!(kind, InputKind::Integer { .. });
                self.given(&name, path, integer, "needs an input of type \"integer\"");
                SizeFrom::Input(name)
            }
            (None, Some(buffer), Some(axis)) => {
                self.known(&buffer, path);
                SizeFrom::Count(CudaCount::Axis { buffer, axis })
            }
            _ => {
                complain(self.reader, path, "must name an `input`, or a `buffer` and its `axis`");
                zero()
            }
        };
        Size { of, per: per.unwrap_or(1).max(1) }
    }

    fn known(&mut self, buffer: &str, path: &str) {
        if self.names.contains(buffer) {
            return;
        }
        let message = format!("`{path}` names the buffer `{}`, which is not declared", short(buffer));
        match suggest::hint(buffer, self.names.iter().map(String::as_str)) {
            Some(hint) => self.reader.complain_with(path, "E_MANIFEST_VALUE", message, hint),
            None => self.reader.complain(path, "E_MANIFEST_VALUE", message),
        }
    }

    fn launch(&mut self, table: LaunchTable, path: &str) -> Launch {
        if table.kernel.is_empty() || table.kernel.len() > 256 || table.kernel.contains('\0') {
            complain(self.reader, &format!("{path}.kernel"), "must be a name of 1 to 256 bytes");
        }
        if table.shared.is_some_and(|bytes| bytes > SHARED) {
            complain(self.reader, &format!("{path}.shared"), &format!("must be at most {SHARED}"));
        }
        at_most(table.args.len(), BUFFERS, &format!("{path}.args"), self.reader);
        Launch {
            kernel: table.kernel,
            grid: self.axes(table.grid, &format!("{path}.grid")),
            block: self.axes(table.block, &format!("{path}.block")),
            shared_bytes: table.shared.unwrap_or(0),
            args: table
                .args
                .into_iter()
                .enumerate()
                .filter_map(|(at, table)| self.arg(table, &format!("{path}.args[{at}]")))
                .collect(),
        }
    }

    fn axes(&mut self, tables: Vec<SizeTable>, path: &str) -> [Size; 3] {
        if !(1..=3).contains(&tables.len()) && !self.reader.is_broken(path) {
            complain(self.reader, path, "must have one, two or three numbers");
        }
        let mut sizes = self.sizes(tables, path).into_iter();
        let one = || Size { of: SizeFrom::Count(CudaCount::Number(1)), per: 1 };
        std::array::from_fn(|_| sizes.next().unwrap_or_else(one))
    }

    fn arg(&mut self, table: ArgTable, path: &str) -> Option<Arg> {
        let kind = table.kind.map(CudaType::from);
        let arg = match (table.buffer, table.axis, table.input, table.value, kind) {
            (Some(buffer), None, None, None, None) => {
                self.known(&buffer, path);
                Arg::Buffer(buffer)
            }
            (Some(buffer), Some(axis), None, None, Some(kind)) => {
                self.known(&buffer, path);
                Arg::Size(kind, Size { of: SizeFrom::Count(CudaCount::Axis { buffer, axis }), per: 1 })
            }
            (None, None, Some(input), None, Some(kind)) => {
                self.given(&input, path, |_| true, "")?;
                Arg::Value(kind, Leaf::Input { name: input, flag: None, boolean: false })
            }
            (None, None, None, Some(value), Some(kind)) => {
                if kind.bytes(&value.0).is_none() {
                    complain(self.reader, path, &format!("holds {:?}, which is no {kind}", short(&value.0)));
                }
                Arg::Value(kind, Leaf::Literal(value.0))
            }
            _ => {
                let what =
                    "must be a `buffer`, or a `type` with one of `value`, `input`, `buffer` and `axis`";
                complain(self.reader, path, what);
                return None;
            }
        };
        Some(arg)
    }
}
