//! What a module may use, and the name of what it may not.

use wasmparser::{Validator, WasmFeatures};

use crate::error::{Error, Result};

/// The proposals that a module may use: all that every engine runs the same way.
pub(super) const ALLOWED: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::GC_TYPES)
    .union(WasmFeatures::EXTENDED_CONST);

/// Proposals that are refused by name.
const REFUSED: [(WasmFeatures, &str); 12] = [
    (WasmFeatures::THREADS, "threads"),
    (WasmFeatures::RELAXED_SIMD, "relaxed SIMD"),
    (WasmFeatures::MEMORY64, "memory64"),
    (WasmFeatures::MULTI_MEMORY, "multiple memories"),
    (WasmFeatures::TAIL_CALL, "tail calls"),
    (WasmFeatures::EXCEPTIONS.union(WasmFeatures::LEGACY_EXCEPTIONS), "exceptions"),
    (WasmFeatures::GC, "garbage collection"),
    (WasmFeatures::FUNCTION_REFERENCES, "typed function references"),
    (WasmFeatures::WIDE_ARITHMETIC, "wide arithmetic"),
    (WasmFeatures::CUSTOM_PAGE_SIZES, "custom page sizes"),
    (WasmFeatures::STACK_SWITCHING, "stack switching"),
    (WasmFeatures::COMPACT_IMPORTS, "compact import sections"),
];

/// Modules above this size that use a refused proposal are refused without its name: finding it takes time.
const NAMED_UP_TO: usize = 512 << 10;

/// Turns the refusal of a module into an error that names the cause.
pub(super) fn explain(module: &[u8], cause: &wasmparser::BinaryReaderError) -> Error {
    let all = REFUSED.iter().fold(ALLOWED, |all, (feature, _)| all | *feature);
    let accepted = |features| Validator::new_with_features(features).validate_all(module).is_ok();
    if module.len() > NAMED_UP_TO || !accepted(all) {
        return invalid(cause);
    }
    let names: Vec<&str> =
        REFUSED.iter().filter(|(feature, _)| !accepted(all - *feature)).map(|(_, name)| *name).collect();
    if names.is_empty() { invalid(cause) } else { unsupported(&names.join(", ")) }
}

fn invalid(cause: &wasmparser::BinaryReaderError) -> Error {
    Error::invalid(
        "E_WASM_INVALID",
        format!(
            "the program is not a valid WebAssembly module: {} (at byte {})",
            cause.message(),
            cause.offset()
        ),
    )
    .with_hint("build it for wasm32-wasip1")
    .with("offset", cause.offset())
}

fn unsupported(proposal: &str) -> Error {
    Error::unsupported(
        "E_WASM_PROPOSAL",
        format!("the program uses a WebAssembly proposal that is not run: {proposal}"),
    )
    .with_hint("build it for wasm32-wasip1 without that feature")
    .with("proposal", proposal)
}

/// Refuses a component by name, before anything else is read.
pub(super) fn check_encoding(module: &[u8]) -> Result<()> {
    match module.get(..8) {
        Some([0, b'a', b's', b'm', _, _, 1, _]) => Err(unsupported("component model")),
        _ => Ok(()),
    }
}
