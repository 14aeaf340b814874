//! What a job would cost, who would run it and when, and what keeps the others from it: all before anything is paid.

mod change;
mod fix;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use change::{Change, FieldChange};
use fix::Cheapest;

use super::honesty::{CheckPolicy, Multiple};
use super::index::Standing;
use super::no_match::NoMatch;
use super::select::{Precedence, is_target, precedence, verdict_now};
use super::sides::{Candidate, Request};
use super::verdict::Verdict;
use super::{Index, Offered, Wanted};
use crate::model::{Amount, Rate, ResourceOfferId};
use crate::rt::Timestamp;

/// What is known beside the book when a quote is made.
#[derive(Clone, Debug)]
pub struct QuoteOptions {
    /// The present moment: waits are counted from it.
    pub now: Timestamp,
    /// How much work the job is expected to be.
    pub work: WorkEstimate,
    /// Whether and how results are checked.
    pub checks: CheckPolicy,
    /// Most offers that are listed.
    pub most: usize,
}

/// How much work a job is expected to be, in work units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WorkEstimate {
    /// The least that earlier runs of the module took; 0 where there were none.
    pub least: u64,
    /// The most that they took, or that the job is allowed where there were none; `None` where only the price cap bounds it.
    pub most: Option<u64>,
    /// How many runs this is seen from.
    pub runs: u64,
}

/// The answer to what a job would cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Quote {
    /// The one provider whose offers were looked at, where the job names one.
    pub target: Option<String>,
    /// Offers that fit: those with room now first, in the order in which the job would get them; then busy ones, soonest
    /// first. The first few of them.
    pub offers: Vec<QuotedOffer>,
    /// How many fit and have room now.
    pub fitting: usize,
    /// How many fit and are busy.
    pub busy: usize,
    /// How many do not fit.
    pub refused: usize,
    /// Why they do not, most frequent first. Busy ones are not among them.
    pub refusals: Vec<Refusal>,
    /// Where none has room now: the cheapest change after which one does, if one or two fields are enough.
    pub change: Option<Change>,
    /// How much work the job is expected to be.
    pub work: WorkEstimate,
    /// What is done about cheating on this network, in words.
    pub checks: String,
}

/// An offer that fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct QuotedOffer {
    /// The offer.
    pub offer_id: ResourceOfferId,
    /// Whose it is.
    pub provider: String,
    /// Its price of work of this module.
    pub rate: Rate,
    /// Its price on the wire, in LP.
    pub instruction_price: u64,
    /// What the expected work costs, within the job's price cap, in wei.
    pub cost: CostRange,
    /// How long until it has room, at the latest; `None` where nobody knows.
    #[serde(rename = "wait_ms", with = "wait")]
    #[schemars(with = "Option<u64>")]
    pub wait: Option<Duration>,
    /// What the provider stakes, as a multiple of the price cap.
    pub collateral_multiple: u64,
    /// What is thought of the provider, from 0 to 1,000.
    pub reputation: u32,
    /// The honesty margin: cheating loses exactly where it is above 1.
    pub honesty_margin: Multiple,
}

/// From what to what, in wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CostRange {
    /// At least this, as far as earlier runs tell.
    pub least: Amount,
    /// At most this.
    pub most: Amount,
}

/// Why some of the offers do not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Refusal {
    /// The stable name of the reason (`ramMismatch`).
    pub code: String,
    /// How many offers.
    pub count: usize,
    /// In words, with the numbers of the one that misses by the least.
    pub text: String,
    /// What would mend it.
    pub hint: String,
}

impl Quote {
    /// True where an offer fits and has room now.
    #[must_use]
    pub fn matches_now(&self) -> bool {
        self.fitting > 0
    }

    /// How many offers were looked at.
    #[must_use]
    pub fn looked_at(&self) -> usize {
        self.fitting.saturating_add(self.busy).saturating_add(self.refused)
    }
}

/// Where an offer that fits stands in a quote.
type Standings<'a> = Vec<((bool, Option<Timestamp>, Precedence), Candidate<'a>)>;

impl<O: Offered, J: Wanted> Index<O, J> {
    /// What this job would cost on the book as it is. Looks at every offer; changes nothing.
    #[must_use]
    pub fn quote(&self, job: &Request<'_>, options: &QuoteOptions) -> Quote {
        let mut fitting: Standings<'_> = Vec::new();
        let mut no_match = NoMatch::new(&job.offer.target.address);
        self.survey(job, |candidate, verdict| match verdict {
            Verdict::Match => fitting.push(((false, None, precedence(job, &candidate)), candidate)),
            Verdict::OfferTaken => {
                let free_at = self.free_at(&candidate.id, job).unwrap_or(Timestamp(u64::MAX));
                fitting.push(((true, Some(free_at), precedence(job, &candidate)), candidate));
            }
            verdict => no_match.note(verdict),
        });
        fitting.sort_unstable_by_key(|(standing, _)| *standing);
        let busy = fitting.iter().filter(|((busy, ..), _)| *busy).count();
        let free = fitting.len().saturating_sub(busy);
        let listed = fitting.iter().take(options.most);
        let target = &job.offer.target.address;
        Quote {
            target: (!target.is_empty()).then(|| target.clone()),
            offers: listed.map(|((_, free_at, _), offer)| quoted(job, offer, *free_at, options)).collect(),
            fitting: free,
            busy,
            refused: no_match.offers(),
            refusals: no_match.refusals(),
            change: if free == 0 { self.cheapest_change(job) } else { None },
            work: options.work,
            checks: options.checks.to_string(),
        }
    }

    /// Why the offers that have no room for this job now have none, and the cheapest change after which one has. Looks at
    /// every offer.
    #[must_use]
    pub fn explain(&self, job: &Request<'_>) -> (NoMatch, Option<Change>) {
        let mut no_match = NoMatch::new(&job.offer.target.address);
        self.survey(job, |_, verdict| {
            if verdict != Verdict::Match {
                no_match.note(verdict);
            }
        });
        (no_match, self.cheapest_change(job))
    }

    /// Tells `see` the verdict on each offer that the job may have.
    fn survey<'a>(&'a self, job: &Request<'_>, mut see: impl FnMut(Candidate<'a>, Verdict)) {
        for Standing { candidate, free } in self.standing() {
            if is_target(job, &candidate) {
                see(candidate, verdict_now(job, &candidate, free));
            }
        }
    }

    /// The cheapest change after which an offer that does not fit now does.
    fn cheapest_change(&self, job: &Request<'_>) -> Option<Change> {
        let mut cheapest = Cheapest::default();
        for Standing { candidate, free } in self.standing() {
            cheapest.see(job, &candidate, free);
        }
        cheapest.into_change()
    }
}

fn quoted(
    job: &Request<'_>,
    candidate: &Candidate<'_>,
    free_at: Option<Timestamp>,
    options: &QuoteOptions,
) -> QuotedOffer {
    let rate = candidate.rate(job);
    let cap = job.terms.price_cap;
    let cost = |units| rate.cost(units).map_or(cap, |cost| cost.min(cap));
    let collateral_multiple = candidate.terms.collateral_multiple;
    QuotedOffer {
        offer_id: candidate.id,
        provider: candidate.offer.resource_provider.clone(),
        rate,
        instruction_price: candidate.pricing(job).instruction_price,
        cost: CostRange { least: cost(options.work.least), most: options.work.most.map_or(cap, cost) },
        wait: match free_at {
            None => Some(Duration::ZERO),
            Some(Timestamp(u64::MAX)) => None,
            Some(at) => Some(at.since(options.now)),
        },
        collateral_multiple,
        reputation: candidate.reputation,
        honesty_margin: options.checks.with_collateral(collateral_multiple).margin(),
    }
}

impl NoMatch {
    fn refusals(&self) -> Vec<Refusal> {
        let refusal = |reason: &&super::Reason| {
            let super::Reason { count, nearest } = reason;
            let numbers = nearest.numbers(*count).map(|numbers| format!(" ({numbers})")).unwrap_or_default();
            Refusal {
                code: nearest.code().to_owned(),
                count: *count,
                text: format!("{}{numbers}", nearest.what(*count)),
                hint: nearest.mend().to_owned(),
            }
        };
        self.reasons().iter().map(refusal).collect()
    }
}

/// A wait in whole milliseconds.
mod wait {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        wait: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
    }
}
