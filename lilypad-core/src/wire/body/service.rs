//! What a solver says of itself, and what an account has and does there.

use serde::{Deserialize, Serialize};

use crate::model::{Address, Amount};
use crate::wire::{ArchiveId, JobStatus};

/// The version of this interface that is spoken here. It grows with every change that one of two sides could not do without.
pub const API_VERSION: u32 = 1;

/// The oldest version of it that is still spoken here.
pub const OLDEST_API_VERSION: u32 = 1;

/// Who a solver is. In every version of the interface it has `address`, `version`, `api` and `oldest_api`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SolverInfo {
    /// The account under which offers name it.
    pub address: Address,
    /// Chain id of the domain in which its network signs.
    pub chain_id: u64,
    /// Its version.
    pub version: String,
    /// The version of this interface that it speaks.
    pub api: u32,
    /// The oldest version of it that it still speaks: an older client cannot use it.
    pub oldest_api: u32,
    /// The mediators that it knows.
    pub mediators: Vec<Address>,
    /// Play money that each account may have once, in wei; `None` on a network with real money.
    pub play_money: Option<Amount>,
}

/// What an account has on a solver's ledger, in wei.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Money {
    /// The account.
    pub account: Address,
    /// What it can spend or withdraw.
    pub balance: Amount,
    /// What it has set aside as stake.
    pub stake: Amount,
    /// The part of the stake that open deals have locked.
    pub locked: Amount,
}

/// An amount that an account asks to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Sum {
    /// How much, in wei.
    pub amount: Amount,
    /// The stake that the account has before it, in wei: with another one nothing is moved (`E_STAKE_CHANGED`). So a request
    /// whose answer was lost can be made again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stake: Option<Amount>,
}

/// That the program of a deal has started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Started {
    /// The kind of executor (`wasm`).
    pub executor: String,
}

/// Where some jobs of an account stand, newest first.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct JobList {
    /// The jobs.
    pub jobs: Vec<JobStatus>,
}

/// How much of an upload a solver has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UploadState {
    /// The place of the next byte.
    pub offset: u64,
    /// How many bytes it has in all.
    pub length: u64,
}

/// An archive that was uploaded, in the place of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Uploaded {
    /// Its name.
    pub archive: ArchiveId,
}

/// Most bytes of one part of an upload.
pub const UPLOAD_PART: usize = 4 << 20;

/// Nothing to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Done {}
