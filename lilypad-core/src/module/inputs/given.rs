//! Inputs as other languages and JSON give them, typed: they become the text that a module's inputs are.

use std::collections::BTreeMap;

use serde_json::{Number, Value};

use super::{ErrorKind, Finding, InputKind, InputSpec, refuse, unknown};
use crate::error::Result;

/// A value of an input with the type that the caller's language gave it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum GivenInput {
    /// A text.
    Text(String),
    /// A whole number of any size, in decimal digits.
    Integer(String),
    /// A number.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// Something else, by the name of its type in the caller's language.
    Other(String),
}

impl GivenInput {
    /// What a JSON value is.
    #[must_use]
    pub fn of_json(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text.clone()),
            Value::Bool(value) => Self::Boolean(*value),
            Value::Number(number) if number.is_f64() => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            Value::Number(number) => Self::Integer(number.to_string()),
            Value::Null => Self::Other("null".to_owned()),
            Value::Array(_) => Self::Other("a list".to_owned()),
            Value::Object(_) => Self::Other("an object".to_owned()),
        }
    }

    fn words(&self) -> &str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer(_) => "a whole number",
            Self::Number(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::Other(name) => name,
        }
    }

    /// The text of it; `None` for what is no input at all.
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) | Self::Integer(text) => Some(text),
            Self::Boolean(value) => Some(value.to_string()),
            // In JSON's grammar of numbers; what is not finite has no place there, and is refused by the input's type.
            Self::Number(number) => {
                Some(Number::from_f64(number).map_or_else(|| number.to_string(), |number| number.to_string()))
            }
            Self::Other(_) => None,
        }
    }
}

/// Makes texts of typed values. A text may stand for every type, as on a command line; what a text input gets must be one.
pub(crate) fn texts(
    specs: &[InputSpec],
    given: BTreeMap<String, GivenInput>,
) -> Result<BTreeMap<String, String>> {
    let (mut texts, mut complaints) = (BTreeMap::new(), Vec::new());
    for (name, value) in given {
        let spec = specs.iter().find(|spec| spec.name == name);
        let wants_text =
            matches!(spec.map(|spec| &spec.kind), Some(InputKind::String { .. } | InputKind::Choice { .. }));
        let got = value.words().to_owned();
        let is_text = matches!(value, GivenInput::Text(_));
        match value.text() {
            Some(text) if is_text || !wants_text => drop(texts.insert(name, text)),
            text => {
                let shown: String = name.chars().take(80).collect();
                let wanted = spec.map_or("text", |spec| spec.kind.as_str());
                let message = format!("input `{shown}` wants a value of type {wanted}, got {got}");
                let finding = Finding::error("E_INPUT_TYPE", message).on(&shown);
                let quoted = text.filter(|text| text.len() <= 40 && !spec.is_some_and(|spec| spec.secret));
                complaints.push(match quoted {
                    Some(text) => finding.hint(format!("give it as a text: {text:?}")),
                    None => finding,
                });
                // Its name is looked at with the others.
                texts.insert(name, String::new());
            }
        }
    }
    if complaints.is_empty() {
        return Ok(texts);
    }
    let names: Vec<Finding> = unknown(specs, &texts).collect();
    Err(refuse(ErrorKind::InvalidInput, "", &[complaints, names].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specs() -> Vec<InputSpec> {
        let of = |name: &str, kind| InputSpec { kind, ..InputSpec::untyped(name, false) };
        vec![
            of("width", InputKind::Integer { min: None, max: None }),
            of("zoom", InputKind::Number { min: None, max: None }),
            of("Message", InputKind::String { min_length: None, max_length: None, pattern: None }),
            of("loud", InputKind::Boolean),
        ]
    }

    fn read(json: serde_json::Value) -> Result<BTreeMap<String, String>> {
        let Value::Object(map) = json else { panic!("an object") };
        texts(&specs(), map.iter().map(|(name, value)| (name.clone(), GivenInput::of_json(value))).collect())
    }

    #[test]
    fn typed_values_become_the_texts_that_a_command_line_would_give() {
        let given = read(serde_json::json!({"width": 640, "zoom": 1e-300, "Message": "5", "loud": true}));
        let wanted = [("Message", "5"), ("loud", "true"), ("width", "640"), ("zoom", "1e-300")];
        assert_eq!(given.unwrap(), wanted.map(|(name, text)| (name.to_owned(), text.to_owned())).into());
        assert_eq!(read(serde_json::json!({"width": "640"})).unwrap()["width"], "640");
        let large = GivenInput::Integer("99999999999999999999".to_owned());
        let text = texts(&specs(), [("width".to_owned(), large)].into()).unwrap();
        assert_eq!(text["width"], "99999999999999999999", "that it is too large is said by its check");
    }

    #[test]
    fn what_is_of_another_type_is_refused_with_what_would_do() {
        let error = read(serde_json::json!({"Message": 5})).unwrap_err();
        assert_eq!((error.code(), error.hint()), ("E_INPUT_TYPE", Some("give it as a text: \"5\"")));
        let error = read(serde_json::json!({"width": [1], "mesage": null})).unwrap_err();
        assert!(error.message().contains("did you mean `Message`?"), "{error}");
        assert!(
            error.message().contains("input `width` wants a value of type integer, got a list"),
            "{error}"
        );
    }
}
