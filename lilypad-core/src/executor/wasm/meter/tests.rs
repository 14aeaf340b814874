//! Counts by hand, NaN bits by hand, and what is refused.

use super::*;
use crate::ErrorKind;

mod bare;
mod random;

use bare::{Bare, END, Ended};

fn count(wat: &str, argument: i32) -> u64 {
    Bare::new(wat).call("f", argument).1
}

#[test]
fn a_straight_line_costs_an_operator_each() {
    assert_eq!(
        count("(func (export \"f\") (param i32) nop nop (drop (i32.add (i32.const 1) (local.get 0))))", 0),
        6
    );
}

#[test]
fn each_arm_of_a_condition_is_paid_when_it_is_taken() {
    let wat = "(func (export \"f\") (param i32) (drop (if (result i32) (local.get 0)
        (then (i32.const 1)) (else nop nop (i32.const 2)))))";
    assert_eq!(count(wat, 1), 2 + 1 + 1);
    assert_eq!(count(wat, 0), 2 + 3 + 1);
    let without_else = "(func (export \"f\") (param i32) (if (local.get 0) (then nop nop nop)) nop)";
    assert_eq!(count(without_else, 1), 2 + 3 + 1);
    assert_eq!(count(without_else, 0), 2 + 1);
}

#[test]
fn a_loop_is_paid_for_every_round() {
    let wat = "(func (export \"f\") (param i32) nop
        (loop (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0))) nop nop)";
    assert_eq!(count(wat, 1), 1 + 6 + 2);
    assert_eq!(count(wat, 1_000), 1 + 6 * 1_000 + 2);
}

#[test]
fn code_behind_a_branch_is_paid_only_where_control_comes() {
    let wat = "(func (export \"f\") (param i32) (block (br_if 0 (local.get 0)) nop nop) nop)";
    assert_eq!(count(wat, 0), 2 + 2 + 1);
    assert_eq!(count(wat, 1), 2 + 1);
    let dead = "(func (export \"f\") (param i32) (block (br 0) nop nop) (block (return) nop) nop)";
    assert_eq!(count(dead, 0), 2);
    let table = "(func (export \"f\") (param i32)
        (block (block (block (br_table 0 1 2 (local.get 0))) nop return) nop nop return) nop nop nop)";
    assert_eq!(count(table, 0), 2 + 2);
    assert_eq!(count(table, 1), 2 + 3);
    assert_eq!(count(table, 2), 2 + 3);
    assert_eq!(count(table, 9), 2 + 3);
}

const FIB: &str = "(func $fib (export \"f\") (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
    (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                   (call $fib (i32.sub (local.get 0) (i32.const 2)))))))";

#[test]
fn calls_are_paid_where_they_run() {
    fn fib(n: u64) -> u64 {
        if n < 2 { 5 } else { 4 + 9 + fib(n - 1) + fib(n - 2) }
    }
    for n in [0, 1, 2, 10, 15] {
        assert_eq!(count(FIB, i32::try_from(n).unwrap()), fib(n), "fib({n})");
    }
}

#[test]
fn the_count_does_not_depend_on_the_slice() {
    let expected = count(FIB, 12);
    for slice in [1, 2, 7, 64, 1 << 22] {
        let (ended, used) = Bare::new(FIB).slice(slice).call("f", 12);
        assert_eq!((ended, used), (Ended::Returned(144), expected), "slice {slice}");
    }
}

#[test]
fn the_limit_is_exact() {
    let needed = count(FIB, 12);
    let at = |limit| Bare::new(FIB).limit(limit).slice(16).call("f", 12);
    assert_eq!(at(needed), (Ended::Returned(144), needed));
    let (ended, used) = at(needed - 1);
    assert_eq!(ended, Ended::OutOfUnits);
    assert!(used < needed, "{used}");
    // The first block of four is not entered with three units.
    assert_eq!(at(3), (Ended::OutOfUnits, 0));
}

#[test]
fn bulk_operators_are_paid_by_length() {
    let wat =
        |body: &str| format!("(memory 1 3) (table 4 16 funcref) (func (export \"f\") (param i32) {body})");
    let cost = |body: &str, argument| count(&wat(body), argument);
    for (length, units) in [(0, 0), (1, 1), (8, 1), (9, 2), (65_536, 8_192)] {
        let fill = "(memory.fill (i32.const 0) (i32.const 7) (local.get 0))";
        assert_eq!(cost(fill, length), 4 + units, "fill {length}");
        let copy = "(memory.copy (i32.const 0) (i32.const 0) (local.get 0))";
        assert_eq!(cost(copy, length), 4 + units, "copy {length}");
    }
    let grow = "(drop (memory.grow (local.get 0)))";
    assert_eq!(cost(grow, 0), 3);
    assert_eq!(cost(grow, 2), 3 + 2 * 1_024);
    assert_eq!(cost(grow, 3), 3, "a refused growth costs nothing more");
    assert_eq!(cost(grow, -1), 3);
    let grow = "(drop (table.grow (ref.null func) (local.get 0)))";
    assert_eq!(cost(grow, 12), 4 + 12);
    assert_eq!(cost(grow, 13), 4);
    assert_eq!(cost("(table.fill (i32.const 0) (ref.null func) (local.get 0))", 4), 4 + 4);
    assert_eq!(cost("(table.copy (i32.const 0) (i32.const 0) (local.get 0))", 3), 4 + 3);
}

#[test]
fn many_locals_cost_at_the_entry() {
    let wat = |locals| format!("(func (export \"f\") (param i32) (local{}))", " i64".repeat(locals));
    assert_eq!(count(&wat(15), 0), 0);
    assert_eq!(count(&wat(16), 0), 1);
    assert_eq!(count(&wat(40), 0), 2);
}

#[test]
fn a_trap_keeps_what_was_entered() {
    let wat = "(func (export \"f\") (param i32) (if (local.get 0) (then nop (unreachable) nop)))";
    assert_eq!(Bare::new(wat).call("f", 1), (Ended::Trapped, 2 + 2));
    let division = "(func (export \"f\") (param i32) (drop (i32.div_u (i32.const 1) (local.get 0))) nop)";
    assert_eq!(Bare::new(division).call("f", 0), (Ended::Trapped, 5), "a block is paid whole at its entry");
}

#[test]
fn the_stack_has_an_exact_end() {
    // Eight units for the frame, one parameter, at most two operands.
    let wat = "(func $f (export \"f\") (param i32) (result i32)
        (if (result i32) (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 5))))";
    let deep = |calls: i32, stack| Bare::new(wat).stack(stack).call("f", calls - 1).0;
    assert_eq!(deep(100, 1_100), Ended::Returned(5));
    assert_eq!(deep(100, 1_099), Ended::OutOfStack);
    assert_eq!(deep(1, 10), Ended::OutOfStack);
}

#[test]
fn returns_and_branches_give_the_stack_back() {
    let wat = "(func $leaf (param i32) (if (local.get 0) (then (return))) (block (br 1)))
        (func (export \"f\") (param i32)
          (loop (call $leaf (local.get 0)) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0))))";
    assert_eq!(Bare::new(wat).stack(64).call("f", 10_000).0, END);
}

#[test]
fn nan_bits_are_canonical_where_they_can_be_seen() {
    let bits = |body: &str| {
        Bare::new(&format!("(memory 1) (func (export \"f\") (param i32) (result i32) {body})")).call("f", 0).0
    };
    let nan = Ended::Returned(0x7fc0_0000);
    let zero = "(f32.convert_i32_s (local.get 0))";
    assert_eq!(bits(&format!("(i32.reinterpret_f32 (f32.div {zero} {zero}))")), nan);
    assert_eq!(bits(&format!("(i32.reinterpret_f32 (f32.sqrt (f32.sub {zero} (f32.const 1))))")), nan);
    assert_eq!(bits(&format!("(i32.reinterpret_f32 (f32.add (f32.const nan:0x200001) {zero}))")), nan);
    assert_eq!(
        bits(&format!("(f32.store (i32.const 0) (f32.mul (f32.const inf) {zero})) (i32.load (i32.const 0))")),
        nan
    );
    assert_eq!(bits("(i32.reinterpret_f32 (f32.demote_f64 (f64.sub (f64.const inf) (f64.const inf))))"), nan);
    assert_eq!(
        bits(&format!("(i32.reinterpret_f32 (f32.copysign (f32.const 1) (f32.div {zero} {zero})))")),
        Ended::Returned(0x3f80_0000)
    );
    let wide = "(i32.wrap_i64 (i64.shr_u (i64.reinterpret_f64 (f64.sqrt (f64.const -1))) (i64.const 32)))";
    assert_eq!(bits(wide), Ended::Returned(0x7ff8_0000));
    let lanes = "(i32x4.extract_lane 3 (f32x4.sqrt (f32x4.splat (f32.const -1))))";
    assert_eq!(bits(lanes), nan);
    let lanes = "(i32x4.extract_lane 3 (f64x2.div (v128.const i64x2 0 0) (v128.const i64x2 0 0)))";
    assert_eq!(bits(lanes), Ended::Returned(0x7ff8_0000));
}

#[test]
fn bits_that_a_program_makes_itself_stay() {
    let bits = |body: &str| {
        Bare::new(&format!("(func (export \"f\") (param i32) (result i32) {body})")).call("f", 0).0
    };
    let quiet = "(f32.reinterpret_i32 (i32.const 0x7fe00001))";
    assert_eq!(bits(&format!("(i32.reinterpret_f32 {quiet})")), Ended::Returned(0x7fe0_0001));
    assert_eq!(
        bits(&format!("(i32.reinterpret_f32 (f32.neg {quiet}))")),
        Ended::Returned(0xffe0_0001_u32.cast_signed())
    );
}

#[test]
fn the_start_function_is_called_by_the_host() {
    let module = instrument(&wat::parse_str("(module (func $s nop nop) (start $s))").unwrap()).unwrap();
    assert_eq!(module.start.as_deref(), Some("lilypad_meter_start"));
}

#[test]
fn taken_names_do_not_collide() {
    let text = "(module (global (export \"lilypad_meter_units\") i32 (i32.const 1)) (func (export \"f\") (param i32)))";
    let module = instrument(&wat::parse_str(text).unwrap()).unwrap();
    assert_eq!(module.units, "lilypad_meter_units_");
}

fn refusal(wat: &str) -> crate::Error {
    instrument(&wat::parse_str(wat).unwrap()).unwrap_err()
}

#[test]
fn proposals_are_refused_by_name() {
    let cases = [
        ("(module (memory 1 1 shared))", "threads"),
        ("(module (func (param v128) (drop (i32x4.relaxed_trunc_f32x4_s (local.get 0)))))", "relaxed SIMD"),
        ("(module (memory i64 1))", "memory64"),
        ("(module (memory 1) (memory 1))", "multiple memories"),
        ("(module (func $f return_call $f))", "tail calls"),
        ("(module (tag) (func throw 0))", "exceptions"),
        ("(module (type (struct)))", "garbage collection"),
    ];
    for (wat, proposal) in cases {
        let error = refusal(wat);
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Unsupported, "E_WASM_PROPOSAL"),
            "{proposal}: {error}"
        );
        assert!(error.to_string().contains(proposal), "{proposal}: {error}");
    }
}

#[test]
fn a_component_is_refused_by_name() {
    let error = instrument(b"\0asm\x0d\0\x01\0").unwrap_err();
    assert!(error.to_string().contains("component model"), "{error}");
}

#[test]
fn the_meters_own_namespace_is_refused() {
    let error = refusal("(module (import \"lilypad_meter\" \"refill\" (func (param i64))))");
    assert_eq!(error.code(), "E_WASM_IMPORT");
}

#[test]
fn huge_frames_are_refused() {
    let locals = " i64".repeat(25_000);
    assert_eq!(refusal(&format!("(module (func (local{locals})))")).code(), "E_WASM_FRAME");
}

#[test]
fn an_invalid_module_says_where() {
    let error = instrument(b"\0asm\x01\0\0\0\x01\x7f").unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, "E_WASM_INVALID"));
    assert!(error.context().any(|(key, _)| key == "offset"));
}
