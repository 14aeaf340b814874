//! Where a command's key comes from: one way for all commands.

use std::path::{Path, PathBuf};

use clap::Args;
use lilypad_core::Result;
use lilypad_core::config::{KeySource, LILYPAD_PRIVATE_KEY};
use lilypad_core::signer::LocalSigner;

use crate::passphrase;
use crate::report::Report;
use crate::secret::refuse_key;

/// The key that a command signs with. Never the key itself: that would stand in the list of processes.
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    /// Key file, or the name of a wallet. Default: the key in LILYPAD_PRIVATE_KEY or WEB3_PRIVATE_KEY, else the wallet
    /// `default`.
    #[arg(long, value_name = "FILE|NAME")]
    pub(crate) keystore: Option<PathBuf>,
}

/// `--keystore`, else the environment, else the wallet `default`.
pub(crate) fn find(args: &KeyArgs) -> Result<KeySource> {
    let named = args.keystore.as_deref();
    if let Some(text) = named.and_then(Path::to_str) {
        refuse_key(text)?;
    }
    KeySource::find(named).map_err(|error| match (error.code(), named.map(Path::display)) {
        ("E_WALLET_UNKNOWN", Some(name)) if named.is_some_and(Path::is_file) => {
            error.with_hint(format!("there is a file of that name: --keystore ./{name}"))
        }
        ("E_NO_KEY", _) => error.with_hint(format!(
            "make one: lilypad wallet new; or name one: --keystore FILE|NAME; or set {LILYPAD_PRIVATE_KEY}"
        )),
        _ => error,
    })
}

/// The key that a command signs with. Call it before listening for Ctrl-C: it may ask for a passphrase.
pub(crate) fn signer(args: &KeyArgs, report: &Report) -> Result<LocalSigner> {
    find(args)?.open(|path, what| {
        passphrase::warn_if_open(path, "the key file", report);
        passphrase::to_open(what, report)
    })
}
