//! Reads and checks one function and plans the edits that make it count itself.

use wasmparser::{
    BinaryReaderError, FuncValidator, FunctionBody, Operator, OperatorsReader, WasmModuleResources,
};

use super::nan::{self, Shape};

/// Units that every call costs on the stack beside locals and operands.
const FRAME_UNITS: u32 = 8;

/// Declared locals that one more unit at a function's entry pays for.
const LOCALS_PER_UNIT: u64 = 16;

/// One change of a function's bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edit {
    /// Where, as an offset in the module.
    pub(super) at: usize,
    /// How many bytes of the original are left out there.
    pub(super) skip: usize,
    pub(super) what: What,
}

/// What an edit puts in.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// Pays for the block that starts here; nothing where the cost is 0.
    Charge(u64),
    /// Reads the counter anew: a call changed it.
    Refresh,
    /// Tells the function that is about to be called how much stack is left.
    PassStack,
    /// `call` of this function, in the old numbering.
    Call(u32),
    /// `ref.func` of this function, in the old numbering.
    RefFunc(u32),
    /// Pays for a bulk operator by the length on top of the stack, before it runs.
    Bulk { shift: u32 },
    /// Runs `memory.grow` or `table.grow` (the bytes left out) and then pays by what was added.
    Grow { length: usize, units: u32 },
    /// Makes the NaN bits of the result canonical; nothing where nobody can see them.
    Canonical(Option<Shape>),
}

/// What must be changed in one function.
#[derive(Debug)]
pub(super) struct Plan {
    /// Number of groups of locals, and where they and the operators lie.
    pub(super) groups: u32,
    pub(super) groups_at: usize,
    pub(super) code_at: usize,
    pub(super) code_end: usize,
    /// Parameters and locals.
    pub(super) locals: u32,
    /// Units that a call of this function takes from the stack.
    pub(super) frame: u32,
    /// In the order of their places.
    pub(super) edits: Vec<Edit>,
}

/// A value on the operand stack whose NaN bits are not canonical yet.
struct Loose {
    /// Its place on the operand stack.
    place: u32,
    /// The [`What::Canonical`] that would mend it.
    edit: usize,
    shape: Shape,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Block,
    Loop,
    If,
    Else,
}

struct Frame {
    kind: Kind,
    /// Control can enter it at all.
    live: bool,
    /// Control can reach its end other than by falling out of its last block.
    joined: bool,
}

struct Planner {
    edits: Vec<Edit>,
    frames: Vec<Frame>,
    /// The edit that pays for the present block; `None` where control cannot come.
    block: Option<usize>,
    loose: Vec<Loose>,
    /// A call changed the counter since it was read last.
    stale: bool,
    /// Greatest height of the operand stack.
    height: u32,
}

/// Validates `body` and plans its edits.
pub(super) fn plan<R: WasmModuleResources>(
    body: &FunctionBody<'_>,
    validator: &mut FuncValidator<R>,
) -> Result<Plan, BinaryReaderError> {
    let mut reader = body.get_binary_reader();
    let parameters = validator.len_locals();
    let groups = reader.read_var_u32()?;
    let groups_at = place(reader.original_position());
    for _ in 0..groups {
        let offset = reader.original_position();
        let count = reader.read_var_u32()?;
        let ty: wasmparser::ValType = reader.read()?;
        validator.define_locals(offset, count, ty)?;
    }
    let locals = validator.len_locals();
    let code_at = place(reader.original_position());
    let mut planner = Planner {
        edits: Vec::new(),
        frames: vec![Frame { kind: Kind::Block, live: true, joined: false }],
        block: None,
        loose: Vec::new(),
        stale: false,
        height: 0,
    };
    planner.start_block(code_at);
    planner.pay(u64::from(locals.saturating_sub(parameters)) / LOCALS_PER_UNIT);
    let mut operators = OperatorsReader::new(reader);
    while !operators.eof() {
        let start = operators.original_position();
        let op = operators.read()?;
        planner.step(start, place(operators.original_position()), &op, validator)?;
    }
    let code_end = place(operators.original_position());
    operators.finish()?;
    let frame = FRAME_UNITS.saturating_add(locals).saturating_add(planner.height);
    Ok(Plan { groups, groups_at, code_at, code_end, locals, frame, edits: planner.edits })
}

impl Planner {
    fn step<R: WasmModuleResources>(
        &mut self,
        start: u64,
        end: usize,
        op: &Operator<'_>,
        validator: &mut FuncValidator<R>,
    ) -> Result<(), BinaryReaderError> {
        let taken = if self.loose.is_empty() { None } else { op.operator_arity(&*validator) };
        let before = validator.operand_stack_height();
        validator.op(start, op)?;
        self.refresh(place(start), op);
        let after = validator.operand_stack_height();
        self.change(place(start), end, op);
        self.follow_nan(end, op, taken.map(|(taken, _)| before.saturating_sub(taken)), after);
        self.control(end, op);
        if self.block.is_some() {
            self.height = self.height.max(before).max(after);
        }
        Ok(())
    }

    /// Reads the counter anew before the next place that may charge: wherever control parts or joins, and before
    /// operators that pay by length.
    fn refresh(&mut self, start: usize, op: &Operator<'_>) {
        let leaves = matches!(op, Operator::Return | Operator::Unreachable)
            || (matches!(op, Operator::End) && self.frames.len() <= 1);
        if self.stale && !leaves && (is_control(op) || pays_by_length(op)) {
            self.edit(start, 0, What::Refresh);
            self.stale = false;
        }
        self.stale |= matches!(op, Operator::Call { .. } | Operator::CallIndirect { .. });
    }

    /// Plans the operators that need more than a fixed price.
    fn change(&mut self, start: usize, end: usize, op: &Operator<'_>) {
        let length = end.saturating_sub(start);
        match op {
            Operator::Call { function_index } => {
                self.edit(start, 0, What::PassStack);
                self.edit(start, length, What::Call(*function_index));
            }
            Operator::CallIndirect { .. } => self.edit(start, 0, What::PassStack),
            Operator::RefFunc { function_index } => {
                self.edit(start, length, What::RefFunc(*function_index));
            }
            Operator::MemoryCopy { .. } | Operator::MemoryFill { .. } | Operator::MemoryInit { .. } => {
                self.edit(start, 0, What::Bulk { shift: 3 });
            }
            Operator::TableCopy { .. } | Operator::TableFill { .. } | Operator::TableInit { .. } => {
                self.edit(start, 0, What::Bulk { shift: 0 });
            }
            Operator::MemoryGrow { .. } => self.edit(start, length, What::Grow { length, units: 1_024 }),
            Operator::TableGrow { .. } => self.edit(start, length, What::Grow { length, units: 1 }),
            _ => {}
        }
    }

    /// Follows values with free NaN bits and marks those that somebody can see.
    fn follow_nan(&mut self, end: usize, op: &Operator<'_>, floor: Option<u32>, height: u32) {
        let effect = nan::effect(op);
        if !self.loose.is_empty() {
            let all = is_control(op);
            let floor = floor.unwrap_or(0);
            while let Some(loose) = self.loose.pop_if(|loose| all || loose.place >= floor) {
                let unseen = matches!(op, Operator::Drop) || effect.blind_to == Some(loose.shape);
                if !unseen && let Some(edit) = self.edits.get_mut(loose.edit) {
                    edit.what = What::Canonical(Some(loose.shape));
                }
            }
        }
        if let (Some(shape), true) = (effect.makes, self.block.is_some()) {
            self.loose.push(Loose { place: height.saturating_sub(1), edit: self.edits.len(), shape });
            self.edit(end, 0, What::Canonical(None));
        }
    }

    /// Prices the operator and follows the flow of control.
    fn control(&mut self, end: usize, op: &Operator<'_>) {
        match op {
            Operator::Block { .. } => self.enter(Kind::Block),
            Operator::Loop { .. } => {
                self.enter(Kind::Loop);
                self.restart_block(end);
            }
            Operator::If { .. } => {
                self.pay(1);
                self.enter(Kind::If);
                self.restart_block(end);
            }
            Operator::Else => self.cross(end),
            Operator::End => self.leave(end),
            Operator::Br { relative_depth } => {
                self.pay(1);
                self.target(*relative_depth);
                self.block = None;
            }
            Operator::BrIf { relative_depth } => {
                self.pay(1);
                self.target(*relative_depth);
                self.restart_block(end);
            }
            Operator::BrTable { targets } => {
                self.pay(1);
                for depth in targets.targets().flatten() {
                    self.target(depth);
                }
                self.target(targets.default());
                self.block = None;
            }
            Operator::Return | Operator::Unreachable => {
                self.pay(1);
                self.block = None;
            }
            _ => self.pay(1),
        }
    }

    fn enter(&mut self, kind: Kind) {
        self.frames.push(Frame { kind, live: self.block.is_some(), joined: false });
    }

    fn cross(&mut self, end: usize) {
        let falls = self.block.is_some();
        if let Some(frame) = self.frames.last_mut() {
            frame.kind = Kind::Else;
            frame.joined |= falls;
            if frame.live {
                self.start_block(end);
            }
        }
    }

    fn leave(&mut self, end: usize) {
        let Some(frame) = self.frames.pop() else { return };
        let joined = match frame.kind {
            Kind::Loop => false,
            Kind::If => frame.live,
            Kind::Block => frame.joined,
            Kind::Else => frame.joined || (frame.live && self.block.is_some()),
        };
        if joined {
            self.start_block(end);
        }
    }

    fn target(&mut self, depth: u32) {
        let Ok(depth) = usize::try_from(depth) else { return };
        if self.block.is_some()
            && let Some(frame) = self.frames.iter_mut().rev().nth(depth)
        {
            frame.joined = true;
        }
    }

    fn start_block(&mut self, at: usize) {
        self.block = Some(self.edits.len());
        self.edit(at, 0, What::Charge(0));
    }

    fn restart_block(&mut self, at: usize) {
        if self.block.is_some() {
            self.start_block(at);
        }
    }

    fn pay(&mut self, units: u64) {
        if let Some(Edit { what: What::Charge(cost), .. }) =
            self.block.and_then(|block| self.edits.get_mut(block))
        {
            *cost = cost.saturating_add(units);
        }
    }

    fn edit(&mut self, at: usize, skip: usize, what: What) {
        self.edits.push(Edit { at, skip, what });
    }
}

fn is_control(op: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        op,
        O::Block { .. }
            | O::Loop { .. }
            | O::If { .. }
            | O::Else
            | O::End
            | O::Br { .. }
            | O::BrIf { .. }
            | O::BrTable { .. }
            | O::Return
            | O::Unreachable
    )
}

fn pays_by_length(op: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        op,
        O::MemoryCopy { .. }
            | O::MemoryFill { .. }
            | O::MemoryInit { .. }
            | O::MemoryGrow { .. }
            | O::TableCopy { .. }
            | O::TableFill { .. }
            | O::TableInit { .. }
            | O::TableGrow { .. }
    )
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
