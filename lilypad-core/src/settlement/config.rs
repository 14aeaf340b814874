//! What is fixed for a whole ledger.

use std::time::Duration;

use super::fault;
use super::terms::MAX_WINDOW_MS;
use crate::error::Result;
use crate::model::Share;

/// The default unbonding period: 7 days.
const UNBONDING: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What is fixed for a whole ledger when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerConfig {
    unbonding_ms: u64,
    burned: Share,
}

impl LedgerConfig {
    /// An unbonding period and the share of a slashed collateral that is burned.
    ///
    /// # Errors
    /// `InvalidInput` (`E_TERMS`) where the period is not from 1 ms to 90 days, or the share below one half: who plays
    /// both sides of a deal must lose by it.
    pub fn new(unbonding: Duration, burned: Share) -> Result<Self> {
        let unbonding_ms = u64::try_from(unbonding.as_millis()).unwrap_or(u64::MAX);
        if unbonding_ms == 0 || unbonding_ms > MAX_WINDOW_MS {
            let limit = format!("from 1 to {MAX_WINDOW_MS} milliseconds");
            return Err(fault::terms("unbonding", limit, unbonding_ms));
        }
        if burned.is_below(half()) {
            return Err(fault::terms("burned", "at least 1/2", burned));
        }
        Ok(Self { unbonding_ms, burned })
    }

    /// How long unstaked money waits before it can be claimed, in milliseconds.
    #[must_use]
    pub fn unbonding_ms(&self) -> u64 {
        self.unbonding_ms
    }

    /// The least share of a slashed collateral that is burned; what is kept rounds down.
    #[must_use]
    pub fn burned(&self) -> Share {
        self.burned
    }
}

impl Default for LedgerConfig {
    /// Unbonding takes 7 days, and half of what is slashed is burned.
    fn default() -> Self {
        let unbonding_ms = u64::try_from(UNBONDING.as_millis()).unwrap_or(MAX_WINDOW_MS);
        Self { unbonding_ms, burned: half() }
    }
}

fn half() -> Share {
    // One half is a share; were it none, nothing would be kept and all burned.
    Share::new(1, 2).unwrap_or_else(|_| Share::ZERO.rest())
}
