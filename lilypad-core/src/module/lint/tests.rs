//! Each rule finds its fault in a minimal module, and the table is complete.

use std::collections::BTreeSet;

use super::super::v2::tests::load;
use super::*;
use crate::model::FileSet;
use crate::module::{Module, PinSource, TEMPLATE_FILE};

const DIGEST: &str = "a/b@sha256:a8dc7aa48cb27af19d38c69b496c3c967e1d4fdee40e3b97d27b27cb87b40878";

/// A template without any fault.
fn clean() -> String {
    format!(
        r#"{{"machine": {{"gpu": 0, "cpu": 1000, "ram": 100}}, "executionTimeoutSeconds": 600, "job": {{"APIVersion": "V1beta1", "Spec": {{"Engine": "Docker", "Docker": {{"Image": "{DIGEST}", "Entrypoint": ["say", {{{{if .Message}}}}{{{{.Message}}}}{{{{else}}}}"moo"{{{{end}}}}], "EnvironmentVariables": ["A=1"]}}, "Timeout": 600}}}}}}"#
    )
}

fn rules(template: &str) -> BTreeSet<&'static str> {
    load(template).unwrap().check().into_iter().map(|finding| finding.rule).collect()
}

/// The change to the clean template that makes each rule speak.
const FAULTS: &[(&str, &str, &str)] = &[
    ("js-quoting", "\"A=1\"", "{{if .X}}\"A={{ js .X }}\"{{end}}"),
    ("subst-in-string", "\"A=1\"", "{{if .X}}\"{{ subst \"A=%s\" .X }}\"{{end}}"),
    ("value-in-string", "\"A=1\"", "{{if .X}}\"A={{ .X }}\"{{end}}"),
    ("template-position", "\"A=1\"", "{{if .X}}\"A={{ len .X }}\"{{end}}"),
    ("missing-default", "\"say\"", "{{.X}}"),
    ("missing-default", "\"A=1\"", "\"A={{ js .X }}\""),
    ("whole-pair-env", "\"A=1\"", "{{if .X}}{{.X}}{{else}}\"A=1\"{{end}}"),
    ("env-name-case", "\"A=1\"", "{{if .X}}\"{{ subst \"NAME=%s\" .X }}\"{{else}}\"Name=1\"{{end}}"),
    ("image-from-input", "\"Image\": \"a/b", "\"Image\": {{if .I}}{{.I}}{{else}}\"a\"{{end}}, \"x\": \"a/b"),
    ("password-input", "\"say\"", "\"say\", {{if .DB_PASSWORD}}{{.DB_PASSWORD}}{{else}}\"\"{{end}}"),
    ("trailing-comma", "\"A=1\"]", "\"A=1\",]"),
    ("json-comment", "\"A=1\"", "/* why */ \"A=1\""),
    ("never-json", "\"A=1\"]", "\"A=1\",]"),
    ("refused", "\"Timeout\": 600", "\"Resources\": {\"GPU\": 1}, \"Timeout\": 600"),
    ("missing-job", "\"job\": {", "\"jobs\": {"),
    ("duplicate-key", "\"cpu\": 1000", "\"cpu\": 1000, \"CPU\": 1"),
    ("unknown-key", "\"Timeout\"", "\"output\": [], \"Timeout\""),
    ("legacy-key", "\"Timeout\"", "\"Verifier\": \"Noop\", \"Timeout\""),
    ("api-version", "V1beta1", "v1"),
    ("engine-spec", "\"Image\": \"a/b", "\"Nothing\": \"a/b"),
    ("engine-unknown", "\"Engine\": \"Docker\"", "\"Engine\": \"Podman\""),
    ("engine-missing", "\"Engine\": \"Docker\",", ""),
    ("env-without-value", "A=1", "A"),
    ("image-missing", "\"Image\": \"a/b", "\"Nothing\": \"a/b"),
    ("image-malformed", "a/b@", "a/b:"),
    ("image-mutable", "@sha256:a8dc7aa48cb27af19d38c69b496c3c967e1d4fdee40e3b97d27b27cb87b40878", ":latest"),
    ("entrypoint-string", "[\"say\",", "[\"python run.py\"], \"x\": ["),
    ("wasm-source", "\"Engine\": \"Docker\"", "\"Engine\": \"Wasm\""),
    ("secret-in-env", "A=1", "API_KEY=abc"),
    ("vram-place", "\"gpu\": 0", "\"gpu\": 0, \"vram\": 8000"),
    ("vram-place", "\"job\":", "\"gpus\": [{\"vram\": 1}], \"job\":"),
    ("gpu-mismatch", "\"Timeout\": 600", "\"Resources\": {\"GPU\": \"1\"}, \"Timeout\": 600"),
    ("gpu-without-vram", "\"gpu\": 0", "\"gpu\": 1"),
    ("machine-missing", "\"machine\"", "\"machin\""),
    ("memory-without-unit", "\"Timeout\": 600", "\"Resources\": {\"Memory\": \"8000\"}, \"Timeout\": 600"),
    ("no-timeout", "600", "0"),
    ("timeout-default", "\"Timeout\": 600", "\"Timeout\": 601"),
    ("timeout-default", "\"executionTimeoutSeconds\": 600, ", "\"description\": \"1800 below\", "),
    ("network-unknown", "\"Timeout\": 600", "\"Network\": {\"Type\": \"Bridge\"}, \"Timeout\": 600"),
    ("network-full", "\"Timeout\": 600", "\"Network\": {\"Type\": \"Full\"}, \"Timeout\": 600"),
    (
        "storage-input",
        "\"Timeout\": 600",
        "\"inputs\": [{\"StorageSource\": \"IPFS\", \"CID\": \"Qm\"}], \"Timeout\": 600",
    ),
    ("output-path", "\"Timeout\": 600", "\"Outputs\": [{\"Name\": \"o\"}], \"Timeout\": 600"),
    ("publisher-estuary", "\"Timeout\": 600", "\"PublisherSpec\": {\"Type\": \"estuary\"}, \"Timeout\": 600"),
    ("publisher-unused", "\"Timeout\": 600", "\"PublisherSpec\": {\"Type\": \"IPFS\"}, \"Timeout\": 600"),
    ("no-effect", "\"Timeout\": 600", "\"Annotations\": [\"a\"], \"Timeout\": 600"),
    ("node-selectors", "\"Timeout\": 600", "\"NodeSelectors\": [{\"Key\": \"a\"}], \"Timeout\": 600"),
    ("dropped-field", "\"Entrypoint\"", "\"WorkingDirectory\": \"/w\", \"Entrypoint\""),
];

#[test]
fn a_clean_template_has_no_findings() {
    assert_eq!(load(&clean()).unwrap().check(), []);
}

#[test]
fn each_rule_finds_its_fault() {
    for (rule, from, to) in FAULTS {
        let mut template = clean().replace(from, to);
        if *rule == "engine-spec" {
            template = template
                .replace("\"Timeout\"", "\"EngineSpec\": {\"Params\": {\"Image\": \"a\"}}, \"Timeout\"");
        }
        if template.contains("1800 below") {
            template = template.replace("\"Timeout\": 600", "\"Timeout\": 1800");
        }
        assert_ne!(template, clean(), "{rule}: {from} is not in the template");
        let found = rules(&template);
        assert!(found.contains(rule), "{rule} is not in {found:?} of {template}");
    }
}

#[test]
fn each_rule_has_a_test_and_a_name_of_its_own() {
    let mut tested: BTreeSet<&str> = FAULTS.iter().map(|(rule, ..)| *rule).collect();
    tested.extend(["no-description", "no-version"]);
    let names: BTreeSet<&str> = lint_rules().iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), lint_rules().len());
    assert_eq!(tested, names);
}

#[test]
fn every_finding_is_of_a_rule_and_has_a_place_where_it_can() {
    for (_, from, to) in FAULTS {
        for finding in load(&clean().replace(from, to)).unwrap().check() {
            let rule = lint_rules().iter().find(|rule| rule.name == finding.rule);
            assert_eq!(rule.map(|rule| rule.severity), Some(finding.severity), "{finding}");
        }
    }
}

#[test]
fn the_fixtures_have_the_faults_that_are_known_of_them() {
    let Some(folder) = std::env::var_os("LILYPAD_FIXTURES") else {
        println!("SKIP the_fixtures_have_the_faults_that_are_known_of_them: LILYPAD_FIXTURES is not set");
        return;
    };
    let known: &[(&str, &[&str])] = &[
        ("bark", &["js-quoting", "image-mutable", "timeout-default"]),
        ("boilerplate", &["subst-in-string", "image-malformed", "env-name-case"]),
        ("concat-files", &["js-quoting", "image-mutable", "timeout-default", "dropped-field"]),
        ("cowsay", &["image-mutable", "timeout-default", "legacy-key"]),
        ("cowsay-v0.0.1", &["missing-default", "publisher-estuary"]),
        ("deepseek-r1-7b", &["vram-place", "missing-default", "gpu-without-vram"]),
        ("duckdb", &["storage-input", "publisher-estuary", "missing-default"]),
        ("filecoin-data-prep", &["storage-input", "unknown-key", "missing-default"]),
        ("gromacs", &["storage-input", "image-mutable"]),
        ("lilysay", &["subst-in-string", "env-name-case"]),
        ("llama3.2-3b", &["image-mutable", "gpu-without-vram"]),
        ("llama3.3-70b", &["vram-place", "image-mutable"]),
        ("nomic-embed-text", &["vram-place", "image-mutable"]),
        ("ollama-pipeline", &["subst-in-string"]),
        ("punctuators", &["js-quoting", "memory-without-unit"]),
        ("sdv-pipeline", &["engine-spec", "subst-in-string"]),
        ("sdxl-base-1", &["value-in-string", "js-quoting", "image-malformed"]),
        ("sdxl-pipeline", &["subst-in-string"]),
        ("sdxl-turbo", &["js-quoting", "image-mutable"]),
        ("sdxl-v0.9", &["whole-pair-env", "image-mutable"]),
        ("sentiment", &["js-quoting", "missing-default", "vram-place"]),
        ("synthetic-data", &["subst-in-string"]),
        ("wan2.1-t2v", &["js-quoting", "timeout-default"]),
        ("wasm", &["trailing-comma", "never-json"]),
    ];
    for (name, wanted) in known {
        let path = std::path::Path::new(&folder).join("modules").join(name).join(TEMPLATE_FILE);
        let found = rules(&std::fs::read_to_string(path).unwrap());
        for rule in *wanted {
            assert!(found.contains(rule), "{name}: {rule} is not in {found:?}");
        }
    }
}

#[test]
fn manifests_are_checked_too() {
    let rules = |manifest: &str| -> BTreeSet<&'static str> {
        let mut files = FileSet::new();
        files.insert("p.wasm", "x").unwrap();
        files.insert("lilypad.toml", manifest.to_owned()).unwrap();
        Module::load(PinSource::local(), &files).unwrap().check().iter().map(|finding| finding.rule).collect()
    };
    let clean = "module = { name = \"m\", version = \"1\", description = \"d\" }\nlimits.timeout = \"1m\"\n";
    let wasm = format!("{clean}run.wasm.module = \"p.wasm\"\n");
    assert_eq!(rules(&wasm), BTreeSet::new());
    assert_eq!(
        rules("module.name = \"m\"\nrun.wasm.module = \"p.wasm\"\n"),
        ["no-description", "no-timeout", "no-version"].into()
    );
    let secret = format!(
        "{wasm}run.wasm.env = {{ HF_TOKEN = \"abc\", K = {{ input = \"apiKey\" }} }}\n[inputs.apiKey]\ntype = \"string\"\n"
    );
    assert_eq!(rules(&secret), ["password-input", "secret-in-env"].into());
    let docker = format!(
        "{clean}run.docker = {{ image = \"a/b:latest\", entrypoint = [\"python run.py\"] }}\nmachine.gpu = 1\nnetwork.policy = \"full\"\n"
    );
    assert_eq!(
        rules(&docker),
        ["entrypoint-string", "gpu-without-vram", "image-mutable", "network-full"].into()
    );
    for (gpu, found) in [("nvidia", true), ("H100", false), ("24GB:2", false), ("..24GB", true)] {
        let text = docker.replace("machine.gpu = 1", &format!("machine.gpu = [\"{gpu}\"]"));
        assert_eq!(rules(&text).contains("gpu-without-vram"), found, "{gpu}");
    }
}

#[test]
fn names_that_look_like_secrets() {
    for name in ["password", "DOCKERHUB_PASSWORD", "apiKey", "HF_TOKEN", "client-secret"] {
        assert!(is_secret_name(name), "{name}");
    }
    for name in ["max_tokens", "Prompt", "Seed", "tokenizer", "keyboard"] {
        assert!(!is_secret_name(name), "{name}");
    }
}

/// The table of `docs/lint.md`.
fn table() -> String {
    let row = |rule: &LintRule| {
        let about = rule.about.replace('|', "\\|");
        format!("| `{}` | {} | {about} |\n", rule.name, rule.severity)
    };
    format!(
        "| rule | severity | finds |\n|---|---|---|\n{}",
        lint_rules().iter().map(row).collect::<String>()
    )
}

#[test]
fn the_documented_table_is_current() {
    let path = format!("{}/../docs/lint.md", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let start = text.find("| rule |").unwrap_or(text.len());
    if std::env::var_os("LILYPAD_UPDATE").is_some() {
        std::fs::write(&path, format!("{}{}", &text[..start], table())).unwrap();
        return;
    }
    assert_eq!(&text[start..], table(), "run this test with LILYPAD_UPDATE=1 and commit {path}");
}
