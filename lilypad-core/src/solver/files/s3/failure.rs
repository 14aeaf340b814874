//! What an object store says, in one line: whose fault it is, and what to do.

use std::error::Error as StdError;
use std::time::Duration;

use object_store::client::HttpError;

use super::super::failed;
use super::place::Place;
use crate::error::{Error, ErrorKind, Fault, Retry};

/// A pause before another try where nobody answered.
const PAUSE: Duration = Duration::from_secs(2);
/// Most characters of what the store says that are shown.
const SHOWN: usize = 200;

/// Codes that an S3 store refuses keys with, beside the statuses 401 and 403.
const REFUSED: [&str; 5] =
    ["ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch", "TokenRefreshRequired"];
/// Codes and words of a bucket that is in another region.
const ELSEWHERE: [&str; 4] = [
    "AuthorizationHeaderMalformed",
    "PermanentRedirect",
    "incorrectly configured region",
    "IllegalLocationConstraint",
];

/// Where a machine of Amazon's is asked for keys, the last of all places: without it there are none.
const MACHINE: &str = "http://169.254.169.254/latest";

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    NoBucket,
    /// It is in another region than the one that was asked.
    Elsewhere,
    /// There are no keys.
    NoKeys,
    /// The keys are refused, with this code.
    Refused(String),
    /// No answer came, for this reason.
    Unreachable(String),
    /// The store has no room, or is too busy.
    Busy(String),
    Other(String),
}

impl Trouble {
    pub(super) fn of(error: &object_store::Error) -> Self {
        let causes = causes(error);
        let text = causes.join(": ");
        let code = code(&text);
        let said = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let short = || shown(code.unwrap_or_else(|| causes.last().map_or("", String::as_str)));
        if code == Some("NoSuchBucket") {
            Self::NoBucket
        } else if said(&ELSEWHERE) {
            Self::Elsewhere
        } else if text.contains(MACHINE) {
            Self::NoKeys
        } else if is_refusal(error) || code.is_some_and(|code| REFUSED.contains(&code)) {
            Self::Refused(code.map_or_else(|| "it gives no reason".to_owned(), shown))
        } else if is_transport(error) {
            Self::Unreachable(short())
        } else if code.is_some_and(|code| matches!(code, "SlowDown" | "ServiceUnavailable" | "InternalError"))
        {
            Self::Busy(short())
        } else {
            Self::Other(short())
        }
    }

    /// For whoever starts the solver.
    pub(super) fn at_start(self, place: &Place) -> Error {
        let (bucket, host) = (&place.bucket, &place.host);
        let user = |kind, code, message: String, hint: &str| {
            Error::new(kind, code, message).with_fault(Fault::User).with_hint(hint).with("field", "files")
        };
        match self {
            Self::NoBucket => user(
                ErrorKind::InvalidInput,
                "E_FILES_BUCKET",
                format!("there is no bucket {bucket} at {host}"),
                "make it, or name another one with --files; AWS_ENDPOINT_URL and AWS_REGION say where it is looked for",
            ),
            Self::Elsewhere => user(
                ErrorKind::InvalidInput,
                "E_FILES_BUCKET",
                format!("the bucket {bucket} at {host} is in another region"),
                "say in AWS_REGION in which",
            ),
            Self::NoKeys => user(
                ErrorKind::Unauthorized,
                "E_FILES_KEYS",
                format!("there are no keys for the bucket {bucket}"),
                "put them into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile in AWS_PROFILE",
            ),
            Self::Refused(code) => user(
                ErrorKind::Unauthorized,
                "E_FILES_KEYS",
                format!("the object store at {host} refuses the keys for the bucket {bucket}: {code}"),
                "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and that they may list, read, write and delete there",
            ),
            Self::Unreachable(why) => Error::new(
                ErrorKind::Unavailable,
                "E_FILES",
                format!("the object store at {host} cannot be reached: {why}"),
            )
            .with_fault(Fault::Network)
            .with_retry(Retry::After(PAUSE))
            .with_hint("check that it runs, and its address in --files-endpoint or AWS_ENDPOINT_URL"),
            Self::Busy(why) | Self::Other(why) => Error::new(
                ErrorKind::Unavailable,
                "E_FILES",
                format!("the object store at {host} does not do its work: {why}"),
            )
            .with_fault(Fault::Network)
            .with_hint("check that an S3-compatible object store is there, and what it says of the bucket"),
        }
    }

    /// For whoever asks the solver: what is behind it is not for them to change.
    pub(super) fn while_running(self, place: &Place) -> Error {
        let bucket = &place.bucket;
        match self {
            Self::NoBucket => failed(format!("its bucket {bucket} is gone")),
            Self::Elsewhere => failed(format!("its bucket {bucket} is in another region")),
            Self::NoKeys => failed("it has no keys for its object store"),
            Self::Refused(code) => failed(format!("its object store refuses its keys: {code}")),
            Self::Unreachable(why) => {
                failed(format!("its object store cannot be reached: {why}")).with_retry(Retry::After(PAUSE))
            }
            Self::Busy(why) => {
                failed(format!("its object store is overloaded: {why}")).with_retry(Retry::After(PAUSE))
            }
            Self::Other(why) => failed(format!("its object store does not do its work: {why}")),
        }
    }
}

fn is_refusal(error: &object_store::Error) -> bool {
    matches!(
        error,
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. }
    )
}

/// True where there was no answer, and not one that says no.
fn is_transport(error: &object_store::Error) -> bool {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<HttpError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn causes(error: &object_store::Error) -> Vec<String> {
    let mut causes = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(inner) = cause {
        causes.push(inner.to_string());
        cause = inner.source();
    }
    causes
}

/// The code of an answer (`<Code>NoSuchBucket</Code>`): the rest of it may say what was signed.
fn code(text: &str) -> Option<&str> {
    let (code, _) = text.split_once("<Code>")?.1.split_once("</Code>")?;
    let is_code =
        !code.is_empty() && code.len() <= 80 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code.then_some(code)
}

/// One line that no terminal is steered by.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHOWN).collect()
}
