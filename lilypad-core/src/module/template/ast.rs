//! What a template is made of after parsing.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::functions::Function;
use super::literal::Number;

/// Offset in bytes from the start of the template's text.
pub(super) type Pos = usize;

/// The name of a variable; index into the names that one template uses. `$` is 0.
pub(super) type Name = u32;

/// A run of text and actions.
pub(super) type List = Vec<Node>;

/// The bodies that `define` and `block` made.
pub(super) type Definitions = HashMap<Arc<[u8]>, Arc<List>>;

#[derive(Debug)]
pub(super) enum Node {
    Text(Range<usize>),
    Action(Pipe),
    Branch(Box<Branch>),
    Loop(Box<Loop>),
    Call { pos: Pos, name: Arc<[u8]>, pipe: Option<Pipe> },
    Break,
    Continue,
}

/// `if` and `with`, with their chain of `else if` and `else with`.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) with: bool,
    pub(super) arms: Vec<(Pipe, List)>,
    pub(super) otherwise: Option<List>,
}

/// `range`.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) pipe: Pipe,
    pub(super) body: List,
    pub(super) otherwise: Option<List>,
}

#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) pos: Pos,
    pub(super) declares: Vec<Name>,
    pub(super) assigns: bool,
    pub(super) commands: Vec<Command>,
}

#[derive(Debug)]
pub(super) struct Command {
    pub(super) first: Operand,
    pub(super) args: Vec<Operand>,
}

#[derive(Debug)]
pub(super) struct Operand {
    pub(super) pos: Pos,
    pub(super) kind: OperandKind,
}

#[derive(Debug)]
pub(super) enum OperandKind {
    Dot,
    Nil,
    Bool(bool),
    Number(Number),
    Text(Arc<[u8]>),
    Field(Vec<Arc<str>>),
    Variable(Name, Vec<Arc<str>>),
    Function(Function),
    Pipe(Box<Pipe>),
    Chain(Box<Operand>, Vec<Arc<str>>),
}
