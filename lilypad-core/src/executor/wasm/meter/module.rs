//! Rewrites a whole module: sections, indices, and the imports and exports of the meter.

use std::collections::BTreeMap;

use wasm_encoder::reencode::Reencode;
use wasm_encoder::{
    CodeSection, ConstExpr, ElementSection, EntityType, ExportKind, ExportSection, GlobalSection, GlobalType,
    ImportSection, Module, RawSection, SectionId, TypeSection,
};
use wasmparser::{FuncValidatorAllocations, Parser, Payload, TypeRef, ValidPayload, Validator};

use super::plan::plan;
use super::rewrite::{Injected, rewrite};
use super::{NAMESPACE, REFILL, features};
use crate::error::{Error, Result};

/// Most stack units that one call of a function may take; engines have limits of their own above it.
const MAX_FRAME_UNITS: u32 = 20_000;

/// A type of a parameter or result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueType {
    /// `i32`
    I32,
    /// `i64`
    I64,
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `v128`
    V128,
    /// A reference.
    Ref,
}

/// Parameters and results of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// Types of the parameters.
    pub params: Vec<ValueType>,
    /// Types of the results.
    pub results: Vec<ValueType>,
}

/// Something that a module imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The namespace.
    pub module: String,
    /// The name in it.
    pub name: String,
    /// Its signature, where it is a function.
    pub function: Option<Signature>,
}

/// A module that counts itself, and what the host must know about it.
#[derive(Clone, Debug)]
pub struct Instrumented {
    /// The rewritten module, without custom sections and without a start section.
    pub bytes: Vec<u8>,
    /// Export: the mutable `i64` global with the remaining units, 0 at first.
    pub units: String,
    /// Export: the mutable `i32` global with the remaining stack units, 0 at first.
    pub stack: String,
    /// Export: the function that the start section named; the host calls it first.
    pub start: Option<String>,
    /// Export: the first memory.
    pub memory: Option<String>,
    /// What the module imports itself.
    pub imports: Vec<Import>,
    /// The functions that the module exports.
    pub functions: BTreeMap<String, Signature>,
    /// Bytes of linear memory at the start.
    pub initial_memory: u64,
    /// Elements of all tables at the start.
    pub initial_table: u64,
}

/// Checks a module and makes it count itself.
///
/// ```
/// use lilypad_core::executor::wasm::meter::instrument;
/// let module = instrument(b"\0asm\x01\0\0\0").unwrap();
/// assert!(module.imports.is_empty());
/// ```
///
/// # Errors
/// `InvalidInput` (`E_WASM_INVALID`, `E_WASM_IMPORT`, `E_WASM_FRAME`) where the module is broken or does what the meter
/// forbids; `Unsupported` (`E_WASM_PROPOSAL`) where it uses a proposal that is not run.
pub fn instrument(module: &[u8]) -> Result<Instrumented> {
    features::check_encoding(module)?;
    let mut rewriter = Rewriter::default();
    if let Err(stop) = rewriter.read(module) {
        return Err(match stop {
            Stop::Broken(cause) => features::explain(module, &cause),
            Stop::Refused(error) => error,
        });
    }
    let instrumented = rewriter.finish()?;
    Validator::new_with_features(features::ALLOWED).validate_all(&instrumented.bytes).map_err(|cause| {
        Error::invalid(
            "E_WASM_TOO_LARGE",
            format!("the program does not fit WebAssembly's limits once it is metered: {}", cause.message()),
        )
        .with_hint("split its largest functions")
    })?;
    Ok(instrumented)
}

enum Stop {
    Broken(wasmparser::BinaryReaderError),
    Refused(Error),
}

impl From<wasmparser::BinaryReaderError> for Stop {
    fn from(cause: wasmparser::BinaryReaderError) -> Self {
        Self::Broken(cause)
    }
}

impl From<wasm_encoder::reencode::Error> for Stop {
    fn from(cause: wasm_encoder::reencode::Error) -> Self {
        match cause {
            wasm_encoder::reencode::Error::ParseError(cause) => Self::Broken(cause),
            other => Self::Refused(Error::unexpected("a module cannot be written again").with_source(other)),
        }
    }
}

/// Moves functions behind the injected import up by one.
struct Shift(u32);

impl Reencode for Shift {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, wasm_encoder::reencode::Error> {
        Ok(if index < self.0 { index } else { index.saturating_add(1) })
    }
}

#[derive(Default)]
struct Rewriter {
    types: TypeSection,
    signatures: Vec<Signature>,
    imports: ImportSection,
    own_imports: Vec<Import>,
    /// The type of every function, imported ones first.
    function_types: Vec<u32>,
    imported_functions: u32,
    imported_globals: u32,
    globals: GlobalSection,
    exports: ExportSection,
    exported: BTreeMap<String, Option<u32>>,
    start: Option<u32>,
    elements: Option<ElementSection>,
    code: CodeSection,
    /// Sections that stay as they are, by id.
    raw: BTreeMap<u8, Vec<u8>>,
    has_memory: bool,
    initial_memory: u64,
    initial_table: u64,
}

impl Rewriter {
    fn read(&mut self, module: &[u8]) -> Result<(), Stop> {
        let mut validator = Validator::new_with_features(features::ALLOWED);
        let mut allocations = FuncValidatorAllocations::default();
        let mut parser = Parser::new(0);
        parser.set_features(features::ALLOWED);
        for payload in parser.parse_all(module) {
            let payload = payload?;
            match validator.payload(&payload)? {
                ValidPayload::Func(function, body) => {
                    let mut checked = function.into_validator(std::mem::take(&mut allocations));
                    let plan = plan(&body, &mut checked)?;
                    allocations = checked.into_allocations();
                    if plan.frame > MAX_FRAME_UNITS {
                        return Err(Stop::Refused(frame_too_large(plan.frame)));
                    }
                    let body = rewrite(module, &plan, &self.injected()).ok_or_else(|| {
                        Stop::Refused(Error::unexpected("the meter's plan does not fit the module"))
                    })?;
                    self.code.raw(&body);
                }
                _ => self.section(&payload, module)?,
            }
        }
        Ok(())
    }

    fn section(&mut self, payload: &Payload<'_>, module: &[u8]) -> Result<(), Stop> {
        let mut shift = Shift(self.imported_functions);
        match payload {
            Payload::TypeSection(section) => {
                for group in section.clone() {
                    for ty in group?.types() {
                        let signature = signature(ty);
                        check_arity(&signature)?;
                        self.signatures.push(signature);
                    }
                }
                shift.parse_type_section(&mut self.types, section.clone())?;
            }
            Payload::ImportSection(section) => self.read_imports(section)?,
            Payload::FunctionSection(section) => {
                for ty in section.clone() {
                    self.function_types.push(ty?);
                }
                self.keep(SectionId::Function, section.range(), module);
            }
            Payload::TableSection(section) => {
                for table in section.clone() {
                    self.initial_table = self.initial_table.saturating_add(table?.ty.initial);
                }
                self.keep(SectionId::Table, section.range(), module);
            }
            Payload::MemorySection(section) => {
                for memory in section.clone() {
                    self.has_memory = true;
                    self.initial_memory = memory?.initial.saturating_mul(1 << 16);
                }
                self.keep(SectionId::Memory, section.range(), module);
            }
            Payload::GlobalSection(section) => {
                shift.parse_global_section(&mut self.globals, section.clone())?;
            }
            Payload::ExportSection(section) => {
                for export in section.clone() {
                    let export = export?;
                    let function = (export.kind == wasmparser::ExternalKind::Func).then_some(export.index);
                    self.exported.insert(export.name.to_owned(), function);
                }
                shift.parse_export_section(&mut self.exports, section.clone())?;
            }
            Payload::StartSection { func, .. } => self.start = Some(*func),
            Payload::ElementSection(section) => {
                let elements = self.elements.get_or_insert_with(ElementSection::new);
                shift.parse_element_section(elements, section.clone())?;
            }
            Payload::DataCountSection { range, .. } => self.keep(SectionId::DataCount, range.clone(), module),
            Payload::DataSection(section) => self.keep(SectionId::Data, section.range(), module),
            _ => {}
        }
        Ok(())
    }

    fn read_imports(&mut self, section: &wasmparser::ImportSectionReader<'_>) -> Result<(), Stop> {
        for import in section.clone().into_imports() {
            let import = import?;
            if import.module == NAMESPACE {
                return Err(Stop::Refused(private_import(import.name)));
            }
            let mut function = None;
            match import.ty {
                TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                    self.imported_functions = self.imported_functions.saturating_add(1);
                    self.function_types.push(ty);
                    function = Some(self.signature(ty));
                }
                TypeRef::Global(_) => self.imported_globals = self.imported_globals.saturating_add(1),
                TypeRef::Memory(_) => self.has_memory = true,
                TypeRef::Table(_) | TypeRef::Tag(_) => {}
            }
            self.own_imports.push(Import {
                module: import.module.to_owned(),
                name: import.name.to_owned(),
                function,
            });
        }
        Shift(0).parse_import_section(&mut self.imports, section.clone())?;
        Ok(())
    }

    fn keep(&mut self, id: SectionId, range: std::ops::Range<u64>, module: &[u8]) {
        let bytes = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
        let bytes = bytes.and_then(|(start, end)| module.get(start..end)).unwrap_or_default();
        self.raw.insert(id.into(), bytes.to_vec());
    }

    fn injected(&self) -> Injected {
        let units = self.imported_globals.saturating_add(self.globals.len());
        Injected {
            refill: self.imported_functions,
            imported: self.imported_functions,
            units,
            stack: units.saturating_add(1),
        }
    }

    fn signature(&self, ty: u32) -> Signature {
        usize::try_from(ty).ok().and_then(|ty| self.signatures.get(ty)).cloned().unwrap_or_default()
    }

    fn finish(mut self) -> Result<Instrumented> {
        let injected = self.injected();
        let refill_type = self.types.len();
        self.types.ty().function([wasm_encoder::ValType::I64], []);
        self.imports.import(NAMESPACE, REFILL, EntityType::Function(refill_type));
        let global = |val_type| GlobalType { val_type, mutable: true, shared: false };
        self.globals.global(global(wasm_encoder::ValType::I64), &ConstExpr::i64_const(0));
        self.globals.global(global(wasm_encoder::ValType::I32), &ConstExpr::i32_const(0));
        let functions = self.exported_functions();
        let units = self.export("units", ExportKind::Global, injected.units);
        let stack = self.export("stack", ExportKind::Global, injected.stack);
        let start = self.start.map(|start| self.export("start", ExportKind::Func, injected.function(start)));
        let memory = self.has_memory.then(|| self.export("memory", ExportKind::Memory, 0));
        Ok(Instrumented {
            bytes: self.write(),
            units,
            stack,
            start,
            memory,
            imports: self.own_imports,
            functions,
            initial_memory: self.initial_memory,
            initial_table: self.initial_table,
        })
    }

    fn exported_functions(&self) -> BTreeMap<String, Signature> {
        let signature = |index: u32| {
            let ty = usize::try_from(index).ok().and_then(|index| self.function_types.get(index));
            ty.map(|ty| self.signature(*ty)).unwrap_or_default()
        };
        let functions = self.exported.iter().filter_map(|(name, index)| Some((name.clone(), (*index)?)));
        functions.map(|(name, index)| (name, signature(index))).collect()
    }

    /// Exports something of the meter under a name that the module does not use.
    fn export(&mut self, name: &str, kind: ExportKind, index: u32) -> String {
        let mut name = format!("{NAMESPACE}_{name}");
        while self.exported.contains_key(&name) {
            name.push('_');
        }
        self.exports.export(&name, kind, index);
        self.exported.insert(name.clone(), None);
        name
    }

    fn write(&self) -> Vec<u8> {
        let mut module = Module::new();
        module.section(&self.types).section(&self.imports);
        self.copy(SectionId::Function, &mut module);
        self.copy(SectionId::Table, &mut module);
        self.copy(SectionId::Memory, &mut module);
        module.section(&self.globals).section(&self.exports);
        if let Some(elements) = &self.elements {
            module.section(elements);
        }
        self.copy(SectionId::DataCount, &mut module);
        if !self.code.is_empty() {
            module.section(&self.code);
        }
        self.copy(SectionId::Data, &mut module);
        module.finish()
    }

    fn copy(&self, id: SectionId, module: &mut Module) {
        if let Some(data) = self.raw.get(&u8::from(id)) {
            module.section(&RawSection { id: id.into(), data });
        }
    }
}

/// Most parameters and results of a type. Checking a branch costs as much as its label has values, and a table of branches
/// names many labels: without a bound, a small module takes minutes to check.
const MOST_PARAMS: usize = 64;
const MOST_RESULTS: usize = 32;

fn check_arity(signature: &Signature) -> Result<(), Stop> {
    if signature.params.len() <= MOST_PARAMS && signature.results.len() <= MOST_RESULTS {
        return Ok(());
    }
    Err(Stop::Refused(
        Error::invalid(
            "E_WASM_ARITY",
            format!(
                "a type of the program has {} parameters and {} results; at most {MOST_PARAMS} and {MOST_RESULTS} are run",
                signature.params.len(),
                signature.results.len()
            ),
        )
        .with_hint("pass a pointer to a structure instead"),
    ))
}

fn signature(ty: &wasmparser::SubType) -> Signature {
    match &ty.composite_type.inner {
        wasmparser::CompositeInnerType::Func(ty) => Signature {
            params: ty.params().iter().map(|ty| value_type(*ty)).collect(),
            results: ty.results().iter().map(|ty| value_type(*ty)).collect(),
        },
        _ => Signature::default(),
    }
}

fn value_type(ty: wasmparser::ValType) -> ValueType {
    match ty {
        wasmparser::ValType::I32 => ValueType::I32,
        wasmparser::ValType::I64 => ValueType::I64,
        wasmparser::ValType::F32 => ValueType::F32,
        wasmparser::ValType::F64 => ValueType::F64,
        wasmparser::ValType::V128 => ValueType::V128,
        wasmparser::ValType::Ref(_) => ValueType::Ref,
    }
}

fn frame_too_large(units: u32) -> Error {
    Error::invalid(
        "E_WASM_FRAME",
        format!(
            "a function of the program needs {units} stack units for one call; the limit is {MAX_FRAME_UNITS}"
        ),
    )
    .with_hint("give it fewer locals")
    .with("limit", MAX_FRAME_UNITS)
    .with("got", units)
}

fn private_import(name: &str) -> Error {
    let name: String = name.chars().take(80).collect();
    Error::invalid(
        "E_WASM_IMPORT",
        format!("the program imports {name:?} from {NAMESPACE:?}, which belongs to the meter"),
    )
    .with_hint("rename that import")
}
