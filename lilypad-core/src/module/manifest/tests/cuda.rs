//! `[run.cuda]`: what it becomes, and what is refused.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::model::{CudaArg, CudaCount, CudaRun, CudaSize, CudaSource, CudaType, FileSet, RunSpec};
use crate::module::manifest::{MANIFEST_FILE, Manifest};
use crate::module::{Module, PinSource};

const MATMUL: &str = r#"
[module]
name = "matmul"

[inputs.Scale]
type = "number"
default = 1.5

[inputs.Columns]
type = "integer"
required = true

[inputs.Weights]
type = "string"
default = "1, 2,3"

[run.cuda]
module = "matmul.ptx"

[run.cuda.buffers.a]
type = "f32"
file = "a.npy"

[run.cuda.buffers.w]
type = "i32"
values = { input = "Weights" }

[run.cuda.buffers.c]
type = "f32"
shape = [{ buffer = "a", axis = 0 }, { input = "Columns" }, 2]
save = "/outputs/c.npy"

[[run.cuda.launches]]
kernel = "matmul"
grid = [{ input = "Columns", per = 16 }, { buffer = "a", axis = 0, per = 16 }]
block = [16, 16]
shared = 64
args = [{ buffer = "a" }, { type = "f32", input = "Scale" }, { type = "u32", buffer = "a", axis = 1 },
    { type = "u8", value = 7 }]

[files]
required = ["a.npy"]

[[outputs]]
name = "results"
path = "/outputs"

[machine]
gpu = 1
"#;

fn bind(columns: &str) -> Result<CudaRun> {
    let inputs = BTreeMap::from([("Columns".to_owned(), columns.to_owned())]);
    let files = [(MANIFEST_FILE, MATMUL), ("matmul.ptx", ".version 7.8")];
    let module = Module::load(PinSource::local(), &FileSet::from_files(files)?)?;
    match module.render(&inputs)?.into_runnable()?.run {
        RunSpec::Cuda(run) => Ok(run),
        other => panic!("{other:?}"),
    }
}

#[test]
fn kernels_are_bound_to_inputs() {
    let run = bind("40").unwrap();
    assert_eq!(run.module, "matmul.ptx");
    let [a, c, w] = &run.buffers[..] else { panic!("{run:?}") };
    assert_eq!(
        (a.element, &a.source, &a.shape),
        (CudaType::F32, &CudaSource::File("a.npy".to_owned()), &None)
    );
    let rows = || CudaCount::Axis { buffer: "a".to_owned(), axis: 0 };
    let shape = vec![CudaSize { of: rows(), per: 1 }, CudaSize::number(40), CudaSize::number(2)];
    assert_eq!((&c.source, &c.shape), (&CudaSource::Zeros, &Some(shape)));
    assert_eq!(c.save.as_deref(), Some("/outputs/c.npy"));
    assert_eq!(w.source, CudaSource::Values("1, 2,3".to_owned()));
    let [launch] = &run.launches[..] else { panic!("{run:?}") };
    let columns = CudaSize { of: CudaCount::Number(40), per: 16 };
    assert_eq!(launch.grid, [columns, CudaSize { of: rows(), per: 16 }, CudaSize::number(1)]);
    assert_eq!(launch.block, [CudaSize::number(16), CudaSize::number(16), CudaSize::number(1)]);
    assert_eq!(launch.shared_bytes, 64);
    let columns_of_a = CudaSize { of: CudaCount::Axis { buffer: "a".to_owned(), axis: 1 }, per: 1 };
    assert_eq!(
        launch.args,
        [
            CudaArg::Buffer("a".to_owned()),
            CudaArg::Value(CudaType::F32, "1.5".to_owned()),
            CudaArg::Size(CudaType::U32, columns_of_a),
            CudaArg::Value(CudaType::U8, "7".to_owned()),
        ]
    );
}

#[test]
fn a_size_that_is_none_is_kept_for_the_plan_to_refuse() {
    let columns = CudaSize::number(0);
    assert_eq!(bind("-3").unwrap().buffers[1].shape.as_ref().unwrap()[1], columns);
}

#[test]
fn what_cannot_run_is_refused_where_it_stands() {
    // What is changed, what it becomes, the rule, and the field that is named.
    let cases = [
        ("matmul.ptx", "matmul.exe", "E_MANIFEST_VALUE", "run.cuda.module"),
        ("matmul.ptx", "../matmul.ptx", "E_MODULE_PATH", "run.cuda.module"),
        ("gpu = 1", "gpu = 2", "E_MANIFEST_MACHINE", "machine.gpu"),
        ("gpu = 1", "", "E_MANIFEST_MACHINE", "run.cuda"),
        ("required = [\"a.npy\"]", "optional = [\"a.npy\"]", "E_MANIFEST_FILE", "run.cuda.buffers.a.file"),
        ("/outputs/c.npy", "/other/c.npy", "E_MANIFEST_PATH", "run.cuda.buffers.c.save"),
        ("/outputs/c.npy", "/outputs/.c.npy", "E_MANIFEST_VALUE", "run.cuda.buffers.c.save"),
        ("/outputs/c.npy", "outputs/c.npy", "E_MANIFEST_VALUE", "run.cuda.buffers.c.save"),
        ("type = \"i32\"", "type = \"int\"", "E_MANIFEST_VALUE", "run.cuda.buffers.w.type"),
        ("file = \"a.npy\"", "", "E_MANIFEST_VALUE", "run.cuda.buffers.a"),
        ("file = \"a.npy\"", "file = \"a.npy\"\nvalues = \"1\"", "E_MANIFEST_VALUE", "run.cuda.buffers.a"),
        ("{ input = \"Weights\" }", "\"1,x\"", "E_MANIFEST_VALUE", "run.cuda.buffers.w.values"),
        (
            "{ input = \"Weights\" }",
            "{ input = \"Wights\" }",
            "E_MANIFEST_INPUT",
            "run.cuda.buffers.w.values",
        ),
        ("block = [16, 16]", "block = []", "E_MANIFEST_VALUE", "run.cuda.launches[0].block"),
        ("block = [16, 16]", "block = [1, 1, 1, 1]", "E_MANIFEST_VALUE", "run.cuda.launches[0].block"),
        ("block = [16, 16]", "block = [0]", "E_MANIFEST_VALUE", "run.cuda.launches[0].block[0]"),
        ("block = [16, 16]", "block = [\"16\"]", "E_MANIFEST_TYPE", "run.cuda.launches[0].block[0]"),
        (
            "block = [16, 16]",
            "block = [{ input = \"Scale\" }]",
            "E_MANIFEST_VALUE",
            "run.cuda.launches[0].block[0]",
        ),
        ("block = [16, 16]", "block = [{ per = 1 }]", "E_MANIFEST_VALUE", "run.cuda.launches[0].block[0]"),
        ("per = 16 }]", "per = 0 }]", "E_MANIFEST_VALUE", "run.cuda.launches[0].grid[1]"),
        ("{ buffer = \"a\" }", "{ buffer = \"aa\" }", "E_MANIFEST_VALUE", "run.cuda.launches[0].args[0]"),
        (
            "{ buffer = \"a\" }",
            "{ buffer = \"a\", axis = 0 }",
            "E_MANIFEST_VALUE",
            "run.cuda.launches[0].args[0]",
        ),
        ("value = 7", "value = 256", "E_MANIFEST_VALUE", "run.cuda.launches[0].args[3]"),
        ("shared = 64", "shared = 1048577", "E_MANIFEST_VALUE", "run.cuda.launches[0].shared"),
        ("shared = 64", "sharde = 64", "E_MANIFEST_KEY", "run.cuda.launches[0].sharde"),
        ("required = true", "", "E_MANIFEST_VALUE", "run.cuda.buffers.c.shape[1]"),
        ("[files]", "[network]\npolicy = \"full\"\n[files]", "E_MANIFEST_NETWORK", "network.policy"),
    ];
    for (from, to, rule, field) in cases {
        let text = MATMUL.replacen(from, to, 1);
        assert_ne!(text, MATMUL, "{from}");
        let complaints = Manifest::parse(&text).expect_err(to);
        let found = complaints.iter().map(|found| (found.rule, found.field.as_deref().unwrap_or_default()));
        let found: Vec<_> = found.collect();
        assert!(found.contains(&(rule, field)), "{to}: {found:?}");
    }
}

#[test]
fn kernels_without_a_launch_are_refused() {
    let text = MATMUL.split("[[run.cuda.launches]]").next().unwrap();
    let complaints = Manifest::parse(text).unwrap_err();
    assert!(complaints.iter().any(|complaint| complaint.rule == "E_MANIFEST_MISSING"), "{complaints:?}");
}
