//! What is fixed when a deal is agreed, and what is refused then.

use serde::{Deserialize, Serialize};

use super::fault;
use super::panel::Panel;
use super::state::Window;
use crate::error::Result;
use crate::model::{Address, Amount, Rate, Share, WorkUnit};

/// The longest window, in milliseconds: 90 days. No money rests for longer without a way out.
pub const MAX_WINDOW_MS: u64 = 90 * 24 * 60 * 60 * 1_000;

/// The two who pay and are paid in a deal. They may be the same account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parties {
    /// Pays for the work.
    pub job_creator: Address,
    /// Does the work.
    pub provider: Address,
}

/// Who wrote the module, and which part of the pay for work is theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Author {
    /// The account that is paid.
    pub address: Address,
    /// The part of the pay, rounded down.
    pub share: Share,
}

/// How long each state may last, in milliseconds; each from 1 to [`MAX_WINDOW_MS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    /// For the provider to hand in results, from agreement on.
    pub submit_ms: u64,
    /// For the provider to answer a wish to stop.
    pub cancel_ms: u64,
    /// For the job creator to judge results.
    pub judge_ms: u64,
    /// For the solver to name a mediator, and again for the mediator to give its verdict.
    pub mediate_ms: u64,
}

impl Windows {
    /// How long `window` is, in milliseconds.
    #[must_use]
    pub fn get(&self, window: Window) -> u64 {
        match window {
            Window::Submit => self.submit_ms,
            Window::Cancel => self.cancel_ms,
            Window::Judge => self.judge_ms,
            Window::Mediate => self.mediate_ms,
        }
    }
}

/// The money side of a deal, fixed at agreement: nothing that is reported later changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Price of measured work.
    pub rate: Rate,
    /// What the rate counts.
    pub unit: WorkUnit,
    /// The most that the job creator pays; held from agreement on.
    pub price_cap: Amount,
    /// What the provider risks; locked in its stake from agreement on.
    pub provider_collateral: Amount,
    /// Who wrote the module, where they get a part of the pay.
    pub author: Option<Author>,
    /// The part of the pay that goes to the solver, rounded down.
    pub solver_fee: Share,
    /// What a mediator gets for a verdict that counts.
    pub mediation_fee: Amount,
    /// Who may be asked when the results are doubted; where it is empty nobody can doubt them.
    pub mediators: Panel,
    /// How long each state may last.
    pub windows: Windows,
}

impl Terms {
    /// The part of the pay that goes to the module's author.
    #[must_use]
    pub fn author_share(&self) -> Share {
        self.author.map_or(Share::ZERO, |author| author.share)
    }

    /// What a challenge costs to post: the fees of both mediators. `None` above 2^256 − 1 wei.
    #[must_use]
    pub fn bond(&self) -> Option<Amount> {
        self.mediation_fee.checked_mul(2)
    }

    /// What the ledger asks of terms before it holds any money for them.
    pub(super) fn check(&self, parties: &Parties, solver: Address, burned: Share) -> Result<()> {
        self.check_windows()?;
        if self.author_share().exceed_one(self.solver_fee) {
            let got = format!("{} + {}", self.author_share(), self.solver_fee);
            return Err(fault::terms("author.share + solver_fee", "at most 1", got));
        }
        let author = self.author.map_or(solver, |author| author.address);
        let parties = [
            ("job creator", parties.job_creator),
            ("provider", parties.provider),
            ("solver", solver),
            // Paid where the results stand, so no judge of them.
            ("author", author),
        ];
        if let Some((who, party)) = parties.iter().find(|(_, party)| self.mediators.contains(*party)) {
            return Err(fault::terms("mediators", format!("others than the deal's {who}"), party));
        }
        self.check_fees(burned)
    }

    fn check_windows(&self) -> Result<()> {
        let windows = [
            ("windows.submit_ms", self.windows.submit_ms),
            ("windows.cancel_ms", self.windows.cancel_ms),
            ("windows.judge_ms", self.windows.judge_ms),
            ("windows.mediate_ms", self.windows.mediate_ms),
        ];
        match windows.iter().find(|(_, length)| *length == 0 || *length > MAX_WINDOW_MS) {
            Some((field, got)) => {
                Err(fault::terms(field, format!("from 1 to {MAX_WINDOW_MS} milliseconds"), got))
            }
            None => Ok(()),
        }
    }

    /// What is not burned of a slashed collateral must pay both mediators, so that proving a fraud never goes unpaid.
    fn check_fees(&self, burned: Share) -> Result<()> {
        if self.mediators.is_empty() {
            return Ok(());
        }
        let kept = burned.rest().of(self.provider_collateral);
        match self.bond() {
            Some(fees) if fees <= kept => Ok(()),
            _ => {
                let limit = format!("at most half of {kept}, which is what slashing leaves unburned");
                Err(fault::terms("mediation_fee", limit, self.mediation_fee))
            }
        }
    }
}
