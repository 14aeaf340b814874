//! What the environment of a user says: the config folder, the data folder, the network.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{LOCAL, NetworkTarget, Networks};
use crate::error::{Error, Result};

/// Variables that name the network where nothing else does; the second is the older command's.
const NETWORK_VARIABLES: [&str; 2] = ["LILYPAD_NETWORK", "NETWORK"];

/// A variable of the environment that is set and not empty.
#[must_use]
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// What LILYPAD_CONFIG_DIR names, else the user's config folder.
///
/// # Errors
/// `InvalidInput` (`E_NO_CONFIG_DIR`) where the environment names no home.
pub fn config_dir() -> Result<PathBuf> {
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

/// The folder for results and caches: the given one, else what the environment names, else the user's data folder.
///
/// # Errors
/// `InvalidInput` (`E_NO_DATA_DIR`) where the environment names no home.
pub fn data_dir(given: Option<&Path>) -> Result<PathBuf> {
    let named = |name: &str| variable(name).map(PathBuf::from);
    given
        .map(Path::to_owned)
        .or_else(|| named("LILYPAD_DATA_DIR"))
        .or_else(|| named("DATA_DIR"))
        .or_else(|| named("XDG_DATA_HOME").map(|dir| dir.join("lilypad")))
        .or_else(|| named("HOME").map(|home| home.join(".local/share/lilypad")))
        .or_else(|| named("LOCALAPPDATA").map(|dir| dir.join("lilypad")))
        .ok_or_else(|| {
            Error::invalid("E_NO_DATA_DIR", "no folder for results is known: HOME is not set")
                .with_hint("name one with --output-dir or --data-dir, or in LILYPAD_DATA_DIR")
        })
}

/// The network that is meant: what was given (a name or a URL), else LILYPAD_NETWORK or NETWORK, else the one that
/// `lilypad network use` chose, else the network inside the process.
///
/// # Errors
/// As [`Networks::read`] and [`Networks::resolve`].
pub fn resolve_network(name_or_url: Option<&str>) -> Result<NetworkTarget> {
    let named = name_or_url.map(|given| (given.to_owned(), None)).or_else(|| {
        NETWORK_VARIABLES
            .iter()
            .find_map(|name| Some((variable(name)?.to_string_lossy().into_owned(), Some(*name))))
    });
    let Some((given, from)) = named else {
        // Where no folder is known, nothing can have been chosen.
        return config_dir()
            .map_or(Ok(NetworkTarget::Local), |folder| Networks::read(&folder)?.resolve(None));
    };
    if given == LOCAL {
        return Ok(NetworkTarget::Local);
    }
    Networks::read(&config_dir()?)?.resolve(Some(&given)).map_err(|error| match from {
        Some(name) => error.with("variable", name),
        None => error,
    })
}
