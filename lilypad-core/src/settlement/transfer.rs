//! One movement of money.

use std::fmt;

use crate::model::{Address, Amount, DealId};

/// Where money is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Place {
    /// Outside the ledger: where deposits come from and withdrawals go to.
    Outside,
    /// The available balance of an account.
    Account(Address),
    /// The stake of a provider, free and locked.
    Stake(Address),
    /// What an account takes out of its stake and cannot claim yet.
    Unbonding(Address),
    /// The price cap that is held for a deal.
    Escrow(DealId),
    /// The bond of whoever doubts a deal's results.
    Bond(DealId),
    /// Gone for good.
    Burned,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside => f.write_str("outside"),
            Self::Account(address) => write!(f, "account {address}"),
            Self::Stake(address) => write!(f, "stake of {address}"),
            Self::Unbonding(address) => write!(f, "unbonding of {address}"),
            Self::Escrow(deal) => write!(f, "escrow of deal {deal}"),
            Self::Bond(deal) => write!(f, "bond of deal {deal}"),
            Self::Burned => f.write_str("burned"),
        }
    }
}

/// Why money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Money in.
    Deposit,
    /// Money out.
    Withdrawal,
    /// A balance becomes stake.
    Stake,
    /// Stake starts to unbond.
    Unstake,
    /// Unbonded stake becomes balance.
    Unbonded,
    /// The job creator's price cap goes into escrow.
    PriceCap,
    /// The provider is paid for measured work.
    Work,
    /// The module's author gets its share of the pay.
    AuthorShare,
    /// The solver gets its share of the pay.
    SolverFee,
    /// The job creator gets back what the work did not cost.
    Refund,
    /// The bond of a challenge.
    Bond,
    /// The bond, or the rest of it, goes back.
    BondReturn,
    /// A mediator is paid for a verdict.
    MediationFee,
    /// The job creator gets what slashing leaves.
    Compensation,
    /// The burned part of a slashed collateral.
    Penalty,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 15] = [
        Self::Deposit,
        Self::Withdrawal,
        Self::Stake,
        Self::Unstake,
        Self::Unbonded,
        Self::PriceCap,
        Self::Work,
        Self::AuthorShare,
        Self::SolverFee,
        Self::Refund,
        Self::Bond,
        Self::BondReturn,
        Self::MediationFee,
        Self::Compensation,
        Self::Penalty,
    ];

    /// The name, the same in every language (`work`, `bond_return`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Withdrawal => "withdrawal",
            Self::Stake => "stake",
            Self::Unstake => "unstake",
            Self::Unbonded => "unbonded",
            Self::PriceCap => "price_cap",
            Self::Work => "work",
            Self::AuthorShare => "author_share",
            Self::SolverFee => "solver_fee",
            Self::Refund => "refund",
            Self::Bond => "bond",
            Self::BondReturn => "bond_return",
            Self::MediationFee => "mediation_fee",
            Self::Compensation => "compensation",
            Self::Penalty => "penalty",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One movement of money. Movements of nothing are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Where it was.
    pub from: Place,
    /// Where it is now.
    pub to: Place,
    /// How much; never zero.
    pub amount: Amount,
    /// Why.
    pub reason: Reason,
}

impl fmt::Display for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) from {} to {}", self.amount, self.reason, self.from, self.to)
    }
}
