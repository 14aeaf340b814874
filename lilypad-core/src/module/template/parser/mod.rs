//! Builds the tree of a template from its tokens.

mod pipeline;

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{Error, Result};

use super::ast::{Branch, Definitions, List, Loop, Name, Node, Pos};
use super::error::{limit_error, parse_error};
use super::lexer::{Keyword, Lexer, Token, TokenKind};
use super::{MAX_DEPTH, MAX_NODES};

/// What parsing gives.
pub(super) struct Parsed {
    pub(super) main: List,
    pub(super) definitions: Definitions,
    pub(super) names: Vec<String>,
}

/// What ended a list of nodes.
enum Ending {
    End,
    Else,
    /// `{{else if` or `{{else with`: that word comes next.
    ElseChain(Keyword),
}

/// What one step of a list gave.
enum Step {
    Node(Node),
    Ending(Ending, Pos),
}

/// What is in scope while one body is parsed: the main one, or that of a `define` or `block`.
#[derive(Default)]
struct Scope {
    declared: Vec<Name>,
    counts: HashMap<Name, usize>,
    loops: usize,
}

impl Scope {
    fn new() -> Self {
        let mut scope = Self::default();
        scope.declare(0);
        scope
    }

    fn declare(&mut self, name: Name) {
        self.declared.push(name);
        *self.counts.entry(name).or_default() += 1;
    }

    fn forget(&mut self, mark: usize) {
        for name in self.declared.drain(mark.min(self.declared.len())..) {
            if let Some(count) = self.counts.get_mut(&name) {
                *count = count.saturating_sub(1);
            }
        }
    }

    fn knows(&self, name: Name) -> bool {
        self.counts.get(&name).is_some_and(|count| *count > 0)
    }
}

pub(super) struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    /// Tokens that were looked at and given back, the next one last.
    ahead: Vec<Token<'a>>,
    scope: Scope,
    names: HashMap<&'a str, Name>,
    definitions: Definitions,
    nodes: usize,
    depth: usize,
}

pub(super) fn parse(text: &str) -> Result<Parsed> {
    let mut parser = Parser {
        text,
        lexer: Lexer::new(text),
        ahead: Vec::new(),
        scope: Scope::new(),
        names: HashMap::from([("$", 0)]),
        definitions: Definitions::new(),
        nodes: 0,
        depth: 0,
    };
    let main = parser.main()?;
    let mut names = vec![String::new(); parser.names.len()];
    for (name, index) in parser.names {
        if let Some(slot) = names.get_mut(index as usize) {
            name.clone_into(slot);
        }
    }
    Ok(Parsed { main, definitions: parser.definitions, names })
}

impl<'a> Parser<'a> {
    // ---- tokens

    fn next(&mut self) -> Result<Token<'a>> {
        match self.ahead.pop() {
            Some(token) => Ok(token),
            None => {
                self.lexer.next_token().map_err(|error| parse_error(self.text, error.pos, &error.message))
            }
        }
    }

    fn next_solid(&mut self) -> Result<Token<'a>> {
        loop {
            let token = self.next()?;
            if token.kind != TokenKind::Space {
                return Ok(token);
            }
        }
    }

    fn peek_solid(&mut self) -> Result<Token<'a>> {
        let token = self.next_solid()?;
        self.ahead.push(token);
        Ok(token)
    }

    fn expect(&mut self, kind: TokenKind, place: &str) -> Result<Token<'a>> {
        let token = self.next_solid()?;
        if token.kind == kind { Ok(token) } else { Err(self.unexpected(token, place)) }
    }

    fn error(&self, pos: Pos, message: impl AsRef<str>) -> Error {
        parse_error(self.text, pos, message.as_ref())
    }

    fn unexpected(&self, token: Token<'_>, place: &str) -> Error {
        let found = match token.kind {
            TokenKind::End => "the end of the template".to_owned(),
            TokenKind::Text => "text".to_owned(),
            _ => format!("`{}`", token.text.chars().take(20).collect::<String>().escape_debug()),
        };
        self.error(token.pos, format!("unexpected {found} in {place}"))
    }

    // ---- limits

    fn count(&mut self) -> Result<()> {
        self.nodes += 1;
        if self.nodes > MAX_NODES { Err(limit_error("the number of nodes", MAX_NODES, None)) } else { Ok(()) }
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= MAX_DEPTH {
            return Err(limit_error("the depth of nesting", MAX_DEPTH, None));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    // ---- lists

    fn main(&mut self) -> Result<List> {
        let mut list = List::new();
        loop {
            let token = self.next()?;
            match token.kind {
                TokenKind::End => return Ok(list),
                TokenKind::Open if self.peek_solid()?.kind == TokenKind::Keyword(Keyword::Define) => {
                    self.next_solid()?;
                    self.define()?;
                    continue;
                }
                _ => self.ahead.push(token),
            }
            match self.step()? {
                Step::Node(node) => list.push(node),
                Step::Ending(Ending::End, pos) => {
                    return Err(self.error(pos, "unexpected {{end}}: nothing is open"));
                }
                Step::Ending(_, pos) => {
                    return Err(self.error(pos, "unexpected {{else}}: no if, with or range is open"));
                }
            }
        }
    }

    /// Nodes up to `{{end}}` or `{{else`; `opened` is where the action that wants them stands.
    fn list(&mut self, opened: Pos) -> Result<(List, Ending, Pos)> {
        self.deeper(|parser| {
            let mut list = List::new();
            loop {
                if parser.peek_solid()?.kind == TokenKind::End {
                    return Err(
                        parser.error(opened, "unexpected end of the template: this action has no {{end}}")
                    );
                }
                match parser.step()? {
                    Step::Node(node) => list.push(node),
                    Step::Ending(ending, pos) => return Ok((list, ending, pos)),
                }
            }
        })
    }

    /// A list that only `{{end}}` may end.
    fn list_to_end(&mut self, opened: Pos, place: &str) -> Result<List> {
        match self.list(opened)? {
            (list, Ending::End, _) => Ok(list),
            (_, _, pos) => Err(self.error(pos, format!("unexpected {{{{else}}}} in {place}"))),
        }
    }

    fn step(&mut self) -> Result<Step> {
        let token = self.next_solid()?;
        match token.kind {
            TokenKind::Text => {
                self.count()?;
                Ok(Step::Node(Node::Text(token.pos..token.pos + token.text.len())))
            }
            TokenKind::Open => self.action(token.pos),
            _ => Err(self.unexpected(token, "input")),
        }
    }

    fn action(&mut self, opened: Pos) -> Result<Step> {
        self.count()?;
        let token = self.next_solid()?;
        let TokenKind::Keyword(keyword) = token.kind else {
            self.ahead.push(token);
            return Ok(Step::Node(Node::Action(self.pipeline("command", TokenKind::Close)?)));
        };
        Ok(Step::Node(match keyword {
            Keyword::If | Keyword::With => self.branch(keyword, opened)?,
            Keyword::Range => self.range(opened)?,
            Keyword::Template => self.call(opened)?,
            Keyword::Block => self.block(opened)?,
            Keyword::Break => self.leave(token, Node::Break)?,
            Keyword::Continue => self.leave(token, Node::Continue)?,
            Keyword::End => {
                self.expect(TokenKind::Close, "{{end}}")?;
                return Ok(Step::Ending(Ending::End, opened));
            }
            Keyword::Else => return Ok(Step::Ending(self.after_else()?, opened)),
            Keyword::Define => {
                return Err(self.error(token.pos, "{{define}} may stand only at the top level"));
            }
        }))
    }

    fn after_else(&mut self) -> Result<Ending> {
        let token = self.next_solid()?;
        match token.kind {
            TokenKind::Close => Ok(Ending::Else),
            TokenKind::Keyword(keyword @ (Keyword::If | Keyword::With)) => {
                self.ahead.push(token);
                Ok(Ending::ElseChain(keyword))
            }
            _ => Err(self.unexpected(token, "{{else}}")),
        }
    }

    fn leave(&mut self, keyword: Token<'_>, node: Node) -> Result<Node> {
        self.expect(TokenKind::Close, keyword.text)?;
        if self.scope.loops == 0 {
            return Err(self.error(keyword.pos, format!("{{{{{}}}}} outside {{{{range}}}}", keyword.text)));
        }
        Ok(node)
    }

    fn branch(&mut self, keyword: Keyword, opened: Pos) -> Result<Node> {
        let with = keyword == Keyword::With;
        let word = if with { "with" } else { "if" };
        let mark = self.scope.declared.len();
        let mut branch = Branch { with, arms: Vec::new(), otherwise: None };
        loop {
            let pipe = self.pipeline(word, TokenKind::Close)?;
            let (body, ending, _) = self.list(opened)?;
            branch.arms.push((pipe, body));
            match ending {
                Ending::End => break,
                Ending::ElseChain(next) if next == keyword => {
                    self.count()?;
                    self.next_solid()?;
                }
                Ending::Else | Ending::ElseChain(_) => {
                    branch.otherwise = Some(self.list_to_end(opened, "the else part of this action")?);
                    break;
                }
            }
        }
        self.scope.forget(mark);
        Ok(Node::Branch(Box::new(branch)))
    }

    fn range(&mut self, opened: Pos) -> Result<Node> {
        let mark = self.scope.declared.len();
        let pipe = self.pipeline("range", TokenKind::Close)?;
        self.scope.loops += 1;
        let (body, ending, _) = self.list(opened)?;
        self.scope.loops -= 1;
        let otherwise = match ending {
            Ending::End => None,
            _ => Some(self.list_to_end(opened, "the else part of this range")?),
        };
        self.scope.forget(mark);
        Ok(Node::Loop(Box::new(Loop { pipe, body, otherwise })))
    }

    // ---- named templates

    fn template_name(&mut self, place: &str) -> Result<Arc<[u8]>> {
        let token = self.next_solid()?;
        match token.kind {
            TokenKind::Quoted | TokenKind::Raw => self.string(token),
            _ => Err(self.unexpected(token, place)),
        }
    }

    fn call(&mut self, pos: Pos) -> Result<Node> {
        let name = self.template_name("{{template}}: a quoted name must follow")?;
        let token = self.next_solid()?;
        let pipe = if token.kind == TokenKind::Close {
            None
        } else {
            self.ahead.push(token);
            Some(self.pipeline("{{template}}", TokenKind::Close)?)
        };
        Ok(Node::Call { pos, name, pipe })
    }

    fn define(&mut self) -> Result<()> {
        let opened = self.peek_solid()?.pos;
        let name = self.template_name("{{define}}: a quoted name must follow")?;
        self.expect(TokenKind::Close, "{{define}}")?;
        self.body(opened, name, "{{define}}")
    }

    fn block(&mut self, pos: Pos) -> Result<Node> {
        let name = self.template_name("{{block}}: a quoted name must follow")?;
        let pipe = self.pipeline("{{block}}", TokenKind::Close)?;
        self.body(pos, Arc::clone(&name), "{{block}}")?;
        Ok(Node::Call { pos, name, pipe: Some(pipe) })
    }

    /// The body of a `define` or `block`: sees no outer variable and no outer loop.
    fn body(&mut self, opened: Pos, name: Arc<[u8]>, place: &str) -> Result<()> {
        let outer = std::mem::replace(&mut self.scope, Scope::new());
        let body = self.list_to_end(opened, place)?;
        self.scope = outer;
        let blank = self.is_blank(&body);
        match self.definitions.get(&name) {
            Some(known) if !self.is_blank(known) => {
                if !blank {
                    let name = String::from_utf8_lossy(&name);
                    return Err(self.error(opened, format!("the template \"{name}\" is defined twice")));
                }
            }
            _ => {
                self.definitions.insert(name, Arc::new(body));
            }
        }
        Ok(())
    }

    fn is_blank(&self, list: &List) -> bool {
        list.iter().all(|node| match node {
            Node::Text(range) => self.text.get(range.clone()).is_none_or(|text| text.trim().is_empty()),
            _ => false,
        })
    }
}
