//! `[run.cuda]`: its tables as authors write them, and the program before inputs are bound.

use std::collections::BTreeMap;

use super::Leaf;
use super::reader::{Node, Read, Reader, Scalar, number_or_table, table, words};
use super::tables::LeafTable;
use crate::model::{CudaArg, CudaBuffer, CudaCount, CudaLaunch, CudaRun, CudaSize, CudaSource, CudaType};

table! {
    /// Kernels for a GPU.
    pub(super) struct CudaTable {
        /// Path of the `.ptx` or `.cu` file, relative to the manifest.
        module = "module": String,
        /// Memory that the kernels read and write, by name.
        #[schemars(default)]
        buffers = "buffers": BTreeMap<String, BufferTable>,
        /// What runs, in this order.
        #[schemars(default)]
        launches = "launches": Vec<LaunchTable>,
    }
}

words! {
    /// The type of a number on the GPU.
    pub(super) enum TypeWord {
        /// 8 bits, without sign.
        U8 = "u8",
        /// 8 bits, with sign.
        I8 = "i8",
        /// 16 bits, without sign.
        U16 = "u16",
        /// 16 bits, with sign.
        I16 = "i16",
        /// 32 bits, without sign.
        U32 = "u32",
        /// 32 bits, with sign.
        I32 = "i32",
        /// 64 bits, without sign.
        U64 = "u64",
        /// 64 bits, with sign.
        I64 = "i64",
        /// A number of 16 bits.
        F16 = "f16",
        /// A number of 32 bits.
        F32 = "f32",
        /// A number of 64 bits.
        F64 = "f64",
    }
}

impl From<TypeWord> for CudaType {
    fn from(word: TypeWord) -> Self {
        match word {
            TypeWord::U8 => Self::U8,
            TypeWord::I8 => Self::I8,
            TypeWord::U16 => Self::U16,
            TypeWord::I16 => Self::I16,
            TypeWord::U32 => Self::U32,
            TypeWord::I32 => Self::I32,
            TypeWord::U64 => Self::U64,
            TypeWord::I64 => Self::I64,
            TypeWord::F16 => Self::F16,
            TypeWord::F32 => Self::F32,
            TypeWord::F64 => Self::F64,
        }
    }
}

table! {
    /// Memory of the GPU; zeros at first where neither `file` nor `values` say what it holds.
    pub(super) struct BufferTable {
        /// The type of its elements.
        kind = "type": TypeWord,
        /// Elements along each axis, the last one closest together; left out, the file or the values say it.
        shape = "shape": Option<Vec<SizeTable>>,
        /// The input file that it holds at first: `.npy`, or bare little-endian elements.
        file = "file": Option<String>,
        /// The numbers that it holds at first, separated by commas: a text, or the value of an input.
        values = "values": Option<LeafTable>,
        /// Where its content becomes part of the results: an absolute path below an output; `.npy` gets NumPy's header.
        save = "save": Option<String>,
    }
}

/// A number of elements, blocks or threads.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema)]
#[schemars(untagged)]
pub(super) enum SizeTable {
    /// So many.
    Number(u64),
    /// The value of an input, or how long a buffer is.
    Of(SizeOf),
}

table! {
    /// The value of an input, or how long a buffer is, divided and rounded up.
    pub(super) struct SizeOf {
        /// An integer input.
        input = "input": Option<String>,
        /// A buffer.
        buffer = "buffer": Option<String>,
        /// The buffer's axis, the first one being 0.
        axis = "axis": Option<u64>,
        /// Divide by this and round up, such as by the threads of a block.
        per = "per": Option<u64>,
    }
}

impl Read for SizeTable {
    fn read(node: &Node<'_>, path: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "a whole number, { input = \"name\" } or { buffer = \"name\", axis = 0 }";
        number_or_table(node, path, reader, wanted, Self::Number, |node, reader| {
            SizeOf::read(node, path, reader).map(Self::Of)
        })
    }
}

table! {
    /// One launch of a kernel.
    pub(super) struct LaunchTable {
        /// The kernel's name in the program; in CUDA C declare it `extern "C"`.
        kernel = "kernel": String,
        /// Blocks along x, y and z; 1 where a number is left out.
        grid = "grid": Vec<SizeTable>,
        /// Threads of a block along x, y and z; 1 where a number is left out.
        block = "block": Vec<SizeTable>,
        /// Bytes of shared memory beside what the kernel declares.
        shared = "shared": Option<u64>,
        /// What the kernel is given, in its order.
        #[schemars(default)]
        args = "args": Vec<ArgTable>,
    }
}

table! {
    /// One argument of a kernel: a buffer, or a number with its type.
    pub(super) struct ArgTable {
        /// The type of the number; a buffer alone has none.
        kind = "type": Option<TypeWord>,
        /// The number itself.
        #[schemars(default, schema_with = "value_schema")]
        value = "value": Option<Scalar>,
        /// The input whose value is the number.
        input = "input": Option<String>,
        /// The buffer whose address is given, or, with `axis`, whose length.
        buffer = "buffer": Option<String>,
        /// The buffer's axis, the first one being 0.
        axis = "axis": Option<u64>,
    }
}

fn value_schema(_generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["string", "number"] })
}

/// Checked kernels, before inputs are bound.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::module) struct Program {
    pub(super) module: String,
    pub(super) buffers: Vec<Buffer>,
    pub(super) launches: Vec<Launch>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Buffer {
    pub(super) name: String,
    pub(super) element: CudaType,
    pub(super) shape: Option<Vec<Size>>,
    pub(super) file: Option<String>,
    pub(super) values: Option<Leaf>,
    pub(super) save: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Launch {
    pub(super) kernel: String,
    pub(super) grid: [Size; 3],
    pub(super) block: [Size; 3],
    pub(super) shared_bytes: u64,
    pub(super) args: Vec<Arg>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Size {
    pub(super) of: SizeFrom,
    pub(super) per: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum SizeFrom {
    Count(CudaCount),
    Input(String),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Arg {
    Buffer(String),
    Value(CudaType, Leaf),
    Size(CudaType, Size),
}

impl Program {
    pub(super) fn bind(&self, inputs: &BTreeMap<String, String>) -> CudaRun {
        CudaRun {
            module: self.module.clone(),
            buffers: self.buffers.iter().map(|buffer| buffer.bind(inputs)).collect(),
            launches: self.launches.iter().map(|launch| launch.bind(inputs)).collect(),
        }
    }
}

impl Buffer {
    fn bind(&self, inputs: &BTreeMap<String, String>) -> CudaBuffer {
        let source = match (&self.file, &self.values) {
            (Some(file), _) => CudaSource::File(file.clone()),
            (None, Some(values)) => CudaSource::Values(text(values, inputs)),
            (None, None) => CudaSource::Zeros,
        };
        CudaBuffer {
            name: self.name.clone(),
            element: self.element,
            shape: self.shape.as_ref().map(|shape| shape.iter().map(|size| size.bind(inputs)).collect()),
            source,
            save: self.save.clone(),
        }
    }
}

impl Launch {
    fn bind(&self, inputs: &BTreeMap<String, String>) -> CudaLaunch {
        CudaLaunch {
            kernel: self.kernel.clone(),
            grid: self.grid.each_ref().map(|size| size.bind(inputs)),
            block: self.block.each_ref().map(|size| size.bind(inputs)),
            shared_bytes: self.shared_bytes,
            args: self.args.iter().map(|arg| arg.bind(inputs)).collect(),
        }
    }
}

impl Size {
    /// A value that is no size becomes 0, which is refused where the job is planned.
    fn bind(&self, inputs: &BTreeMap<String, String>) -> CudaSize {
        let of = match &self.of {
            SizeFrom::Count(count) => count.clone(),
            SizeFrom::Input(name) => {
                CudaCount::Number(inputs.get(name).and_then(|text| text.parse().ok()).unwrap_or(0))
            }
        };
        CudaSize { of, per: self.per }
    }
}

impl Arg {
    fn bind(&self, inputs: &BTreeMap<String, String>) -> CudaArg {
        match self {
            Self::Buffer(name) => CudaArg::Buffer(name.clone()),
            Self::Value(kind, leaf) => CudaArg::Value(*kind, text(leaf, inputs)),
            Self::Size(kind, size) => CudaArg::Size(*kind, size.bind(inputs)),
        }
    }
}

/// Inputs that kernels are given are required or have a default, so there is always a text.
fn text(leaf: &Leaf, inputs: &BTreeMap<String, String>) -> String {
    match leaf {
        Leaf::Literal(text) => text.clone(),
        Leaf::Input { name, .. } => inputs.get(name).cloned().unwrap_or_default(),
    }
}
