//! Pure matching and pricing: one function per rule, verdicts, selection, explanations.
//!
//! A job and an offer are judged by the wire's nine rules in their order, then by ours; the first that fails is the
//! [`Verdict`], which says in plain words what is missing and what would mend it. Equal passes everywhere.
//!
//! | # | fails when | verdict |
//! |---|---|---|
//! | 1 | the machine has fewer CPUs | `cpuMismatch` |
//! | 2 | … fewer GPUs | `gpuMismatch` |
//! | 3 | … less memory | `ramMismatch` |
//! | 4 | the job lists GPUs, and the machine none or a largest one with less video memory | `vramMismatch` |
//! | 5 | … less disk | `diskSpaceMismatch` |
//! | 6 | the offer is at the market's price | `marketPriceUnavailable` |
//! | 7 | both have a fixed price and the offer's is higher | `priceMismatch` |
//! | 8 | no mediator in common | `mediatorMismatch` |
//! | 9 | another solver | `solverMismatch` |
//! | 10 | the provider does not run this kind of job | `executorMismatch` |
//! | 11 | the provider's policy keeps the module out | `moduleRefused` |
//! | 12 | the price of work is above the job's highest | `rateMismatch` |
//! | 13 | the price cap does not pay for one work unit | `priceCapMismatch` |
//! | 14 | the provider stakes less than the job asks | `collateralMismatch` |
//!
//! # Where it differs from v2
//! * Memory, disk and GPUs are compared in one unit, see [`Capacity`].
//! * A job that names a provider must still fit that provider's offer, see [`choose`].
//! * An offer serves one job at a time, see [`match_all`].
//!
//! # Layout
//! `terms` what both sides agree to beside the wire's offers; `policy` and `rule` which modules a provider runs; `units` one unit
//! per quantity; `rules` the table; `verdict` and `words` its answers; `select` which offer; `no_match` why none;
//! `gpus` which GPUs of a machine; `honesty` when cheating loses; `deal` what two offers become.

mod deal;
mod gpus;
mod honesty;
mod no_match;
mod policy;
mod rule;
mod rules;
mod select;
mod terms;
mod units;
mod verdict;
mod words;

pub use deal::build_deal;
pub use gpus::assign;
pub use honesty::{Chance, CheckPolicy, Multiple, Sampling};
pub use no_match::{NoMatch, Reason};
pub use policy::ModulePolicy;
pub use rule::ModuleRule;
pub use rules::{Candidate, Request, judge};
pub use select::{Choice, Matching, choose, match_all};
pub use terms::{JobTerms, OfferTerms};
pub use units::Capacity;
pub use verdict::Verdict;

#[cfg(test)]
mod tests;
