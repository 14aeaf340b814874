//! The rules for `lilypad.toml`: what is allowed and still unwise.

use crate::model::image_ref;
use crate::model::{GpuSpec, MachineSpec};
use crate::module::finding::{Finding, Position};
use crate::module::manifest::{Leaf, Manifest, Run};

use super::{found, is_secret_name, sorted};

/// All findings about a manifest.
pub(in crate::module) fn check(manifest: &Manifest) -> Vec<Finding> {
    let source = manifest.text.as_str();
    let at = |word: &str| source.find(word).map(|byte| Position::of(source, byte));
    let mut findings = Vec::new();
    if manifest.info.description.is_none() {
        findings.push(
            found("no-description", "the module does not say what it does").hint("set module.description"),
        );
    }
    if manifest.info.version.is_none() {
        findings.push(found("no-version", "the manifest names no version").hint("set module.version"));
    }
    if manifest.timeout.is_none() {
        findings.push(found("no-timeout", "the module sets no timeout").hint("set limits.timeout"));
    }
    for input in manifest.inputs.iter().filter(|input| is_secret_name(&input.name) && !input.secret) {
        let message = format!("input `{}` looks like a password or key", input.name);
        findings.push(
            found("password-input", message).at(at(&input.name)).on(&input.name).hint("set secret = true"),
        );
    }
    let env = match &manifest.run {
        Run::Wasm { env, .. } | Run::Docker { env, .. } => Some(env),
        Run::Cuda(_) => None,
    };
    for (name, leaf) in env.into_iter().flatten() {
        if is_secret_name(name) && matches!(leaf, Leaf::Literal(value) if !value.is_empty()) {
            let message = format!("the variable `{name}` has its value in the module");
            findings.push(found("secret-in-env", message).at(at(name)).on(name));
        }
    }
    if let Run::Docker { image, entrypoint, .. } = &manifest.run {
        if image_ref::parse(image).is_ok_and(|image| image.digest.is_none()) {
            let message = "the image is named by its tag and can change without notice";
            findings.push(found("image-mutable", message).at(at(image)).hint("pin it: name@sha256:…"));
        }
        if let Some([Leaf::Literal(only)]) = entrypoint.as_deref()
            && only.trim().contains(char::is_whitespace)
        {
            findings.push(found("entrypoint-string", "the entry point is one string with spaces"));
        }
    }
    if any_gpu_matches(&manifest.machine) {
        let message = "a GPU is asked for, but no video memory";
        let hint = "set machine.vram, or write the memory into machine.gpu, such as \"24GB:2\"";
        findings.push(found("gpu-without-vram", message).hint(hint));
    }
    if manifest.network == crate::model::NetworkPolicy::Full {
        findings.push(found("network-full", "the job asks for an open network"));
    }
    sorted(findings)
}

/// True where a GPU is asked for of which neither memory nor model is known.
fn any_gpu_matches(machine: &MachineSpec) -> bool {
    let unknown = |gpu: &GpuSpec| gpu.vram == 0 && gpu.name.is_empty();
    machine.gpu > 0 && machine.gpus.as_ref().is_none_or(|gpus| gpus.iter().any(unknown))
}
