//! A parsed JSON text.

/// A parsed JSON text. Numbers keep their literal; objects keep order and duplicates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// The literal, as it stood in the text.
    Number(String),
    /// The decoded string.
    String(String),
    /// The elements in order.
    Array(Vec<Value>),
    /// The members in order, duplicates kept: Go lets the last one win.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// What kind of value it is, as JSON calls it (`object`, `number`…).
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }
}
