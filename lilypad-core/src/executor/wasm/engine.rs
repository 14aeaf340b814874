//! Runs instrumented modules on wasmi 1.1: an interpreter that needs no code generation and no tail calls.

use wasmi::{
    AsContext, AsContextMut, Caller, CompilationMode, Config, Engine, Func, FuncType, Instance, Linker,
    Module, Store, TrapCode, Val, ValType,
};

use crate::error::{Error, Result};
use crate::executor::{LimitKind, StopReason, Usage};

use super::host::{Books, Handles, Host};
use super::meter::{self, Instrumented, ValueType};
use super::program;
use super::wasi::{Call, FUNCTIONS, Function, Linear, NAMESPACE, Stop};

/// Most stack units that a job may ask for.
pub(super) const MAX_STACK_UNITS: u32 = 4_000_000;

/// A unit is a local or operand of at most 16 bytes; every frame has at least 8 units, and the meter's own locals
/// take less than 24 more values of 8 bytes. So wasmi's stack never ends before ours does.
const STACK_BYTES_PER_UNIT: usize = 40;

/// The engine and the functions that it offers to programs.
#[derive(Debug)]
pub(super) struct Wasmi {
    engine: Engine,
    linker: Linker<Host>,
}

impl Wasmi {
    pub(super) fn new() -> Result<Self> {
        let mut config = Config::default();
        let units = usize::try_from(MAX_STACK_UNITS).unwrap_or(usize::MAX);
        config
            .set_max_stack_height(units.saturating_mul(STACK_BYTES_PER_UNIT).saturating_add(1 << 20))
            .set_max_recursion_depth(units / 8 + 16)
            .set_max_cached_stacks(0)
            .compilation_mode(CompilationMode::LazyTranslation)
            .wasm_multi_memory(false)
            .wasm_tail_call(false)
            .wasm_relaxed_simd(false)
            .consume_fuel(false);
        let engine = Engine::new(&config);
        let mut linker = Linker::new(&engine);
        for function in &FUNCTIONS {
            let ty = program::signature_of(function);
            let ty = FuncType::new(ty.params.iter().map(engine_type), ty.results.iter().map(engine_type));
            linker
                .func_new(NAMESPACE, function.name, ty, move |caller, params, results| {
                    call_wasi(caller, function, params, results)
                })
                .map_err(linking)?;
        }
        linker.func_wrap(meter::NAMESPACE, meter::REFILL, refill).map_err(linking)?;
        Ok(Self { engine, linker })
    }

    /// Makes the module ready to run; functions are translated when they are first called.
    pub(super) fn compile(&self, metered: Instrumented) -> Result<Compiled> {
        let module = Module::new(&self.engine, &metered.bytes).map_err(|cause| {
            Error::unsupported("E_WASM_ENGINE", "the engine does not take the program").with_source(cause)
        })?;
        Ok(Compiled { module, facts: Instrumented { bytes: Vec::new(), ..metered } })
    }

    /// Runs a program to its end.
    pub(super) fn run(&self, program: &Program<'_>, host: Host) -> Result<Ran> {
        let mut store = Store::new(&self.engine, host);
        store.limiter(|host| &mut host.growth);
        let stop = match self.linker.instantiate_and_start(&mut store, &program.compiled.module) {
            Ok(instance) => self.call(&mut store, instance, program)?,
            Err(cause) => refused_growth(&store).unwrap_or_else(|| start_up(&cause)),
        };
        let left = match store.data().handles {
            Some(handles) => units(&handles, &store),
            None => 0,
        };
        let host = store.into_data();
        let usage =
            Usage { instructions: host.account.used(left), peak_memory_bytes: host.growth.peak_memory };
        Ok(Ran { stop, usage, host })
    }

    fn call(&self, store: &mut Store<Host>, instance: Instance, program: &Program<'_>) -> Result<StopReason> {
        let facts = &program.compiled.facts;
        let missing = || Error::unexpected("an export of the meter is missing");
        let handles = Handles {
            units: instance.get_global(&*store, &facts.units).ok_or_else(missing)?,
            stack: instance.get_global(&*store, &facts.stack).ok_or_else(missing)?,
            memory: facts.memory.as_deref().and_then(|name| instance.get_memory(&*store, name)),
        };
        store.data_mut().handles = Some(handles);
        let mut code = 0;
        for name in facts.start.iter().map(String::as_str).chain([program.entry_point]) {
            let stack = Val::I32(program.stack_units.min(MAX_STACK_UNITS).cast_signed());
            handles.stack.set(&mut *store, stack).map_err(|_| missing())?;
            let function = instance.get_func(&*store, name).ok_or_else(missing)?;
            match call_function(store, function) {
                Ok(answer) => code = answer,
                Err(cause) => return ended(store, &cause),
            }
        }
        Ok(StopReason::Exited(code))
    }
}

/// A program that is ready to run.
#[derive(Debug)]
pub(super) struct Compiled {
    module: Module,
    /// What the host must know of it; its bytes are dropped.
    pub(super) facts: Instrumented,
}

/// What to run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Program<'a> {
    pub(super) compiled: &'a Compiled,
    pub(super) entry_point: &'a str,
    pub(super) stack_units: u32,
}

/// A run that ended.
pub(super) struct Ran {
    pub(super) stop: StopReason,
    pub(super) usage: Usage,
    pub(super) host: Host,
}

fn call_function(store: &mut Store<Host>, function: Func) -> Result<i32, wasmi::Error> {
    let mut answer = [Val::I32(0)];
    let count = function.ty(&*store).results().len().min(1);
    function.call(store, &[], answer.get_mut(..count).unwrap_or_default())?;
    Ok(answer.first().and_then(Val::i32).unwrap_or(0))
}

fn ended(store: &Store<Host>, cause: &wasmi::Error) -> Result<StopReason> {
    if let Some(stop) = &store.data().stop {
        return Ok(match stop {
            Stop::Exit(code) => StopReason::Exited(*code),
            Stop::Limit(kind) => StopReason::Limit(*kind),
            Stop::Cancelled(reason) => StopReason::Cancelled(*reason),
            Stop::Raised(signal) => StopReason::Trapped(format!("the program raised signal {signal}")),
        });
    }
    if let Some(limit) = refused_growth(store) {
        return Ok(limit);
    }
    match cause.as_trap_code() {
        Some(TrapCode::StackOverflow) => Ok(StopReason::Limit(LimitKind::Stack)),
        Some(code) => Ok(StopReason::Trapped(trap(code).to_owned())),
        None => Err(Error::unexpected("the engine failed while it ran the program").with("cause", cause)),
    }
}

fn refused_growth(store: &Store<Host>) -> Option<StopReason> {
    store.data().growth.refused.map(StopReason::Limit)
}

fn start_up(cause: &wasmi::Error) -> StopReason {
    let why = cause.as_trap_code().map_or("a data or element segment does not fit", trap);
    StopReason::Trapped(format!("{why}, while the module was set up"))
}

fn trap(code: TrapCode) -> &'static str {
    match code {
        TrapCode::UnreachableCodeReached => "unreachable code was reached",
        TrapCode::MemoryOutOfBounds => "memory access out of bounds",
        TrapCode::TableOutOfBounds => "table access out of bounds",
        TrapCode::IndirectCallToNull => "indirect call of an empty table element",
        TrapCode::IntegerDivisionByZero => "integer division by zero",
        TrapCode::IntegerOverflow => "integer overflow",
        TrapCode::BadConversionToInteger => "conversion of a number that does not fit an integer",
        TrapCode::BadSignature => "indirect call with another signature",
        _ => "the engine stopped the program",
    }
}

fn call_wasi(
    mut caller: Caller<'_, Host>,
    function: &Function,
    params: &[Val],
    results: &mut [Val],
) -> Result<(), wasmi::Error> {
    let handles = caller.data().handles.ok_or_else(|| wasmi::Error::new("called before it was set up"))?;
    let mut arguments = [0_u64; 9];
    for (argument, value) in arguments.iter_mut().zip(params) {
        *argument = match value {
            Val::I32(value) => u64::from(value.cast_unsigned()),
            Val::I64(value) => value.cast_unsigned(),
            _ => 0,
        };
    }
    let left = units(&handles, &caller);
    let (memory, host) = match handles.memory {
        Some(memory) => memory.data_and_store_mut(&mut caller),
        None => (Default::default(), caller.data_mut()),
    };
    let Host { wasi, account, watch, events, .. } = host;
    let mut books = Books { left, account, watch: watch.as_mut(), events };
    let answer =
        Call { wasi, memory: &mut Linear(memory), meter: &mut books, arguments: &arguments }.run(function);
    let left = books.left;
    set_units(&handles, &mut caller, left)?;
    match (answer, results.first_mut()) {
        (Ok(errno), Some(result)) => *result = Val::I32(errno.cast_signed()),
        (Ok(_), None) => {}
        (Err(stop), _) => return Err(halt(&mut caller, stop)),
    }
    Ok(())
}

/// Gives the guest more units, or ends the run.
fn refill(mut caller: Caller<'_, Host>, charge: i64) -> Result<(), wasmi::Error> {
    let handles = caller.data().handles.ok_or_else(|| wasmi::Error::new("called before it was set up"))?;
    if charge == meter::OVERFLOW {
        return Err(halt(&mut caller, Stop::Limit(LimitKind::Stack)));
    }
    let left = units(&handles, &caller);
    let Host { account, watch, events, .. } = caller.data_mut();
    let mut books = Books { left, account, watch: watch.as_mut(), events };
    let answer = books.cover(charge);
    let left = books.left;
    set_units(&handles, &mut caller, left)?;
    answer.map_err(|stop| halt(&mut caller, stop))
}

fn halt(caller: &mut Caller<'_, Host>, stop: Stop) -> wasmi::Error {
    caller.data_mut().stop = Some(stop);
    wasmi::Error::new("the host ended the run")
}

fn units(handles: &Handles, store: impl AsContext) -> i64 {
    handles.units.get(store).i64().unwrap_or(0)
}

fn set_units(handles: &Handles, store: impl AsContextMut, left: i64) -> Result<(), wasmi::Error> {
    handles.units.set(store, Val::I64(left)).map_err(|_| wasmi::Error::new("the units cannot be set"))
}

fn engine_type(ty: &ValueType) -> ValType {
    match ty {
        ValueType::I64 => ValType::I64,
        ValueType::F32 => ValType::F32,
        ValueType::F64 => ValType::F64,
        ValueType::V128 => ValType::V128,
        _ => ValType::I32,
    }
}

fn linking(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::unexpected("a host function cannot be linked").with_source(cause)
}
