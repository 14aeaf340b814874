//! `[inputs.NAME]`: each rule belongs to its type, and the default satisfies the rules.

use std::collections::BTreeMap;

use super::short;
use crate::module::inputs::{InputKind, InputSpec, check_value, compile_pattern};
use crate::module::manifest::reader::{Number, Reader, Scalar};
use crate::module::manifest::tables::{InputTable, InputType};

pub(super) fn inputs(tables: BTreeMap<String, InputTable>, reader: &mut Reader<'_>) -> Vec<InputSpec> {
    tables.into_iter().map(|(name, table)| input(name, table, reader)).collect()
}

fn input(name: String, table: InputTable, reader: &mut Reader<'_>) -> InputSpec {
    let path = format!("inputs.{name}");
    if !is_input_name(&name) {
        let message = format!("input name {:?} is not usable", short(&name));
        let hint = "use 1 to 64 letters, digits, `_` and `-`, starting with a letter or `_`";
        reader.complain_with(&path, "E_MANIFEST_NAME", message, hint);
    }
    misplaced(&path, &table, reader);
    let kind = kind(&path, &table, reader);
    let default = table.default.map(|Scalar(text)| text);
    if table.required && default.is_some() {
        let message = format!("`{path}` is required, so its default is never used");
        reader.complain_with(
            &format!("{path}.default"),
            "E_MANIFEST_DEFAULT",
            message,
            "remove `required` or the default",
        );
    }
    let spec = InputSpec {
        name,
        kind,
        required: table.required,
        default,
        description: table.description,
        secret: table.secret,
    };
    if spec.secret && spec.default.is_some() {
        let message = format!("`{path}` is secret: a default would publish it");
        reader.complain(&format!("{path}.default"), "E_MANIFEST_DEFAULT", message);
    }
    if let Some(wrong) = spec.default.as_deref().and_then(|default| check_value(&spec, default)) {
        let message = format!("the default does not fit: {}", wrong.message);
        reader.complain(&format!("{path}.default"), "E_MANIFEST_DEFAULT", message);
    }
    spec
}

fn is_input_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Complains about each rule that the input's type does not have.
fn misplaced(path: &str, table: &InputTable, reader: &mut Reader<'_>) {
    let string = table.kind == InputType::String;
    let numeric = matches!(table.kind, InputType::Integer | InputType::Number);
    let free = string && table.choices.is_empty();
    let rules = [
        ("min_length", table.min_length.is_some(), free, "string without choices"),
        ("max_length", table.max_length.is_some(), free, "string without choices"),
        ("pattern", table.pattern.is_some(), free, "string without choices"),
        ("min", table.min.is_some(), numeric, "integer or number"),
        ("max", table.max.is_some(), numeric, "integer or number"),
        ("choices", !table.choices.is_empty(), string, "string"),
    ];
    for (key, given, fits, wanted) in rules {
        if given && !fits {
            let message = format!("`{key}` belongs to inputs of type {wanted}");
            reader.complain(&format!("{path}.{key}"), "E_MANIFEST_RULE", message);
        }
    }
}

fn kind(path: &str, table: &InputTable, reader: &mut Reader<'_>) -> InputKind {
    match table.kind {
        InputType::String if !table.choices.is_empty() => {
            InputKind::Choice { choices: table.choices.clone() }
        }
        InputType::String => {
            if let (Some(min), Some(max)) = (table.min_length, table.max_length) {
                ordered(path, "min_length", min <= max, reader);
            }
            if let Some(why) = table.pattern.as_deref().and_then(|pattern| compile_pattern(pattern).err()) {
                reader.complain(
                    &format!("{path}.pattern"),
                    "E_MANIFEST_PATTERN",
                    format!("the pattern {why}"),
                );
            }
            InputKind::String {
                min_length: table.min_length,
                max_length: table.max_length,
                pattern: table.pattern.clone(),
            }
        }
        InputType::Integer => {
            let (min, max) = (whole(path, "min", table.min, reader), whole(path, "max", table.max, reader));
            ordered(path, "min", min.zip(max).is_none_or(|(min, max)| min <= max), reader);
            InputKind::Integer { min, max }
        }
        InputType::Number => {
            let (min, max) = (table.min.map(real), table.max.map(real));
            ordered(path, "min", min.zip(max).is_none_or(|(min, max)| min <= max), reader);
            InputKind::Number { min, max }
        }
        InputType::Boolean => InputKind::Boolean,
    }
}

fn ordered(path: &str, low: &str, fits: bool, reader: &mut Reader<'_>) {
    if !fits {
        let message = format!("`{path}.{low}` is above its upper end");
        reader.complain(&format!("{path}.{low}"), "E_MANIFEST_RULE", message);
    }
}

fn whole(path: &str, key: &str, number: Option<Number>, reader: &mut Reader<'_>) -> Option<i64> {
    match number? {
        Number::Whole(value) => Some(value),
        Number::Real(value) => {
            let path = format!("{path}.{key}");
            reader.complain(&path, "E_NUMBER", format!("`{path}` must be a whole number, not {value}"));
            None
        }
    }
}

fn real(number: Number) -> f64 {
    match number {
        Number::Whole(value) => value as f64,
        Number::Real(value) => value,
    }
}
