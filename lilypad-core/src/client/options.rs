//! What a submission may ask for.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::market::VerificationClass;
use crate::model::{Address, Amount, FileSet, Rate};

/// What a submission may ask for, beside the module and its inputs.
#[derive(Clone, Debug, Default)]
pub struct SubmitOptions {
    /// Most that the job may cost; `None` is 1 LP. Held in escrow, the rest comes back.
    pub price_cap: Option<Amount>,
    /// Most that a unit of work may cost; `None` leaves it to the cap.
    pub max_rate: Option<Rate>,
    /// How long the program may run; `None` is the module's own limit, or 15 minutes.
    pub timeout: Option<Duration>,
    /// Most work units; `None` is what the price cap pays for.
    pub instruction_limit: Option<u64>,
    /// Input files by name.
    pub files: FileSet,
    /// The one provider that may run the job; `None` is any.
    pub target: Option<Address>,
    /// Labels that the machine must carry, each with this very value (`region` = `eu`).
    pub labels: BTreeMap<String, String>,
    /// What re-running the job must promise at least.
    pub verification: VerificationClass,
    /// The lowest reputation of a provider that is still taken, from 0 to 1,000.
    pub min_reputation: u32,
    /// The least collateral that a provider must stake, as a multiple of the price cap.
    pub min_collateral_multiple: u64,
}

impl SubmitOptions {
    /// The price cap where none is named: 1 LP.
    #[must_use]
    pub fn default_price_cap() -> Amount {
        Amount::from_lp(1)
    }

    /// How long a program may run where neither the options nor the module say: the network's 15 minutes.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(900);
}
