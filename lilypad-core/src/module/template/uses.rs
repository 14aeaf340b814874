//! Which inputs a template uses, where and how: what a lint needs to know.

use std::collections::HashSet;
use std::sync::Arc;

use crate::module::Position;

use super::ast::{Branch, Command, List, Loop, Name, Node, Operand, OperandKind, Pipe, Pos};
use super::functions::Function;
use super::{MAX_CALL_DEPTH, MAX_NODES, Template};

/// How many variables and guards are followed; a template with more in one place is made to be slow.
const FOLLOWED: usize = 500;

/// One place where a template uses an input.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InputUse {
    /// The input's name, exactly as it stands: case matters.
    pub name: String,
    /// Where it stands in the template.
    pub position: Position,
    /// How it reaches the output.
    pub form: InputForm,
    /// What stands there where the input is not given.
    pub guard: InputGuard,
    /// The text around looks as if the place were inside a JSON string. Judged by counting quotes, so it can be wrong
    /// where the text itself is odd.
    pub in_json_string: bool,
}

/// How an input reaches the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InputForm {
    /// Not at all: a condition, a comparison, a variable.
    Read,
    /// As the JSON string that it is, quotes included: `{{.X}}`.
    Direct,
    /// Decoded and spliced in by `subst`, not escaped again.
    Subst,
    /// Through `js`.
    Js,
    /// Through `html`.
    Html,
    /// Through `urlquery`.
    UrlQuery,
    /// Through `printf`.
    Printf,
    /// Through another function, such as `len` or `slice`.
    Other,
}

/// What stands where an input is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InputGuard {
    /// The place is reached all the same and prints `<no value>`, or fails.
    None,
    /// Nothing: an `if` or `with` on this input, without an `else`.
    Given,
    /// Something else: an `if` or `with` on this input with an `else`, or `or` with another value.
    Default,
}

/// What the scan of a template finds.
pub(super) struct Uses {
    pub(super) inputs: Vec<InputUse>,
    pub(super) any: bool,
}

/// An [`InputUse`] before its place is turned into line and column.
struct Found {
    name: Arc<str>,
    pos: Pos,
    form: InputForm,
    guard: InputGuard,
    in_string: bool,
}

/// What a value is known to be.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Known {
    Inputs,
    Input(Arc<str>),
    Unknown,
}

struct Scan<'t> {
    template: &'t Template,
    found: Vec<Found>,
    any: bool,
    /// What `$` is.
    root: Known,
    variables: Vec<(Name, Known)>,
    guards: Vec<(Arc<str>, InputGuard)>,
    /// Templates that were looked at, each with what it was given.
    seen: HashSet<(Arc<[u8]>, Known)>,
    in_string: bool,
    depth: usize,
}

pub(super) fn scan(template: &Template) -> Uses {
    let mut scan = Scan {
        template,
        found: Vec::new(),
        any: false,
        root: Known::Inputs,
        variables: Vec::new(),
        guards: Vec::new(),
        seen: HashSet::new(),
        in_string: false,
        depth: 0,
    };
    scan.list(&Known::Inputs, &template.main);
    Uses { inputs: placed(&template.text, scan.found), any: scan.any }
}

/// Counts lines and columns in one pass over the text.
fn placed(text: &str, mut found: Vec<Found>) -> Vec<InputUse> {
    found.sort_by_key(|used| used.pos);
    let mut position = Position { line: 1, column: 1 };
    let mut at = 0;
    let place = |used: Found| {
        for c in text.get(at..used.pos).unwrap_or_default().chars() {
            position.column += 1;
            if c == '\n' {
                position = Position { line: position.line + 1, column: 1 };
            }
        }
        at = used.pos;
        InputUse {
            name: used.name.to_string(),
            position,
            form: used.form,
            guard: used.guard,
            in_json_string: used.in_string,
        }
    };
    found.into_iter().map(place).collect()
}

impl Scan<'_> {
    fn list(&mut self, dot: &Known, list: &List) {
        if self.depth >= MAX_CALL_DEPTH {
            return;
        }
        self.depth += 1;
        for node in list {
            self.node(dot, node);
        }
        self.depth -= 1;
    }

    fn node(&mut self, dot: &Known, node: &Node) {
        match node {
            Node::Text(range) => self.text(self.template.text.get(range.clone()).unwrap_or_default()),
            Node::Action(pipe) => {
                let form = if pipe.declares.is_empty() { InputForm::Direct } else { InputForm::Read };
                let known = self.pipe(dot, pipe, form);
                self.any |= known == Known::Inputs && pipe.declares.is_empty();
            }
            Node::Branch(branch) => self.branch(dot, branch),
            Node::Loop(node) => self.range(dot, node),
            Node::Call { name, pipe, .. } => self.call(dot, name, pipe.as_ref()),
            Node::Break | Node::Continue => {}
        }
    }

    /// Follows the quotes of JSON. A line end closes a string, so that one odd quote does no harm further on.
    fn text(&mut self, text: &str) {
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'"' => self.in_string = !self.in_string,
                b'\\' if self.in_string => {
                    bytes.next();
                }
                b'\n' => self.in_string = false,
                _ => {}
            }
        }
    }

    fn branch(&mut self, dot: &Known, branch: &Branch) {
        let variables = self.variables.len();
        let guards = self.guards.len();
        let guard = if branch.otherwise.is_some() { InputGuard::Default } else { InputGuard::Given };
        let before = self.in_string;
        let mut after = None;
        for (pipe, body) in &branch.arms {
            self.in_string = before;
            let known = self.pipe(dot, pipe, InputForm::Read);
            self.guards.truncate(guards);
            self.guard(dot, pipe, guard);
            self.list(if branch.with { &known } else { dot }, body);
            after.get_or_insert(self.in_string);
        }
        self.guards.truncate(guards);
        if let Some(otherwise) = &branch.otherwise {
            self.in_string = before;
            self.list(dot, otherwise);
        }
        self.in_string = after.unwrap_or(before);
        self.variables.truncate(variables);
    }

    /// Notes the inputs that are given wherever this condition holds: `.X`, `and .X .Y`.
    fn guard(&mut self, dot: &Known, pipe: &Pipe, guard: InputGuard) {
        let [command] = pipe.commands.as_slice() else { return };
        if command.first.kind_is(Function::And) {
            for arg in &command.args {
                self.guard_operand(dot, arg, guard);
            }
        } else if command.args.is_empty() {
            self.guard_operand(dot, &command.first, guard);
        } else if let Some(name) = self.indexed(dot, command) {
            self.guards.push((name, guard));
        }
    }

    fn guard_operand(&mut self, dot: &Known, operand: &Operand, guard: InputGuard) {
        match (&operand.kind, self.peek(dot, operand)) {
            (_, Known::Input(name)) if self.guards.len() < FOLLOWED => self.guards.push((name, guard)),
            (OperandKind::Pipe(pipe), _) => self.guard(dot, pipe, guard),
            _ => {}
        }
    }

    fn range(&mut self, dot: &Known, node: &Loop) {
        let variables = self.variables.len();
        let over = self.pipe(dot, &node.pipe, InputForm::Read);
        self.any |= over == Known::Inputs;
        for (_, known) in self.variables.iter_mut().skip(variables) {
            *known = Known::Unknown;
        }
        self.list(&Known::Unknown, &node.body);
        if let Some(otherwise) = &node.otherwise {
            self.list(dot, otherwise);
        }
        self.variables.truncate(variables);
    }

    fn call(&mut self, dot: &Known, name: &Arc<[u8]>, pipe: Option<&Pipe>) {
        let known = pipe.map_or(Known::Unknown, |pipe| self.pipe(dot, pipe, InputForm::Read));
        let template = self.template;
        let Some(body) = template.definitions.get(name) else { return };
        if self.found.len() < MAX_NODES && self.seen.insert((Arc::clone(name), known.clone())) {
            let root = std::mem::replace(&mut self.root, known.clone());
            let variables = std::mem::take(&mut self.variables);
            self.list(&known, body);
            self.variables = variables;
            self.root = root;
        }
    }

    // ---- values

    fn pipe(&mut self, dot: &Known, pipe: &Pipe, form: InputForm) -> Known {
        // The last stage is the outermost function.
        let mut forms = Vec::with_capacity(pipe.commands.len());
        let mut outer = form;
        for command in pipe.commands.iter().rev() {
            outer = inner_form(command, outer);
            forms.push(outer);
        }
        let mut known = Known::Unknown;
        for (command, form) in pipe.commands.iter().zip(forms.iter().rev()) {
            known = self.command(dot, command, *form, known == Known::Inputs);
        }
        for name in &pipe.declares {
            if pipe.assigns {
                for (declared, value) in self.variables.iter_mut().rev().take(FOLLOWED) {
                    if declared == name {
                        *value = Known::Unknown;
                    }
                }
            } else {
                self.variables.push((*name, known.clone()));
            }
        }
        known
    }

    fn command(&mut self, dot: &Known, command: &Command, form: InputForm, piped_map: bool) -> Known {
        let OperandKind::Function(function) = command.first.kind else {
            return self.operand(dot, &command.first, form);
        };
        if let Some(name) = self.indexed(dot, command) {
            self.record(&name, command.first.pos, form);
            for arg in command.args.iter().skip(2) {
                self.operand(dot, arg, InputForm::Read);
            }
            return if command.args.len() == 2 { Known::Input(name) } else { Known::Unknown };
        }
        self.any |= piped_map;
        let last = command.args.len().saturating_sub(1);
        for (index, arg) in command.args.iter().enumerate() {
            let guards = self.guards.len();
            if function == Function::Or
                && index < last
                && let Known::Input(name) = self.peek(dot, arg)
            {
                self.guards.push((name, InputGuard::Default));
            }
            let known = self.operand(dot, arg, form);
            self.any |= known == Known::Inputs;
            self.guards.truncate(guards);
        }
        Known::Unknown
    }

    /// The input that `index . "name"` reads.
    fn indexed(&self, dot: &Known, command: &Command) -> Option<Arc<str>> {
        let [map, key, ..] = command.args.as_slice() else { return None };
        let OperandKind::Text(key) = &key.kind else { return None };
        let reads = command.first.kind_is(Function::Index) && self.peek(dot, map) == Known::Inputs;
        if reads { std::str::from_utf8(key).ok().map(Arc::from) } else { None }
    }

    fn operand(&mut self, dot: &Known, operand: &Operand, form: InputForm) -> Known {
        let known = match &operand.kind {
            OperandKind::Pipe(pipe) => return self.pipe(dot, pipe, form),
            OperandKind::Chain(inner, path) => {
                let inner = self.operand(dot, inner, InputForm::Read);
                field_of(&inner, path)
            }
            _ => self.peek(dot, operand),
        };
        if let Known::Input(name) = &known {
            self.record(name, operand.pos, form);
        }
        known
    }

    /// What an operand is, without counting it as a use.
    fn peek(&self, dot: &Known, operand: &Operand) -> Known {
        match &operand.kind {
            OperandKind::Dot => dot.clone(),
            OperandKind::Field(path) => field_of(dot, path),
            OperandKind::Variable(name, path) => {
                let mut followed = self.variables.iter().rev().take(FOLLOWED);
                match followed.find(|(known, _)| known == name) {
                    Some((_, known)) => field_of(known, path),
                    None if *name == 0 => field_of(&self.root, path),
                    None => Known::Unknown,
                }
            }
            OperandKind::Pipe(pipe) => match pipe.commands.as_slice() {
                [command] if command.args.is_empty() => self.peek(dot, &command.first),
                _ => Known::Unknown,
            },
            _ => Known::Unknown,
        }
    }

    fn record(&mut self, name: &Arc<str>, pos: Pos, form: InputForm) {
        let guard = self.guards.iter().rev().find(|(known, _)| known == name);
        if self.found.len() < MAX_NODES {
            self.found.push(Found {
                name: Arc::clone(name),
                pos,
                form,
                guard: guard.map_or(InputGuard::None, |(_, guard)| *guard),
                in_string: self.in_string,
            });
        }
    }
}

impl Operand {
    fn kind_is(&self, function: Function) -> bool {
        matches!(self.kind, OperandKind::Function(known) if known == function)
    }
}

fn field_of(known: &Known, path: &[Arc<str>]) -> Known {
    match (known, path) {
        (known, []) => known.clone(),
        (Known::Inputs, [name, ..]) => Known::Input(Arc::clone(name)),
        _ => Known::Unknown,
    }
}

/// How the arguments of a command reach the output: the outermost escape counts, else the innermost function.
fn inner_form(command: &Command, outer: InputForm) -> InputForm {
    let OperandKind::Function(function) = command.first.kind else { return outer };
    if matches!(outer, InputForm::Read | InputForm::Js | InputForm::Html | InputForm::UrlQuery) {
        return outer;
    }
    match function {
        Function::Js => InputForm::Js,
        Function::Html => InputForm::Html,
        Function::UrlQuery => InputForm::UrlQuery,
        Function::Subst => InputForm::Subst,
        Function::Printf => InputForm::Printf,
        Function::And | Function::Or | Function::Index | Function::Print => outer,
        _ => InputForm::Other,
    }
}
