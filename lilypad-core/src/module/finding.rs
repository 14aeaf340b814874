//! One thing that is wrong or doubtful in a module, with its place, and how a list of them becomes one error.

use std::fmt;

use crate::error::{Error, ErrorKind};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing breaks.
    Note,
    /// Works, but not as the author expects, or not for every input.
    Warning,
    /// Does not work.
    Error,
}

impl Severity {
    /// The name in reports (`warning`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A place in a module's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// The place of a byte in a text; a byte past the end is the end.
    #[must_use]
    pub fn of(text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(line_start..).map_or(0, |rest| rest.chars().count()) + 1;
        Self { line: before.matches('\n').count() + 1, column }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// One thing that is wrong or doubtful in a module.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule's stable name: `E_…` for what is refused, a word such as `js-quoting` for what is only doubtful.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One line that says what is wrong.
    pub message: String,
    /// Where it stands in the module's file, where that is known.
    pub position: Option<Position>,
    /// The field it is about (`inputs.Message.default`), where there is one.
    pub field: Option<String>,
    /// What to do.
    pub hint: Option<String>,
}

impl Finding {
    pub(crate) fn new(rule: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Self { rule, severity, message: message.into(), position: None, field: None, hint: None }
    }

    pub(crate) fn error(rule: &'static str, message: impl Into<String>) -> Self {
        Self::new(rule, Severity::Error, message)
    }

    pub(crate) fn warning(rule: &'static str, message: impl Into<String>) -> Self {
        Self::new(rule, Severity::Warning, message)
    }

    pub(crate) fn note(rule: &'static str, message: impl Into<String>) -> Self {
        Self::new(rule, Severity::Note, message)
    }

    pub(crate) fn at(mut self, position: Option<Position>) -> Self {
        self.position = position;
        self
    }

    pub(crate) fn on(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Finding {
    /// `line 3, column 5: message: hint`, without what is not known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = self.position {
            write!(f, "{position}: ")?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, ": {hint}"),
            None => Ok(()),
        }
    }
}

/// How many complaints one error spells out.
const SHOWN: usize = 20;

/// One error out of all complaints: its code is the first one's, its message names each, its context holds each.
pub(crate) fn refuse(kind: ErrorKind, subject: &str, complaints: &[Finding]) -> Error {
    let Some(first) = complaints.first() else {
        return Error::unexpected("a refusal without a complaint");
    };
    let start = if subject.is_empty() { String::new() } else { format!("{subject}: ") };
    let mut error = if let [only] = complaints {
        let place = only.position.map(|position| format!("{position}: ")).unwrap_or_default();
        let error = Error::new(kind, only.rule, format!("{start}{place}{}", only.message));
        match &only.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    } else {
        let mut all: Vec<String> = complaints.iter().take(SHOWN).map(ToString::to_string).collect();
        if complaints.len() > SHOWN {
            all.push(format!("and {} more", complaints.len() - SHOWN));
        }
        Error::new(kind, first.rule, format!("{start}{}", all.join("; ")))
    };
    for complaint in complaints.iter().take(SHOWN) {
        error = error.with("complaint", format!("{} {complaint}", complaint.rule));
    }
    if let Some(position) = first.position {
        error = error.with("line", position.line).with("column", position.column);
    }
    match &first.field {
        Some(field) => error.with("field", field),
        None => error,
    }
}
