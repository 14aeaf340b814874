//! What the meter costs: the same programs on the same engine, as they are and counting.

use criterion::Criterion;
use lilypad_core::executor::wasm::meter::{self, Account, Instrumented};
use wasmi::{Caller, Engine, Global, Linker, Module, Store, TypedFunc, Val};

use crate::pair::pair;

/// An integer loop.
const LOOP: &str = r#"(module (func (export "run") (param $n i32) (result i32) (local $x i32)
  (loop
    (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
    (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
  (local.get $x)))"#;
/// Calls.
const FIBONACCI: &str = r#"(module (func $fib (export "run") (param $n i32) (result i32)
  (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
    (then (local.get $n))
    (else (i32.add
      (call $fib (i32.sub (local.get $n) (i32.const 1)))
      (call $fib (i32.sub (local.get $n) (i32.const 2))))))))"#;
/// Floats in memory: each sum is checked for a NaN besides.
const FLOATS: &str = r#"(module (memory 1) (func (export "run") (param $n i32) (result i32) (local $sum f32)
  (loop
    (local.set $sum (f32.add (local.get $sum)
      (f32.mul (f32.load (i32.and (local.get $n) (i32.const 65532))) (f32.const 1.5))))
    (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
  (i32.trunc_sat_f32_s (local.get $sum))))"#;

pub(crate) fn all(criterion: &mut Criterion) {
    for (name, text, argument) in
        [("an integer loop", LOOP, 100_000), ("calls", FIBONACCI, 18), ("floats", FLOATS, 100_000)]
    {
        let plain = wat::parse_str(text).expect("a program of this file");
        let counting = meter::instrument(&plain).expect("a program of this file");
        let (mut without, mut with) =
            (Program::new(&plain, None), Program::new(&counting.bytes, Some(&counting)));
        assert_eq!(without.run(argument), with.run(argument), "counting changes no result");
        pair(
            criterion,
            &format!("metering of {name}"),
            ("the program as it is", || without.run(argument)),
            ("the same, counting", || with.run(argument)),
        );
    }
    let program =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/modules/cowsay/cowsay.wasm"))
            .expect("an example module");
    pair(
        criterion,
        "make a program of 50 kB count",
        ("check it only", || wasmi::Module::validate(&Engine::default(), &program).expect("a program")),
        ("rewrite it", || meter::instrument(&program).expect("a program")),
    );
}

type Host = (Account, Option<Global>);

struct Program {
    store: Store<Host>,
    run: TypedFunc<i32, i32>,
    stack: Option<Global>,
}

impl Program {
    fn new(bytes: &[u8], counting: Option<&Instrumented>) -> Self {
        let engine = Engine::default();
        let module = Module::new(&engine, bytes).expect("a valid program");
        let mut store = Store::new(&engine, (Account::new(u64::MAX, meter::SLICE), None));
        let mut linker = Linker::new(&engine);
        linker.func_wrap(meter::NAMESPACE, meter::REFILL, refill).expect("a new name");
        let instance = linker.instantiate_and_start(&mut store, &module).expect("the import is there");
        let global = |name: &str| instance.get_global(&store, name).expect("the meter exports it");
        let (units, stack) =
            (counting.map(|names| global(&names.units)), counting.map(|names| global(&names.stack)));
        store.data_mut().1 = units;
        let run = instance.get_typed_func(&store, "run").expect("the program exports it");
        Self { store, run, stack }
    }

    fn run(&mut self, argument: i32) -> i32 {
        if let Some(stack) = self.stack {
            stack.set(&mut self.store, Val::I32(1_000_000)).expect("a mutable i32");
        }
        self.run.call(&mut self.store, argument).expect("it ends")
    }
}

fn refill(mut caller: Caller<'_, Host>, _charge: i64) {
    let Some(units) = caller.data().1 else { return };
    let left = units.get(&caller).i64().expect("an i64");
    let left = caller.data_mut().0.cover(left).expect("no limit");
    units.set(&mut caller, Val::I64(left)).expect("a mutable i64");
}
