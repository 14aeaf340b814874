//! When cheating loses: how often results are checked, against what a provider has at stake.

mod chance;
mod multiple;
mod pool;

pub use chance::Chance;
pub use multiple::Multiple;

use std::fmt;
use std::num::NonZeroU32;

use crate::error::{Error, Result};

/// Whether results are checked, and what that promises.
///
/// ```
/// use lilypad_core::market::{CheckPolicy, Sampling};
/// let policy = CheckPolicy::Sampled(Sampling { check_rate: "5%".parse()?, collateral: 2, ..Sampling::default() });
/// let error = policy.check().unwrap_err();
/// assert_eq!(
///     error.message(),
///     "check_rate 0.05 with collateral x2 makes cheating profitable; \
///      need check_rate >= 0.370371 or collateral >= x22",
/// );
/// CheckPolicy::Sampled(Sampling::default()).check()?;
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckPolicy {
    /// No job is run again. The honesty margin is 0: nothing but its reputation stops a provider from cheating.
    Unchecked,
    /// Jobs are drawn by chance and run again.
    Sampled(Sampling),
}

impl CheckPolicy {
    /// The honesty margin: what cheating is expected to lose over what it gains, see [`Sampling::margin`]. 0 where nothing
    /// is checked.
    #[must_use]
    pub fn margin(&self) -> Multiple {
        match self {
            Self::Unchecked => Multiple::ZERO,
            Self::Sampled(sampling) => sampling.margin(),
        }
    }

    /// The same policy where a provider stakes this multiple of the price cap.
    #[must_use]
    pub fn with_collateral(self, collateral: u64) -> Self {
        match self {
            Self::Unchecked => Self::Unchecked,
            Self::Sampled(sampling) => Self::Sampled(Sampling { collateral, ..sampling }),
        }
    }

    /// True where a provider that cheats is expected to lose by it: exactly where the margin is above 1.
    #[must_use]
    pub fn cheating_loses(&self) -> bool {
        self.margin() > Multiple::ONE
    }

    /// The chance that a provider's next job is checked, after so many checked and accepted ones.
    #[must_use]
    pub fn check_rate_after(&self, accepted: u64) -> Chance {
        match self {
            Self::Unchecked => Chance::NEVER,
            Self::Sampled(sampling) if accepted < sampling.whole_first => Chance::ALWAYS,
            Self::Sampled(sampling) => sampling.check_rate,
        }
    }

    /// Refuses a policy that claims to check and leaves cheating profitable. [`CheckPolicy::Unchecked`] passes: it claims
    /// nothing, and says so where it is printed.
    ///
    /// # Errors
    /// `InvalidInput` (`E_POLICY_UNSAFE`) with the least check rate and the least collateral of which either one alone makes
    /// the policy safe, in the context `need_check_rate` and `need_collateral`; one that cannot do it is left out.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Sampled(sampling) if !self.cheating_loses() => Err(sampling.refuse()),
            Self::Unchecked | Self::Sampled(_) => Ok(()),
        }
    }
}

impl fmt::Display for CheckPolicy {
    /// What the policy promises, in plain words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unchecked => f.write_str(
                "unchecked: nothing is run again, so nothing but its reputation stops a provider from cheating",
            ),
            Self::Sampled(sampling) => write!(
                f,
                "{:#} of jobs are checked, a provider's first {} all; with collateral x{} cheating loses {} times what it \
                 gains",
                sampling.check_rate,
                sampling.whole_first,
                sampling.collateral,
                sampling.margin(),
            ),
        }
    }
}

/// Jobs are drawn by chance and run again; who is found cheating loses its collateral.
///
/// Cheating saves a share of the price. It is checked with the check rate `p` and then found with the chance `q`, while
/// honest work is taken for cheating with `f`. Who is found loses the collateral (`m` prices), the price itself and what
/// it would have earned later (`g` prices). So cheating loses exactly where
///
/// ```text
/// margin = p × (q − f) × (m + 1 + g) ÷ saving > 1      that is      m > saving ÷ (p × (q − f)) − 1 − g
/// ```
///
/// # Source
/// The condition `p > C/((1−r)(R+S))` of proof of sampling (arXiv 2405.00295), with a chance of finding in place of sure
/// finding; `docs/honesty.md` derives it and says what it leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// `p`: the chance that a job is checked.
    pub check_rate: Chance,
    /// `q`: the chance that a check finds cheating that is there, and pins it on the provider.
    pub detection: Chance,
    /// `f`: the chance that a check takes honest work for cheating.
    pub false_alarm: Chance,
    /// `m`: the collateral of one job, in price caps; whole, as on the wire (`results_collateral_multiple`).
    pub collateral: u64,
    /// What cheating saves, in prices of the job: at most 1 where nobody outside pays for a wrong result.
    pub saving: Multiple,
    /// `g`: the earnings that a provider loses when it is thrown out, in prices of the job. 0 counts on nothing.
    pub future_value: Multiple,
    /// `n`: the most jobs that a provider runs at once; for a stake that is shared by them.
    pub most_jobs: NonZeroU32,
    /// How many of a provider's first jobs are all checked. The margin does not count on it.
    pub whole_first: u64,
}

impl Default for Sampling {
    /// 10 % of jobs, after the first 20; checks that find 90 % and never blame honest work; collateral x22; cheating saves
    /// the whole price; no future. The margin is 2.07.
    fn default() -> Self {
        Self {
            check_rate: Chance::from_percent(10),
            detection: Chance::from_percent(90),
            false_alarm: Chance::NEVER,
            collateral: 22,
            saving: Multiple::ONE,
            future_value: Multiple::ZERO,
            most_jobs: NonZeroU32::MIN,
            whole_first: 20,
        }
    }
}

/// Millionths of millionths: a product of two chances that is sure.
const SURE: u128 = Chance::WHOLE * Chance::WHOLE;

impl Sampling {
    /// The honesty margin, in millionths and rounded up: above 1 exactly where the expected loss is above the gain, since
    /// rounding up to a whole millionth cannot lift a number that is at most 1 above 1. [`Multiple::MAX`] where cheating
    /// saves nothing and can lose.
    #[must_use]
    pub fn margin(&self) -> Multiple {
        // Three factors in millionths each over one: the quotient in millionths needs 10^6 below.
        let loss = self.found().saturating_mul(self.at_stake());
        match self.saving.millionths().checked_mul(Chance::WHOLE) {
            Some(0) if loss > 0 => Multiple::MAX,
            Some(0) | None => Multiple::ZERO,
            Some(gain) => Multiple::from_millionths(loss.div_ceil(gain)),
        }
    }

    /// The collateral, in prices, that it must be above; rounded up to millionths. `None` where no collateral would do.
    #[must_use]
    pub fn collateral_bound(&self) -> Option<Multiple> {
        let stake = self.saving.millionths().checked_mul(SURE)?.checked_add(self.found().checked_sub(1)?)?;
        let stake = stake.checked_div(self.found())?;
        let other = Multiple::ONE.millionths().saturating_add(self.future_value.millionths());
        Some(Multiple::from_millionths(stake.saturating_sub(other)))
    }

    /// The least collateral, in whole prices, with which cheating loses, all else as it is. `None` where none would do.
    #[must_use]
    pub fn needed_collateral(&self) -> Option<u64> {
        let stake = self.saving.millionths().checked_mul(SURE)?.checked_div(self.found())?.checked_add(1)?;
        let other = Multiple::ONE.millionths().saturating_add(self.future_value.millionths());
        let whole = stake.saturating_sub(other).div_ceil(Multiple::ONE.millionths());
        let collateral = u64::try_from(whole).ok()?;
        Self { collateral, ..*self }.loses().then_some(collateral)
    }

    /// The least check rate, in millionths, with which cheating loses, all else as it is. `None` where none would do.
    #[must_use]
    pub fn needed_check_rate(&self) -> Option<Chance> {
        let each = self.told_apart().checked_mul(self.at_stake())?;
        let rate = self.saving.millionths().checked_mul(SURE)?.checked_div(each)?.checked_add(1)?;
        let check_rate = Chance::from_millionths(u32::try_from(rate).ok()?)?;
        Self { check_rate, ..*self }.loses().then_some(check_rate)
    }

    fn loses(&self) -> bool {
        self.margin() > Multiple::ONE
    }

    /// `q − f` in millionths; 0 where checks cannot tell cheating from honest work.
    fn told_apart(&self) -> u128 {
        self.detection.millionths().saturating_sub(self.false_alarm.millionths())
    }

    /// `p × (q − f)` in millionths of millionths.
    fn found(&self) -> u128 {
        self.check_rate.millionths().saturating_mul(self.told_apart())
    }

    /// `m + 1 + g` in millionths.
    fn at_stake(&self) -> u128 {
        let collateral =
            u128::from(self.collateral).saturating_add(1).saturating_mul(Multiple::ONE.millionths());
        collateral.saturating_add(self.future_value.millionths())
    }

    fn refuse(&self) -> Error {
        let (rate, collateral) = (self.check_rate, self.collateral);
        let what = format!("check_rate {rate} with collateral x{collateral} makes cheating profitable");
        let (need_rate, need_collateral) = (self.needed_check_rate(), self.needed_collateral());
        let need = match (need_rate, need_collateral) {
            (Some(rate), Some(collateral)) => {
                format!("need check_rate >= {rate} or collateral >= x{collateral}")
            }
            (Some(rate), None) => format!("need check_rate >= {rate}"),
            (None, Some(collateral)) => format!("need collateral >= x{collateral}"),
            (None, None) => self.need_both(),
        };
        let error = Error::invalid("E_POLICY_UNSAFE", format!("{what}; {need}"))
            .with("check_rate", rate)
            .with("collateral", collateral);
        let error = need_rate.into_iter().fold(error, |error, rate| error.with("need_check_rate", rate));
        need_collateral.into_iter().fold(error, |error, need| error.with("need_collateral", need))
    }

    /// What to do where neither the check rate nor the collateral alone can mend it.
    fn need_both(&self) -> String {
        match (Self { check_rate: Chance::ALWAYS, ..*self }).needed_collateral() {
            Some(collateral) => format!("need both, such as check_rate 1 with collateral x{collateral}"),
            None => format!(
                "need checks that tell cheating from honest work, with detection {} above false_alarm {}",
                self.detection, self.false_alarm
            ),
        }
    }
}
