//! How a job's program ended, as receipts and events say it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// How a job's program ended. Its text form is part of the signed receipt: `exited:0`, `trapped`,
/// `limit:LIMIT_MEMORY`, `timed_out`, `cancelled`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It ended by itself with this code; 0 means success.
    Exited(i32),
    /// It did something that the executor forbids.
    Trapped,
    /// The limit of this code stopped it.
    Limit(String),
    /// Its time was up.
    TimedOut,
    /// Somebody asked to stop it.
    Cancelled,
}

impl Outcome {
    /// True where the program ended by itself with code 0.
    #[must_use]
    pub fn is_success(&self) -> bool {
        *self == Self::Exited(0)
    }

    /// The code in the results' `exitCode` file: the program's own, else 134 (trap), 137 (limit), 124 (time), 130
    /// (cancelled), as shells report such ends.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::Exited(code) => *code,
            Self::Trapped => 134,
            Self::Limit(_) => 137,
            Self::TimedOut => 124,
            Self::Cancelled => 130,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exited:{code}"),
            Self::Trapped => f.write_str("trapped"),
            Self::Limit(code) => write!(f, "limit:{code}"),
            Self::TimedOut => f.write_str("timed_out"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl FromStr for Outcome {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || {
            let shown: String = text.chars().take(60).collect();
            Error::invalid("E_OUTCOME", format!("{shown:?} is not an outcome"))
                .with_hint("outcomes are exited:N, trapped, limit:CODE, timed_out and cancelled")
        };
        let outcome = match text.split_once(':') {
            Some(("exited", code)) => Self::Exited(code.parse().map_err(|_| bad())?),
            Some(("limit", code)) if is_code(code) => Self::Limit(code.to_owned()),
            None if text == "trapped" => Self::Trapped,
            None if text == "timed_out" => Self::TimedOut,
            None if text == "cancelled" => Self::Cancelled,
            _ => return Err(bad()),
        };
        // `exited:+0` and the like would be a second text for one outcome.
        if outcome.to_string() == text { Ok(outcome) } else { Err(bad()) }
    }
}

fn is_code(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Outcome {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
