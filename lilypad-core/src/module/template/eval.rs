//! Runs a template.

use std::sync::Arc;

use super::ast::{Branch, Command, List, Loop, Name, Node, Operand, OperandKind, Pipe, Pos};
use super::functions::{Function, Parameter, kind_of, shown, truth};
use super::literal::Number;
use super::value::{Failure, Inputs, Value};
use super::{MAX_CALL_DEPTH, MAX_OUTPUT, MAX_STEPS, MAX_WORK, Template};

/// What a node does to the loop around it.
#[derive(PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

pub(super) struct Run<'t, 'i> {
    template: &'t Template,
    inputs: Inputs<'i>,
    out: Vec<u8>,
    variables: Vec<(Name, Value)>,
    steps: usize,
    work: usize,
    depth: usize,
}

type Evaluated = Result<Value, Failure>;

impl<'t, 'i> Run<'t, 'i> {
    pub(super) fn new(template: &'t Template, inputs: Inputs<'i>) -> Self {
        Self {
            template,
            inputs,
            out: Vec::new(),
            variables: vec![(0, Value::Inputs)],
            steps: 0,
            work: 0,
            depth: 0,
        }
    }

    pub(super) fn run(mut self) -> Result<Vec<u8>, Failure> {
        let template = self.template;
        self.list(&Value::Inputs, &template.main)?;
        Ok(self.out)
    }

    // ---- limits

    fn step(&mut self, count: usize) -> Result<(), Failure> {
        self.steps = self.steps.saturating_add(count);
        if self.steps > MAX_STEPS {
            return Err(Failure::Limit { what: "the number of steps", limit: MAX_STEPS });
        }
        Ok(())
    }

    /// Counts bytes that were made or read.
    fn charge(&mut self, value: &Value) -> Result<(), Failure> {
        if let Value::Text(bytes) = value {
            self.work = self.work.saturating_add(bytes.len());
            if self.work > MAX_WORK {
                return Err(Failure::Limit { what: "the bytes handled by functions", limit: MAX_WORK });
            }
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if self.out.len().saturating_add(bytes.len()) > MAX_OUTPUT {
            return Err(Failure::Limit { what: "the size of the output in bytes", limit: MAX_OUTPUT });
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Failure>) -> Result<T, Failure> {
        if self.depth >= MAX_CALL_DEPTH {
            return Err(Failure::Limit {
                what: "the depth of templates within templates",
                limit: MAX_CALL_DEPTH,
            });
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    // ---- variables

    fn find(&mut self, name: Name, pos: Pos) -> Result<usize, Failure> {
        let found = self.variables.iter().rposition(|(known, _)| *known == name);
        let scanned = self.variables.len() - found.unwrap_or(0);
        self.step(scanned / 8)?;
        found.ok_or_else(|| {
            let name = self.template.names.get(name as usize).map_or("", String::as_str);
            Failure::wrong(format!("undefined variable: {name}")).at(pos)
        })
    }

    fn set(&mut self, name: Name, value: Value, pos: Pos) -> Result<(), Failure> {
        let index = self.find(name, pos)?;
        if let Some((_, slot)) = self.variables.get_mut(index) {
            *slot = value;
        }
        Ok(())
    }

    /// Overwrites the n-th variable from the top.
    fn set_top(&mut self, nth: usize, value: Value) {
        if let Some((_, slot)) = self.variables.iter_mut().rev().nth(nth) {
            *slot = value;
        }
    }

    // ---- nodes

    fn list(&mut self, dot: &Value, list: &List) -> Result<Flow, Failure> {
        self.deeper(|run| {
            for node in list {
                let flow = run.node(dot, node)?;
                if flow != Flow::On {
                    return Ok(flow);
                }
            }
            Ok(Flow::On)
        })
    }

    fn node(&mut self, dot: &Value, node: &Node) -> Result<Flow, Failure> {
        self.step(3)?;
        match node {
            Node::Text(range) => {
                let template = self.template;
                self.write(template.text.as_bytes().get(range.clone()).unwrap_or_default())?;
            }
            Node::Action(pipe) => {
                let value = self.pipe(dot, pipe)?;
                if pipe.declares.is_empty() {
                    self.print(&value)?;
                }
            }
            Node::Branch(branch) => return self.branch(dot, branch),
            Node::Loop(node) => return self.range(dot, node),
            Node::Call { pos, name, pipe } => self.call_template(dot, *pos, name, pipe.as_ref())?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    fn print(&mut self, value: &Value) -> Result<(), Failure> {
        if let Value::Text(bytes) = value {
            return self.write(bytes);
        }
        let bytes = shown(&self.inputs, value)?;
        self.write(&bytes)
    }

    fn branch(&mut self, dot: &Value, branch: &Branch) -> Result<Flow, Failure> {
        let mark = self.variables.len();
        let mut taken = branch.otherwise.as_ref().map(|list| (None, list));
        for (pipe, list) in &branch.arms {
            self.step(1)?;
            let value = self.pipe(dot, pipe)?;
            if truth(&self.inputs, &value) {
                taken = Some((branch.with.then_some(value), list));
                break;
            }
        }
        let flow = match taken {
            Some((inner, list)) => self.list(inner.as_ref().unwrap_or(dot), list)?,
            None => Flow::On,
        };
        self.variables.truncate(mark);
        Ok(flow)
    }

    fn range(&mut self, dot: &Value, node: &Loop) -> Result<Flow, Failure> {
        let outer = self.variables.len();
        let over = self.pipe(dot, &node.pipe)?;
        let mark = self.variables.len();
        let mut ran = false;
        match &over {
            Value::Int(_) | Value::Byte(_) if node.pipe.declares.len() > 1 => {
                let message = format!("a range over a {} gives one variable, not two", kind_of(&over));
                return Err(Failure::wrong(message).at(node.pipe.pos));
            }
            Value::Int(count) => {
                for value in 0..*count {
                    ran = true;
                    if !self.round(node, mark, Value::Nothing, Value::Int(value))? {
                        break;
                    }
                }
            }
            Value::Byte(count) => {
                for value in 0..*count {
                    ran = true;
                    if !self.round(node, mark, Value::Nothing, Value::Byte(value))? {
                        break;
                    }
                }
            }
            Value::Inputs => {
                let keys: Vec<&'i str> = self.inputs.keys().collect();
                for key in keys {
                    ran = true;
                    let value = self.input(key)?;
                    if !self.round(node, mark, Value::text(key.as_bytes()), value)? {
                        break;
                    }
                }
            }
            Value::Nothing => {}
            other => {
                let message = format!("range cannot go over a {}", kind_of(other));
                return Err(Failure::wrong(message).at(node.pipe.pos));
            }
        }
        self.variables.truncate(mark);
        let mut flow = Flow::On;
        if let Some(otherwise) = node.otherwise.as_ref().filter(|_| !ran) {
            // In Go a break here leaves this range, which is over, and not the one around it.
            flow = match self.list(dot, otherwise)? {
                Flow::Break => Flow::On,
                flow => flow,
            };
        }
        self.variables.truncate(outer);
        Ok(flow)
    }

    /// One round of a loop; false where it is the last.
    fn round(&mut self, node: &Loop, mark: usize, key: Value, value: Value) -> Result<bool, Failure> {
        self.step(3)?;
        let pipe = &node.pipe;
        if pipe.assigns {
            match pipe.declares.as_slice() {
                [only] => self.set(*only, value.clone(), pipe.pos)?,
                [first, second, ..] => {
                    self.set(*first, key, pipe.pos)?;
                    self.set(*second, value.clone(), pipe.pos)?;
                }
                [] => {}
            }
        } else {
            if !pipe.declares.is_empty() {
                self.set_top(0, value.clone());
            }
            if pipe.declares.len() > 1 {
                self.set_top(1, key);
            }
        }
        let flow = self.list(&value, &node.body)?;
        self.variables.truncate(mark);
        Ok(flow != Flow::Break)
    }

    fn call_template(
        &mut self,
        dot: &Value,
        pos: Pos,
        name: &Arc<[u8]>,
        pipe: Option<&Pipe>,
    ) -> Result<(), Failure> {
        let template = self.template;
        let Some(body) = template.definitions.get(name) else {
            let name = String::from_utf8_lossy(name);
            return Err(Failure::wrong(format!("template \"{name}\" not defined")).at(pos));
        };
        let inner = match pipe {
            Some(pipe) => self.pipe(dot, pipe)?,
            None => Value::Nothing,
        };
        let outer = std::mem::replace(&mut self.variables, vec![(0, inner.clone())]);
        self.list(&inner, body)?;
        self.variables = outer;
        Ok(())
    }

    // ---- pipelines

    fn pipe(&mut self, dot: &Value, pipe: &Pipe) -> Evaluated {
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(dot, command, value)?);
        }
        let value = value.unwrap_or(Value::Nothing);
        for name in &pipe.declares {
            if pipe.assigns {
                self.set(*name, value.clone(), pipe.pos)?;
            } else {
                self.variables.push((*name, value.clone()));
            }
        }
        Ok(value)
    }

    /// `last` is what the stage before gave: it becomes the last argument.
    fn command(&mut self, dot: &Value, command: &Command, last: Option<Value>) -> Evaluated {
        self.step(3)?;
        let Operand { pos, kind } = &command.first;
        let has_args = !command.args.is_empty() || last.is_some();
        let no_args = || match has_args {
            true => Err(Failure::wrong("this is not a function and takes no argument").at(*pos)),
            false => Ok(()),
        };
        match kind {
            OperandKind::Function(function) => self.call(dot, *function, *pos, &command.args, last),
            OperandKind::Field(path) => self.fields(dot.clone(), path, has_args, *pos),
            OperandKind::Chain(inner, path) => {
                let inner = self.operand(dot, inner)?;
                self.fields(inner, path, has_args, *pos)
            }
            OperandKind::Variable(name, path) if !path.is_empty() => {
                let value = self.variable(*name, *pos)?;
                self.fields(value, path, has_args, *pos)
            }
            OperandKind::Nil => Err(Failure::wrong("nil is not a command").at(*pos)),
            _ => {
                no_args()?;
                self.operand(dot, &command.first)
            }
        }
    }

    /// The value of an operand that is given no argument.
    fn operand(&mut self, dot: &Value, operand: &Operand) -> Evaluated {
        self.step(1)?;
        let pos = operand.pos;
        Ok(match &operand.kind {
            OperandKind::Dot => dot.clone(),
            OperandKind::Nil => Value::Nothing,
            OperandKind::Bool(value) => Value::Bool(*value),
            OperandKind::Number(number) => number_value(*number).map_err(|failure| failure.at(pos))?,
            OperandKind::Text(bytes) => Value::Text(Arc::clone(bytes)),
            OperandKind::Field(path) => self.fields(dot.clone(), path, false, pos)?,
            OperandKind::Variable(name, path) => {
                let value = self.variable(*name, pos)?;
                self.fields(value, path, false, pos)?
            }
            OperandKind::Function(function) => self.call(dot, *function, pos, &[], None)?,
            OperandKind::Pipe(pipe) => self.deeper(|run| run.pipe(dot, pipe))?,
            OperandKind::Chain(inner, path) => {
                let inner = self.operand(dot, inner)?;
                self.fields(inner, path, false, pos)?
            }
        })
    }

    fn variable(&mut self, name: Name, pos: Pos) -> Evaluated {
        let index = self.find(name, pos)?;
        Ok(self.variables.get(index).map_or(Value::Nothing, |(_, value)| value.clone()))
    }

    /// An input that is there.
    fn input(&mut self, name: &str) -> Evaluated {
        let value = self.inputs.get(name)?;
        self.charge(&value)?;
        Ok(value)
    }

    /// `.A.B`: only the map of inputs has fields; a missing value has missing fields.
    fn fields(&mut self, mut value: Value, path: &[Arc<str>], has_args: bool, pos: Pos) -> Evaluated {
        for (index, name) in path.iter().enumerate() {
            let last = index + 1 == path.len();
            value = match value {
                Value::Nothing => Value::Nothing,
                Value::Inputs if last && has_args => {
                    return Err(Failure::wrong(format!(
                        "input {name} is not a function and takes no argument"
                    ))
                    .at(pos));
                }
                Value::Inputs => {
                    self.step(1)?;
                    self.inputs.get(name).map_err(|failure| failure.at(pos))?
                }
                other => {
                    let message = format!("cannot read field {name} of a {}", kind_of(&other));
                    return Err(Failure::wrong(message).at(pos));
                }
            };
        }
        Ok(value)
    }

    // ---- calls

    fn call(
        &mut self,
        dot: &Value,
        function: Function,
        pos: Pos,
        args: &[Operand],
        last: Option<Value>,
    ) -> Evaluated {
        let count = args.len() + usize::from(last.is_some());
        let (least, more) = function.arity();
        if count < least || (count > least && !more) {
            let least_word = if more { "at least " } else { "" };
            let message = format!(
                "wrong number of arguments for {}: want {least_word}{least}, got {count}",
                function.name()
            );
            return Err(Failure::wrong(message).at(pos));
        }
        if matches!(function, Function::And | Function::Or) {
            return self.and_or(dot, function == Function::Or, args, last);
        }
        let mut values = Vec::with_capacity(count);
        for (index, arg) in args.iter().enumerate() {
            let value = self.operand(dot, arg)?;
            if matches!(arg.kind, OperandKind::Nil) && function.parameter(index) == Parameter::Text {
                return Err(Failure::wrong("nil is not a string").at(arg.pos));
            }
            values.push(checked(value, function, index).map_err(|failure| failure.at(arg.pos))?);
        }
        if let Some(last) = last {
            values.push(checked(last, function, args.len()).map_err(|failure| failure.at(pos))?);
        }
        for value in &values {
            self.charge(value)?;
        }
        let result = function.call(&self.inputs, &values).map_err(|failure| failure.at(pos))?;
        self.charge(&result)?;
        Ok(result)
    }

    /// Stops at the first value that decides.
    fn and_or(&mut self, dot: &Value, or: bool, args: &[Operand], last: Option<Value>) -> Evaluated {
        let mut value = Value::Nothing;
        for arg in args {
            value = self.operand(dot, arg)?;
            if truth(&self.inputs, &value) == or {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }
}

fn number_value(number: Number) -> Evaluated {
    match number {
        Number::Int(value) => Ok(Value::Int(value)),
        Number::Float(value) => Ok(Value::Float(value)),
        Number::Complex(real, imaginary) => Ok(Value::Complex(real, imaginary)),
        Number::TooLarge => Err(Failure::wrong("this number overflows int")),
    }
}

/// Refuses what the parameter does not take.
fn checked(value: Value, function: Function, index: usize) -> Evaluated {
    match (function.parameter(index), &value) {
        (Parameter::Any, _) | (_, Value::Text(_)) => Ok(value),
        (Parameter::Text, other) => {
            Err(Failure::wrong(format!("{} takes a string here, not a {}", function.name(), kind_of(other))))
        }
    }
}
