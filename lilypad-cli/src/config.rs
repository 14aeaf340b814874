//! The config folder, and the network that a command speaks to.

use std::path::PathBuf;

use lilypad_core::config::{LOCAL, NetworkTarget, Networks, Wallets};
use lilypad_core::{Error, Result};

/// Variables that name the network where no flag does; the second is the older command's.
const NETWORK_VARIABLES: [&str; 2] = ["LILYPAD_NETWORK", "NETWORK"];

/// What the environment names, else the user's config folder.
pub(crate) fn folder() -> Result<PathBuf> {
    let below = |name: &str, rest: &str| variable(name).map(|dir| PathBuf::from(dir).join(rest));
    variable("LILYPAD_CONFIG_DIR")
        .map(PathBuf::from)
        .or_else(|| below("XDG_CONFIG_HOME", "lilypad"))
        .or_else(|| below("HOME", ".config/lilypad"))
        .or_else(|| below("APPDATA", "lilypad"))
        .ok_or_else(|| {
            Error::invalid("E_NO_CONFIG_DIR", "no folder for keys and networks is known: HOME is not set")
                .with_hint("name one with LILYPAD_CONFIG_DIR")
        })
}

/// The user's wallets.
pub(crate) fn wallets() -> Result<Wallets> {
    Ok(Wallets::of(&folder()?))
}

/// The networks that the user has named.
pub(crate) fn networks() -> Result<Networks> {
    Networks::read(&folder()?)
}

/// The network of a command: what was given (a name or a URL), else LILYPAD_NETWORK or NETWORK, else the one that
/// `lilypad network use` chose, else the network inside the process.
pub(crate) fn resolve(name_or_url: Option<&str>) -> Result<NetworkTarget> {
    let named = name_or_url.map(|given| (given.to_owned(), None)).or_else(|| {
        NETWORK_VARIABLES
            .iter()
            .find_map(|name| Some((variable(name)?.to_string_lossy().into_owned(), Some(*name))))
    });
    let Some((given, from)) = named else {
        // Where no folder is known, nothing can have been chosen.
        return folder().map_or(Ok(NetworkTarget::Local), |folder| Networks::read(&folder)?.resolve(None));
    };
    if given == LOCAL {
        return Ok(NetworkTarget::Local);
    }
    networks()?.resolve(Some(&given)).map_err(|error| match from {
        Some(name) => error.with("variable", name),
        None => error,
    })
}

/// A variable of the environment that is set and not empty.
pub(crate) fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
