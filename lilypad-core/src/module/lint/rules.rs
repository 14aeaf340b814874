//! The table of rules: their names never change meaning.

use crate::module::Severity;

/// One rule of the module check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LintRule {
    /// The stable name (`js-quoting`).
    pub name: &'static str,
    /// How bad what it finds is.
    pub severity: Severity,
    /// What it finds and why that matters, in one line.
    pub about: &'static str,
}

const fn rule(name: &'static str, severity: Severity, about: &'static str) -> LintRule {
    LintRule { name, severity, about }
}

use Severity::{Error, Note, Warning};

/// Every rule of [`Module::check`](crate::module::Module::check).
#[must_use]
pub fn lint_rules() -> &'static [LintRule] {
    &RULES
}

static RULES: [LintRule; 46] = [
    // Placeholders.
    rule(
        "js-quoting",
        Warning,
        "`js` inside a JSON string: the value keeps literal quotes, `<` `>` `&` become text escapes, and an apostrophe makes the job fail to load",
    ),
    rule(
        "subst-in-string",
        Warning,
        "`subst` inside a JSON string does not escape: `\"`, a newline or `\\` breaks the job, and an input can add array elements",
    ),
    rule(
        "value-in-string",
        Error,
        "a bare `{{.x}}` inside a JSON string: the value brings its own quotes, so no input gives valid JSON",
    ),
    rule(
        "template-position",
        Warning,
        "a placeholder that does not stand alone as one JSON value (`E_TEMPLATE_POSITION` in a manifest)",
    ),
    rule(
        "missing-default",
        Warning,
        "an input without a default: leaving it out breaks the job or passes `<no value>`",
    ),
    rule(
        "whole-pair-env",
        Warning,
        "an input is a whole `NAME=value` pair: it lets the caller set any variable",
    ),
    rule(
        "env-name-case",
        Warning,
        "the default sets a variable whose name differs from the given one in letter case",
    ),
    rule("image-from-input", Warning, "an input chooses the image: the caller runs any program"),
    rule(
        "password-input",
        Warning,
        "an input that looks like a password or key: inputs of v2 jobs can be read by everybody",
    ),
    // The text as JSON.
    rule("trailing-comma", Error, "a comma before `}` or `]`: JSON does not allow it"),
    rule("json-comment", Error, "a comment in the JSON: JSON has none"),
    rule("never-json", Error, "whatever the inputs, the template does not give JSON"),
    rule("refused", Error, "whatever the inputs, the reference refuses a field of the rendered module"),
    rule("missing-job", Error, "the rendered module has no `job`"),
    rule("duplicate-key", Warning, "a key that stands twice in one table: the later one wins"),
    rule("unknown-key", Warning, "a key that nothing reads, often a misspelt one (`output` for `Outputs`)"),
    rule(
        "legacy-key",
        Note,
        "a key of an older version that nothing reads any more (`Verifier`, `Language`)",
    ),
    rule("api-version", Note, "`APIVersion` is not `V1beta1`"),
    // What runs.
    rule(
        "engine-spec",
        Error,
        "the image stands in `EngineSpec`, which is not read any more: the job has no image",
    ),
    rule("engine-unknown", Error, "`Engine` is not `Docker` or `Wasm`"),
    rule("engine-missing", Warning, "`Engine` is not given: taken as Docker"),
    rule(
        "env-without-value",
        Warning,
        "an environment variable is not `NAME=value`: the job does not get it",
    ),
    rule("image-missing", Error, "no container image is named"),
    rule("image-malformed", Error, "the image reference is malformed"),
    rule("image-mutable", Warning, "the image has no digest: what runs can change without notice"),
    rule(
        "entrypoint-string",
        Warning,
        "the entry point is one string with spaces: it is one program name, not a command line",
    ),
    rule("wasm-source", Error, "the WebAssembly program comes from a storage that this system does not read"),
    rule(
        "secret-in-env",
        Warning,
        "a variable that looks like a password or key has its value in the module",
    ),
    // What it needs.
    rule(
        "vram-place",
        Warning,
        "video memory stands where nothing reads it; it is read only at `machine.gpus[].vram`",
    ),
    rule("gpu-mismatch", Warning, "`Resources.GPU` differs from `machine.gpu`"),
    rule("gpu-without-vram", Note, "a GPU is asked for, but no video memory: any GPU matches"),
    rule("machine-missing", Warning, "nothing is asked of the machine: any machine matches"),
    rule("memory-without-unit", Warning, "`Resources.Memory` has no unit: it means bytes"),
    rule("no-timeout", Warning, "no timeout: the network's default ends the job"),
    rule(
        "timeout-default",
        Warning,
        "`Timeout` is above `executionTimeoutSeconds`, or above the network's 900 s where that is left out: the job is stopped earlier",
    ),
    // What it reaches and leaves.
    rule("network-unknown", Error, "an unknown network type: the reference refuses the module"),
    rule("network-full", Note, "the job asks for an open network: many providers refuse that"),
    rule(
        "storage-input",
        Error,
        "an input volume (IPFS, S3, URL…): the reference drops it, this system refuses it",
    ),
    rule("output-path", Warning, "an output without a name or path: nothing is kept"),
    rule(
        "publisher-estuary",
        Warning,
        "the publisher Estuary does not exist any more; results travel through the network",
    ),
    rule("node-selectors", Error, "node selectors are not honoured"),
    rule(
        "publisher-unused",
        Note,
        "a publisher is named: nothing is published, results travel through the network",
    ),
    rule("no-effect", Note, "a field that has no effect on the job"),
    rule("dropped-field", Note, "the reference drops this field; this system honours it"),
    rule("no-description", Note, "the module does not say what it does"),
    rule("no-version", Note, "the manifest names no version"),
];
