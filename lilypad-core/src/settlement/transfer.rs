//! One movement of money.

use std::fmt;

use crate::model::{Address, Amount, DealId};

/// Where money is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Outside the ledger: where deposits come from and withdrawals go to.
    Outside,
    /// The available balance of an account.
    Account(Address),
    /// Held for a deal.
    Escrow(DealId),
    /// Gone for good.
    Burned,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside => f.write_str("outside"),
            Self::Account(address) => write!(f, "account {address}"),
            Self::Escrow(deal) => write!(f, "escrow of deal {deal}"),
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
    /// The job creator's price cap goes into escrow.
    PriceCap,
    /// The provider's collateral goes into escrow.
    Collateral,
    /// The provider is paid for measured work.
    Work,
    /// The job creator gets back what the work did not cost.
    Refund,
    /// The provider gets its collateral back.
    CollateralReturn,
    /// The job creator gets its share of a forfeited collateral.
    Compensation,
    /// The burned share of a forfeited collateral.
    Penalty,
}

impl Reason {
    /// The name, the same in every language (`work`, `collateral_return`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Withdrawal => "withdrawal",
            Self::PriceCap => "price_cap",
            Self::Collateral => "collateral",
            Self::Work => "work",
            Self::Refund => "refund",
            Self::CollateralReturn => "collateral_return",
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
