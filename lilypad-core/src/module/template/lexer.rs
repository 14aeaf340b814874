//! Cuts a template's text into tokens.

use super::ast::Pos;
use super::unicode::{is_alphanumeric, is_printable};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// The end of the text.
    End,
    /// Literal text between actions.
    Text,
    /// `{{`
    Open,
    /// `}}`
    Close,
    /// White space inside an action.
    Space,
    Assign,
    Declare,
    Bar,
    Comma,
    /// Any other printable ASCII character.
    Other,
    OpenParen,
    CloseParen,
    Dot,
    /// `.name`
    Field,
    /// `$` or `$name`
    Variable,
    Identifier,
    Keyword(Keyword),
    Nil,
    Bool,
    Number,
    Complex,
    Char,
    Quoted,
    Raw,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: TokenKind,
    pub(super) pos: Pos,
    pub(super) text: &'a str,
}

/// Why the text cannot be cut into tokens, and where.
#[derive(Debug)]
pub(super) struct LexError {
    pub(super) pos: Pos,
    pub(super) message: String,
}

#[derive(Clone, Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    pos: Pos,
    inside: bool,
    opened: Pos,
    parens: Vec<Pos>,
}

type Lexed<'a> = Result<Token<'a>, LexError>;

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, pos: 0, inside: false, opened: 0, parens: Vec::new() }
    }

    pub(super) fn next_token(&mut self) -> Lexed<'a> {
        if self.inside { self.action_token() } else { self.text_token() }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.pos..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.pos += c.len_utf8();
        Some(c)
    }

    fn accept(&mut self, set: &str) -> bool {
        let found = self.peek().is_some_and(|c| set.contains(c));
        if found {
            self.bump();
        }
        found
    }

    fn accept_while(&mut self, is: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&is) {
            self.bump();
        }
    }

    fn token(&self, kind: TokenKind, start: Pos) -> Lexed<'a> {
        Ok(Token { kind, pos: start, text: self.text.get(start..self.pos).unwrap_or_default() })
    }

    fn fail(&self, pos: Pos, message: impl Into<String>) -> Lexed<'a> {
        Err(LexError { pos, message: message.into() })
    }

    /// Skips `}}`, and the white space after it where `trim` says so.
    fn skip_close(&mut self, trim: bool) {
        self.pos += if trim { 4 } else { 2 };
        if trim {
            self.accept_while(is_space);
        }
    }

    fn text_token(&mut self) -> Lexed<'a> {
        loop {
            let start = self.pos;
            let rest = self.rest();
            let Some(found) = rest.find("{{") else {
                self.pos = self.text.len();
                return self.token(if rest.is_empty() { TokenKind::End } else { TokenKind::Text }, start);
            };
            let open = start + found;
            let after = self.text.get(open + 2..).unwrap_or_default();
            let trim = trims_left(after);
            let before = rest.get(..found).unwrap_or_default();
            let kept = if trim { before.trim_end_matches(is_space) } else { before };
            self.pos = open;
            if !kept.is_empty() {
                return Ok(Token { kind: TokenKind::Text, pos: start, text: kept });
            }
            let marker = if trim { 2 } else { 0 };
            self.pos = open + 2 + marker;
            if !self.rest().starts_with("/*") {
                self.inside = true;
                self.opened = open;
                self.parens.clear();
                return Ok(Token { kind: TokenKind::Open, pos: open, text: "{{" });
            }
            let Some(end) = self.rest().get(2..).and_then(|body| body.find("*/")) else {
                return self.fail(open, "this comment is never closed: `*/}}` is missing");
            };
            self.pos += 2 + end + 2;
            match close_at(self.rest()) {
                Some(trim) => self.skip_close(trim),
                None => {
                    return self.fail(self.pos, "a comment must end with `*/}}`, nothing may stand between");
                }
            }
        }
    }

    fn action_token(&mut self) -> Lexed<'a> {
        let start = self.pos;
        if let Some(trim) = close_at(self.rest()) {
            if let Some(&paren) = self.parens.last() {
                return self.fail(paren, "this `(` is never closed");
            }
            self.inside = false;
            self.skip_close(trim);
            return Ok(Token { kind: TokenKind::Close, pos: start, text: "}}" });
        }
        let Some(c) = self.peek() else {
            return self.fail(self.opened, "this action is never closed: `}}` is missing");
        };
        match c {
            _ if is_space(c) => self.space(),
            '"' => self.quoted('"', TokenKind::Quoted, "string"),
            '\'' => self.quoted('\'', TokenKind::Char, "character"),
            '`' => self.raw(),
            '$' => self.variable(),
            '.' if !self.rest().get(1..).is_none_or(|rest| rest.is_empty() || starts_with_digit(rest)) => {
                self.field()
            }
            '.' | '+' | '-' | '0'..='9' => self.number(),
            _ if is_alphanumeric(c) => self.identifier(),
            _ => self.punctuation(c),
        }
    }

    fn punctuation(&mut self, c: char) -> Lexed<'a> {
        let start = self.pos;
        self.bump();
        let kind = match c {
            '=' => TokenKind::Assign,
            '|' => TokenKind::Bar,
            ',' => TokenKind::Comma,
            ':' if self.accept("=") => TokenKind::Declare,
            ':' => return self.fail(start, "expected `:=` here"),
            '(' => {
                self.parens.push(start);
                TokenKind::OpenParen
            }
            ')' => {
                if self.parens.pop().is_none() {
                    return self.fail(start, "this `)` has no `(`");
                }
                TokenKind::CloseParen
            }
            _ if c.is_ascii() && is_printable(c) => TokenKind::Other,
            _ => {
                return self.fail(start, format!("unexpected character U+{:04X} in an action", u32::from(c)));
            }
        };
        self.token(kind, start)
    }

    /// Spaces; the last one stays where it starts a closing ` -}}`.
    fn space(&mut self) -> Lexed<'a> {
        let start = self.pos;
        self.accept_while(is_space);
        let last = self.pos.saturating_sub(1);
        if self.text.get(last..).and_then(close_at).is_some() {
            self.pos = last;
            if last == start {
                return self.action_token();
            }
        }
        self.token(TokenKind::Space, start)
    }

    /// True where a name may end.
    fn at_end_of_name(&self) -> bool {
        match self.peek() {
            None => true,
            Some(c) => {
                is_space(c) || matches!(c, '.' | ',' | '|' | ':' | ')' | '(') || self.rest().starts_with("}}")
            }
        }
    }

    fn finish_name(&mut self, start: Pos, kind: TokenKind) -> Lexed<'a> {
        self.accept_while(is_alphanumeric);
        if self.at_end_of_name() {
            return self.token(kind, start);
        }
        let name = self.text.get(start..self.pos).unwrap_or_default();
        let found = self.peek().unwrap_or_default();
        self.fail(self.pos, format!("unexpected character `{}` after `{name}`", found.escape_default()))
    }

    fn field(&mut self) -> Lexed<'a> {
        let start = self.pos;
        self.bump();
        let kind = if self.at_end_of_name() { TokenKind::Dot } else { TokenKind::Field };
        if kind == TokenKind::Dot { self.token(kind, start) } else { self.finish_name(start, kind) }
    }

    fn variable(&mut self) -> Lexed<'a> {
        let start = self.pos;
        self.bump();
        self.finish_name(start, TokenKind::Variable)
    }

    fn identifier(&mut self) -> Lexed<'a> {
        let token = self.finish_name(self.pos, TokenKind::Identifier)?;
        let kind = match token.text {
            "block" => TokenKind::Keyword(Keyword::Block),
            "break" => TokenKind::Keyword(Keyword::Break),
            "continue" => TokenKind::Keyword(Keyword::Continue),
            "define" => TokenKind::Keyword(Keyword::Define),
            "else" => TokenKind::Keyword(Keyword::Else),
            "end" => TokenKind::Keyword(Keyword::End),
            "if" => TokenKind::Keyword(Keyword::If),
            "range" => TokenKind::Keyword(Keyword::Range),
            "template" => TokenKind::Keyword(Keyword::Template),
            "with" => TokenKind::Keyword(Keyword::With),
            "nil" => TokenKind::Nil,
            "true" | "false" => TokenKind::Bool,
            _ => TokenKind::Identifier,
        };
        Ok(Token { kind, ..token })
    }

    fn quoted(&mut self, quote: char, kind: TokenKind, what: &str) -> Lexed<'a> {
        let start = self.pos;
        self.bump();
        loop {
            match self.bump() {
                Some('\\') if self.peek().is_some_and(|c| c != '\n') => {
                    self.bump();
                }
                Some('\n' | '\\') | None => {
                    return self.fail(start, format!("this {what} is never closed on its line"));
                }
                Some(c) if c == quote => return self.token(kind, start),
                Some(_) => {}
            }
        }
    }

    fn raw(&mut self) -> Lexed<'a> {
        let start = self.pos;
        self.bump();
        self.accept_while(|c| c != '`');
        if self.bump().is_none() {
            return self.fail(start, "this raw string is never closed: a second backquote is missing");
        }
        self.token(TokenKind::Raw, start)
    }

    fn number(&mut self) -> Lexed<'a> {
        let start = self.pos;
        let mut good = self.scan_number();
        let mut kind = TokenKind::Number;
        if good && matches!(self.peek(), Some('+' | '-')) {
            kind = TokenKind::Complex;
            good =
                self.scan_number() && self.text.get(start..self.pos).is_some_and(|text| text.ends_with('i'));
        }
        if good {
            return self.token(kind, start);
        }
        let text = self.text.get(start..self.pos).unwrap_or_default();
        self.fail(start, format!("`{text}` is not a number"))
    }

    /// Takes what looks like a number; its value is judged later. False where a letter follows.
    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        let mut exponent = "eE";
        if self.accept("0") {
            if self.accept("xX") {
                (digits, exponent) = ("0123456789abcdefABCDEF_", "pP");
            } else if self.accept("oO") {
                (digits, exponent) = ("01234567_", "");
            } else if self.accept("bB") {
                (digits, exponent) = ("01_", "");
            }
        }
        self.accept_while(|c| digits.contains(c));
        if self.accept(".") {
            self.accept_while(|c| digits.contains(c));
        }
        if self.accept(exponent) {
            self.accept("+-");
            self.accept_while(|c| c.is_ascii_digit() || c == '_');
        }
        self.accept("i");
        let follows = self.peek().is_some_and(is_alphanumeric);
        if follows {
            self.bump();
        }
        !follows
    }
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// True for `- ` right after `{{`.
fn trims_left(after: &str) -> bool {
    after.strip_prefix('-').is_some_and(|rest| rest.starts_with(is_space))
}

/// `Some(trims)` where the action ends here, with `}}` or ` -}}`.
fn close_at(rest: &str) -> Option<bool> {
    if rest.starts_with("}}") {
        return Some(false);
    }
    let marked = rest.strip_prefix(is_space)?.strip_prefix("-}}");
    marked.map(|_| true)
}
