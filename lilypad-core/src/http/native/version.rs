//! Whether a solver and this client have a version of the interface in common.

use serde::Deserialize;

use super::address::Address;
use super::failure::{not_a_solver, other_version};
use super::request::read;
use crate::error::Result;
use crate::wire::{API_VERSION, OLDEST_API_VERSION, SolverInfo};

/// Most letters of a solver's version that are shown.
const SHOWN: usize = 40;

/// The part of [`SolverInfo`] that every version of it has, so that a solver of another version is known for one.
#[derive(Debug, Deserialize)]
pub(super) struct Spoken {
    address: String,
    version: String,
    /// Solvers from before there was such a number do not say it.
    #[serde(default)]
    pub(super) api: u32,
    #[serde(default)]
    oldest_api: u32,
}

impl Spoken {
    pub(super) fn is_older(&self) -> bool {
        self.api < OLDEST_API_VERSION
    }

    fn is_newer(&self) -> bool {
        self.oldest_api > API_VERSION
    }

    /// Its version, as far as it can be shown.
    pub(super) fn version(&self) -> String {
        self.version.chars().filter(|c| c.is_ascii_graphic()).take(SHOWN).collect()
    }
}

/// What a solver says of itself, where client and solver can speak with each other.
pub(super) fn info(base: &Address, bytes: &[u8]) -> Result<SolverInfo> {
    match serde_json::from_slice::<Spoken>(bytes) {
        Ok(said) if said.is_older() || said.is_newer() => Err(other_version(base, &said)),
        Ok(said) if !said.address.starts_with("0x") => Err(not_a_solver(base, "it has no account")),
        _ => read(base, bytes),
    }
}
