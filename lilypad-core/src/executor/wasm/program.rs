//! Finds the program in the bundle, and checks everything that can be checked before it runs.

use crate::error::{Error, Result};
use crate::executor::RunRequest;
use crate::model::WasmRun;

use super::meter::{Import, Instrumented, Signature, ValueType};
use super::wasi::{FUNCTIONS, Function, NAMESPACE};

/// Most bytes of arguments and environment together.
const MAX_STRINGS: usize = 1 << 20;

/// The program's file in the bundle.
pub(super) fn file<'a>(request: &'a RunRequest, run: &WasmRun) -> Result<&'a [u8]> {
    let bytes = request.bundle.get(&run.module).ok_or_else(|| {
        Error::invalid(
            "E_WASM_MISSING",
            format!("the module's files hold no program {:?}", shown(&run.module)),
        )
        .with_hint("name a .wasm or .wat file of the module")
        .with("path", shown(&run.module))
    })?;
    check_size(bytes.len(), request.limits.module_bytes)?;
    Ok(bytes)
}

/// The program in binary form, from binary or text.
pub(super) fn binary(request: &RunRequest, run: &WasmRun, file: &[u8]) -> Result<Vec<u8>> {
    if file.starts_with(b"\0asm") {
        return Ok(file.to_vec());
    }
    let binary = wat::parse_bytes(file).map_err(|cause| {
        let cause = cause.to_string();
        let line = cause.lines().next().unwrap_or_default().to_owned();
        Error::invalid(
            "E_WASM_TEXT",
            format!("{:?} is neither WebAssembly nor its text form: {line}", shown(&run.module)),
        )
        .with("path", shown(&run.module))
    })?;
    check_size(binary.len(), request.limits.module_bytes)?;
    Ok(binary.into_owned())
}

fn check_size(got: usize, limit: u64) -> Result<()> {
    if got as u64 <= limit {
        return Ok(());
    }
    Err(Error::invalid("LIMIT_MODULE_BYTES", format!("the program has {got} bytes; the limit is {limit}"))
        .with_hint("strip it, or ask for a higher limit")
        .with("limit", limit)
        .with("got", got))
}

/// Checks imports and the entry point.
pub(super) fn check(module: &Instrumented, run: &WasmRun) -> Result<()> {
    for import in &module.imports {
        check_import(import)?;
    }
    let Some(entry) = module.functions.get(&run.entry_point) else {
        let known: Vec<String> = module.functions.keys().take(8).map(|name| shown(name)).collect();
        return Err(Error::invalid(
            "E_WASM_ENTRY",
            format!("the program exports no function {:?}", shown(&run.entry_point)),
        )
        .with_hint(format!("it exports: {}", if known.is_empty() { "none".into() } else { known.join(", ") }))
        .with("entry_point", shown(&run.entry_point)));
    };
    if !entry.params.is_empty() || !matches!(entry.results.as_slice(), [] | [ValueType::I32]) {
        return Err(Error::invalid(
            "E_WASM_ENTRY",
            format!("the program's function {:?} takes or returns something", shown(&run.entry_point)),
        )
        .with_hint("an entry point takes nothing and returns nothing or an i32 exit code"));
    }
    Ok(())
}

fn check_import(import: &Import) -> Result<()> {
    let name = format!("{}.{}", shown(&import.module), shown(&import.name));
    let known =
        (import.module == NAMESPACE).then(|| FUNCTIONS.iter().find(|known| known.name == import.name));
    let (Some(Some(known)), Some(signature)) = (known, &import.function) else {
        return Err(Error::invalid(
            "E_WASM_IMPORT",
            format!("the program imports {name}, which does not exist here"),
        )
        .with_hint("build it for wasm32-wasip1; only WASI preview 1 is there")
        .with("import", name));
    };
    if *signature == signature_of(known) {
        return Ok(());
    }
    Err(Error::invalid(
        "E_WASM_IMPORT",
        format!("the program imports {name} with another signature than WASI's"),
    )
    .with("import", name))
}

/// The WebAssembly signature of a function of WASI.
pub(super) fn signature_of(function: &Function) -> Signature {
    let params = function.params.chars();
    let params = params.map(|letter| if letter == 'I' { ValueType::I64 } else { ValueType::I32 });
    let results = if function.answers { vec![ValueType::I32] } else { Vec::new() };
    Signature { params: params.collect(), results }
}

/// `argv`, with the program's path first.
pub(super) fn args(run: &WasmRun) -> Result<Vec<String>> {
    let args: Vec<String> = std::iter::once(&run.module).chain(&run.args).cloned().collect();
    check_strings("argument", &args)?;
    Ok(args)
}

/// The environment as `NAME=value`.
pub(super) fn environment(run: &WasmRun) -> Result<Vec<String>> {
    if let Some(name) = run.env.keys().find(|name| name.is_empty() || name.contains('=')) {
        return Err(Error::invalid(
            "E_WASM_ENV",
            format!("environment name {:?} is empty or holds `=`", shown(name)),
        ));
    }
    let env: Vec<String> = run.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    check_strings("environment variable", &env)?;
    Ok(env)
}

fn check_strings(what: &str, strings: &[String]) -> Result<()> {
    if strings.iter().any(|text| text.contains('\0')) {
        return Err(Error::invalid("E_WASM_ARGS", format!("an {what} of the program holds a NUL")));
    }
    let bytes: usize = strings.iter().map(|text| text.len() + 1).sum();
    if bytes > MAX_STRINGS {
        return Err(Error::invalid(
            "E_WASM_ARGS",
            format!("the program's {what}s have {bytes} bytes; the limit is {MAX_STRINGS}"),
        )
        .with("limit", MAX_STRINGS)
        .with("got", bytes));
    }
    Ok(())
}

fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}
