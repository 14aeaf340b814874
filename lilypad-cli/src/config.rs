//! The config folder, and the network that a command speaks to.

use lilypad_core::Result;
use lilypad_core::config::{Networks, Wallets, config_dir};

pub(crate) use lilypad_core::config::resolve_network as resolve;

/// The user's wallets.
pub(crate) fn wallets() -> Result<Wallets> {
    Ok(Wallets::of(&config_dir()?))
}

/// The networks that the user has named.
pub(crate) fn networks() -> Result<Networks> {
    Networks::read(&config_dir()?)
}
