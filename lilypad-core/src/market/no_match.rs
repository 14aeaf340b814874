//! Why no offer fits a job, summed up.

use std::fmt;

use super::{Change, Verdict};
use crate::error::{Error, ErrorKind};

/// Why none of the offers fits a job: each reason once, with how many offers it holds for.
///
/// Prints as `3 offers: 2 lack memory (need 8000 MB, most 4096 MB), 1 too dear (…)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoMatch {
    target: Option<String>,
    reasons: Vec<Reason>,
}

/// One reason and how many offers it holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// How many offers.
    pub count: usize,
    /// The verdict of the one that misses by the least.
    pub nearest: Verdict,
}

impl NoMatch {
    pub(super) fn new(target: &str) -> Self {
        let target = if target.is_empty() { None } else { Some(target.to_owned()) };
        Self { target, reasons: Vec::new() }
    }

    pub(super) fn note(&mut self, verdict: Verdict) {
        match self.reasons.iter_mut().find(|reason| reason.nearest.code() == verdict.code()) {
            None => self.reasons.push(Reason { count: 1, nearest: verdict }),
            Some(reason) => {
                reason.count = reason.count.saturating_add(1);
                if verdict.is_nearer_than(&reason.nearest) {
                    reason.nearest = verdict;
                }
            }
        }
    }

    /// The reasons: most frequent first, then in the order of the rules.
    #[must_use]
    pub fn reasons(&self) -> Vec<&Reason> {
        let mut reasons: Vec<&Reason> = self.reasons.iter().collect();
        reasons.sort_by_key(|reason| (std::cmp::Reverse(reason.count), reason.nearest.rule()));
        reasons
    }

    /// How many offers were looked at.
    #[must_use]
    pub fn offers(&self) -> usize {
        self.reasons.iter().fold(0, |sum, reason| sum.saturating_add(reason.count))
    }

    /// The provider that the job asks for and that has no free offer, where that is the reason.
    #[must_use]
    pub fn absent_target(&self) -> Option<&str> {
        self.target.as_deref().filter(|_| self.reasons.is_empty())
    }

    /// The error of a job that waited in vain: kind `NoMatch`, code `E_NO_MATCH`, with the change that lets it match, or
    /// else with what would mend the first reason.
    #[must_use]
    pub fn to_error(&self, fix: Option<&Change>) -> Error {
        let hint = match (fix, self.reasons().first()) {
            (Some(fix), _) => fix.to_string(),
            (None, Some(reason)) => reason.nearest.mend().to_owned(),
            (None, None) => "start a provider, or wait for one".to_owned(),
        };
        Error::new(ErrorKind::NoMatch, "E_NO_MATCH", format!("no offer fits the job: {self}"))
            .with_hint(hint)
            .with("offers", self.offers())
    }
}

impl fmt::Display for NoMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.offers(), &self.target) {
            (0, None) => return f.write_str("no free offers"),
            (0, Some(target)) => return write!(f, "no free offers of provider {target}"),
            (1, None) => f.write_str("1 offer:")?,
            (count, None) => write!(f, "{count} offers:")?,
            (1, Some(target)) => write!(f, "1 offer of provider {target}:")?,
            (count, Some(target)) => write!(f, "{count} offers of provider {target}:")?,
        }
        for (at, reason) in self.reasons().iter().enumerate() {
            let Reason { count, nearest } = reason;
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma} {count} {}", nearest.what(*count))?;
            if let Some(numbers) = nearest.numbers(*count) {
                write!(f, " ({numbers})")?;
            }
        }
        Ok(())
    }
}
