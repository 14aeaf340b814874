//! Whether an offer fits a job, and the one reason why not.

use std::cmp::Ordering;

use crate::model::{Amount, Rate};

/// Whether an offer fits a job. Where it does not, the first rule that fails says why.
///
/// `need` is what the job asks for, `have` what the offer gives. Printed in plain words, with the numbers and what would
/// mend it.
///
/// ```
/// use lilypad_core::market::Verdict;
/// let verdict = Verdict::RamMismatch { need: 8_000_000_000, have: 4_096_000_000 };
/// assert_eq!(verdict.code(), "ramMismatch");
/// assert_eq!(
///     verdict.to_string(),
///     "lacks memory (needs 8000 MB, has 4096 MB): ask for less memory, or wait for a larger machine"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The offer fits.
    Match,
    /// Too few CPUs, in thousandths.
    CpuMismatch {
        /// Asked for.
        need: i64,
        /// Offered.
        have: i64,
    },
    /// Too few GPUs, in thousandths.
    GpuMismatch {
        /// Asked for.
        need: i64,
        /// Offered.
        have: i64,
    },
    /// Too little memory, in bytes.
    RamMismatch {
        /// Asked for.
        need: i64,
        /// Offered.
        have: i64,
    },
    /// Too little video memory on the largest GPU, in mebibytes.
    VramMismatch {
        /// Asked for.
        need: i64,
        /// Offered; `None` where no GPU is listed.
        have: Option<i64>,
    },
    /// Too little disk, in bytes.
    DiskMismatch {
        /// Asked for.
        need: i64,
        /// Offered.
        have: i64,
    },
    /// The provider wants the market's price, which nobody computes.
    MarketPriceUnavailable,
    /// The offer's fixed price is above the job's, both in LP.
    PriceMismatch {
        /// The most that the job pays.
        most: u64,
        /// What the offer costs.
        asked: u64,
    },
    /// The two trust no mediator in common.
    MediatorMismatch {
        /// How many the job trusts.
        wanted: usize,
        /// How many the offer trusts.
        offered: usize,
    },
    /// The two trust different solvers.
    SolverMismatch {
        /// The job's.
        wanted: String,
        /// The offer's.
        offered: String,
    },
    /// The provider does not run this kind of job.
    ExecutorMismatch {
        /// What the job needs.
        need: String,
        /// What the provider runs.
        offered: Vec<String>,
    },
    /// The provider's policy keeps the module out.
    ModuleRefused {
        /// The rule, in words.
        rule: String,
    },
    /// The price of work is above what the job takes.
    RateMismatch {
        /// The dearest that the job takes.
        most: Rate,
        /// What the offer costs.
        asked: Rate,
    },
    /// The price cap does not pay for one work unit.
    PriceCapMismatch {
        /// The most that the job may cost.
        cap: Amount,
        /// What the offer costs.
        asked: Rate,
    },
    /// The provider stakes too little, as multiples of the price cap.
    CollateralMismatch {
        /// Asked for.
        need: u64,
        /// Offered.
        have: u64,
    },
    /// The offer fits, but an earlier job took it.
    OfferTaken,
}

impl Verdict {
    /// True where the offer fits.
    #[must_use]
    pub fn is_match(&self) -> bool {
        *self == Self::Match
    }

    /// The stable name: the wire's where the rule is the wire's (`ramMismatch`, `offersMatched`).
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Match => "offersMatched",
            Self::CpuMismatch { .. } => "cpuMismatch",
            Self::GpuMismatch { .. } => "gpuMismatch",
            Self::RamMismatch { .. } => "ramMismatch",
            Self::VramMismatch { .. } => "vramMismatch",
            Self::DiskMismatch { .. } => "diskSpaceMismatch",
            Self::MarketPriceUnavailable => "marketPriceUnavailable",
            Self::PriceMismatch { .. } => "priceMismatch",
            Self::MediatorMismatch { .. } => "mediatorMismatch",
            Self::SolverMismatch { .. } => "solverMismatch",
            Self::ExecutorMismatch { .. } => "executorMismatch",
            Self::ModuleRefused { .. } => "moduleRefused",
            Self::RateMismatch { .. } => "rateMismatch",
            Self::PriceCapMismatch { .. } => "priceCapMismatch",
            Self::CollateralMismatch { .. } => "collateralMismatch",
            Self::OfferTaken => "offerTaken",
        }
    }

    /// True where this one misses by less than `other`, which failed the same rule for the same job.
    pub(super) fn is_nearer_than(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::CpuMismatch { have, .. }, Self::CpuMismatch { have: other, .. })
            | (Self::GpuMismatch { have, .. }, Self::GpuMismatch { have: other, .. })
            | (Self::RamMismatch { have, .. }, Self::RamMismatch { have: other, .. })
            | (Self::DiskMismatch { have, .. }, Self::DiskMismatch { have: other, .. }) => have > other,
            (Self::VramMismatch { have, .. }, Self::VramMismatch { have: other, .. }) => have > other,
            (Self::PriceMismatch { asked, .. }, Self::PriceMismatch { asked: other, .. }) => asked < other,
            (Self::RateMismatch { asked, .. }, Self::RateMismatch { asked: other, .. })
            | (Self::PriceCapMismatch { asked, .. }, Self::PriceCapMismatch { asked: other, .. }) => {
                asked.cmp_price(*other) == Ordering::Less
            }
            (Self::CollateralMismatch { have, .. }, Self::CollateralMismatch { have: other, .. }) => {
                have > other
            }
            _ => false,
        }
    }
}
