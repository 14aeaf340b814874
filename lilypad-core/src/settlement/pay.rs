//! What measured work costs, and how what is held is split when a deal ends.

use super::ledger::DealAccount;
use super::table::{BURNED_SHARE, Settle};
use super::transfer::{Place, Reason, Transfer};
use crate::error::{Error, Result};
use crate::model::{Amount, DealId, Rate};

/// What a provider is paid: the cost of the measured work, rounded down to a wei, and never more than `cap`.
#[must_use]
pub fn payout(rate: Rate, work_units: u64, cap: Amount) -> Amount {
    // A cost that does not fit into 256 bits is above every cap.
    rate.cost(work_units).map_or(cap, |cost| cost.min(cap))
}

/// The transfers that end `deal` as `settle` says, emptying its escrow.
pub(super) fn split(id: DealId, deal: &DealAccount, settle: Settle) -> Result<Vec<Transfer>> {
    let creator = Place::Account(deal.parties.job_creator);
    let provider = Place::Account(deal.parties.provider);
    let (cap, collateral) = (deal.terms.price_cap, deal.terms.provider_collateral);
    let parts = match settle {
        Settle::Hold => vec![],
        Settle::PayWork => vec![
            (provider, deal.paid, Reason::Work),
            (creator, minus(cap, deal.paid)?, Reason::Refund),
            (provider, collateral, Reason::CollateralReturn),
        ],
        Settle::Refund => {
            vec![(creator, cap, Reason::Refund), (provider, collateral, Reason::CollateralReturn)]
        }
        Settle::Forfeit => {
            let (numerator, denominator) = (Amount::from(BURNED_SHARE.0), Amount::from(BURNED_SHARE.1));
            let burned = collateral.mul_div_floor(numerator, denominator).unwrap_or(collateral);
            vec![
                (creator, cap, Reason::Refund),
                (creator, minus(collateral, burned)?, Reason::Compensation),
                (Place::Burned, burned, Reason::Penalty),
            ]
        }
    };
    let from = Place::Escrow(id);
    let transfers = parts.into_iter().map(|(to, amount, reason)| Transfer { from, to, amount, reason });
    Ok(transfers.filter(|transfer| !transfer.amount.is_zero()).collect())
}

fn minus(whole: Amount, part: Amount) -> Result<Amount> {
    whole.checked_sub(part).ok_or_else(|| Error::unexpected("a deal would pay out more than it holds"))
}
