//! Runs instrumented modules on wasmi without WASI.

use wasmi::{Caller, Engine, Instance, Linker, Module, Store, Val};

use super::super::{Account, Instrumented, NAMESPACE, OVERFLOW, REFILL, instrument};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Returned(i32),
    Trapped,
    OutOfUnits,
    OutOfStack,
}

/// A call that returns nothing.
pub(super) const END: Ended = Ended::Returned(0);

/// A module, and what it may use.
pub(super) struct Bare {
    wasm: Vec<u8>,
    limit: u64,
    slice: u64,
    stack: i32,
}

pub(super) struct Books {
    account: Account,
    units: Option<wasmi::Global>,
    ended: Option<Ended>,
}

impl Bare {
    pub(super) fn new(wat: &str) -> Self {
        Self { wasm: wat::parse_str(wat).unwrap(), limit: 1 << 40, slice: 1 << 22, stack: 100_000 }
    }

    pub(super) fn limit(self, limit: u64) -> Self {
        Self { limit, ..self }
    }

    pub(super) fn slice(self, slice: u64) -> Self {
        Self { slice, ..self }
    }

    pub(super) fn stack(self, stack: i32) -> Self {
        Self { stack, ..self }
    }

    /// Calls a function; answers how it ended and what it used.
    pub(super) fn call(&self, name: &str, argument: i32) -> (Ended, u64) {
        let module = instrument(&self.wasm).unwrap();
        let mut run = start(&module, self.limit, self.slice, self.stack).unwrap();
        let function = run.instance.get_func(&run.store, name).unwrap();
        let mut results = vec![Val::I32(0); function.ty(&run.store).results().len()];
        let answer = function.call(&mut run.store, &[Val::I32(argument)], &mut results);
        let used = run.used();
        let returned = results.first().and_then(Val::i32).unwrap_or(0);
        let ended = match answer {
            Ok(()) => Ended::Returned(returned),
            Err(_) => run.store.data().ended.unwrap_or(Ended::Trapped),
        };
        (ended, used)
    }
}

/// An instance that was not called yet.
pub(super) struct Run {
    pub(super) store: Store<Books>,
    pub(super) instance: Instance,
}

impl Run {
    pub(super) fn used(&self) -> u64 {
        let left = self.store.data().units.unwrap().get(&self.store).i64().unwrap();
        self.store.data().account.used(left)
    }
}

/// Instantiates an instrumented module that imports nothing itself.
pub(super) fn start(module: &Instrumented, limit: u64, slice: u64, stack: i32) -> Result<Run, wasmi::Error> {
    let engine = Engine::default();
    let compiled = Module::new(&engine, &module.bytes)?;
    let account = Account::new(limit, slice);
    let mut store = Store::new(&engine, Books { account, units: None, ended: None });
    let mut linker = Linker::new(&engine);
    linker.func_wrap(NAMESPACE, REFILL, refill).unwrap();
    let instance = linker.instantiate_and_start(&mut store, &compiled)?;
    let units = instance.get_global(&store, &module.units).unwrap();
    store.data_mut().units = Some(units);
    instance.get_global(&store, &module.stack).unwrap().set(&mut store, Val::I32(stack)).unwrap();
    Ok(Run { store, instance })
}

fn refill(mut caller: Caller<'_, Books>, charge: i64) -> Result<(), wasmi::Error> {
    let stop = |caller: &mut Caller<'_, Books>, ended| {
        caller.data_mut().ended = Some(ended);
        Err(wasmi::Error::new("ended"))
    };
    if charge == OVERFLOW {
        return stop(&mut caller, Ended::OutOfStack);
    }
    let units = caller.data().units.unwrap();
    let left = units.get(&caller).i64().unwrap();
    match caller.data_mut().account.cover(left) {
        Ok(left) => {
            units.set(&mut caller, Val::I64(left)).unwrap();
            Ok(())
        }
        Err(_) => {
            units.set(&mut caller, Val::I64(left + charge)).unwrap();
            stop(&mut caller, Ended::OutOfUnits)
        }
    }
}
