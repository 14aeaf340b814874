//! The language of module templates: Go's `text/template` with one more function, `subst`.
//!
//! This is the second door, for tools that look at templates themselves: less stable than the rest of `module`.
//!
//! ```
//! use lilypad_core::module::template::Template;
//! use std::collections::BTreeMap;
//!
//! let template = Template::parse(r#"{"say": {{if .Message}}{{.Message}}{{else}}"moo"{{end}}}"#)?;
//! let inputs = BTreeMap::from([("Message".to_owned(), "hi \"pond\"".to_owned())]);
//! assert_eq!(template.render(&inputs)?, r#"{"say": "hi \"pond\""}"#);
//! assert_eq!(template.render(&BTreeMap::new())?, r#"{"say": "moo"}"#);
//! # Ok::<(), lilypad_core::Error>(())
//! ```
//!
//! # Layout
//! `lexer` and `literal` read tokens, `parser` builds the tree in `ast`; `eval` runs it over `value`s with
//! `functions`; `printf`, `print`, `float` and `quote` write values as Go writes them; `unicode` holds Go's classes
//! of characters; `uses` tells which inputs a template uses.

mod ast;
mod error;
mod eval;
mod float;
mod functions;
mod lexer;
mod literal;
mod parser;
mod print;
mod printf;
mod quote;
mod unicode;
mod uses;
mod value;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::error::Result;

pub use uses::{InputForm, InputGuard, InputUse};

use ast::{Definitions, List};
use error::{exec_error, limit_error};
use value::{Failure, Inputs};

/// The longest template, in bytes.
pub const MAX_TEXT: usize = 1 << 20;
/// The most nodes in a template.
pub const MAX_NODES: usize = 100_000;
/// How deep actions and parentheses may nest.
pub const MAX_DEPTH: usize = 100;
/// How deep templates may stand in templates while they run.
pub const MAX_CALL_DEPTH: usize = 200;
/// The longest output, in bytes.
pub const MAX_OUTPUT: usize = 4 << 20;
/// The most steps that rendering may take.
pub const MAX_STEPS: usize = 1_000_000;
/// The most bytes that functions may read and write while rendering.
pub const MAX_WORK: usize = 16 << 20;
/// The most inputs.
pub const MAX_INPUTS: usize = 1_000;
/// The longest input, in bytes.
pub const MAX_INPUT: usize = 1 << 20;

/// A template that was read and can be rendered many times.
pub struct Template {
    text: String,
    main: List,
    definitions: Definitions,
    names: Vec<String>,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// `E_TEMPLATE_PARSE` with `line` and `column` where it is not a template; `E_TEMPLATE_LIMIT` where it is longer than
    /// [`MAX_TEXT`], has more than [`MAX_NODES`] nodes or nests deeper than [`MAX_DEPTH`].
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_TEXT {
            return Err(limit_error("the size of the template in bytes", MAX_TEXT, Some(text.len())));
        }
        let parsed = parser::parse(text)?;
        Ok(Self {
            text: text.to_owned(),
            main: parsed.main,
            definitions: parsed.definitions,
            names: parsed.names,
        })
    }

    /// Every place where the template uses an input, in the order of the text.
    ///
    /// Follows variables that hold an input, `with`, and templates that are called; a body that is never called is not
    /// looked at.
    ///
    /// ```
    /// use lilypad_core::module::template::{InputForm, InputGuard, Template};
    ///
    /// let template = Template::parse(r#"["A={{.Text | js}}"]"#)?;
    /// let inputs = template.inputs();
    /// assert_eq!((inputs[0].name.as_str(), inputs[0].form), ("Text", InputForm::Js));
    /// assert_eq!((inputs[0].guard, inputs[0].in_json_string), (InputGuard::None, true));
    /// # Ok::<(), lilypad_core::Error>(())
    /// ```
    #[must_use]
    pub fn inputs(&self) -> Vec<InputUse> {
        uses::scan(self).inputs
    }

    /// True where the template reads the map of all inputs as a whole (`{{range .}}`, `{{.}}`), so that an input which
    /// [`Template::inputs`] does not name may still matter.
    #[must_use]
    pub fn reads_any_input(&self) -> bool {
        uses::scan(self).any
    }

    /// Renders it with `inputs`, each of which the template sees as a JSON string, quotes included.
    ///
    /// # Errors
    /// `E_TEMPLATE_EXEC` with `line` and `column` where the template cannot be run with these inputs; `E_TEMPLATE_LIMIT`
    /// where there are more than [`MAX_INPUTS`] inputs, one is longer than [`MAX_INPUT`], or rendering takes more than
    /// [`MAX_OUTPUT`], [`MAX_STEPS`], [`MAX_WORK`] or [`MAX_CALL_DEPTH`].
    pub fn render(&self, inputs: &BTreeMap<String, String>) -> Result<String> {
        if inputs.len() > MAX_INPUTS {
            return Err(limit_error("the number of inputs", MAX_INPUTS, Some(inputs.len())));
        }
        if let Some(long) = inputs.values().map(String::len).find(|length| *length > MAX_INPUT) {
            return Err(limit_error("the size of an input in bytes", MAX_INPUT, Some(long)));
        }
        match eval::Run::new(self, Inputs::new(inputs)).run() {
            Ok(bytes) => Ok(unicode::to_text(bytes)),
            Err(Failure::Wrong { pos, message }) => {
                Err(exec_error(&self.text, pos.unwrap_or(self.text.len()), &message))
            }
            Err(Failure::Limit { what, limit }) => Err(limit_error(what, limit, None)),
        }
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}
