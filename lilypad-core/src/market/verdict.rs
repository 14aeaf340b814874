//! Whether an offer fits a job, and the one reason why not.

use std::cmp::Ordering;

use super::{NetworkAccess, VerificationClass};
use crate::model::{Amount, GpuRequirement, Rate, SoftwareVersion};

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
        /// Those that the offer trusts.
        offered: Vec<String>,
    },
    /// The two trust different solvers.
    SolverMismatch {
        /// The job's.
        wanted: String,
        /// The offer's.
        offered: String,
    },
    /// The machine's GPUs are not those that the job asks for.
    GpuModelMismatch {
        /// Asked for.
        need: Vec<GpuRequirement>,
        /// The machine's, by name and size, with how many there are of each.
        have: Vec<(String, usize)>,
    },
    /// The GPU driver is too old.
    DriverMismatch {
        /// Asked for.
        need: SoftwareVersion,
        /// Offered; `None` where the offer does not say.
        have: Option<SoftwareVersion>,
    },
    /// The CUDA version is too old.
    CudaMismatch {
        /// Asked for.
        need: SoftwareVersion,
        /// Offered; `None` where the offer does not say.
        have: Option<SoftwareVersion>,
    },
    /// The provider does not run this kind of job.
    ExecutorMismatch {
        /// What the job needs.
        need: String,
        /// What the provider runs.
        offered: Vec<String>,
    },
    /// The provider lets jobs reach less than this one needs.
    NetworkMismatch {
        /// Asked for.
        need: NetworkAccess,
        /// Allowed.
        have: NetworkAccess,
    },
    /// The provider's policy keeps the module out.
    ModuleRefused {
        /// The rule, in words.
        rule: String,
    },
    /// The offer lists the modules that it runs, and this one is not among them.
    ModuleNotListed {
        /// How many it lists.
        listed: usize,
    },
    /// The machine lacks a label that the job asks for.
    LabelMismatch {
        /// The label's name.
        name: String,
        /// Asked for.
        need: String,
        /// Offered; `None` where the machine has no such label.
        have: Option<String>,
    },
    /// Re-running the job there promises less than the job asks for.
    VerificationMismatch {
        /// Asked for.
        need: VerificationClass,
        /// Offered.
        have: VerificationClass,
    },
    /// The provider's reputation is too low, from 0 to 1,000.
    ReputationMismatch {
        /// Asked for.
        need: u32,
        /// The provider's.
        have: u32,
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
    /// The provider has too little stake left for the collateral of such a price cap.
    StakeMismatch {
        /// The most that the job may cost.
        cap: Amount,
        /// The highest cap for which the stake is enough, as far as is known.
        most: Amount,
    },
    /// The offer fits, but what is left of its machine beside earlier jobs does not.
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
            Self::GpuModelMismatch { .. } => "gpuModelMismatch",
            Self::DriverMismatch { .. } => "driverMismatch",
            Self::CudaMismatch { .. } => "cudaMismatch",
            Self::ExecutorMismatch { .. } => "executorMismatch",
            Self::NetworkMismatch { .. } => "networkMismatch",
            Self::ModuleRefused { .. } => "moduleRefused",
            Self::ModuleNotListed { .. } => "moduleNotListed",
            Self::LabelMismatch { .. } => "labelMismatch",
            Self::VerificationMismatch { .. } => "verificationMismatch",
            Self::ReputationMismatch { .. } => "reputationMismatch",
            Self::RateMismatch { .. } => "rateMismatch",
            Self::PriceCapMismatch { .. } => "priceCapMismatch",
            Self::CollateralMismatch { .. } => "collateralMismatch",
            Self::StakeMismatch { .. } => "stakeMismatch",
            Self::OfferTaken => "offerTaken",
        }
    }

    /// The number of the rule in the market's table; 0 for a match, and the last one for an offer that is busy.
    pub(super) fn rule(&self) -> u8 {
        match self {
            Self::Match => 0,
            Self::CpuMismatch { .. } => 1,
            Self::GpuMismatch { .. } => 2,
            Self::RamMismatch { .. } => 3,
            Self::VramMismatch { .. } => 4,
            Self::DiskMismatch { .. } => 5,
            Self::MarketPriceUnavailable => 6,
            Self::PriceMismatch { .. } => 7,
            Self::MediatorMismatch { .. } => 8,
            Self::SolverMismatch { .. } => 9,
            Self::GpuModelMismatch { .. } => 10,
            Self::DriverMismatch { .. } => 11,
            Self::CudaMismatch { .. } => 12,
            Self::ExecutorMismatch { .. } => 13,
            Self::NetworkMismatch { .. } => 14,
            Self::ModuleRefused { .. } => 15,
            Self::ModuleNotListed { .. } => 16,
            Self::LabelMismatch { .. } => 17,
            Self::VerificationMismatch { .. } => 18,
            Self::ReputationMismatch { .. } => 19,
            Self::CollateralMismatch { .. } => 20,
            Self::RateMismatch { .. } => 21,
            Self::PriceCapMismatch { .. } => 22,
            Self::StakeMismatch { .. } => 23,
            Self::OfferTaken => 24,
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
            (Self::StakeMismatch { most, .. }, Self::StakeMismatch { most: other, .. }) => most > other,
            (Self::CollateralMismatch { have, .. }, Self::CollateralMismatch { have: other, .. }) => {
                have > other
            }
            (Self::DriverMismatch { have, .. }, Self::DriverMismatch { have: other, .. })
            | (Self::CudaMismatch { have, .. }, Self::CudaMismatch { have: other, .. }) => have > other,
            (Self::NetworkMismatch { have, .. }, Self::NetworkMismatch { have: other, .. }) => have > other,
            (Self::VerificationMismatch { have, .. }, Self::VerificationMismatch { have: other, .. }) => {
                have > other
            }
            (Self::ReputationMismatch { have, .. }, Self::ReputationMismatch { have: other, .. }) => {
                have > other
            }
            _ => false,
        }
    }
}
