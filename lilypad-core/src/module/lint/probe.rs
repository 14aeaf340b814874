//! Renders a template with made-up inputs, to see what it does with them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::json::Value;

/// Most inputs that are tried one by one.
const TRIED: usize = 64;

/// What one rendering gave.
pub(super) enum Outcome {
    /// What the reference takes.
    Taken(Value),
    /// What it refuses: why, and the JSON where it is at least that.
    Refused(String, Option<Value>),
}

impl Outcome {
    pub(super) fn json(&self) -> Option<&Value> {
        match self {
            Self::Taken(value) | Self::Refused(_, Some(value)) => Some(value),
            Self::Refused(_, None) => None,
        }
    }
}

/// Renderings of one template.
pub(super) struct Probes {
    /// With every input given.
    pub(super) all: Outcome,
    /// With none given.
    pub(super) none: Outcome,
    /// With all but one given: the one that is left out, and what came.
    pub(super) without: Vec<(String, Outcome)>,
    /// The made-up value of each input.
    pub(super) values: BTreeMap<String, String>,
}

impl Probes {
    /// Renders the template in all these ways.
    pub(super) fn new(
        names: &BTreeSet<String>,
        render: &dyn Fn(&BTreeMap<String, String>) -> Outcome,
    ) -> Self {
        let value = |(index, name): (usize, &String)| (name.clone(), format!("7{index:04}7"));
        let values: BTreeMap<String, String> = names.iter().enumerate().map(value).collect();
        let without = names
            .iter()
            .take(TRIED)
            .map(|name| {
                let mut others = values.clone();
                others.remove(name);
                (name.clone(), render(&others))
            })
            .collect();
        Self { all: render(&values), none: render(&BTreeMap::new()), without, values }
    }

    /// True where the reference takes at least one rendering.
    pub(super) fn any_taken(&self) -> bool {
        let mut all =
            [&self.all, &self.none].into_iter().chain(self.without.iter().map(|(_, outcome)| outcome));
        all.any(|outcome| matches!(outcome, Outcome::Taken(_)))
    }

    /// Every rendering that is JSON; the first one has as many inputs as possible.
    pub(super) fn json(&self) -> impl Iterator<Item = &Value> {
        [&self.all, &self.none]
            .into_iter()
            .chain(self.without.iter().map(|(_, outcome)| outcome))
            .filter_map(Outcome::json)
    }
}
