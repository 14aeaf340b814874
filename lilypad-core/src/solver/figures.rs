//! What a solver counts for those who run it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Solver;
use crate::error::Result;
use crate::model::AgreementState;

/// The upper bounds of a histogram's buckets, in seconds.
const BOUNDS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// How long things took.
#[derive(Clone, Debug, Default)]
pub(super) struct Histogram {
    counts: [u64; BOUNDS.len()],
    count: u64,
    sum: Duration,
}

impl Histogram {
    pub(super) fn add(&mut self, time: Duration) {
        let place = BOUNDS.iter().position(|bound| time.as_secs_f64() <= *bound);
        if let Some(count) = place.and_then(|place| self.counts.get_mut(place)) {
            *count = count.saturating_add(1);
        }
        self.count = self.count.saturating_add(1);
        self.sum = self.sum.saturating_add(time);
    }

    /// For each bound how many took no longer; at last, without a bound, all.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (Option<f64>, u64)> {
        let sums = self.counts.iter().scan(0_u64, |sum, count| {
            *sum = sum.saturating_add(*count);
            Some(*sum)
        });
        BOUNDS.into_iter().map(Some).zip(sums).chain([(None, self.count)])
    }

    pub(super) fn sum(&self) -> Duration {
        self.sum
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }
}

/// What happened since this process began.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) matches: u64,
    pub(super) ended: BTreeMap<AgreementState, u64>,
}

/// How things stand.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) offers: usize,
    /// Jobs without a deal.
    pub(super) waiting: usize,
    /// Jobs with a provider.
    pub(super) running: usize,
    /// Jobs whose results are there and not accepted.
    pub(super) judged: usize,
    /// Jobs that have ended since this process began, by their state.
    pub(super) ended: Vec<(String, u64)>,
    /// Deals since this process began.
    pub(super) matches: u64,
    /// Commands that the ledger has taken.
    pub(super) commands: u64,
    /// Whether everything can be saved, and how long that took.
    pub(super) store: Option<(bool, Histogram)>,
}

impl Solver {
    /// How things stand; `commands` are those of its ledger.
    pub(super) fn figures(&self, commands: u64) -> Figures {
        let store = self.0.store.as_ref().map(|store| (Result::is_ok(&store.check()), store.times()));
        let book = self.book();
        let in_state = |wanted: &[AgreementState]| {
            book.jobs.values().filter(|job| !job.over && wanted.contains(&job.state)).count()
        };
        Figures {
            offers: book.index.offers(),
            waiting: in_state(&[AgreementState::DealNegotiating]),
            running: in_state(&[AgreementState::DealAgreed]),
            judged: in_state(&[AgreementState::ResultsSubmitted]),
            ended: book.tally.ended.iter().map(|(state, count)| (state.to_string(), *count)).collect(),
            matches: book.tally.matches,
            commands,
            store,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_counts_what_took_no_longer_than_its_bound() {
        let mut times = Histogram::default();
        for millis in [1, 2, 50, 60_000] {
            times.add(Duration::from_millis(millis));
        }
        let buckets: Vec<_> = times.buckets().collect();
        let at = |bound: Option<f64>| buckets.iter().find(|(known, _)| *known == bound).unwrap().1;
        let found =
            [at(Some(0.001)), at(Some(0.0025)), at(Some(0.025)), at(Some(0.05)), at(Some(10.0)), at(None)];
        assert_eq!(found, [1, 2, 2, 3, 3, 4]);
        assert_eq!((times.count(), times.sum()), (4, Duration::from_millis(60_053)));
    }
}
