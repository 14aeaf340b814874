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
//! | 7 | both have a fixed price and the offer's for this module is higher | `priceMismatch` |
//! | 8 | no mediator in common | `mediatorMismatch` |
//! | 9 | another solver | `solverMismatch` |
//! | 10 | the GPUs that the job asks for one by one are not there | `gpuModelMismatch` |
//! | 11 | the GPU driver is older, or not told | `driverMismatch` |
//! | 12 | the CUDA version is older, or not told | `cudaMismatch` |
//! | 13 | the provider does not run this kind of job | `executorMismatch` |
//! | 14 | the provider gives jobs less network access | `networkMismatch` |
//! | 15 | the provider's policy keeps the module out | `moduleRefused` |
//! | 16 | the offer lists the modules that it runs, and this one is not among them | `moduleNotListed` |
//! | 17 | the machine lacks a label, or has another value | `labelMismatch` |
//! | 18 | re-running there promises less | `verificationMismatch` |
//! | 19 | the provider's reputation is lower | `reputationMismatch` |
//! | 20 | the provider stakes less than the job asks | `collateralMismatch` |
//! | 21 | the price of work is above the job's highest | `rateMismatch` |
//! | 22 | the price cap does not pay for one work unit | `priceCapMismatch` |
//!
//! An offer that passes all of them, but whose provider is known to have too little stake left for the job's price cap, is
//! `stakeMismatch`; one whose machine is too busy with earlier jobs is `offerTaken`.
//!
//! # Where it differs from v2
//! * Memory, disk and GPUs are compared in one unit, see [`Capacity`].
//! * A job that names a provider must still fit that provider's offer, see [`choose`].
//! * What an offer says about modules counts: the list of those that it runs, and prices of their own.
//! * A machine runs several jobs at once where its provider says so and they fit beside each other, see [`Free`]; it is
//!   never given away twice, and a no is never remembered.
//!
//! # Layout
//! `sides` the two sides of a match, `terms` what they agree to beside the wire's offers, `class` two scales in them;
//! `policy` and `rule` which modules a provider runs; `units` one unit per quantity, `gpus` which GPUs, `free` what is left
//! of a machine; `rules` the table; `verdict` and `words` its answers; `order` which comes first, `select` the plain scan,
//! `index` the same without looking at every pair; `no_match` why none, `quote` what a job would cost and what would let it match; `honesty` when cheating loses; `deal` what two
//! offers become.

mod class;
mod deal;
mod free;
mod gpus;
mod honesty;
mod index;
mod no_match;
mod order;
mod policy;
mod quote;
mod rule;
mod rules;
mod select;
mod sides;
mod terms;
mod units;
mod verdict;
mod words;

pub use class::{NetworkAccess, VerificationClass};
pub use deal::build_deal;
pub use free::{Free, Taken};
pub use gpus::assign;
pub use honesty::{Chance, CheckPolicy, Multiple, Sampling};
pub use index::{Index, Match, Offered, Wanted};
pub use no_match::{NoMatch, Reason};
pub use policy::ModulePolicy;
pub use quote::{Change, CostRange, FieldChange, Quote, QuoteOptions, QuotedOffer, Refusal, WorkEstimate};
pub use rule::ModuleRule;
pub use rules::judge;
pub use select::{Choice, Matching, choose, match_all};
pub use sides::{Candidate, Request, module_id};
pub use terms::{JobTerms, OfferTerms};
pub use units::Capacity;
pub use verdict::Verdict;

#[cfg(test)]
mod tests;
