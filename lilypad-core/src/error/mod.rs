//! The one error of the project: what went wrong, whose fault it is, whether to try again, what to do next.
//!
//! Every failing function of the crate returns [`Error`]. [`Error::kind`] is what a caller can act on,
//! [`Error::code`] is a stable string for one precise cause, and [`Error::hint`] says what to do.
//!
//! ```
//! use lilypad_core::{Error, ErrorKind, Fault};
//!
//! let error = Error::new(ErrorKind::InvalidInput, "E_INPUT_UNKNOWN", "unknown input `Mesage`")
//!     .with_hint("did you mean `Message`?")
//!     .with("field", "Mesage");
//! assert_eq!(error.kind(), ErrorKind::InvalidInput);
//! assert_eq!(error.fault(), Fault::User);
//! assert_eq!(error.to_string(), "unknown input `Mesage`: did you mean `Message`?");
//! ```

mod code;
mod fault;
mod kind;
mod retry;

pub(crate) use code::{Code, code_of_peer};
pub use fault::Fault;
pub use kind::ErrorKind;
pub use retry::Retry;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// The result of every fallible function in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, whose fault it is, whether to try again and what to do next.
///
/// One word wide. Never holds a key, a token or the value of an input marked secret.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    fault: Fault,
    retry: Retry,
    code: &'static str,
    operation: Option<Cow<'static, str>>,
    message: String,
    hint: Option<String>,
    context: Vec<(Cow<'static, str>, String)>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Makes an error with the fault and the retry verdict that are usual for `kind`.
    ///
    /// `code` is a stable upper-case string (`E_INPUT_UNKNOWN`, `LIMIT_MEMORY`) that never changes meaning;
    /// `message` is one line, without a final stop, that names the field, the limit and what was got.
    #[cold]
    #[must_use]
    pub fn new(kind: ErrorKind, code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            fault: kind.usual_fault(),
            retry: kind.usual_retry(),
            code,
            operation: None,
            message: message.into(),
            hint: None,
            context: Vec::new(),
            source: None,
        }))
    }

    /// Bad input of the caller: kind [`ErrorKind::InvalidInput`], fault [`Fault::User`].
    #[cold]
    #[must_use]
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, code, message)
    }

    /// Something that this build, this network or this system does not do.
    #[cold]
    #[must_use]
    pub fn unsupported(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, code, message)
    }

    /// A broken promise of our own code; ask the user to report it.
    #[cold]
    #[must_use]
    pub fn unexpected(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unexpected, "E_UNEXPECTED", message)
    }

    /// Says what to do next, as a phrase that can stand after a colon.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds a key and a value to the context (`deal_id`, `url`, `limit`, `got`, `line`…).
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        self.0.context.push((key.into(), value.to_string()));
        self
    }

    /// Says whose fault it is, where it is not the usual one of the kind.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.0.fault = fault;
        self
    }

    /// Says whether trying again can help, where it is not the usual answer of the kind.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// Names the operation that failed (`submit`, `run`, `fetch`…); the outermost caller's name stays.
    #[must_use]
    pub fn with_operation(mut self, operation: impl Into<Cow<'static, str>>) -> Self {
        self.0.operation = Some(operation.into());
        self
    }

    /// Keeps the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same error for another who waits for the same thing; the cause is kept as text in the context.
    #[must_use]
    pub(crate) fn duplicate(&self) -> Self {
        let mut context = self.0.context.clone();
        if let Some(source) = &self.0.source {
            context.push(("cause".into(), source.to_string()));
        }
        Self(Box::new(Inner {
            kind: self.0.kind,
            fault: self.0.fault,
            retry: self.0.retry,
            code: self.0.code,
            operation: self.0.operation.clone(),
            message: self.0.message.clone(),
            hint: self.0.hint.clone(),
            context,
            source: None,
        }))
    }

    /// What a caller can act on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.0.fault
    }

    /// Whether trying again can help.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// The stable string for this precise cause.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The operation that failed, where one was named.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// What happened, without the hint.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Keys and values that were added on the way up, in that order.
    pub fn context(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.context.iter().map(|(key, value)| (key.as_ref(), value.as_str()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        match &self.0.hint {
            Some(hint) => write!(f, ": {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} (fault: {}, retry: {})", self.0.code, self.0.kind, self.0.fault, self.0.retry)?;
        if let Some(operation) = &self.0.operation {
            write!(f, " at {operation}")?;
        }
        write!(f, ": {self}")?;
        for (key, value) in &self.0.context {
            write!(f, "\n  {key}: {value}")?;
        }
        let mut source = self.source();
        while let Some(cause) = source {
            write!(f, "\n  caused by: {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_one_line_with_the_hint() {
        let error =
            Error::invalid("E_INPUT_MISSING", "input `Message` is missing").with_hint("add -i Message=…");
        assert_eq!(error.to_string(), "input `Message` is missing: add -i Message=…");
        assert_eq!(error.fault(), Fault::User);
        assert_eq!(error.retry(), Retry::Never);
    }

    #[test]
    fn debug_keeps_code_context_and_causes() {
        let cause = std::io::Error::other("no space left");
        let error = Error::new(ErrorKind::ExecutionFailed, "E_DISK_FULL", "cannot write the results")
            .with("path", "out/stdout")
            .with_operation("download")
            .with_source(cause);
        let text = format!("{error:?}");
        assert!(text.starts_with("E_DISK_FULL"), "{text}");
        assert!(text.contains("path: out/stdout") && text.contains("caused by: no space left"), "{text}");
    }
}
