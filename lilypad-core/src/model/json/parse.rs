//! The grammar, exactly as strict as Go's `encoding/json`, without recursion.

use super::string::{quote_byte, unquote};
use super::{JsonError, Value};

/// How many levels arrays and objects may nest.
pub const MAX_DEPTH: usize = 256;

/// Parses one JSON text the way Go's `encoding/json` does: strict grammar, nothing after the value, invalid UTF-8
/// and lone surrogates replaced by U+FFFD.
///
/// # Errors
/// The first place where the text is not JSON (`E_JSON`), or nests deeper than [`MAX_DEPTH`] levels (`E_JSON_DEPTH`).
///
/// ```
/// use lilypad_core::model::json::{Value, parse};
/// assert_eq!(parse(b" [1e2] "), Ok(Value::Array(vec![Value::Number("1e2".to_owned())])));
/// let error = parse(b"{\n  \"a\": 1,\n}").unwrap_err();
/// let wanted = "line 3, column 1: invalid character '}' looking for beginning of object key string";
/// assert_eq!(error.to_string(), wanted);
/// ```
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    Parser { text, at: 0, stack: Vec::new() }.document(&mut |_, _| {})
}

/// The byte where the value begins that is reached by taking, from the root, the children with these indices.
pub(super) fn locate(text: &[u8], path: &[usize]) -> Option<usize> {
    let mut found = None;
    let mut watch = |stack: &[Open], at| {
        let here =
            stack.len() == path.len() && stack.iter().zip(path).all(|(open, index)| open.len() == *index);
        if here && found.is_none() {
            found = Some(at);
        }
    };
    Parser { text, at: 0, stack: Vec::new() }.document(&mut watch).ok()?;
    found
}

/// A container whose end has not come yet.
enum Open {
    Array(Vec<Value>),
    Object { members: Vec<(String, Value)>, key: String },
}

impl Open {
    /// How many children are complete: the index of the next one.
    fn len(&self) -> usize {
        match self {
            Self::Array(items) => items.len(),
            Self::Object { members, .. } => members.len(),
        }
    }
}

/// What comes after a value.
enum Next {
    /// Another value begins here.
    Value,
    /// This value is complete.
    Done(Value),
}

/// Called with the open containers and the offset where a value begins.
type Watch<'w> = &'w mut dyn FnMut(&[Open], usize);

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    stack: Vec<Open>,
}

impl Parser<'_> {
    fn document(mut self, watch: Watch<'_>) -> Result<Value, JsonError> {
        loop {
            let mut next = self.value(watch)?;
            while let Next::Done(value) = next {
                next = match self.stack.pop() {
                    Some(open) => self.after_value(open, value)?,
                    None => return self.end(value),
                };
            }
        }
    }

    /// Reads a scalar or the beginning of a container.
    fn value(&mut self, watch: Watch<'_>) -> Result<Next, JsonError> {
        let byte = self.token()?;
        watch(&self.stack, self.at);
        let scalar = match byte {
            b'{' => return self.open_object(),
            b'[' => return self.open_array(),
            b'"' => Value::String(self.string()?),
            b'-' | b'0'..=b'9' => Value::Number(self.number()?),
            b't' => self.literal("true", Value::Bool(true))?,
            b'f' => self.literal("false", Value::Bool(false))?,
            b'n' => self.literal("null", Value::Null)?,
            _ => return Err(self.wrong("looking for beginning of value")),
        };
        Ok(Next::Done(scalar))
    }

    fn open_array(&mut self) -> Result<Next, JsonError> {
        self.check_depth()?;
        self.at += 1;
        if self.token()? == b']' {
            self.at += 1;
            return Ok(Next::Done(Value::Array(Vec::new())));
        }
        self.stack.push(Open::Array(Vec::new()));
        Ok(Next::Value)
    }

    fn open_object(&mut self) -> Result<Next, JsonError> {
        self.check_depth()?;
        self.at += 1;
        if self.token()? == b'}' {
            self.at += 1;
            return Ok(Next::Done(Value::Object(Vec::new())));
        }
        let key = self.key()?;
        self.stack.push(Open::Object { members: Vec::new(), key });
        Ok(Next::Value)
    }

    fn check_depth(&self) -> Result<(), JsonError> {
        if self.stack.len() < MAX_DEPTH {
            return Ok(());
        }
        Err(JsonError { code: "E_JSON_DEPTH", ..self.wrong("exceeded max depth") })
    }

    /// Puts a complete value into its container and reads what follows.
    fn after_value(&mut self, open: Open, value: Value) -> Result<Next, JsonError> {
        let byte = self.token()?;
        match open {
            Open::Array(mut items) => {
                items.push(value);
                match byte {
                    b',' => self.stack.push(Open::Array(items)),
                    b']' => {
                        self.at += 1;
                        return Ok(Next::Done(Value::Array(items)));
                    }
                    _ => return Err(self.wrong("after array element")),
                }
                self.at += 1;
            }
            Open::Object { mut members, key } => {
                members.push((key, value));
                match byte {
                    b',' => self.at += 1,
                    b'}' => {
                        self.at += 1;
                        return Ok(Next::Done(Value::Object(members)));
                    }
                    _ => return Err(self.wrong("after object key:value pair")),
                }
                let key = self.key()?;
                self.stack.push(Open::Object { members, key });
            }
        }
        Ok(Next::Value)
    }

    fn end(mut self, value: Value) -> Result<Value, JsonError> {
        self.skip_space();
        if self.at < self.text.len() { Err(self.wrong("after top-level value")) } else { Ok(value) }
    }

    /// Reads a key and its colon.
    fn key(&mut self) -> Result<String, JsonError> {
        if self.token()? != b'"' {
            return Err(self.wrong("looking for beginning of object key string"));
        }
        let key = self.string()?;
        if self.token()? != b':' {
            return Err(self.wrong("after object key"));
        }
        self.at += 1;
        Ok(key)
    }

    /// Reads a string, from its first quote to its last.
    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek() {
                None => return Err(self.cut()),
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(..0x20) => return Err(self.wrong("in string literal")),
                Some(_) => self.at += 1,
            }
        }
        let inside = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(unquote(inside))
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        match self.peek() {
            Some(b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return Err(self.wrong("in \\u hexadecimal character escape"));
                    }
                    self.at += 1;
                }
            }
            _ => return Err(self.wrong("in string escape code")),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<String, JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits("in numeric literal")?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let literal = self.text.get(start..self.at).unwrap_or_default();
        Ok(literal.iter().map(|byte| char::from(*byte)).collect())
    }

    fn digits(&mut self, place: &str) -> Result<(), JsonError> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.wrong(place));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        for wanted in word.bytes() {
            if self.peek() != Some(wanted) {
                return Err(self.wrong(&format!("in literal {word} (expecting {})", quote_byte(wanted))));
            }
            self.at += 1;
        }
        Ok(value)
    }

    /// Skips white space and shows the next byte.
    fn token(&mut self) -> Result<u8, JsonError> {
        self.skip_space();
        self.peek().ok_or_else(|| self.cut())
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn cut(&self) -> JsonError {
        JsonError::at("E_JSON", "unexpected end of JSON input".to_owned(), self.text, self.at)
    }

    /// The next byte does not belong here. Go feeds a blank at the end of the text, and so names it.
    fn wrong(&self, place: &str) -> JsonError {
        let byte = quote_byte(self.peek().unwrap_or(b' '));
        JsonError::at("E_JSON", format!("invalid character {byte} {place}"), self.text, self.at)
    }
}
