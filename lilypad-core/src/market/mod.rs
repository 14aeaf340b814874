//! Pure matching and pricing: one function per rule, verdicts, selection, explanations.
//!
//! # Layout
//! `terms` what both sides agree to beside the wire's offers; `policy` and `rule` which modules a provider runs.

mod policy;
mod rule;
mod terms;

pub use policy::ModulePolicy;
pub use rule::ModuleRule;
pub use terms::{JobTerms, OfferTerms};

#[cfg(test)]
mod tests;
