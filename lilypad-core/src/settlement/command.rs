//! What may be asked of a ledger.

use serde::{Deserialize, Serialize};

use super::event::DealEvent;
use super::terms::{Parties, Terms};
use crate::model::{Address, Amount, DealId};

/// One change of the ledger, asked for by the account that [`Ledger::apply`](super::Ledger::apply) names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "a command is passed on the stack and never kept in numbers")]
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
    /// Moves the caller's own money into its stake, out of which deals lock their collateral.
    Stake {
        /// How much.
        amount: Amount,
    },
    /// Starts to take out the caller's own stake that no deal has locked. It can be claimed after the unbonding period.
    Unstake {
        /// How much.
        amount: Amount,
    },
    /// Moves everything that has been unbonding for long enough to the caller's balance.
    ClaimUnbonded,
    /// Makes a deal, holds its price cap and locks its collateral. Only the ledger's solver may: it has checked that both
    /// sides offered this.
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
