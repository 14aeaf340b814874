//! The key that a user means: a key file that was named, the environment, or the wallet `default`; and what opens it.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{DEFAULT_WALLET, Wallets, config_dir, read_keystore, variable};
use crate::disk::io_error;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Address;
use crate::signer::{Keystore, LocalSigner, PASSPHRASE_BYTES, Passphrase, Signer as _};

/// A private key, as 64 hex digits with or without 0x.
pub const LILYPAD_PRIVATE_KEY: &str = "LILYPAD_PRIVATE_KEY";
/// The older command's name for the same.
pub const WEB3_PRIVATE_KEY: &str = "WEB3_PRIVATE_KEY";
/// What opens a key file.
pub const LILYPAD_PASSPHRASE: &str = "LILYPAD_PASSPHRASE";
/// Names the file that holds what opens a key file.
pub const LILYPAD_PASSPHRASE_FILE: &str = "LILYPAD_PASSPHRASE_FILE";

/// A key that was found and is not opened yet.
#[derive(Debug)]
pub enum KeySource {
    /// In a variable of the environment.
    Variable {
        /// Which.
        name: &'static str,
        /// The key.
        signer: LocalSigner,
    },
    /// In an encrypted file.
    File {
        /// Where.
        path: PathBuf,
        /// Its name, where it is one of the user's wallets.
        wallet: Option<String>,
        /// The file.
        keystore: Keystore,
    },
}

impl KeySource {
    /// The key file or the wallet that was named, else the environment's key, else the wallet `default`. What can be a
    /// wallet's name is one; everything else is a file.
    ///
    /// # Errors
    /// `Unauthorized` (`E_NO_KEY`) where there is none; those of [`Wallets::open`], [`read_keystore`] and
    /// [`LocalSigner::from_hex`].
    pub fn find(named: Option<&Path>) -> Result<Self> {
        if let Some(named) = named {
            return Self::named(named);
        }
        for name in [LILYPAD_PRIVATE_KEY, WEB3_PRIVATE_KEY] {
            if let Some(signer) = from_variable(name)? {
                return Ok(Self::Variable { name, signer });
            }
        }
        match Self::wallet(&Wallets::of(&config_dir()?), DEFAULT_WALLET) {
            Err(error) if error.code() == "E_WALLET_UNKNOWN" => {
                Err(Error::new(ErrorKind::Unauthorized, "E_NO_KEY", "no key is known to sign with")
                    .with_hint(format!(
                        "make one: lilypad wallet new; or name a key file; or set {LILYPAD_PRIVATE_KEY}"
                    )))
            }
            other => other,
        }
    }

    fn named(given: &Path) -> Result<Self> {
        if let Some(name) = given.to_str().filter(|text| Wallets::is_name(text)) {
            return Self::wallet(&Wallets::of(&config_dir()?), name);
        }
        Ok(Self::File { path: given.to_owned(), wallet: None, keystore: read_keystore(given)? })
    }

    fn wallet(wallets: &Wallets, name: &str) -> Result<Self> {
        let keystore = wallets.open(name)?;
        Ok(Self::File { path: wallets.path(name)?, wallet: Some(name.to_owned()), keystore })
    }

    /// The account, where it is known without opening the file; proven only by [`KeySource::open`].
    #[must_use]
    pub fn address(&self) -> Option<Address> {
        match self {
            Self::Variable { signer, .. } => Some(signer.address()),
            Self::File { keystore, .. } => keystore.address(),
        }
    }

    /// The key. `passphrase` is asked for what opens the file at a path, by what it is called.
    ///
    /// # Errors
    /// What `passphrase` says, and those of [`Keystore::decrypt`].
    pub fn open(self, passphrase: impl FnOnce(&Path, &str) -> Result<Passphrase>) -> Result<LocalSigner> {
        match self {
            Self::Variable { signer, .. } => Ok(signer),
            Self::File { path, wallet, keystore } => {
                let what = wallet.unwrap_or_else(|| path.display().to_string());
                let passphrase = passphrase(&path, &what)?;
                keystore.decrypt(&passphrase).map_err(|error| error.with("path", path.display()))
            }
        }
    }
}

fn from_variable(name: &'static str) -> Result<Option<LocalSigner>> {
    let Some(value) = variable(name) else { return Ok(None) };
    let text = Zeroizing::new(value.into_string().unwrap_or_default());
    LocalSigner::from_hex(text.trim()).map(Some).map_err(|error| {
        Error::new(error.kind(), error.code(), format!("{name}: {}", error.message()))
            .with_hint(error.hint().unwrap_or_default())
            .with("variable", name)
    })
}

/// The environment's passphrase: of the file that LILYPAD_PASSPHRASE_FILE names, which comes with it, else
/// LILYPAD_PASSPHRASE, which may be empty.
///
/// # Errors
/// `InvalidInput` (`E_PASSPHRASE_TEXT`, `E_PASSPHRASE_LENGTH`), or why the file cannot be read.
pub fn environment_passphrase() -> Result<Option<(Passphrase, Option<PathBuf>)>> {
    if let Some(path) = variable(LILYPAD_PASSPHRASE_FILE).map(PathBuf::from) {
        return Ok(Some((passphrase_of(&path)?, Some(path))));
    }
    match std::env::var(LILYPAD_PASSPHRASE) {
        Ok(text) => Ok(Some((Passphrase::new(text)?, None))),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Error::invalid("E_PASSPHRASE_TEXT", format!("{LILYPAD_PASSPHRASE} is not UTF-8 text"))
                .with_hint("set it again"))
        }
    }
}

/// The one line of a file, without the end of the line.
fn passphrase_of(path: &Path) -> Result<Passphrase> {
    let refused = |code, why: &str| {
        Error::invalid(code, format!("{LILYPAD_PASSPHRASE_FILE}: {}: {why}", path.display()))
            .with_hint("write the passphrase on the one line of that file")
            .with("path", path.display())
    };
    let mut text = Zeroizing::new(String::new());
    let limit = PASSPHRASE_BYTES as u64 + 3;
    File::open(path).and_then(|file| file.take(limit).read_to_string(&mut text)).map_err(
        |error| match error.kind() {
            io::ErrorKind::InvalidData => refused("E_PASSPHRASE_TEXT", "not UTF-8 text"),
            _ => io_error("read", path, error),
        },
    )?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if line.contains('\n') {
        return Err(refused("E_PASSPHRASE_TEXT", "more than one line"));
    }
    Passphrase::new(line.to_owned())
}

/// That a key file cannot be opened, because nobody said what opens it.
#[must_use]
pub fn no_passphrase() -> Error {
    Error::new(
        ErrorKind::Unauthorized,
        "E_PASSPHRASE_MISSING",
        "no passphrase was given, and nobody can be asked",
    )
    .with_hint(format!(
        "name a file that holds it with {LILYPAD_PASSPHRASE_FILE}, or set {LILYPAD_PASSPHRASE}"
    ))
}
