//! What a rendered v2 module asks for.

use crate::model::image_ref;
use crate::model::json::Value;
use crate::module::Finding;
use crate::module::v2::{field, items, place, text, texts, whole};

use super::found;

/// How long the network lets a job run that says nothing, in seconds.
const NETWORK_TIMEOUT: i64 = 900;

/// A rendered module and its template's text, to find places in.
pub(super) struct Rendered<'a> {
    pub(super) module: &'a Value,
    pub(super) source: &'a str,
}

/// All findings about one rendering.
pub(super) fn check(module: &Value, source: &str) -> Vec<Finding> {
    let rendered = Rendered { module, source };
    let Some(spec) = field(module, "job").and_then(|job| field(job, "Spec")) else {
        let message = "the rendered module has no `job` with a `Spec`";
        return vec![
            found("missing-job", message).hint("wrap the spec: {\"machine\": …, \"job\": {\"Spec\": …}}"),
        ];
    };
    let mut findings = Vec::new();
    rendered.runs(spec, &mut findings);
    rendered.container(spec, &mut findings);
    rendered.machine(&mut findings);
    rendered.time(spec, &mut findings);
    rendered.reach(spec, &mut findings);
    rendered.storage(spec, &mut findings);
    findings
}

impl Rendered<'_> {
    fn add(&self, findings: &mut Vec<Finding>, rule: &'static str, path: &[&str], message: String) {
        findings.push(found(rule, message).at(place(self.source, path)).on(path.join(".")));
    }

    fn runs(&self, spec: &Value, findings: &mut Vec<Finding>) {
        if let Some(version) = text(self.module, &["job", "APIVersion"]).filter(|text| *text != "V1beta1") {
            let message = format!("`APIVersion` is {version:?}, not \"V1beta1\"");
            self.add(findings, "api-version", &["APIVersion"], message);
        }
        let engine = text(spec, &["Engine"]).map(|engine| engine.trim().to_ascii_lowercase());
        match engine.as_deref() {
            Some("docker" | "wasm") | None => {}
            Some(other) => {
                let message = format!("`Engine` is {other:?}, not Docker or Wasm");
                self.add(findings, "engine-unknown", &["Spec", "Engine"], message);
            }
        }
        let image = text(spec, &["Docker", "Image"]).unwrap_or_default();
        let old = text(spec, &["EngineSpec", "Params", "Image"]).is_some();
        if old && image.is_empty() {
            let message = "the image stands in `EngineSpec`, which is not read any more".to_owned();
            self.add(findings, "engine-spec", &["EngineSpec"], message);
        } else if engine.as_deref() == Some("wasm") {
            let message = "the WebAssembly program comes from a storage".to_owned();
            self.add(findings, "wasm-source", &["Wasm", "EntryModule"], message);
        } else {
            self.image(image, findings);
        }
    }

    fn image(&self, image: &str, findings: &mut Vec<Finding>) {
        let path = ["Docker", "Image"];
        match image_ref::parse(image) {
            Err(_) if image.is_empty() => {
                self.add(findings, "image-missing", &["Docker"], "no container image is named".to_owned());
            }
            Err(why) => {
                let shown: String = image.chars().take(120).collect();
                self.add(findings, "image-malformed", &path, format!("image {shown:?} {why}"));
            }
            Ok(parsed) if parsed.digest.is_none() => {
                let tag = parsed.tag.unwrap_or("latest");
                let message = format!("the image is named by its tag `{tag}` and can change without notice");
                findings.push(
                    found("image-mutable", message)
                        .at(place(self.source, &path))
                        .on("Docker.Image")
                        .hint("pin it: name@sha256:…"),
                );
            }
            Ok(_) => {}
        }
    }

    fn container(&self, spec: &Value, findings: &mut Vec<Finding>) {
        let entrypoint = texts(spec, &["Docker", "Entrypoint"]);
        if let [only] = entrypoint.as_slice()
            && only.trim().contains(char::is_whitespace)
        {
            let message = "the entry point is one string with spaces".to_owned();
            self.add(findings, "entrypoint-string", &["Docker", "Entrypoint"], message);
        }
        for variable in texts(spec, &["Docker", "EnvironmentVariables"]) {
            let Some((name, value)) = variable.split_once('=') else { continue };
            if super::is_secret_name(name) && !value.is_empty() && !value.contains(super::PROBE) {
                let shown: String = name.chars().take(60).collect();
                let message = format!("the variable `{shown}` has its value in the module");
                self.add(findings, "secret-in-env", &["Docker", "EnvironmentVariables"], message);
            }
        }
        for (key, given) in [
            (
                "WorkingDirectory",
                text(spec, &["Docker", "WorkingDirectory"]).is_some_and(|path| !path.is_empty()),
            ),
            ("Parameters", !items(spec, &["Docker", "Parameters"]).is_empty()),
        ] {
            if given {
                let message = format!("the reference drops `Docker.{key}`; this system honours it");
                self.add(findings, "dropped-field", &["Docker", key], message);
            }
        }
    }

    fn machine(&self, findings: &mut Vec<Finding>) {
        let Some(machine) = field(self.module, "machine") else {
            findings.push(found("machine-missing", "the module has no `machine`: any machine matches"));
            return;
        };
        let gpus = whole(machine, &["gpu"]).unwrap_or(0);
        let vram = |gpu| whole(gpu, &["vram"]).unwrap_or(0) > 0;
        if gpus > 0 && !items(machine, &["gpus"]).iter().any(vram) {
            let message = "a GPU is asked for, but no video memory".to_owned();
            self.add(findings, "gpu-without-vram", &["machine", "gpu"], message);
        }
    }

    fn time(&self, spec: &Value, findings: &mut Vec<Finding>) {
        let network = whole(self.module, &["executionTimeoutSeconds"]).filter(|seconds| *seconds > 0);
        let job = whole(spec, &["Timeout"]).filter(|seconds| *seconds > 0);
        match (job, network) {
            (None, None) => {
                findings.push(found("no-timeout", "neither `Timeout` nor `executionTimeoutSeconds` is set"));
            }
            (Some(job), _) if job > network.unwrap_or(NETWORK_TIMEOUT) => {
                let end = network.unwrap_or(NETWORK_TIMEOUT);
                let message = format!("`Timeout` is {job} s, but the network stops the job after {end} s");
                let at =
                    place(self.source, &["Spec", "Timeout"]).or_else(|| place(self.source, &["Timeout"]));
                findings.push(
                    found("timeout-default", message)
                        .at(at)
                        .on("Spec.Timeout")
                        .hint(format!("set executionTimeoutSeconds to {job} beside `machine`")),
                );
            }
            _ => {}
        }
    }

    fn reach(&self, spec: &Value, findings: &mut Vec<Finding>) {
        let network = text(spec, &["Network", "Type"]).map(|kind| kind.trim().to_ascii_lowercase());
        match network.as_deref() {
            None | Some("none" | "http") => {}
            Some("full") => {
                self.add(
                    findings,
                    "network-full",
                    &["Network", "Type"],
                    "the job asks for an open network".to_owned(),
                );
            }
            Some(other) => {
                let message = format!("`Network.Type` is {other:?}, not None, HTTP or Full");
                self.add(findings, "network-unknown", &["Network", "Type"], message);
            }
        }
        if !items(spec, &["NodeSelectors"]).is_empty() {
            let message = "node selectors are not honoured".to_owned();
            self.add(findings, "node-selectors", &["NodeSelectors"], message);
        }
    }

    fn storage(&self, spec: &Value, findings: &mut Vec<Finding>) {
        for input in items(spec, &["Inputs"]) {
            let kind = text(input, &["StorageSource"]).unwrap_or("unnamed");
            let shown: String = kind.chars().take(40).collect();
            let message = format!("an input volume from {shown}: no job gets it");
            let at = place(self.source, &["Inputs"]).or_else(|| place(self.source, &["Spec", "inputs"]));
            findings.push(
                found("storage-input", message)
                    .at(at)
                    .on("Spec.Inputs")
                    .hint("take input files instead: inputFiles.required, found in /inputs"),
            );
        }
        for output in items(spec, &["Outputs"]) {
            let empty = |key| text(output, &[key]).unwrap_or_default().is_empty();
            if empty("Name") || empty("Path") {
                let message = "an output needs a name and a path".to_owned();
                self.add(findings, "output-path", &["Outputs"], message);
            }
        }
    }
}
