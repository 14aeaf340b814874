//! Which operators may make a NaN whose bits an engine is free to choose, and which cannot see such bits.

use wasmparser::Operator;

/// The shape of a value that may hold a NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    F32,
    F64,
    F32x4,
    F64x2,
}

/// What an operator does with NaN bits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effect {
    /// Its result may be a NaN with bits of the engine's choice.
    pub(super) makes: Option<Shape>,
    /// Its result is the same whatever the bits of a NaN operand of this shape are.
    pub(super) blind_to: Option<Shape>,
}

impl Effect {
    fn arithmetic(shape: Shape) -> Self {
        Self { makes: Some(shape), blind_to: Some(shape) }
    }

    fn reads(shape: Shape) -> Self {
        Self { makes: None, blind_to: Some(shape) }
    }
}

/// What `op` does with NaN bits.
pub(super) fn effect(op: &Operator<'_>) -> Effect {
    scalar(op).or_else(|| vector(op)).unwrap_or_default()
}

fn scalar(op: &Operator<'_>) -> Option<Effect> {
    use Operator as O;
    Some(match op {
        O::F32Add | O::F32Sub | O::F32Mul | O::F32Div | O::F32Min | O::F32Max => {
            Effect::arithmetic(Shape::F32)
        }
        O::F32Sqrt | O::F32Ceil | O::F32Floor | O::F32Trunc | O::F32Nearest => Effect::arithmetic(Shape::F32),
        O::F64Add | O::F64Sub | O::F64Mul | O::F64Div | O::F64Min | O::F64Max => {
            Effect::arithmetic(Shape::F64)
        }
        O::F64Sqrt | O::F64Ceil | O::F64Floor | O::F64Trunc | O::F64Nearest => Effect::arithmetic(Shape::F64),
        O::F32DemoteF64 => Effect { makes: Some(Shape::F32), blind_to: Some(Shape::F64) },
        O::F64PromoteF32 => Effect { makes: Some(Shape::F64), blind_to: Some(Shape::F32) },
        O::F32Eq | O::F32Ne | O::F32Lt | O::F32Gt | O::F32Le | O::F32Ge => Effect::reads(Shape::F32),
        O::F64Eq | O::F64Ne | O::F64Lt | O::F64Gt | O::F64Le | O::F64Ge => Effect::reads(Shape::F64),
        O::I32TruncF32S | O::I32TruncF32U | O::I64TruncF32S | O::I64TruncF32U => Effect::reads(Shape::F32),
        O::I32TruncF64S | O::I32TruncF64U | O::I64TruncF64S | O::I64TruncF64U => Effect::reads(Shape::F64),
        O::I32TruncSatF32S | O::I32TruncSatF32U | O::I64TruncSatF32S | O::I64TruncSatF32U => {
            Effect::reads(Shape::F32)
        }
        O::I32TruncSatF64S | O::I32TruncSatF64U | O::I64TruncSatF64S | O::I64TruncSatF64U => {
            Effect::reads(Shape::F64)
        }
        _ => return None,
    })
}

fn vector(op: &Operator<'_>) -> Option<Effect> {
    use Operator as O;
    Some(match op {
        O::F32x4Add | O::F32x4Sub | O::F32x4Mul | O::F32x4Div | O::F32x4Min | O::F32x4Max => {
            Effect::arithmetic(Shape::F32x4)
        }
        O::F32x4Sqrt | O::F32x4Ceil | O::F32x4Floor | O::F32x4Trunc | O::F32x4Nearest => {
            Effect::arithmetic(Shape::F32x4)
        }
        O::F64x2Add | O::F64x2Sub | O::F64x2Mul | O::F64x2Div | O::F64x2Min | O::F64x2Max => {
            Effect::arithmetic(Shape::F64x2)
        }
        O::F64x2Sqrt | O::F64x2Ceil | O::F64x2Floor | O::F64x2Trunc | O::F64x2Nearest => {
            Effect::arithmetic(Shape::F64x2)
        }
        O::F32x4DemoteF64x2Zero => Effect { makes: Some(Shape::F32x4), blind_to: Some(Shape::F64x2) },
        O::F64x2PromoteLowF32x4 => Effect { makes: Some(Shape::F64x2), blind_to: Some(Shape::F32x4) },
        O::F32x4Eq | O::F32x4Ne | O::F32x4Lt | O::F32x4Gt | O::F32x4Le | O::F32x4Ge => {
            Effect::reads(Shape::F32x4)
        }
        O::F64x2Eq | O::F64x2Ne | O::F64x2Lt | O::F64x2Gt | O::F64x2Le | O::F64x2Ge => {
            Effect::reads(Shape::F64x2)
        }
        O::I32x4TruncSatF32x4S | O::I32x4TruncSatF32x4U => Effect::reads(Shape::F32x4),
        O::I32x4TruncSatF64x2SZero | O::I32x4TruncSatF64x2UZero => Effect::reads(Shape::F64x2),
        _ => return None,
    })
}
