//! Random modules: metered ones behave as before, and the count of blocks is the count of operators.

use arbitrary::Unstructured;
use proptest::prelude::*;
use wasm_encoder::reencode::{Reencode, utils};
use wasm_encoder::{ConstExpr, ExportKind, GlobalType, InstructionSink, ValType};
use wasmi::{Engine, Extern, Instance, Linker, Module, Store, Val};
use wasmparser::Operator;

use super::super::{Instrumented, instrument};
use super::bare::{self, Run};

/// A valid module that ends by itself, or none where the bytes make none.
fn module(seed: &[u8], adjust: impl Fn(&mut wasm_smith::Config)) -> Option<Vec<u8>> {
    let mut config = wasm_smith::Config {
        max_imports: 0,
        min_funcs: 1,
        max_instructions: 200,
        export_everything: true,
        canonicalize_nans: true,
        exceptions_enabled: false,
        gc_enabled: false,
        compact_imports_enabled: false,
        memory64_enabled: false,
        relaxed_simd_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        max_memory32_bytes: 1 << 20,
        memory_max_size_required: true,
        max_table_elements: 1_000,
        table_max_size_required: true,
        ..wasm_smith::Config::default()
    };
    adjust(&mut config);
    let mut module = wasm_smith::Module::new(config, &mut Unstructured::new(seed)).ok()?;
    module.ensure_termination(300).ok()?;
    Some(module.to_bytes())
}

/// Counts every operator when it runs, in a global named `count`.
struct Naive {
    count: u32,
}

impl Naive {
    fn rewrite(wasm: &[u8], count: u32) -> Vec<u8> {
        let mut naive = Self { count };
        let mut module = wasm_encoder::Module::new();
        naive.parse_core_module(&mut module, wasmparser::Parser::new(0), wasm).unwrap();
        module.finish()
    }
}

type Encoding<T = ()> = Result<T, wasm_encoder::reencode::Error>;

impl Reencode for Naive {
    type Error = std::convert::Infallible;

    fn parse_global_section(
        &mut self,
        globals: &mut wasm_encoder::GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Encoding {
        utils::parse_global_section(self, globals, section)?;
        let ty = GlobalType { val_type: ValType::I64, mutable: true, shared: false };
        globals.global(ty, &ConstExpr::i64_const(0));
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut wasm_encoder::ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Encoding {
        utils::parse_export_section(self, exports, section)?;
        exports.export("naive count", ExportKind::Global, self.count);
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut wasm_encoder::CodeSection,
        body: wasmparser::FunctionBody<'_>,
    ) -> Encoding {
        let locals: u32 = body.get_locals_reader()?.into_iter().map(|group| group.unwrap().0).sum();
        let mut function = self.new_function_with_parsed_locals(&body)?;
        let mut reader = body.get_operators_reader()?;
        let count = self.count;
        let add = |mut code: InstructionSink<'_>, units: i64| {
            code.global_get(count).i64_const(units).i64_add().global_set(count);
        };
        add(function.instructions(), i64::from(locals / 16));
        while !reader.eof() {
            let op = reader.read()?;
            let free =
                matches!(op, Operator::Block { .. } | Operator::Loop { .. } | Operator::Else | Operator::End);
            if !free {
                add(function.instructions(), 1);
            }
            function.instruction(&self.instruction(op)?);
        }
        code.function(&function);
        Ok(())
    }
}

fn is_dynamic(op: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        op,
        O::MemoryGrow { .. }
            | O::MemoryCopy { .. }
            | O::MemoryFill { .. }
            | O::MemoryInit { .. }
            | O::TableGrow { .. }
            | O::TableCopy { .. }
            | O::TableFill { .. }
            | O::TableInit { .. }
    )
}

/// True where the generator leaves NaN bits to the engine: it does not make those of these operators canonical.
fn leaves_bits_free(wasm: &[u8]) -> bool {
    use Operator as O;
    any_operator(wasm, |op| {
        matches!(op, O::F32DemoteF64 | O::F64PromoteF32 | O::F32x4DemoteF64x2Zero | O::F64x2PromoteLowF32x4)
    })
}

fn any_operator(wasm: &[u8], test: impl Fn(&Operator<'_>) -> bool) -> bool {
    let payloads = wasmparser::Parser::new(0).parse_all(wasm);
    let bodies = payloads.filter_map(|payload| match payload.unwrap() {
        wasmparser::Payload::CodeSectionEntry(body) => Some(body),
        _ => None,
    });
    bodies.flat_map(|body| body.get_operators_reader().unwrap()).any(|op| test(&op.unwrap()))
}

fn plain(wasm: &[u8]) -> Option<(Store<()>, Instance)> {
    let engine = Engine::default();
    let module = Module::new(&engine, wasm).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module).ok()?;
    Some((store, instance))
}

/// Sets a metered module up as the host does: the start function first.
fn metered(module: &Instrumented, slice: u64) -> Option<Run> {
    let mut run = bare::start(module, 1 << 40, slice, 1_000_000).ok()?;
    if let Some(start) = &module.start {
        run.instance.get_func(&run.store, start).unwrap().call(&mut run.store, &[], &mut []).ok()?;
    }
    Some(run)
}

/// Calls a function with zeros; what it returns, as text with all bits.
fn call<T>(store: &mut Store<T>, instance: Instance, name: &str) -> Option<String> {
    let function = instance.get_func(&*store, name).unwrap();
    let ty = function.ty(&*store);
    let zeros: Vec<Val> = ty.params().iter().map(|ty| Val::default(*ty)).collect();
    let mut results: Vec<Val> = ty.results().iter().map(|ty| Val::default(*ty)).collect();
    function.call(store, &zeros, &mut results).ok()?;
    Some(results.iter().map(bits).collect::<Vec<_>>().join(","))
}

fn bits(value: &Val) -> String {
    match value {
        Val::I32(value) => format!("{value}"),
        Val::I64(value) => format!("{value}"),
        Val::F32(value) => format!("{:x}", value.to_bits()),
        Val::F64(value) => format!("{:x}", value.to_bits()),
        Val::V128(value) => format!("{:x}", value.as_u128()),
        Val::FuncRef(value) => format!("function {}", value.is_null()),
        Val::ExternRef(value) => format!("extern {}", value.is_null()),
    }
}

/// Exported globals and memories, without those of meters.
fn state<T>(store: &Store<T>, instance: Instance, own: &[&str]) -> Vec<(String, String)> {
    let exports = instance.exports(store).filter(|export| !own.contains(&export.name()));
    let states = exports.filter_map(|export| {
        let name = export.name().to_owned();
        Some((
            name,
            match export.into_extern() {
                Extern::Global(global) => bits(&global.get(store)),
                Extern::Memory(memory) => {
                    use sha2::Digest;
                    format!("{:x?}", sha2::Sha256::digest(memory.data(store)))
                }
                _ => return None,
            },
        ))
    });
    let mut states: Vec<_> = states.collect();
    states.sort();
    states
}

fn own_exports(module: &Instrumented) -> Vec<&str> {
    let optional = [&module.start, &module.memory];
    let optional = optional.into_iter().filter_map(Option::as_deref);
    [module.units.as_str(), module.stack.as_str()].into_iter().chain(optional).collect()
}

/// wasmi 2.0.0 jumps to a wild address in this valid module; whoever changes the engine must get past it, and should
/// run some ten thousand random modules besides (`PROPTEST_CASES=20000`).
#[test]
fn the_engine_survives_a_module_that_broke_another_version() {
    let wasm = include_bytes!("broke_wasmi_2_0_0.wasm");
    let instrumented = instrument(wasm).unwrap();
    let (before, after) = (plain(wasm), metered(&instrumented, 1 << 22));
    assert_eq!(before.is_some(), after.is_some());
    if let (Some((mut store, instance)), Some(mut run)) = (before, after) {
        for name in instrumented.functions.keys() {
            call(&mut store, instance, name);
            call(&mut run.store, run.instance, name);
        }
    }
}

/// Few cases on every run, more on request.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(96)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn metered_modules_behave_as_before(seed in proptest::collection::vec(any::<u8>(), 64..3_000)) {
        let Some(wasm) = module(&seed, |_| {}).filter(|wasm| !leaves_bits_free(wasm)) else { return Ok(()) };
        let instrumented = instrument(&wasm).unwrap();
        let (before, after) = (plain(&wasm), metered(&instrumented, 1 << 22));
        prop_assert_eq!(before.is_some(), after.is_some());
        let (Some((mut store, instance)), Some(mut run)) = (before, after) else { return Ok(()) };
        let mut small = metered(&instrumented, 1).unwrap();
        for name in instrumented.functions.keys() {
            let expected = call(&mut store, instance, name);
            prop_assert_eq!(&call(&mut run.store, run.instance, name), &expected, "{}", name);
            prop_assert_eq!(&call(&mut small.store, small.instance, name), &expected, "{}", name);
        }
        let own = own_exports(&instrumented);
        prop_assert_eq!(state(&store, instance, &[]), state(&run.store, run.instance, &own));
        prop_assert_eq!(run.used(), small.used());
    }

    #[test]
    fn the_count_of_blocks_is_the_count_of_operators(seed in proptest::collection::vec(any::<u8>(), 64..3_000)) {
        let Some(wasm) = module(&seed, |config| {
            config.bulk_memory_enabled = false;
            config.disallow_traps = seed.len() % 2 == 0;
        }) else { return Ok(()) };
        let instrumented = instrument(&wasm).unwrap();
        let globals = wasmparser::Parser::new(0).parse_all(&wasm).find_map(|payload| match payload.unwrap() {
            wasmparser::Payload::GlobalSection(section) => Some(section.count()),
            _ => None,
        });
        if any_operator(&wasm, is_dynamic) || leaves_bits_free(&wasm) {
            return Ok(());
        }
        let naive = Naive::rewrite(&wasm, globals.unwrap());
        let (Some((mut store, instance)), Some(mut run)) = (plain(&naive), metered(&instrumented, 1 << 22)) else {
            return Ok(());
        };
        let Some(counter) = instance.get_global(&store, "naive count") else { return Ok(()) };
        for name in instrumented.functions.keys() {
            let before = (counter.get(&store).i64().unwrap(), run.used());
            let ended = call(&mut store, instance, name);
            prop_assert_eq!(&call(&mut run.store, run.instance, name), &ended, "{}", name);
            let naive = (counter.get(&store).i64().unwrap() - before.0).cast_unsigned();
            let used = run.used() - before.1;
            prop_assert!(if ended.is_some() { used == naive } else { used >= naive }, "{} {}: {} {}", name, ended.is_some(), used, naive);
        }
    }

    #[test]
    fn any_bytes_are_refused_or_run(
        seed in proptest::collection::vec(any::<u8>(), 0..1_500),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 0..4),
    ) {
        let mut wild = b"\0asm\x01\0\0\0".to_vec();
        wild.extend_from_slice(&seed);
        let _ = instrument(&wild);
        let _ = instrument(&seed);
        let Some(mut wasm) = module(&seed, |config| config.canonicalize_nans = false) else { return Ok(()) };
        for (at, bit) in flips {
            let at = at.index(wasm.len());
            wasm[at] ^= 1 << bit;
        }
        let Ok(instrumented) = instrument(&wasm) else { return Ok(()) };
        let Ok(mut run) = bare::start(&instrumented, 100_000, 1_000, 10_000) else { return Ok(()) };
        for name in instrumented.functions.keys() {
            call(&mut run.store, run.instance, name);
        }
        prop_assert!(run.used() <= 100_000);
    }
}
