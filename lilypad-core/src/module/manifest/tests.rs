//! Manifests: what is read, what is refused, and that every complaint comes at once with its place.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::super::{InputKind, Module, PinSource};
use super::*;
use crate::error::{Error, ErrorKind, Fault};
use crate::model::{Comparator, FileSet, GpuSpec, JobSpec, RunSpec};

mod cuda;

const WASM: &[u8] = b"\0asm\x01\0\0\0";

fn load(manifest: &str) -> Result<Module, Error> {
    let mut files = FileSet::new();
    files.insert("p.wasm", WASM).unwrap();
    files.insert(MANIFEST_FILE, manifest.to_owned()).unwrap();
    Module::load(PinSource::local(), &files)
}

fn job(manifest: &str, inputs: &[(&str, &str)]) -> Result<JobSpec, Error> {
    let inputs = inputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load(manifest)?.render(&inputs)?.into_runnable()
}

fn arguments(spec: &JobSpec) -> Vec<String> {
    match &spec.run {
        RunSpec::Wasm(run) => run.args.clone(),
        RunSpec::Docker(run) => run.parameters.clone(),
        RunSpec::Cuda(_) => panic!("kernels have no arguments of their own"),
    }
}

/// The rules of all complaints, in the order of the text.
fn rules(manifest: &str) -> Vec<String> {
    match Manifest::parse(manifest) {
        Ok(_) => Vec::new(),
        Err(complaints) => complaints
            .iter()
            .map(|complaint| {
                let at = complaint.position.unwrap();
                format!("{} {}:{}", complaint.rule, at.line, at.column)
            })
            .collect(),
    }
}

const HEAD: &str = "module.name = \"m\"\nrun.wasm.module = \"p.wasm\"\n";

#[test]
fn a_full_manifest_becomes_a_job() {
    let manifest = r#"
        [module]
        name = "resize"
        version = "1.2.3"
        [inputs]
        Width = { type = "integer", default = 640, min = 1, max = 4096 }
        Title = { type = "string", required = true, max_length = 20 }
        Grey = { type = "boolean", default = false }
        Note = { type = "string" }
        [run.wasm]
        module = "p.wasm"
        args = ["--strict", { input = "Width", flag = "--width" }, { input = "Grey", flag = "--grey" }, { input = "Note" }]
        env = { TITLE = { input = "Title" }, LANG = "C", NOTE = { input = "Note" } }
        [machine]
        cpu = "1.5"
        ram = "2 GB"
        gpu = 1
        vram = "24 GiB"
        [files]
        required = ["a.csv", { name = "b.csv", media_type = "text/csv", max_size = "1 kB" }]
        optional = ["c.csv"]
        [[outputs]]
        name = "picture"
        path = "/outputs/picture.png"
        media_type = "image/png"
        [limits]
        timeout = "90s"
        instructions = 5_000_000
        memory = "64 MiB"
    "#;
    let spec = job(manifest, &[("Title", "a\"b'c\n{{.x}}")]).unwrap();
    assert_eq!(arguments(&spec), ["--strict", "--width", "640"]);
    let RunSpec::Wasm(run) = &spec.run else { panic!("not wasm") };
    assert_eq!(run.env.get("TITLE").unwrap(), "a\"b'c\n{{.x}}".get(..).unwrap());
    assert_eq!(run.env.get("NOTE"), None);
    assert_eq!(run.entry_point, "_start");
    assert_eq!((spec.machine.cpu, spec.machine.ram, spec.machine.gpu), (1_500, 2_000, 1));
    assert_eq!(spec.machine.gpus.as_ref().unwrap()[0].vram, 24 * 1_024);
    assert_eq!(spec.timeout, Some(Duration::from_secs(90)));
    assert_eq!(spec.limits.memory_bytes, Some(64 << 20));
    assert_eq!(spec.required_files, ["a.csv", "b.csv"]);
    assert_eq!(spec.determinism, Determinism::Compared(Comparator::Exact));
    let grey = job(manifest, &[("Title", "x"), ("Grey", "true"), ("Note", "")]).unwrap();
    assert_eq!(arguments(&grey), ["--strict", "--width", "640", "--grey", ""]);
}

#[test]
fn every_complaint_comes_at_once_with_its_place() {
    let manifest = "[module]\nname = \"UPPER\"\nverzion = \"1\"\n[inputs.A]\ntype = \"strin\"\n[run.wasm]\nmodule = \"../p.wasm\"\nargs = [{ input = \"B\" }]\n[limits]\ntimeout = \"soon\"\n";
    assert_eq!(
        rules(manifest),
        [
            "E_MANIFEST_NAME 2:1",
            "E_MANIFEST_KEY 3:1",
            "E_MANIFEST_VALUE 5:8",
            "E_MODULE_PATH 7:1",
            "E_MANIFEST_INPUT 8:9",
            "E_MANIFEST_VALUE 10:1"
        ]
    );
    let manifest = manifest.replace("strin\"", "string\"").replace("verzion", "version");
    assert_eq!(
        rules(&manifest),
        ["E_MANIFEST_NAME 2:1", "E_MODULE_PATH 7:1", "E_MANIFEST_INPUT 8:9", "E_MANIFEST_VALUE 10:1"]
    );
    let error = load(&manifest).unwrap_err();
    assert_eq!((error.kind(), error.fault()), (ErrorKind::InvalidInput, Fault::Module));
    let text = error.to_string();
    assert_eq!(text.lines().count(), 1);
    for part in ["lilypad.toml: line 2, column 1", "UPPER", "soon", "line 10"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(error.context().filter(|(key, _)| *key == "complaint").count(), 4);
}

#[test]
fn a_fault_does_not_cause_others() {
    let manifest = "module.name = \"m\"\n[inputs.A]\ntype = \"wrong\"\n[run.wasm]\nmodule = \"p.wasm\"\nargs = [{ input = \"A\" }]\n";
    assert_eq!(rules(manifest), ["E_MANIFEST_VALUE 3:8"]);
    let manifest =
        "module.name = \"m\"\n[inputs.A]\ntype = \"string\"\n[run.wasm]\nargs = [{ input = \"A\" }]\n";
    assert_eq!(rules(manifest), ["E_MANIFEST_MISSING 4:1"]);
    let manifest = "module.name = \"m\"\n[run.wasm]\nmodule = \"p.wasm\"\n[limits]\ntimeout = 30\n[machine]\ncpu = true\n";
    assert_eq!(rules(manifest), ["E_MANIFEST_TYPE 5:11", "E_MANIFEST_TYPE 7:7"]);
    assert_eq!(rules("run = 1\nmodule = 2\n"), ["E_MANIFEST_TYPE 1:7", "E_MANIFEST_TYPE 2:10"]);
}

#[test]
fn unknown_keys_name_the_nearest() {
    let error = load(&format!("{HEAD}machine.cpus = 1\n")).unwrap_err();
    assert_eq!(error.code(), "E_MANIFEST_KEY");
    assert!(error.to_string().contains("did you mean `cpu`?"), "{error}");
    let error = load(&format!("{HEAD}[[output]]\nname = \"o\"\n")).unwrap_err();
    assert!(error.to_string().contains("did you mean `outputs`?"), "{error}");
}

#[test]
fn each_fault_has_its_rule() {
    let cases = [
        ("module.name = \"n\"", "E_MANIFEST_MISSING"),
        ("module.name = \"n\"\nrun = {}", "E_MANIFEST_RUN"),
        ("module.name = \"n\"\nrun.wasm.module = \"p.wasm\"\nrun.docker.image = \"a\"", "E_MANIFEST_RUN"),
        ("module.name = \"n\"\nrun.cuda = { kernel = \"k\" }", "E_MANIFEST_MISSING"),
        ("module.name = \"n\"\nrun.docker.image = \"UPPER\"", "E_MANIFEST_IMAGE"),
        ("module.name = 3\nrun.wasm.module = \"p.wasm\"", "E_MANIFEST_TYPE"),
        ("module.name = \"a\"\nmodule.name = \"b\"\nrun.wasm.module = \"p.wasm\"", "E_MANIFEST_SYNTAX"),
        ("module.name = \"n\"\nrun.wasm.module = \".hidden/p.wasm\"", "E_MODULE_PATH"),
        ("module.name = \"n\"\nrun.wasm.module = \"p.exe\"", "E_MANIFEST_VALUE"),
    ];
    for (manifest, rule) in cases {
        assert_eq!(Manifest::parse(manifest).unwrap_err()[0].rule, rule, "{manifest}");
    }
    let after_head = [
        ("run.wasm.args = [\"--x={{ .Message }}\"]", "E_TEMPLATE_POSITION"),
        ("run.wasm.args = [\"a\\u0000b\"]", "E_MANIFEST_VALUE"),
        ("run.wasm.env = { \"A=B\" = \"x\" }", "E_MANIFEST_NAME"),
        ("network.policy = \"full\"", "E_MANIFEST_NETWORK"),
        ("outputs = [{ name = \"stdout\", path = \"/outputs\" }]", "E_MANIFEST_NAME"),
        ("outputs = [{ name = \"a\", path = \"/etc\" }]", "E_MANIFEST_PATH"),
        ("outputs = [{ name = \"a\", path = \"/outputs/../x\" }]", "E_MANIFEST_PATH"),
        ("outputs = [{ name = \"a\", path = \"/outputs\", media_type = \"png\" }]", "E_MANIFEST_VALUE"),
        ("files.required = [\"a/b\"]", "E_MANIFEST_NAME"),
        ("files.required = [\"a\"]\nfiles.optional = [\"a\"]", "E_MANIFEST_DUPLICATE"),
        ("machine.vram = 8", "E_MANIFEST_MACHINE"),
        ("determinism = { class = \"exact\" }\nrun.wasm.clock = \"real\"", "E_MANIFEST_DETERMINISM"),
        ("determinism = { class = \"exact\", absolute = 0.1 }", "E_MANIFEST_DETERMINISM"),
        ("[inputs.X]\ntype = \"string\"\nmin = 1", "E_MANIFEST_RULE"),
        ("[inputs.X]\ntype = \"integer\"\ndefault = \"one\"", "E_MANIFEST_DEFAULT"),
        ("[inputs.X]\ntype = \"string\"\npattern = \"(\"", "E_MANIFEST_PATTERN"),
        ("[inputs.X]\ntype = \"string\"\nsecret = true\ndefault = \"x\"", "E_MANIFEST_DEFAULT"),
        ("[inputs.X]\ntype = \"string\"", "E_MANIFEST_UNUSED"),
        ("[inputs.\"a b\"]\ntype = \"string\"", "E_MANIFEST_NAME"),
    ];
    for (rest, rule) in after_head {
        let complaints = Manifest::parse(&format!("{HEAD}{rest}\n")).unwrap_err();
        assert!(complaints.iter().any(|complaint| complaint.rule == rule), "{rest}: {complaints:?}");
    }
}

fn with_machine(lines: &str) -> String {
    format!("module.name = \"m\"\nrun.docker.image = \"a/b@sha256:{}\"\n[machine]\n{lines}\n", "0".repeat(64))
}

#[test]
fn a_number_of_gpus_says_what_it_always_said() {
    let machine = |lines| job(&with_machine(lines), &[]).map(|spec| (spec.machine, spec.gpus)).unwrap();
    let plain = MachineSpec { gpu: 1_024, ..MachineSpec::default() };
    assert_eq!(machine("gpu = 1024"), (plain, Vec::new()));
    let (spec, gpus) = machine("gpu = 2\nvram = \"24 GB\"");
    assert_eq!((spec.gpu, gpus.len()), (2, 0));
    assert_eq!(spec.gpus, Some(vec![GpuSpec { vram: 22_889, ..GpuSpec::default() }]));
    assert_eq!(machine("gpu = []"), (MachineSpec::default(), Vec::new()));
}

#[test]
fn gpu_texts_become_requirements_and_a_list_that_older_peers_know() {
    let spec = job(&with_machine("gpu = [\"nvidia:H100:80GB:2\", \"24GB\"]"), &[]).unwrap();
    let printed: Vec<String> = spec.gpus.iter().map(ToString::to_string).collect();
    assert_eq!(printed, ["nvidia:H100:80GB..:2", "24GB.."]);
    let h100 = GpuSpec { name: "H100".into(), vendor: "NVIDIA".into(), vram: 75_531 };
    let any = GpuSpec { vram: 22_659, ..GpuSpec::default() };
    assert_eq!((spec.machine.gpu, spec.machine.gpus), (3, Some(vec![h100.clone(), h100, any])));
    let spec = job(&with_machine("gpu = \"amd:..24GB\""), &[]).unwrap();
    let amd = GpuSpec { vendor: "AMD/ATI".into(), ..GpuSpec::default() };
    assert_eq!((spec.machine.gpu, spec.machine.gpus, spec.gpus.len()), (1, Some(vec![amd]), 1));
}

#[test]
fn gpu_texts_are_checked_with_their_place() {
    for (lines, expected) in [
        ("gpu = \"NVIDIA H100\"", vec!["E_GPU 4:1"]),
        ("gpu = [\"1\", \"24G\", \"0\"]", vec!["E_GPU 4:13", "E_GPU 4:20"]),
        ("gpu = [\"1\", 2]", vec!["E_MANIFEST_TYPE 4:13"]),
        ("gpu = true", vec!["E_MANIFEST_TYPE 4:7"]),
        ("gpu = true\nvram = 1", vec!["E_MANIFEST_TYPE 4:7"]),
        ("gpu = \"1\"\nvram = 1", vec!["E_MANIFEST_MACHINE 5:1"]),
        ("gpu = 1\ncuda = \"new\"", vec!["E_VERSION 5:1"]),
        ("gpu = 1\ndriver = 550", vec!["E_MANIFEST_TYPE 5:10"]),
        ("cuda = \"12.4\"", vec!["E_MANIFEST_MACHINE 4:1"]),
        ("vram = 1", vec!["E_MANIFEST_MACHINE 4:1"]),
        ("gpu = 1025", vec!["E_NUMBER 4:1"]),
        ("gpu = [\"128\", \"1\"]", vec!["E_NUMBER 4:1"]),
        ("gpu = [\"1\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\"]", vec!["E_MANIFEST_LIMIT 4:1"]),
    ] {
        assert_eq!(rules(&with_machine(lines)), expected, "{lines}");
    }
    let error = load(&with_machine("gpu = \"A100 80GB\"")).unwrap_err().to_string();
    assert!(error.contains("A100:80GB") && error.contains("line 4"), "{error}");
}

#[test]
fn numbers_are_strict() {
    for number in
        ["-1", "0x10", "nan", "inf", "1e400", "99999999999999999999999999", "1.5", "\"-1\"", "\"0x10\""]
    {
        let complaints = Manifest::parse(&format!("{HEAD}machine.ram = {number}\n")).unwrap_err();
        assert!(matches!(complaints[0].rule, "E_NUMBER" | "E_MANIFEST_TYPE"), "{number}: {complaints:?}");
    }
    let manifest = format!("{HEAD}limits.instructions = 9007199254740993\n");
    assert_eq!(job(&manifest, &[]).unwrap().limits.instructions, Some(9_007_199_254_740_993));
}

#[test]
fn bounds_hold() {
    let deep = format!("{HEAD}x = {}1{}\n", "[".repeat(100_000), "]".repeat(100_000));
    assert!(Manifest::parse(&deep).is_err());
    let long = format!("{HEAD}run.wasm.args = [{}]\n", "\"\",".repeat(2_000));
    assert_eq!(Manifest::parse(&long).unwrap_err()[0].rule, "E_MANIFEST_LIMIT");
    let large = format!("{HEAD}# {}", "x".repeat(300 << 10));
    assert_eq!(load(&large).unwrap_err().code(), "E_MODULE_TOO_LARGE");
    let text = format!("{HEAD}module.description = \"{}\"\n", "x".repeat(5_000));
    assert_eq!(Manifest::parse(&text).unwrap_err()[0].rule, "E_MANIFEST_LIMIT");
}

#[test]
fn inputs_are_checked_all_at_once() {
    let manifest = "module.name = \"m\"\n[inputs]\nMessage = { type = \"string\", required = true }\nSize = { type = \"integer\", max = 9 }\nMode = { type = \"string\", choices = [\"a\", \"b\"] }\n[run.wasm]\nmodule = \"p.wasm\"\nargs = [{ input = \"Message\" }, { input = \"Size\" }, { input = \"Mode\" }]\n";
    let error = job(manifest, &[("Mesage", "x"), ("Size", "12"), ("Mode", "c")]).unwrap_err();
    assert_eq!((error.kind(), error.fault()), (ErrorKind::InvalidInput, Fault::User));
    let complaints: Vec<&str> =
        error.context().filter(|(key, _)| *key == "complaint").map(|(_, value)| value).collect();
    for code in ["E_INPUT_UNKNOWN", "E_INPUT_MISSING", "E_INPUT_RANGE", "E_INPUT_CHOICE"] {
        assert!(complaints.iter().any(|complaint| complaint.starts_with(code)), "{code} in {complaints:?}");
    }
    assert!(error.to_string().contains("did you mean `Message`?"), "{error}");
    let large = "x".repeat(crate::module::INPUT_BYTES + 1);
    let error = job(manifest, &[("Message", &large)]).unwrap_err();
    assert_eq!(error.code(), "E_INPUT_TOO_LARGE");
    assert!(error.to_string().contains("limit=1048576 got=1048577"), "{error}");
    let module = load(manifest).unwrap();
    let many: BTreeMap<String, String> = (0..10_000).map(|n| (format!("n{n}"), String::new())).collect();
    assert_eq!(module.render(&many).unwrap_err().code(), "E_INPUT_TOO_MANY");
    assert!(matches!(&module.inputs()[1].kind, InputKind::Choice { choices } if choices.len() == 2));
}

#[test]
fn input_files_are_checked() {
    let manifest = format!(
        "{HEAD}files.required = [\"a\", {{ name = \"b\", max_size = 2 }}]\nfiles.optional = [\"c\"]\n"
    );
    let job = load(&manifest).unwrap().render(&BTreeMap::new()).unwrap();
    let mut files = FileSet::new();
    files.insert("b", "xyz").unwrap();
    files.insert("d", "").unwrap();
    let text = format!("{:?}", job.check_files(&files).unwrap_err());
    for code in ["E_FILE_MISSING", "E_FILE_TOO_LARGE", "E_FILE_UNKNOWN"] {
        assert!(text.contains(code), "{text}");
    }
    let mut files = FileSet::new();
    files.insert("a", "").unwrap();
    files.insert("b", "").unwrap();
    assert!(job.check_files(&files).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// T01: any text arrives byte for byte as one leaf, and nothing else of the job changes.
    #[test]
    fn a_value_arrives_as_one_leaf(
        value in prop_oneof![
            any::<String>(),
            "[\"'\\\\\n\r\u{2028}\u{2029}\0{}.$%<>&=,🐸]{0,40}",
            Just("\",\"EVIL=1".to_owned()),
            Just("{{ .Message }}%s</script>".to_owned()),
        ]
    ) {
        thread_local! {
            static MODULE: Module = load("module.name = \"m\"\n[inputs.M]\ntype = \"string\"\nrequired = true\n[run.docker]\nimage = \"a\"\nargs = [\"a\", { input = \"M\" }, { input = \"M\", flag = \"-m\" }]\nenv = { A = \"x\", M = { input = \"M\" } }\n").unwrap();
        }
        let render = |value: &str| {
            MODULE.with(|module| module.render(&[("M".to_owned(), value.to_owned())].into()).unwrap())
        };
        let (job, other) = (render(&value), render("M"));
        let docker = &job.wire.job.spec.docker;
        let args = vec!["a".to_owned(), value.clone(), "-m".to_owned(), value.clone()];
        let env = vec!["A=x".to_owned(), format!("M={value}")];
        prop_assert_eq!(docker.parameters.as_ref(), Some(&args));
        prop_assert_eq!(docker.environment_variables.as_ref(), Some(&env));
        let mut expected = other.into_runnable().unwrap();
        if let RunSpec::Docker(docker) = &mut expected.run {
            docker.parameters = args;
            docker.env = env;
        }
        match job.into_runnable() {
            Ok(spec) => prop_assert_eq!(&spec, &expected),
            Err(error) => prop_assert!(value.contains('\0') && error.code() == "E_SPEC_NUL", "{}", error),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// No text makes the reader panic.
    #[test]
    fn any_text_is_read_or_refused(text in "[\\[\\]{}=.\"'a-z0-9 \n,-]{0,80}") {
        let _ = Manifest::parse(&text);
        let _ = Manifest::parse(&format!("{HEAD}{text}"));
    }
}

/// The code blocks of one language in a Markdown text.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let open = format!("```{language}\n");
    text.split(open.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

fn docs(file: &str) -> String {
    std::fs::read_to_string(format!("{}/../docs/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn the_documented_examples_are_valid() {
    let text = docs("lilypad-toml.md");
    let examples: Vec<&str> =
        blocks(&text, "toml").into_iter().filter(|block| block.contains("[module]")).collect();
    assert_eq!(examples.len(), 3);
    for example in &examples {
        let manifest = Manifest::parse(example).unwrap();
        assert_eq!(super::super::lint::check_manifest(&manifest), []);
    }
    let first: toml::Table = examples[0].parse().unwrap();
    for table in
        ["module", "inputs", "run", "machine", "files", "outputs", "limits", "network", "determinism"]
    {
        assert!(first.contains_key(table), "the full example has no {table}");
    }
}

#[test]
fn the_committed_schema_is_current() {
    let path = format!("{}/schema/lilypad.schema.json", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("LILYPAD_UPDATE").is_some() {
        std::fs::write(&path, schema()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == schema(), "run this test with LILYPAD_UPDATE=1 and commit {path}");
}

#[test]
fn the_schema_names_every_key_that_is_read() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    let text = schema.to_string();
    for key in
        ["min_length", "entry_point", "working_directory", "max_size", "instructions", "domains", "relative"]
    {
        assert!(text.contains(&format!("\"{key}\"")), "{key}");
    }
    let required = schema["required"].as_array().unwrap();
    assert_eq!(required.len(), 2, "{required:?}");
    let input = &schema["$defs"]["InputTable"]["required"];
    assert_eq!(input, &serde_json::json!(["type"]));
}
