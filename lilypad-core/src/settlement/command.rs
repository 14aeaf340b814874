//! What may be asked of a ledger.

use super::table::EventKind;
use crate::model::{Address, Amount, DealId, Rate};

/// The two who pay and are paid in a deal. They may be the same account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parties {
    /// Pays for the work.
    pub job_creator: Address,
    /// Does the work.
    pub provider: Address,
}

/// The money side of a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Price of measured work.
    pub rate: Rate,
    /// The most that the job creator pays; held from agreement on.
    pub price_cap: Amount,
    /// What the provider stakes on doing the job; held from agreement on.
    pub provider_collateral: Amount,
}

/// Something that happens to a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DealEvent {
    /// The provider hands in results that took this much measured work.
    Submit {
        /// Measured work.
        work_units: u64,
    },
    /// The job creator accepts the results.
    Accept,
    /// The job creator asked to stop; the provider did this much until then.
    CancelByCreator {
        /// Measured work so far.
        work_units: u64,
    },
    /// The provider gives the job back.
    CancelByProvider,
    /// The module failed or hit a limit after this much measured work.
    Fail {
        /// Measured work.
        work_units: u64,
    },
    /// The provider was silent for too long.
    ProviderTimeout,
    /// The job creator was silent for too long after results came in.
    CreatorTimeout,
}

impl DealEvent {
    /// Which event it is, without its numbers.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        match self {
            Self::Submit { .. } => EventKind::Submit,
            Self::Accept => EventKind::Accept,
            Self::CancelByCreator { .. } => EventKind::CancelByCreator,
            Self::CancelByProvider => EventKind::CancelByProvider,
            Self::Fail { .. } => EventKind::Fail,
            Self::ProviderTimeout => EventKind::ProviderTimeout,
            Self::CreatorTimeout => EventKind::CreatorTimeout,
        }
    }

    /// The measured work that the event reports, where it reports any.
    #[must_use]
    pub fn work_units(&self) -> Option<u64> {
        match self {
            Self::Submit { work_units }
            | Self::CancelByCreator { work_units }
            | Self::Fail { work_units } => Some(*work_units),
            Self::Accept | Self::CancelByProvider | Self::ProviderTimeout | Self::CreatorTimeout => None,
        }
    }
}

/// One change of the ledger, asked for by the account that [`Ledger::apply`](super::Ledger::apply) names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Brings money in, for any account: the only way in.
    Deposit {
        /// Who owns it then.
        account: Address,
        /// How much.
        amount: Amount,
    },
    /// Takes the caller's own money out.
    Withdraw {
        /// How much.
        amount: Amount,
    },
    /// Makes a deal and holds its money. Only the ledger's solver may: it has checked that both sides offered this.
    Agree {
        /// The deal; an id is used once.
        deal: DealId,
        /// Who.
        parties: Parties,
        /// For how much.
        terms: Terms,
    },
    /// Moves a deal on.
    Deal {
        /// The deal.
        deal: DealId,
        /// The deal's epoch that the caller has seen.
        epoch: u64,
        /// What happens.
        event: DealEvent,
    },
}
