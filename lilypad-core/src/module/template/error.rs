//! Says where in a template something is wrong.

use crate::error::{Error, Fault};
use crate::module::Position;

use super::ast::Pos;

fn at(text: &str, pos: Pos, code: &'static str, message: &str) -> Error {
    let position = Position::of(text, pos);
    Error::invalid(code, format!("template, {position}: {message}"))
        .with_fault(Fault::Module)
        .with("line", position.line)
        .with("column", position.column)
}

/// The text is not a template.
pub(super) fn parse_error(text: &str, pos: Pos, message: &str) -> Error {
    at(text, pos, "E_TEMPLATE_PARSE", message)
}

/// The template cannot be rendered with these inputs.
pub(super) fn exec_error(text: &str, pos: Pos, message: &str) -> Error {
    at(text, pos, "E_TEMPLATE_EXEC", message)
}

/// The template, its inputs or its output are larger than a limit allows.
pub(super) fn limit_error(what: &'static str, limit: usize, got: Option<usize>) -> Error {
    let message = match got {
        Some(got) => format!("template: {what} is limited to {limit}, got {got}"),
        None => format!("template: {what} is limited to {limit}"),
    };
    Error::invalid("E_TEMPLATE_LIMIT", message)
        .with_fault(Fault::Module)
        .with_hint("make the template smaller or simpler")
        .with("what", what)
        .with("limit", limit)
}
