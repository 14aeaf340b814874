//! Writes a function anew, with its planned edits.

use wasm_encoder::{BlockType, Encode, InstructionSink, ValType};

use super::nan::Shape;
use super::plan::{Edit, Plan, What};

const NAN_F32: u32 = 0x7fc0_0000;
const NAN_F64: u64 = 0x7ff8_0000_0000_0000;

/// Indices of what was put into the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Injected {
    /// The imported function that gives more units or stops the run.
    pub(super) refill: u32,
    /// How many functions the module imports itself; later ones move up by one.
    pub(super) imported: u32,
    /// The global with the remaining units.
    pub(super) units: u32,
    /// The global with the remaining stack.
    pub(super) stack: u32,
}

impl Injected {
    /// The new index of a function.
    pub(super) fn function(&self, index: u32) -> u32 {
        if index < self.imported { index } else { index.saturating_add(1) }
    }
}

/// Locals that the injected code needs, in the order in which they are declared.
struct Scratch {
    own_stack: u32,
    left: u32,
    length: u32,
    added: u32,
    f32: u32,
    f64: u32,
    v128: u32,
}

const SCRATCH: [ValType; 7] =
    [ValType::I32, ValType::I64, ValType::I32, ValType::I32, ValType::F32, ValType::F64, ValType::V128];

/// Appends the body of a function to `out`; `None` where the plan does not fit `module`.
pub(super) fn rewrite(module: &[u8], plan: &Plan, injected: &Injected) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(plan.code_end.saturating_sub(plan.groups_at).saturating_mul(2));
    let (scratch, extra) = scratch(plan);
    let extra_groups = u32::try_from(extra.len()).ok()?;
    plan.groups.checked_add(extra_groups)?.encode(&mut out);
    out.extend_from_slice(module.get(plan.groups_at..plan.code_at)?);
    for ty in extra {
        1_u32.encode(&mut out);
        ty.encode(&mut out);
    }
    let mut writer = Writer { out, scratch, injected };
    writer.enter(plan.frame);
    let mut at = plan.code_at;
    for edit in &plan.edits {
        writer.out.extend_from_slice(module.get(at..edit.at)?);
        at = edit.at.checked_add(edit.skip)?;
        writer.apply(edit, module)?;
    }
    writer.out.extend_from_slice(module.get(at..plan.code_end)?);
    Some(writer.out)
}

/// Which scratch locals the function needs: their indices, and the types to declare.
fn scratch(plan: &Plan) -> (Scratch, Vec<ValType>) {
    let mut used = [true, true, false, false, false, false, false];
    for edit in &plan.edits {
        match edit.what {
            What::Bulk { .. } => used[2] = true,
            What::Grow { .. } => (used[2], used[3]) = (true, true),
            What::Canonical(Some(Shape::F32)) => used[4] = true,
            What::Canonical(Some(Shape::F64)) => used[5] = true,
            What::Canonical(Some(Shape::F32x4 | Shape::F64x2)) => used[6] = true,
            _ => {}
        }
    }
    let mut next = plan.locals;
    let mut types = Vec::new();
    let mut index = [0_u32; 7];
    for ((ty, used), index) in SCRATCH.iter().zip(used).zip(&mut index) {
        if used {
            types.push(*ty);
            *index = next;
            next = next.saturating_add(1);
        }
    }
    let [own_stack, left, length, added, f32, f64, v128] = index;
    (Scratch { own_stack, left, length, added, f32, f64, v128 }, types)
}

struct Writer<'a> {
    out: Vec<u8>,
    scratch: Scratch,
    injected: &'a Injected,
}

impl Writer<'_> {
    fn code(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.out)
    }

    /// Takes the frame from the stack and stops where there is not enough. Nothing gives it back at the end: every
    /// caller says anew before each call how much is left.
    fn enter(&mut self, frame: u32) {
        let (own, stack, refill) = (self.scratch.own_stack, self.injected.stack, self.injected.refill);
        let frame = i32::try_from(frame).unwrap_or(i32::MAX);
        self.refresh();
        self.code()
            .global_get(stack)
            .i32_const(frame)
            .i32_sub()
            .local_tee(own)
            .i32_const(0)
            .i32_lt_s()
            .if_(BlockType::Empty)
            .i64_const(super::OVERFLOW)
            .call(refill)
            .end();
    }

    fn apply(&mut self, edit: &Edit, module: &[u8]) -> Option<()> {
        match edit.what {
            What::Charge(0) | What::Canonical(None) => {}
            What::Charge(cost) => {
                let cost = i64::try_from(cost).ok()?;
                self.charge(|code| {
                    code.i64_const(cost);
                });
            }
            What::Refresh => self.refresh(),
            What::PassStack => {
                let (own, stack) = (self.scratch.own_stack, self.injected.stack);
                self.code().local_get(own).global_set(stack);
            }
            What::Call(function) => {
                let function = self.injected.function(function);
                self.code().call(function);
            }
            What::RefFunc(function) => {
                let function = self.injected.function(function);
                self.code().ref_func(function);
            }
            What::Bulk { shift } => self.bulk(shift),
            What::Grow { length, units } => {
                let operator = module.get(edit.at..edit.at.checked_add(length)?)?;
                self.grow(operator, units);
            }
            What::Canonical(Some(shape)) => self.canonical(shape),
        }
        Some(())
    }

    /// Reads the counter into the function's own copy.
    fn refresh(&mut self) {
        let (units, left) = (self.injected.units, self.scratch.left);
        self.code().global_get(units).local_set(left);
    }

    /// Takes what `cost` pushes (an `i64`, the same both times) from the units; asks the host where they do not do.
    ///
    /// The copy of the counter saves a reading; the counter itself is always written, so a trap finds it exact.
    fn charge(&mut self, cost: impl Fn(&mut InstructionSink<'_>)) {
        let (units, left, refill) = (self.injected.units, self.scratch.left, self.injected.refill);
        let mut code = self.code();
        code.local_get(left);
        cost(&mut code);
        code.i64_sub()
            .local_tee(left)
            .global_set(units)
            .local_get(left)
            .i64_const(0)
            .i64_lt_s()
            .if_(BlockType::Empty);
        cost(&mut code);
        code.call(refill).global_get(units).local_set(left).end();
    }

    /// Pays one unit for each `2^shift` of the length on top of the stack, rounded up.
    fn bulk(&mut self, shift: u32) {
        let length = self.scratch.length;
        self.code().local_tee(length);
        let round = (1_i64 << shift) - 1;
        self.charge(|code| {
            code.local_get(length)
                .i64_extend_i32_u()
                .i64_const(round)
                .i64_add()
                .i64_const(i64::from(shift))
                .i64_shr_u();
        });
    }

    /// Runs the operator and pays `units` for each page or element where it did not answer -1.
    fn grow(&mut self, operator: &[u8], units: u32) {
        let (length, added) = (self.scratch.length, self.scratch.added);
        self.code().local_tee(length);
        self.out.extend_from_slice(operator);
        self.code().local_tee(added);
        self.charge(|code| {
            code.local_get(length)
                .i64_extend_i32_u()
                .i64_const(i64::from(units))
                .i64_mul()
                .i64_const(0)
                .local_get(added)
                .i32_const(-1)
                .i32_ne()
                .select();
        });
    }

    /// Replaces a NaN by the canonical one: lanes that are not equal to themselves.
    fn canonical(&mut self, shape: Shape) {
        let local = match shape {
            Shape::F32 => self.scratch.f32,
            Shape::F64 => self.scratch.f64,
            Shape::F32x4 | Shape::F64x2 => self.scratch.v128,
        };
        let mut code = self.code();
        code.local_tee(local);
        match shape {
            Shape::F32 => code.f32_const(wasm_encoder::Ieee32::new(NAN_F32)),
            Shape::F64 => code.f64_const(wasm_encoder::Ieee64::new(NAN_F64)),
            Shape::F32x4 => {
                let lane = u128::from(NAN_F32);
                code.v128_const((lane | lane << 32 | lane << 64 | lane << 96).cast_signed())
            }
            Shape::F64x2 => {
                let lane = u128::from(NAN_F64);
                code.v128_const((lane | lane << 64).cast_signed())
            }
        };
        code.local_get(local).local_get(local);
        match shape {
            Shape::F32 => code.f32_eq().select(),
            Shape::F64 => code.f64_eq().select(),
            Shape::F32x4 => code.f32x4_eq().v128_bitselect(),
            Shape::F64x2 => code.f64x2_eq().v128_bitselect(),
        };
    }
}
