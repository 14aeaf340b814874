//! The functions that a template can call: Go's own and `subst`.

use super::print::Printer;
use super::printf;
use super::quote;
use super::value::{Failure, Inputs, Value};

/// A function by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    And,
    Call,
    Eq,
    Ge,
    Gt,
    Html,
    Index,
    Js,
    Le,
    Len,
    Lt,
    Ne,
    Not,
    Or,
    Print,
    Printf,
    Println,
    Slice,
    Subst,
    UrlQuery,
}

const ALL: [(&str, Function); 20] = [
    ("and", Function::And),
    ("call", Function::Call),
    ("eq", Function::Eq),
    ("ge", Function::Ge),
    ("gt", Function::Gt),
    ("html", Function::Html),
    ("index", Function::Index),
    ("js", Function::Js),
    ("le", Function::Le),
    ("len", Function::Len),
    ("lt", Function::Lt),
    ("ne", Function::Ne),
    ("not", Function::Not),
    ("or", Function::Or),
    ("print", Function::Print),
    ("printf", Function::Printf),
    ("println", Function::Println),
    ("slice", Function::Slice),
    ("subst", Function::Subst),
    ("urlquery", Function::UrlQuery),
];

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    Any,
    Text,
}

impl Function {
    pub(super) fn named(name: &str) -> Option<Self> {
        ALL.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
    }

    pub(super) fn name(self) -> &'static str {
        ALL.iter().find(|(_, function)| *function == self).map_or("", |(name, _)| *name)
    }

    pub(super) fn list() -> String {
        ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// How many arguments it needs, and whether it takes more.
    pub(super) fn arity(self) -> (usize, bool) {
        match self {
            Self::Html | Self::Js | Self::Print | Self::Println | Self::UrlQuery => (0, true),
            Self::Len | Self::Not => (1, false),
            Self::Ge | Self::Gt | Self::Le | Self::Lt | Self::Ne => (2, false),
            _ => (1, true),
        }
    }

    pub(super) fn parameter(self, index: usize) -> Parameter {
        match self {
            Self::Subst => Parameter::Text,
            Self::Printf if index == 0 => Parameter::Text,
            _ => Parameter::Any,
        }
    }

    /// Calls it; the number of arguments is right. `and` and `or` do not come here.
    pub(super) fn call(self, inputs: &Inputs<'_>, args: &[Value]) -> Result<Value, Failure> {
        let (first, rest) = args.split_first().map_or((&Value::Nothing, args), |(first, rest)| (first, rest));
        let second = rest.first().unwrap_or(&Value::Nothing);
        Ok(match self {
            Self::And | Self::Or => return Err(Failure::wrong("and and or are not called")),
            Self::Call => {
                return Err(Failure::wrong(format!("call needs a function, not a {}", kind_of(first))));
            }
            Self::Eq => Value::Bool(equal_any(first, rest)?),
            Self::Ne => Value::Bool(!equal_any(first, rest)?),
            Self::Lt => Value::Bool(less(first, second)?),
            Self::Le => Value::Bool(less(first, second)? || equal_any(first, rest)?),
            Self::Gt => Value::Bool(!(less(first, second)? || equal_any(first, rest)?)),
            Self::Ge => Value::Bool(!less(first, second)?),
            Self::Not => Value::Bool(!truth(inputs, first)),
            Self::Len => length(inputs, first)?,
            Self::Index => index(inputs, first, rest)?,
            Self::Slice => slice(first, rest)?,
            Self::Html => Value::text(quote::html(&joined(inputs, args)?)),
            Self::Js => Value::text(quote::js(&joined(inputs, args)?)),
            Self::UrlQuery => Value::text(quote::url_query(&joined(inputs, args)?)),
            Self::Print => Value::text(print(inputs, args)?),
            Self::Println => Value::text(println(inputs, args)?),
            Self::Printf => Value::text(formatted(inputs, first, rest)?),
            Self::Subst => Value::text(subst(inputs, first, rest)?),
        })
    }
}

/// What `if` asks.
pub(super) fn truth(inputs: &Inputs<'_>, value: &Value) -> bool {
    match value {
        Value::Nothing => false,
        Value::Bool(value) => *value,
        Value::Int(value) => *value != 0,
        Value::Byte(value) => *value != 0,
        Value::Float(value) => *value != 0.0,
        Value::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
        Value::Text(bytes) => !bytes.is_empty(),
        Value::Inputs => inputs.len() > 0,
    }
}

/// The type of a value in words for an error.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Nothing => "missing value",
        Value::Inputs => "map of all inputs",
        other => other.type_name(),
    }
}

// ---- printing

/// Space between two values where neither is a string.
fn print(inputs: &Inputs<'_>, args: &[Value]) -> Result<Vec<u8>, Failure> {
    let mut printer = Printer::new(inputs);
    let mut after_text = true;
    for arg in args {
        let text = matches!(arg, Value::Text(_));
        if !text && !after_text {
            printer.write(b" ")?;
        }
        printer.print(arg, 'v')?;
        after_text = text;
    }
    Ok(printer.into_bytes())
}

fn println(inputs: &Inputs<'_>, args: &[Value]) -> Result<Vec<u8>, Failure> {
    let mut printer = Printer::new(inputs);
    for (index, arg) in args.iter().enumerate() {
        if index > 0 {
            printer.write(b" ")?;
        }
        printer.print(arg, 'v')?;
    }
    printer.write(b"\n")?;
    Ok(printer.into_bytes())
}

/// The bytes that an action prints for a value.
pub(super) fn shown(inputs: &Inputs<'_>, value: &Value) -> Result<Vec<u8>, Failure> {
    joined(inputs, std::slice::from_ref(value))
}

/// As `print`, with `<no value>` for what is missing.
fn joined(inputs: &Inputs<'_>, args: &[Value]) -> Result<Vec<u8>, Failure> {
    let shown: Vec<Value> = args
        .iter()
        .map(|arg| match arg {
            Value::Nothing => Value::text(*b"<no value>"),
            other => other.clone(),
        })
        .collect();
    print(inputs, &shown)
}

fn formatted(inputs: &Inputs<'_>, format: &Value, args: &[Value]) -> Result<Vec<u8>, Failure> {
    let Value::Text(format) = format else {
        return Err(Failure::wrong("the format is not a string"));
    };
    let mut printer = Printer::new(inputs);
    printf::printf(&mut printer, format, args)?;
    Ok(printer.into_bytes())
}

/// Lilypad's own: each value is a JSON string that is decoded before it is formatted.
fn subst(inputs: &Inputs<'_>, format: &Value, args: &[Value]) -> Result<Vec<u8>, Failure> {
    let mut decoded = Vec::with_capacity(args.len());
    for (index, arg) in args.iter().enumerate() {
        let text = match arg {
            Value::Text(bytes) => quote::from_json(bytes),
            _ => None,
        };
        match text {
            Some(text) => decoded.push(Value::text(text.into_bytes())),
            None => {
                let message =
                    format!("subst: value {} is not a JSON string; it takes inputs only", index + 1);
                return Err(Failure::wrong(message));
            }
        }
    }
    formatted(inputs, format, &decoded)
}

// ---- comparing

fn incompatible(left: &Value, right: &Value) -> Failure {
    Failure::wrong(format!("cannot compare a {} with a {}", kind_of(left), kind_of(right)))
}

fn equal_any(left: &Value, others: &[Value]) -> Result<bool, Failure> {
    if others.is_empty() {
        return Err(Failure::wrong("missing argument for comparison"));
    }
    for other in others {
        if equal(left, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[expect(clippy::float_cmp, reason = "Go compares the same way")]
fn equal(left: &Value, right: &Value) -> Result<bool, Failure> {
    Ok(match (left, right) {
        (Value::Nothing, Value::Nothing) => true,
        (Value::Nothing, _) | (_, Value::Nothing) => false,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(left), Value::Int(right)) => left == right,
        (Value::Byte(left), Value::Byte(right)) => left == right,
        (Value::Int(int), Value::Byte(byte)) | (Value::Byte(byte), Value::Int(int)) => {
            *int == i64::from(*byte)
        }
        (Value::Float(left), Value::Float(right)) => left == right,
        (Value::Complex(a, b), Value::Complex(c, d)) => a == c && b == d,
        (Value::Text(left), Value::Text(right)) => left == right,
        _ => return Err(incompatible(left, right)),
    })
}

fn less(left: &Value, right: &Value) -> Result<bool, Failure> {
    Ok(match (left, right) {
        (Value::Int(left), Value::Int(right)) => left < right,
        (Value::Byte(left), Value::Byte(right)) => left < right,
        (Value::Int(left), Value::Byte(right)) => *left < i64::from(*right),
        (Value::Byte(left), Value::Int(right)) => i64::from(*left) < *right,
        (Value::Float(left), Value::Float(right)) => left < right,
        (Value::Text(left), Value::Text(right)) => left < right,
        _ => return Err(incompatible(left, right)),
    })
}

// ---- looking inside

fn length(inputs: &Inputs<'_>, value: &Value) -> Result<Value, Failure> {
    let length = match value {
        Value::Text(bytes) => bytes.len(),
        Value::Inputs => inputs.len(),
        other => return Err(Failure::wrong(format!("a {} has no length", kind_of(other)))),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

/// An index from 0 to `length`, both included.
fn position(value: &Value, length: usize) -> Result<usize, Failure> {
    let number = match value {
        Value::Int(number) => *number,
        Value::Byte(number) => i64::from(*number),
        other => return Err(Failure::wrong(format!("cannot index a string with a {}", kind_of(other)))),
    };
    usize::try_from(number)
        .ok()
        .filter(|number| *number <= length)
        .ok_or_else(|| Failure::wrong(format!("index out of range: {number}")))
}

fn index(inputs: &Inputs<'_>, item: &Value, indexes: &[Value]) -> Result<Value, Failure> {
    if matches!(item, Value::Nothing) {
        return Err(Failure::wrong("index of a missing value"));
    }
    let mut item = item.clone();
    for index in indexes {
        item = match (&item, index) {
            (Value::Inputs, Value::Text(key)) => {
                let found = std::str::from_utf8(key).map_or(Ok(Value::Nothing), |key| inputs.get(key))?;
                // Go gives the empty string here, not "no value".
                if matches!(found, Value::Nothing) { Value::text([]) } else { found }
            }
            (Value::Inputs, other) => {
                return Err(Failure::wrong(format!(
                    "the name of an input is a string, not a {}",
                    kind_of(other)
                )));
            }
            (Value::Text(bytes), index) => {
                let at = position(index, bytes.len())?;
                let byte = bytes.get(at).copied();
                Value::Byte(byte.ok_or_else(|| Failure::wrong(format!("index out of range: {at}")))?)
            }
            (other, _) => return Err(Failure::wrong(format!("cannot index a {}", kind_of(other)))),
        };
    }
    Ok(item)
}

fn slice(item: &Value, indexes: &[Value]) -> Result<Value, Failure> {
    let Value::Text(bytes) = item else {
        return Err(Failure::wrong(format!("cannot slice a {}", kind_of(item))));
    };
    if indexes.len() > 2 {
        return Err(Failure::wrong(format!("too many slice indexes for a string: {}", indexes.len())));
    }
    let mut range = [0, bytes.len()];
    for (slot, index) in range.iter_mut().zip(indexes) {
        *slot = position(index, bytes.len())?;
    }
    let [start, end] = range;
    match bytes.get(start..end) {
        Some(part) => Ok(Value::text(part)),
        None => Err(Failure::wrong(format!("invalid slice index: {start} > {end}"))),
    }
}
