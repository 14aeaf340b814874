//! Whom and what the two sides trust.

use super::Pair;
use crate::market::{Verdict, deal};

pub(super) fn mediator(pair: &Pair<'_>) -> Option<Verdict> {
    let wanted = deal::mediators(&pair.job.offer.trusted_parties);
    let offered = deal::mediators(&pair.candidate.offer.trusted_parties);
    let none = !offered.iter().any(|mediator| wanted.contains(mediator));
    none.then(|| Verdict::MediatorMismatch { wanted: wanted.len(), offered: offered.to_vec() })
}

pub(super) fn solver(pair: &Pair<'_>) -> Option<Verdict> {
    let wanted = &pair.job.offer.trusted_parties.solver;
    let offered = &pair.candidate.offer.trusted_parties.solver;
    (wanted != offered).then(|| Verdict::SolverMismatch { wanted: wanted.clone(), offered: offered.clone() })
}

pub(super) fn policy(pair: &Pair<'_>) -> Option<Verdict> {
    pair.candidate.terms.module_policy.refusal(pair.job.module).map(|rule| Verdict::ModuleRefused { rule })
}

/// The wire's list of modules; empty is any.
pub(super) fn listed(pair: &Pair<'_>) -> Option<Verdict> {
    let modules = pair.candidate.offer.modules.as_deref().unwrap_or_default();
    let listed = modules.is_empty() || modules.iter().any(|module| *module == pair.job.module_id);
    (!listed).then_some(Verdict::ModuleNotListed { listed: modules.len() })
}

pub(super) fn labels(pair: &Pair<'_>) -> Option<Verdict> {
    let offered = &pair.candidate.terms.labels;
    let lacking = pair.job.terms.labels.iter().find(|(name, value)| offered.get(*name) != Some(value));
    lacking.map(|(name, need)| Verdict::LabelMismatch {
        name: name.clone(),
        need: need.clone(),
        have: offered.get(name).cloned(),
    })
}

pub(super) fn verification(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, have) = (pair.job.terms.verification, pair.candidate.terms.verification);
    (have < need).then_some(Verdict::VerificationMismatch { need, have })
}

pub(super) fn reputation(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, have) = (pair.job.terms.min_reputation, pair.candidate.reputation);
    (have < need).then_some(Verdict::ReputationMismatch { need, have })
}

pub(super) fn collateral(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, have) = (pair.job.terms.min_collateral_multiple, pair.candidate.terms.collateral_multiple);
    (have < need).then_some(Verdict::CollateralMismatch { need, have })
}
