//! Pipelines: what stands inside an action.

use std::sync::Arc;

use crate::error::{Error, Result};

use super::super::ast::{Command, Name, Operand, OperandKind, Pipe};
use super::super::functions::Function;
use super::super::lexer::{Token, TokenKind};
use super::super::literal;
use super::Parser;

impl<'a> Parser<'a> {
    pub(super) fn pipeline(&mut self, place: &str, end: TokenKind) -> Result<Pipe> {
        self.count()?;
        let pos = self.peek_solid()?.pos;
        let mut pipe = Pipe { pos, declares: Vec::new(), assigns: false, commands: Vec::new() };
        self.declarations(&mut pipe, place)?;
        loop {
            let token = self.next_solid()?;
            match token.kind {
                kind if kind == end => {
                    if pipe.commands.is_empty() {
                        return Err(self.error(token.pos, format!("missing value for {place}")));
                    }
                    return Ok(pipe);
                }
                TokenKind::Bool
                | TokenKind::Char
                | TokenKind::Complex
                | TokenKind::Dot
                | TokenKind::Field
                | TokenKind::Identifier
                | TokenKind::Number
                | TokenKind::Nil
                | TokenKind::Raw
                | TokenKind::Quoted
                | TokenKind::Variable
                | TokenKind::OpenParen => {
                    self.ahead.push(token);
                    let command = self.command()?;
                    self.check_stage(&command, pipe.commands.len())?;
                    pipe.commands.push(command);
                }
                _ => return Err(self.unexpected(token, place)),
            }
        }
    }

    /// Only the first stage of a pipeline may be a plain value.
    fn check_stage(&self, command: &Command, before: usize) -> Result<()> {
        let plain = matches!(
            command.first.kind,
            OperandKind::Bool(_)
                | OperandKind::Dot
                | OperandKind::Nil
                | OperandKind::Number(_)
                | OperandKind::Text(_)
        );
        if before > 0 && plain {
            let message =
                format!("stage {} of this pipeline is not something that takes a value", before + 1);
            return Err(self.error(command.first.pos, message));
        }
        Ok(())
    }

    /// `$x :=`, `$x =` and, in `range`, `$i, $x :=`.
    fn declarations(&mut self, pipe: &mut Pipe, place: &str) -> Result<()> {
        loop {
            let variable = self.next_solid()?;
            if variable.kind != TokenKind::Variable {
                self.ahead.push(variable);
                return Ok(());
            }
            let after = self.next()?;
            let solid = if after.kind == TokenKind::Space { self.next_solid()? } else { after };
            match solid.kind {
                TokenKind::Assign | TokenKind::Declare => {
                    pipe.assigns = solid.kind == TokenKind::Assign;
                    self.declare(pipe, variable);
                    return Ok(());
                }
                TokenKind::Comma => {
                    self.declare(pipe, variable);
                    if place != "range" || pipe.declares.len() > 1 {
                        return Err(self.error(variable.pos, format!("too many variables in {place}")));
                    }
                    let next = self.peek_solid()?;
                    if !matches!(next.kind, TokenKind::Variable | TokenKind::Close | TokenKind::CloseParen) {
                        return Err(self.error(next.pos, "range can only initialize variables"));
                    }
                }
                _ => {
                    self.ahead.push(solid);
                    if after.kind == TokenKind::Space {
                        self.ahead.push(after);
                    }
                    self.ahead.push(variable);
                    return Ok(());
                }
            }
        }
    }

    fn declare(&mut self, pipe: &mut Pipe, variable: Token<'a>) {
        let name = self.intern(variable.text);
        self.scope.declare(name);
        pipe.declares.push(name);
    }

    fn intern(&mut self, text: &'a str) -> Name {
        let next = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        *self.names.entry(text).or_insert(next)
    }

    fn command(&mut self) -> Result<Command> {
        let pos = self.peek_solid()?.pos;
        let mut operands = Vec::new();
        loop {
            self.peek_solid()?;
            if let Some(operand) = self.operand()? {
                operands.push(operand);
            }
            let token = self.next()?;
            match token.kind {
                TokenKind::Space => {}
                TokenKind::Close | TokenKind::CloseParen => {
                    self.ahead.push(token);
                    break;
                }
                TokenKind::Bar => break,
                _ => return Err(self.unexpected(token, "operand")),
            }
        }
        let mut operands = operands.into_iter();
        match operands.next() {
            Some(first) => Ok(Command { first, args: operands.collect() }),
            None => Err(self.error(pos, "empty command")),
        }
    }

    /// A value and the fields that follow it; `None` where no value comes next.
    fn operand(&mut self) -> Result<Option<Operand>> {
        let Some(operand) = self.term()? else {
            return Ok(None);
        };
        let mut fields = Vec::new();
        let mut chain_pos = operand.pos;
        loop {
            let token = self.next()?;
            if token.kind != TokenKind::Field {
                self.ahead.push(token);
                break;
            }
            if fields.is_empty() {
                chain_pos = token.pos;
            }
            self.count()?;
            fields.push(field_name(token.text));
        }
        if fields.is_empty() {
            return Ok(Some(operand));
        }
        let pos = operand.pos;
        let kind = match operand.kind {
            OperandKind::Field(mut path) => {
                path.append(&mut fields);
                OperandKind::Field(path)
            }
            OperandKind::Variable(name, mut path) => {
                path.append(&mut fields);
                OperandKind::Variable(name, path)
            }
            OperandKind::Function(_) | OperandKind::Pipe(_) | OperandKind::Chain(..) => {
                OperandKind::Chain(Box::new(operand), fields)
            }
            _ => return Err(self.error(chain_pos, "unexpected `.` after a plain value")),
        };
        Ok(Some(Operand { pos, kind }))
    }

    fn term(&mut self) -> Result<Option<Operand>> {
        let token = self.next_solid()?;
        let kind = match token.kind {
            TokenKind::Identifier => match Function::named(token.text) {
                Some(function) => OperandKind::Function(function),
                None => return Err(self.unknown_function(token)),
            },
            TokenKind::Dot => OperandKind::Dot,
            TokenKind::Nil => OperandKind::Nil,
            TokenKind::Variable => {
                let name = self.intern(token.text);
                if !self.scope.knows(name) {
                    return Err(self.error(token.pos, format!("undefined variable \"{}\"", token.text)));
                }
                OperandKind::Variable(name, Vec::new())
            }
            TokenKind::Field => OperandKind::Field(vec![field_name(token.text)]),
            TokenKind::Bool => OperandKind::Bool(token.text == "true"),
            TokenKind::Char => OperandKind::Number(
                literal::character(token.text)
                    .ok_or_else(|| self.error(token.pos, format!("{} is not one character", token.text)))?,
            ),
            TokenKind::Complex => OperandKind::Number(
                literal::complex(token.text)
                    .ok_or_else(|| self.error(token.pos, format!("`{}` is not a number", token.text)))?,
            ),
            TokenKind::Number => OperandKind::Number(
                literal::number(token.text).map_err(|message| self.error(token.pos, message))?,
            ),
            TokenKind::Quoted | TokenKind::Raw => OperandKind::Text(self.string(token)?),
            TokenKind::OpenParen => {
                let pipe =
                    self.deeper(|parser| parser.pipeline("parenthesized pipeline", TokenKind::CloseParen))?;
                OperandKind::Pipe(Box::new(pipe))
            }
            _ => {
                self.ahead.push(token);
                return Ok(None);
            }
        };
        self.count()?;
        Ok(Some(Operand { pos: token.pos, kind }))
    }

    fn unknown_function(&self, token: Token<'_>) -> Error {
        let error = self.error(token.pos, format!("function \"{}\" not defined", token.text));
        match token.text {
            "default" => {
                error.with_hint("write {{if .X}}{{.X}}{{else}}\"default\"{{end}} or {{or .X \"default\"}}")
            }
            _ => error.with_hint(format!("the functions are {}", Function::list())),
        }
    }

    pub(super) fn string(&self, token: Token<'_>) -> Result<Arc<[u8]>> {
        match literal::unquote(token.text) {
            Some(bytes) => Ok(Arc::from(bytes)),
            None => Err(self.error(token.pos, "this string has an escape that does not exist")),
        }
    }
}

fn field_name(token: &str) -> Arc<str> {
    Arc::from(token.strip_prefix('.').unwrap_or(token))
}
