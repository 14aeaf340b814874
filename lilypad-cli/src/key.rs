//! Where a command's key comes from: one way for all commands.

use std::path::{Path, PathBuf};

use clap::Args;
use lilypad_core::config::{DEFAULT_WALLET, Wallets, read_keystore};
use lilypad_core::model::Address;
use lilypad_core::signer::{Keystore, LocalSigner, Signer as _};
use lilypad_core::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

use crate::report::Report;
use crate::secret::{LILYPAD_PRIVATE_KEY, WEB3_PRIVATE_KEY, refuse_key};
use crate::{config, passphrase};

/// The key that a command signs with. Never the key itself: that would stand in the list of processes.
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    /// Key file, or the name of a wallet. Default: the key in LILYPAD_PRIVATE_KEY or WEB3_PRIVATE_KEY, else the wallet
    /// `default`.
    #[arg(long, value_name = "FILE|NAME")]
    pub(crate) keystore: Option<PathBuf>,
}

/// A key that was found and is not opened yet.
#[derive(Debug)]
pub(crate) enum KeySource {
    /// In a variable of the environment.
    Variable { name: &'static str, signer: LocalSigner },
    /// In an encrypted file.
    File { path: PathBuf, wallet: Option<String>, keystore: Keystore },
}

impl KeySource {
    /// `--keystore`, else the environment, else the wallet `default`.
    pub(crate) fn find(args: &KeyArgs) -> Result<Self> {
        if let Some(given) = &args.keystore {
            return named(given);
        }
        for name in [LILYPAD_PRIVATE_KEY, WEB3_PRIVATE_KEY] {
            if let Some(signer) = from_variable(name)? {
                return Ok(Self::Variable { name, signer });
            }
        }
        let wallets = config::wallets()?;
        match wallet(&wallets, DEFAULT_WALLET) {
            Err(error) if error.code() == "E_WALLET_UNKNOWN" => Err(no_key()),
            other => other,
        }
    }

    /// The account, where it is known without opening the file; proven only by [`KeySource::open`].
    pub(crate) fn address(&self) -> Option<Address> {
        match self {
            Self::Variable { signer, .. } => Some(signer.address()),
            Self::File { keystore, .. } => keystore.address(),
        }
    }

    /// The key. Asks for the passphrase where the environment does not give it.
    pub(crate) fn open(self, report: &Report) -> Result<LocalSigner> {
        match self {
            Self::Variable { signer, .. } => Ok(signer),
            Self::File { path, wallet, keystore } => {
                passphrase::warn_if_open(&path, "the key file", report);
                let what = wallet.unwrap_or_else(|| path.display().to_string());
                let passphrase = passphrase::to_open(&what, report)?;
                keystore.decrypt(&passphrase).map_err(|error| error.with("path", path.display()))
            }
        }
    }
}

/// The key that a command signs with. Call it before listening for Ctrl-C: it may ask for a passphrase.
pub(crate) fn signer(args: &KeyArgs, report: &Report) -> Result<LocalSigner> {
    KeySource::find(args)?.open(report)
}

/// What can be a wallet's name is one; everything else is a file.
fn named(given: &Path) -> Result<KeySource> {
    if let Some(text) = given.to_str() {
        refuse_key(text)?;
        if Wallets::is_name(text) {
            return wallet(&config::wallets()?, text).map_err(|error| match given.is_file() {
                true if error.code() == "E_WALLET_UNKNOWN" => {
                    error.with_hint(format!("there is a file of that name: --keystore ./{text}"))
                }
                _ => error,
            });
        }
    }
    Ok(KeySource::File { path: given.to_owned(), wallet: None, keystore: read_keystore(given)? })
}

fn wallet(wallets: &Wallets, name: &str) -> Result<KeySource> {
    let keystore = wallets.open(name)?;
    Ok(KeySource::File { path: wallets.path(name)?, wallet: Some(name.to_owned()), keystore })
}

fn from_variable(name: &'static str) -> Result<Option<LocalSigner>> {
    let Some(value) = config::variable(name) else { return Ok(None) };
    let text = Zeroizing::new(value.into_string().unwrap_or_default());
    LocalSigner::from_hex(text.trim()).map(Some).map_err(|error| {
        Error::new(error.kind(), error.code(), format!("{name}: {}", error.message()))
            .with_hint(error.hint().unwrap_or_default())
            .with("variable", name)
    })
}

fn no_key() -> Error {
    Error::new(ErrorKind::Unauthorized, "E_NO_KEY", "no key is known to sign with").with_hint(format!(
        "make one: lilypad wallet new; or name one: --keystore FILE|NAME; or set {LILYPAD_PRIVATE_KEY}"
    ))
}
