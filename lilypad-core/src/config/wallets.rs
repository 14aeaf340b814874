//! Encrypted keys under names: a folder of key files.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::name;
use crate::disk::{create_private_file, io_error};
use crate::error::{Error, ErrorKind, Result};
use crate::signer::{KEYSTORE_BYTES, Keystore};

/// Name of the folder in the config folder.
pub const WALLETS_FOLDER: &str = "wallets";
/// The wallet that is used where no other key is named.
pub const DEFAULT_WALLET: &str = "default";
/// Most wallets that are listed.
pub const MAX_WALLETS: usize = 1_000;

/// A user's key files: `wallets/NAME.json` in the config folder, each one readable by its owner alone.
#[derive(Clone, Debug)]
pub struct Wallets {
    folder: PathBuf,
}

/// A key file of the folder.
#[derive(Debug)]
pub struct WalletEntry {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What it is, or why it cannot be read.
    pub keystore: Result<Keystore>,
}

impl Wallets {
    /// The wallets of a config folder, which may not be there yet.
    #[must_use]
    pub fn of(config: &Path) -> Self {
        Self { folder: config.join(WALLETS_FOLDER) }
    }

    /// True for what may be a wallet's name.
    #[must_use]
    pub fn is_name(text: &str) -> bool {
        name::is_name(text)
    }

    /// Where a wallet is or would be.
    ///
    /// # Errors
    /// `InvalidInput` (`E_WALLET_NAME`), without a word of what was given.
    pub fn path(&self, name: &str) -> Result<PathBuf> {
        name::check("wallet", "E_WALLET_NAME", name)?;
        Ok(self.folder.join(format!("{name}.json")))
    }

    /// Checks that a wallet can be made under this name.
    ///
    /// # Errors
    /// `InvalidInput` (`E_WALLET_NAME`); `Conflict` (`E_WALLET_EXISTS`).
    pub fn check_free(&self, name: &str) -> Result<()> {
        match fs::symlink_metadata(self.path(name)?) {
            Ok(_) => Err(exists(name)),
            Err(_) => Ok(()),
        }
    }

    /// Keeps a key file under a name: mode 0600 in a folder of mode 0700, whole or not at all. A wallet that is there
    /// is never replaced.
    ///
    /// # Errors
    /// Those of [`Wallets::check_free`]; those of [`create_private_file`].
    pub fn create(&self, name: &str, keystore: &Keystore) -> Result<PathBuf> {
        let path = self.path(name)?;
        create_private_file(&path, keystore.to_json().as_bytes())
            .map_err(|error| if error.code() == "E_TARGET_EXISTS" { exists(name) } else { error })?;
        Ok(path)
    }

    /// Reads a wallet.
    ///
    /// # Errors
    /// `NotFound` (`E_WALLET_UNKNOWN`); those of [`read_keystore`].
    pub fn open(&self, name: &str) -> Result<Keystore> {
        let path = self.path(name)?;
        read_keystore(&path).map_err(|error| {
            if error.code() != "E_PATH_NOT_FOUND" {
                return error;
            }
            Error::new(ErrorKind::NotFound, "E_WALLET_UNKNOWN", format!("there is no wallet `{name}`"))
                .with_hint(format!("see lilypad wallet list, or make it: lilypad wallet new {name}"))
                .with("path", path.display())
        })
    }

    /// All wallets by their names. Files with other names than `NAME.json` are passed over.
    ///
    /// # Errors
    /// `InvalidInput` (`E_PERMISSION`; `E_WALLET_LIMIT` above [`MAX_WALLETS`]); `Unavailable` (`E_IO`).
    pub fn list(&self) -> Result<Vec<WalletEntry>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io_error("read", &self.folder, error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| io_error("read", &self.folder, error))?;
            let file = entry.file_name();
            let name =
                file.to_str().and_then(|file| file.strip_suffix(".json")).filter(|name| name::is_name(name));
            names.extend(name.map(str::to_owned));
            if names.len() > MAX_WALLETS {
                return Err(Error::invalid(
                    "E_WALLET_LIMIT",
                    format!("{} holds more than {MAX_WALLETS} wallets", self.folder.display()),
                )
                .with_hint("move some elsewhere; a file can be named with --keystore FILE")
                .with("limit", MAX_WALLETS));
            }
        }
        names.sort();
        let entry = |name: String| {
            let path = self.folder.join(format!("{name}.json"));
            WalletEntry { keystore: read_keystore(&path), name, path }
        };
        Ok(names.into_iter().map(entry).collect())
    }
}

/// Reads a key file, not more of it than a key file may have.
///
/// # Errors
/// `NotFound` (`E_PATH_NOT_FOUND`); `InvalidInput` (`E_PERMISSION`, `E_FILE_SPECIAL`); `Unavailable` (`E_IO`); those of
/// [`Keystore::from_json`], with the path.
pub fn read_keystore(path: &Path) -> Result<Keystore> {
    let failed = |error| io_error("read", path, error);
    // Looked at first: to open a pipe would wait for ever.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(Error::invalid("E_FILE_SPECIAL", format!("{} is not a regular file", path.display()))
            .with_hint("name a JSON key file")
            .with("path", path.display()));
    }
    let mut bytes = Vec::new();
    let limit = KEYSTORE_BYTES as u64 + 1;
    File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(failed)?;
    Keystore::from_json(&String::from_utf8_lossy(&bytes)).map_err(|error| error.with("path", path.display()))
}

fn exists(name: &str) -> Error {
    Error::new(ErrorKind::Conflict, "E_WALLET_EXISTS", format!("there is a wallet `{name}` already"))
        .with_hint("choose another name: a wallet is never replaced, its key may be worth money")
}
