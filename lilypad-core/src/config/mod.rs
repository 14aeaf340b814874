//! What stands in a user's config folder: encrypted keys under names, and networks under names.
//!
//! Layout: `name` what may be a name; `wallets` key files; `url` a network's address; `networks` the file `networks.toml`; `key` the key that is meant;
//! `settings` a file of settings for a command; `text` such files.
//! Where the folder is, the caller says: nothing but `environment` and `key` reads the environment, which knows the usual place.

mod environment;
#[cfg(feature = "keystore")]
mod key;
mod name;
mod networks;
mod settings;
mod text;
mod url;
#[cfg(feature = "keystore")]
mod wallets;

pub use environment::{config_dir, data_dir, resolve_network, variable};
#[cfg(feature = "keystore")]
pub use key::{
    KeySource, LILYPAD_PASSPHRASE, LILYPAD_PASSPHRASE_FILE, LILYPAD_PRIVATE_KEY, WEB3_PRIVATE_KEY,
    environment_passphrase, no_passphrase,
};
pub use name::NAME_LENGTH;
pub use networks::{
    LOCAL, MAX_NETWORKS, NETWORKS_BYTES, NETWORKS_FILE, NetworkEntry, NetworkTarget, Networks,
};
pub use settings::{SETTINGS_BYTES, Setting, SettingValue, read_settings};
pub use url::{NetworkUrl, URL_LENGTH};
#[cfg(feature = "keystore")]
pub use wallets::{DEFAULT_WALLET, MAX_WALLETS, WALLETS_FOLDER, WalletEntry, Wallets, read_keystore};

#[cfg(test)]
mod tests;
