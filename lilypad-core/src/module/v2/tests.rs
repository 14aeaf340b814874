//! v2 templates: refused and taken exactly as the reference does, and no field dropped in silence.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::path::PathBuf;

use super::*;
use crate::model::{DockerRun, FileSet, JobSpec, NetworkPolicy, RunSpec};
use crate::module::{Module, PinSource, TEMPLATE_FILE};

fn fixtures(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("LILYPAD_FIXTURES").map(PathBuf::from);
    if folder.is_none() {
        println!("SKIP {test}: LILYPAD_FIXTURES is not set");
    }
    folder
}

pub(in crate::module) fn load(template: &str) -> Result<Module> {
    let mut files = FileSet::new();
    files.insert(TEMPLATE_FILE, template.to_owned()).unwrap();
    Module::load(PinSource::local(), &files)
}

fn render(template: &str, inputs: &[(&str, &str)]) -> Result<RenderedJob> {
    let inputs = inputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load(template)?.render(&inputs)
}

fn docker(spec: &JobSpec) -> &DockerRun {
    match &spec.run {
        RunSpec::Docker(run) => run,
        _ => panic!("not docker"),
    }
}

/// A module around one spec, with what every spec needs.
fn around(spec: &str) -> String {
    format!(
        r#"{{"machine": {{"gpu": 0, "cpu": 1000, "ram": 100}}, "job": {{"APIVersion": "V1beta1", "Spec": {{"Engine": "Docker", "Docker": {{"Image": "a/b"}}, {spec} "Timeout": 60}}}}}}"#
    )
}

#[test]
fn every_golden_case_agrees() {
    let Some(folder) = fixtures("every_golden_case_agrees") else { return };
    let cases = std::fs::read_to_string(folder.join("goldens/modules.jsonl")).unwrap();
    let mut seen = 0;
    for line in cases.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = format!("{} {}", case["module"], case["case"]);
        let path = folder.join("modules").join(case["module"].as_str().unwrap()).join(TEMPLATE_FILE);
        let module = load(&std::fs::read_to_string(path).unwrap()).unwrap();
        let inputs: BTreeMap<String, String> = serde_json::from_value(case["inputs"].clone()).unwrap();
        match (case["outcome"].as_str().unwrap(), module.render(&inputs)) {
            ("ok", Ok(job)) => {
                let text: serde_json::Value = serde_json::from_str(job.text.as_deref().unwrap()).unwrap();
                for (key, wanted) in case["spec"].as_object().unwrap() {
                    assert_eq!(&text["job"]["Spec"][key], wanted, "{name}: {key}");
                }
                let wire = serde_json::to_value(&job.wire.job.spec.docker).unwrap();
                for (key, wanted) in case["spec"]["Docker"].as_object().unwrap() {
                    assert!(wire[key] == *wanted || wanted.is_null(), "{name}: {key}");
                }
            }
            ("json-error", Err(error)) => {
                let cause = error.source().map(ToString::to_string).unwrap_or_default();
                let text = format!("{error} {cause}");
                assert!(text.contains(case["error"].as_str().unwrap()), "{name}: {text}");
                assert!(matches!(error.code(), "E_MODULE_JSON" | "E_INPUT_MISSING"), "{name}: {error:?}");
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
            }
            (wanted, got) => panic!("{name}: wanted {wanted}, got {got:?}"),
        }
        seen += 1;
    }
    assert!(seen > 100);
}

#[test]
fn every_fixture_runs_or_says_why_not() {
    let Some(folder) = fixtures("every_fixture_runs_or_says_why_not") else { return };
    let wanted: BTreeMap<&str, &[&str]> = [
        ("boilerplate", ["E_SPEC_IMAGE"].as_slice()),
        ("duckdb", &["E_SPEC_STORAGE"]),
        ("filecoin-data-prep", &["E_SPEC_STORAGE"]),
        ("gromacs", &["E_SPEC_STORAGE"]),
        ("sdv-pipeline", &["E_SPEC_ENGINE_SPEC"]),
        ("sdxl-base-1", &["E_MODULE_JSON"]),
        ("wasm", &["E_MODULE_JSON"]),
    ]
    .into();
    for entry in std::fs::read_dir(folder.join("modules")).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = std::fs::read_to_string(path.join(TEMPLATE_FILE)) else { continue };
        let module = load(&text).unwrap();
        let inputs = module.inputs().iter().map(|input| (input.name.clone(), "moo".to_owned())).collect();
        let refused: Vec<String> = match module.render(&inputs) {
            Err(error) => vec![error.code().to_owned()],
            Ok(job) => job.spec.err().into_iter().flatten().map(|refusal| refusal.rule.to_owned()).collect(),
        };
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(refused, wanted.get(name).copied().unwrap_or_default(), "{name}");
    }
}

#[test]
fn a_template_becomes_a_job() {
    let template = around(
        r#""Outputs": [{"Name": "outputs", "Path": "/outputs"}], "Network": {"Type": "http", "Domains": ["a.b"]}, "Resources": {"Memory": "2Gb", "GPU": ""},"#,
    )
    .replace(r#""Image": "a/b""#, r#""Image": "a/b", "Entrypoint": ["say", {{.Message}}], "Parameters": ["-x"], "WorkingDirectory": "/w""#);
    let job = render(&template, &[("Message", "it's \"so\"\n🐸")]).unwrap();
    let spec = job.runnable().unwrap();
    assert_eq!(docker(spec).entrypoint.as_deref().unwrap(), ["say", "it's \"so\"\n🐸"]);
    assert_eq!((docker(spec).parameters.len(), docker(spec).working_directory.as_deref()), (1, Some("/w")));
    assert_eq!(spec.network, NetworkPolicy::Domains(vec!["a.b".to_owned()]));
    assert_eq!(spec.limits.memory_bytes, Some(2_000_000_000));
    assert_eq!(spec.timeout.unwrap().as_secs(), 60);
    assert_eq!(spec.outputs[0].path, "/outputs");
    assert_eq!(job.wire.machine.cpu, 1_000);
}

#[test]
fn inputs_that_are_missing_or_unknown_are_named() {
    let template = around("").replace(r#""Image": "a/b""#, r#""Image": "a/b", "Entrypoint": [{{.Message}}]"#);
    let module = load(&template).unwrap();
    assert!(module.inputs()[0].required);
    let error = render(&template, &[]).unwrap_err();
    assert_eq!(error.code(), "E_INPUT_MISSING");
    let error = render(&template, &[("Mesage", "x")]).unwrap_err();
    assert_eq!(error.code(), "E_INPUT_UNKNOWN");
    let text = error.to_string();
    assert!(text.contains("did you mean `Message`?") && text.contains("`Message` is missing"), "{text}");
    let optional = template.replace("{{.Message}}", "{{if .Message}}{{.Message}}{{else}}\"x\"{{end}}");
    assert!(!load(&optional).unwrap().inputs()[0].required);
    let large = "x".repeat(inputs::INPUT_BYTES + 1);
    assert_eq!(render(&template, &[("Message", &large)]).unwrap_err().code(), "E_INPUT_TOO_LARGE");
}

#[test]
fn each_refusal_says_where_and_why() {
    let quoted =
        around("").replace(r#""Image": "a/b""#, "\"Image\": \"a/b\", \"Entrypoint\": [\"{{ js .X }}\"]");
    let error = render(&quoted, &[("X", "it's")]).unwrap_err();
    assert_eq!(error.code(), "E_MODULE_JSON");
    assert!(error.to_string().contains("js-quoting"), "{error}");
    assert!(error.context().any(|(key, _)| key == "line"));
    assert_eq!(load("{{ .X | nosuch }}").unwrap_err().code(), "E_TEMPLATE_PARSE");
    assert_eq!(render("{{ index .X 99 }}", &[("X", "a")]).unwrap_err().code(), "E_TEMPLATE_EXEC");
    let wrong = around(r#""Resources": {"GPU": 1},"#);
    let error = render(&wrong, &[]).unwrap_err();
    assert_eq!(error.code(), "E_SPEC_TYPE");
    assert!(error.to_string().contains("GPU"), "{error}");
    assert_eq!(render(&around(r#""Network": {"Type": "Bridge"},"#), &[]).unwrap_err().code(), "E_SPEC_TYPE");
}

#[test]
fn what_cannot_be_honoured_is_refused_by_name() {
    let cases = [
        (r#""Inputs": [{"StorageSource": "IPFS", "CID": "Qm", "Path": "/inputs"}],"#, "E_SPEC_STORAGE"),
        (r#""NodeSelectors": [{"Key": "a", "Operator": "=", "Values": ["b"]}],"#, "E_SPEC_NODE_SELECTORS"),
        (r#""Deal": {"Concurrency": 3},"#, "E_SPEC_DEAL"),
        (r#""Deal": {"TargetingMode": true},"#, "E_SPEC_DEAL"),
        (r#""Outputs": [{"Name": "stdout", "Path": "/o"}],"#, "E_SPEC_OUTPUT"),
        (r#""Outputs": [{"Name": "o", "Path": "../o"}],"#, "E_SPEC_OUTPUT"),
        (r#""Outputs": [{"Name": "o"}],"#, "E_SPEC_OUTPUT"),
        (r#""Resources": {"Memory": "lots"},"#, "E_SPEC_RESOURCES"),
        (r#""timeout": 1, "Timeout": -1, "#, "E_NUMBER"),
    ];
    for (spec, code) in cases {
        let template = around(spec).replace(r#"-1,  "Timeout": 60"#, "-1");
        let job = render(&template, &[]).unwrap();
        let error = job.runnable().unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Unsupported, code), "{spec}");
    }
    let other = |from: &str, to: &str| {
        let job = render(&around("").replace(from, to), &[]).unwrap();
        job.runnable().unwrap_err().code()
    };
    assert_eq!(other("\"Docker\", \"Docker\"", "\"Language\", \"Docker\""), "E_SPEC_ENGINE");
    assert_eq!(other("\"Docker\", \"Docker\"", "\"Wasm\", \"Docker\""), "E_SPEC_WASM");
    assert_eq!(other("a/b", "name:sha256:00"), "E_SPEC_IMAGE");
    assert_eq!(other("\"cpu\": 1000", "\"cpu\": -1"), "E_NUMBER");
    assert_eq!(other("a/b\"", "a/b\", \"Entrypoint\": [\"a\\u0000b\"]"), "E_SPEC_NUL");
    assert_eq!(
        other("{\"machine\"", "{\"inputFiles\": {\"required\": [\"a\", \"a\"]}, \"machine\""),
        "E_SPEC_FILES"
    );
}

#[test]
fn what_has_no_effect_is_a_warning_by_name() {
    let cases = [
        (r#""Publisher": "Estuary","#, "publisher-estuary"),
        (r#""PublisherSpec": {"Type": "IPFS"},"#, "publisher-unused"),
        (r#""EngineSpec": {"Type": "docker"},"#, "no-effect"),
        (r#""Wasm": {"EntryPoint": "f"},"#, "no-effect"),
        (r#""Annotations": ["a"],"#, "no-effect"),
        (r#""Network": {"Type": "None", "Domains": ["a.b"]},"#, "no-effect"),
        (r#""Resources": {"CPU": "8"},"#, "no-effect"),
        (r#""Resources": {"GPU": "1"},"#, "gpu-mismatch"),
        (r#""Resources": {"Memory": "8000"},"#, "memory-without-unit"),
        (r#""Verifier": "Noop","#, "legacy-key"),
        (r#""output": [],"#, "unknown-key"),
        (r#""Resources": {}, "resources": {},"#, "duplicate-key"),
        (r#""vram": 8,"#, "vram-place"),
    ];
    for (spec, rule) in cases {
        let job = render(&around(spec), &[]).unwrap();
        assert!(job.runnable().is_ok(), "{spec}");
        let found = job.warnings.iter().find(|warning| warning.rule == rule);
        assert!(found.is_some_and(|warning| warning.position.is_some()), "{spec}: {:?}", job.warnings);
    }
    assert_eq!(render(&around(""), &[]).unwrap().warnings, []);
}

#[test]
fn hostile_json_is_bounded() {
    let deep = around("").replace("\"a/b\"", &format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)));
    let error = render(&deep, &[]).unwrap_err();
    assert!(matches!(error.code(), "E_MODULE_JSON" | "E_SPEC_TYPE"), "{error:?}");
    let started = std::time::Instant::now();
    let bomb = "{{range $a := slice \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}}{{end}}".repeat(2_000);
    let _ = load(&bomb);
    let nested = format!("{}x{}", "{{if .a}}".repeat(5_000), "{{end}}".repeat(5_000));
    assert_eq!(load(&nested).unwrap_err().code(), "E_TEMPLATE_LIMIT");
    assert!(started.elapsed().as_secs() < 5);
}

#[test]
fn every_refusal_is_documented() {
    let text =
        std::fs::read_to_string(format!("{}/../docs/v2-modules.md", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let code = concat!(include_str!("spec.rs"), include_str!("mod.rs"));
    let codes: std::collections::BTreeSet<&str> =
        code.split('"').filter(|word| word.starts_with("E_") && *word != "E_JSON_TYPE").collect();
    assert!(codes.len() >= 14, "{codes:?}");
    for code in codes {
        assert!(text.contains(&format!("`{code}`")), "{code} is not in docs/v2-modules.md");
    }
}
