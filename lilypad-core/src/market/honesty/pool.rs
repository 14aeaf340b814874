//! One stake for all jobs that a provider runs at once: one proven cheat costs all of it.

use super::{Chance, Multiple, SURE, Sampling};
use crate::error::{Error, Result};
use crate::model::Amount;

/// How often the stake must cover the bound.
const SAFETY: u128 = 2;
/// One in fixed point, with 60 bits behind the point: products fit 128 bits.
const BITS: u32 = 60;
const ONE: u128 = 1 << BITS;

/// Which way a result is rounded.
#[derive(Clone, Copy)]
enum Round {
    Up,
    Down,
}

impl Sampling {
    /// The shared stake, in prices of the dearest job, at which cheating on all jobs at once would just pay; the real number
    /// is at most this. `None` where no stake deters.
    ///
    /// Cheating on `n` jobs gains `n × saving` and is never found with the chance `(1 − pq)^n`; the honest are never blamed
    /// with `(1 − pf)^n`. So cheating loses where `stake > n × saving ÷ ((1 − pf)^n − (1 − pq)^n)`; with `f` = 0 that is
    /// `n × saving ÷ (1 − (1 − pq)^n)`. Fewer jobs need less: the bound rises with `n`.
    ///
    /// # Rounding
    /// Powers have 60 binary digits behind the point; each step rounds so that cheating looks harder to find than it is and
    /// honest work easier to blame. The result is never too low; it is too high by less than one part in a million where
    /// `p × q` is at least one in a million and `n` at most a thousand.
    ///
    /// ```
    /// use lilypad_core::market::Sampling;
    /// let busy = Sampling {
    ///     detection: "0.95".parse()?,
    ///     most_jobs: 20.try_into().unwrap(),
    ///     ..Sampling::default()
    /// };
    /// assert!(busy.pooled_bound().unwrap().to_string().starts_with("23.1"));
    /// # Ok::<(), lilypad_core::Error>(())
    /// ```
    #[must_use]
    pub fn pooled_bound(&self) -> Option<Multiple> {
        let jobs = self.most_jobs.get();
        let never_found = power(self.missed(self.detection, Round::Up), jobs, Round::Up);
        let never_blamed = power(self.missed(self.false_alarm, Round::Down), jobs, Round::Down);
        let told_apart = never_blamed.checked_sub(never_found).filter(|part| *part > 0)?;
        let gain = self.saving.millionths().checked_mul(u128::from(jobs))?.checked_mul(ONE)?;
        Some(Multiple::from_millionths(gain.div_ceil(told_apart)))
    }

    /// The stake that a provider needs for its jobs together, where the dearest has this price cap: twice the
    /// [bound](Sampling::pooled_bound), rounded up to a wei. `None` where no stake deters, or none that can be paid.
    #[must_use]
    pub fn pooled_stake(&self, dearest: Amount) -> Option<Amount> {
        let times = self.pooled_bound()?.millionths().checked_mul(SAFETY)?;
        dearest.mul_div_ceil(Amount::from(times), Amount::from(Multiple::ONE.millionths()))
    }

    /// Refuses a shared stake that is below [`Sampling::pooled_stake`].
    ///
    /// # Errors
    /// `InvalidInput` (`E_POLICY_UNSAFE`) with the stake that is needed, in the context as `need_stake`.
    pub fn check_pool(&self, stake: Amount, dearest: Amount) -> Result<()> {
        let need = self.pooled_stake(dearest);
        if need.is_some_and(|need| stake >= need) {
            return Ok(());
        }
        let jobs = self.most_jobs;
        let what = format!(
            "check_rate {} with a stake of {stake} for {jobs} jobs at once makes cheating on all of them too cheap",
            self.check_rate
        );
        let error =
            |need: &str| Error::invalid("E_POLICY_UNSAFE", format!("{what}; {need}")).with("stake", stake);
        Err(match need {
            Some(need) => error(&format!("need stake >= {need}")).with("need_stake", need),
            None => error("no stake would do; need a higher check_rate or fewer false alarms"),
        })
    }

    /// The chance that one job is not checked and `found`, in fixed point.
    fn missed(&self, found: Chance, round: Round) -> u128 {
        let found = self.check_rate.millionths().saturating_mul(found.millionths());
        let part = SURE.saturating_sub(found).saturating_mul(ONE);
        match round {
            Round::Up => part.div_ceil(SURE),
            Round::Down => part / SURE,
        }
    }
}

/// `base^exponent` for a base of at most [`ONE`], by squaring: 32 steps. Every product is rounded the same way, so the
/// result is on that side of the real number.
fn power(base: u128, exponent: u32, round: Round) -> u128 {
    let times = |a: u128, b: u128| {
        // Neither is above 2^60.
        let product = a.saturating_mul(b);
        match round {
            Round::Up => product.div_ceil(ONE),
            Round::Down => product >> BITS,
        }
    };
    let (mut power, mut square, mut rest) = (ONE, base, exponent);
    while rest > 0 {
        if rest & 1 == 1 {
            power = times(power, square);
        }
        square = times(square, square);
        rest >>= 1;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_rounded_to_their_side() {
        for base in [1, 7, ONE / 3, ONE / 10 * 9, ONE - 1] {
            let square = base * base;
            assert_eq!(power(base, 2, Round::Down), square / ONE);
            assert_eq!(power(base, 2, Round::Up), square.div_ceil(ONE));
            for exponent in [3, 5, 20, 1_000, u32::MAX] {
                assert!(
                    power(base, exponent, Round::Down) < power(base, exponent, Round::Up),
                    "{base}^{exponent}"
                );
            }
        }
        for round in [Round::Up, Round::Down] {
            assert_eq!((power(ONE, u32::MAX, round), power(0, 1, round), power(7, 1, round)), (ONE, 0, 7));
        }
        let third = Sampling { check_rate: Chance::ALWAYS, ..Sampling::default() };
        let found = Chance::from_millionths(333_333).unwrap();
        assert_eq!(third.missed(found, Round::Up), third.missed(found, Round::Down) + 1);
    }
}
