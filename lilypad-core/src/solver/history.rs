//! How much work modules took so far: what a quote expects of the next run.

use std::collections::{HashMap, VecDeque};

use crate::market::WorkEstimate;
use crate::model::ContentId;

/// Most modules that are remembered.
const MODULES: usize = 10_000;

/// The work of earlier runs by module; where there are too many, the one that was seen first is forgotten.
#[derive(Debug, Default)]
pub(super) struct History {
    modules: HashMap<ContentId, WorkEstimate>,
    order: VecDeque<ContentId>,
}

impl History {
    /// Notes a run that ended by itself.
    pub(super) fn note(&mut self, module: ContentId, units: u64) {
        if let Some(known) = self.modules.get_mut(&module) {
            known.least = known.least.min(units);
            known.most = known.most.max(Some(units));
            known.runs = known.runs.saturating_add(1);
            return;
        }
        if self.order.len() >= MODULES
            && let Some(oldest) = self.order.pop_front()
        {
            self.modules.remove(&oldest);
        }
        self.order.push_back(module);
        self.modules.insert(module, WorkEstimate { least: units, most: Some(units), runs: 1 });
    }

    /// What the next run is expected to take, at most `limit`; the largest limit is none.
    pub(super) fn expect(&self, module: ContentId, limit: u64) -> WorkEstimate {
        match self.modules.get(&module) {
            Some(known) => WorkEstimate {
                least: known.least.min(limit),
                most: known.most.map(|most| most.min(limit)),
                runs: known.runs,
            },
            None => WorkEstimate { least: 0, most: Some(limit).filter(|limit| *limit < u64::MAX), runs: 0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cid;

    #[test]
    fn the_range_of_earlier_runs_is_expected_and_the_limit_bounds_it() {
        let module = |name: usize| ContentId(Cid::of_block(name.to_string().as_bytes()));
        let mut history = History::default();
        assert_eq!(history.expect(module(0), 9), WorkEstimate { least: 0, most: Some(9), runs: 0 });
        assert_eq!(history.expect(module(0), u64::MAX).most, None);
        history.note(module(0), 50);
        history.note(module(0), 20);
        assert_eq!(history.expect(module(0), u64::MAX), WorkEstimate { least: 20, most: Some(50), runs: 2 });
        assert_eq!(history.expect(module(0), 30), WorkEstimate { least: 20, most: Some(30), runs: 2 });
        (1..=MODULES).for_each(|name| history.note(module(name), 1));
        assert_eq!(history.expect(module(0), 9).runs, 0, "the oldest is forgotten");
        assert_eq!((history.modules.len(), history.order.len()), (MODULES, MODULES));
    }
}
