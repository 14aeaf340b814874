//! `lilypad wallet new | import | address | list`; what needs a network is in `money`.

use crate::exit::ExitCode;
use std::fs::File;
use std::io::{IsTerminal as _, Read};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use lilypad_core::config::{DEFAULT_WALLET, KeySource, WalletEntry};
use lilypad_core::disk::io_error;
use lilypad_core::signer::{KEYSTORE_BYTES, Keystore, KeystoreCost, LocalSigner, Passphrase, Signer as _};
use lilypad_core::{Error, Result};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::jobs::AccountArgs;
use crate::key::{self, KeyArgs};
use crate::money::{Act, SumArgs, money};
use crate::report::{Report, error_json};
use crate::secret::refuse_key;
use crate::{config, passphrase};
use lilypad_core::view::Table;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lilypad wallet new
  lilypad wallet import work --from key.json
  LILYPAD_PASSPHRASE_FILE=pass.txt lilypad wallet new ci --json
  lilypad wallet address --keystore work

A passphrase comes from the file that LILYPAD_PASSPHRASE_FILE names, else from LILYPAD_PASSPHRASE, else from the terminal.
Key files are Web3 Secret Storage, version 3, as geth, Foundry and wallets use: copy them to take a key elsewhere.")]
pub(crate) struct WalletArgs {
    #[command(subcommand)]
    command: WalletCommand,
}

#[derive(Debug, Subcommand)]
enum WalletCommand {
    /// Make a new key and keep it encrypted.
    #[command(after_help = "Examples:
  lilypad wallet new
  LILYPAD_PASSPHRASE_FILE=pass.txt lilypad wallet new ci --json")]
    New {
        #[command(flatten)]
        new: NewWallet,
    },
    /// Keep a key that you have: 64 hex digits or a key file, from standard input or a file.
    #[command(after_help = "Examples:
  lilypad wallet import < key.txt
  lilypad wallet import work --from UTC--2026-01-01T00-00-00Z--9965507d1a55bcc2695c58ba16fb37d819b0a4dc

The key never stands on the command line. A key file is opened with its passphrase and encrypted again under the same.")]
    Import {
        #[command(flatten)]
        new: NewWallet,
        /// File with the key. Default: standard input; at a terminal, you are asked.
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
    /// Print the address of the key that commands sign with.
    #[command(after_help = "Examples:
  lilypad wallet address --keystore work
  lilypad wallet address --unlock --json | jq .proven")]
    Address {
        #[command(flatten)]
        key: KeyArgs,
        /// Open the key file too: shows that the passphrase is right and that the address is the key's.
        #[arg(long)]
        unlock: bool,
        /// Print one JSON document to standard output.
        #[arg(long)]
        json: bool,
    },
    /// Show what the account has on a network.
    #[command(after_help = "Examples:
  lilypad wallet balance --network lab
  lilypad wallet balance --json | jq -r .balance_lp")]
    Balance(AccountArgs),
    /// Set money aside on a network, from which jobs that are run lock their collateral.
    #[command(after_help = "Example: lilypad wallet stake \"5 LP\" --network lab")]
    Stake(SumArgs),
    /// Begin to take back stake that no job has locked; `claim` it when the network's time for that is over.
    #[command(after_help = "Example: lilypad wallet unstake \"5 LP\" --network lab")]
    Unstake(SumArgs),
    /// Turn stake that was taken back into money to spend, where its time is over.
    #[command(after_help = "Example: lilypad wallet claim --network lab --json")]
    Claim(AccountArgs),
    /// Show all wallets.
    #[command(after_help = "Examples:
  lilypad wallet list
  lilypad wallet list --json | jq -r '.wallets[].address'")]
    List {
        /// Print one JSON document to standard output.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
struct NewWallet {
    /// Name of the wallet: lower-case letters, digits and `-`. Commands use `default` where nothing else is named.
    #[arg(default_value = DEFAULT_WALLET, hide_default_value = true)]
    name: String,
    /// Do not protect the file: whoever can read it has the key. For keys that are worth nothing.
    #[arg(long)]
    no_passphrase: bool,
    /// Print one JSON document to standard output.
    #[arg(long)]
    json: bool,
}

impl WalletArgs {
    pub(crate) fn wants_json(&self) -> bool {
        match &self.command {
            WalletCommand::New { new } | WalletCommand::Import { new, .. } => new.json,
            WalletCommand::Address { json, .. } | WalletCommand::List { json } => *json,
            WalletCommand::Balance(account) | WalletCommand::Claim(account) => account.json,
            WalletCommand::Stake(sum) | WalletCommand::Unstake(sum) => sum.account.json,
        }
    }
}

pub(crate) fn wallet(args: WalletArgs, report: &Report) -> Result<ExitCode> {
    match args.command {
        WalletCommand::New { new } => {
            check_name(&new.name)?;
            let signer = LocalSigner::random()?;
            let passphrase = passphrase::for_new(new.no_passphrase, report)?;
            keep(&new.name, &signer, &passphrase, report)
        }
        WalletCommand::Import { new, from } => import(&new, from.as_deref(), report),
        WalletCommand::Address { key, unlock, .. } => address(&key, unlock, report),
        WalletCommand::Balance(account) => money((account, Act::Look), report),
        WalletCommand::Stake(sum) => money(sum.stake(), report),
        WalletCommand::Unstake(sum) => money(sum.unstake(), report),
        WalletCommand::Claim(account) => money((account, Act::Claim), report),
        WalletCommand::List { .. } => list(report),
    }
}

/// Looked at before anybody is asked for anything.
fn check_name(name: &str) -> Result<()> {
    refuse_key(name)?;
    config::wallets()?.check_free(name)
}

fn keep(name: &str, signer: &LocalSigner, passphrase: &Passphrase, report: &Report) -> Result<ExitCode> {
    let keystore = Keystore::encrypt(signer, passphrase, KeystoreCost::Standard)?;
    let path = config::wallets()?.create(name, &keystore)?;
    report.say(format!("wallet `{name}`:"));
    report.field("address", signer.address().to_string());
    report.field("file", path.display().to_string());
    report.field("next", "keep a copy of the file and of the passphrase: nobody can bring either back");
    report.document(&json!({
        "name": name,
        "address": signer.address(),
        "path": path.display().to_string(),
        "protected": !passphrase.is_empty(),
    }));
    Ok(ExitCode::SUCCESS)
}

fn import(new: &NewWallet, from: Option<&Path>, report: &Report) -> Result<ExitCode> {
    check_name(&new.name)?;
    let text = read_key(from)?;
    if !text.trim_start().starts_with('{') {
        let signer = LocalSigner::from_hex(text.trim())?;
        let passphrase = passphrase::for_new(new.no_passphrase, report)?;
        return keep(&new.name, &signer, &passphrase, report);
    }
    let keystore = Keystore::from_json(&text)?;
    let old = passphrase::to_open("the key file that is imported", report)?;
    let signer = keystore.decrypt(&old)?;
    let passphrase = if new.no_passphrase { passphrase::none(report)? } else { old };
    if !new.no_passphrase {
        passphrase::check_not_empty(&passphrase)?;
    }
    keep(&new.name, &signer, &passphrase, report)
}

/// The text of a key, at most as much as a key file may have.
fn read_key(from: Option<&Path>) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    let limit = KEYSTORE_BYTES as u64 + 1;
    let (shown, read) = match from {
        Some(path) => {
            if let Some(text) = path.to_str() {
                refuse_key(text)?;
            }
            (path, File::open(path).and_then(|file| file.take(limit).read_to_string(&mut text)))
        }
        None if std::io::stdin().is_terminal() => return ask_key(),
        None => (Path::new("standard input"), std::io::stdin().take(limit).read_to_string(&mut text)),
    };
    match read {
        Ok(_) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            Err(Error::invalid("E_KEY_TEXT", format!("{} holds no text", shown.display()))
                .with_hint("give 64 hex digits or a JSON key file"))
        }
        Err(error) => Err(io_error("read", shown, error)),
    }
}

fn ask_key() -> Result<Zeroizing<String>> {
    passphrase::ask_text("Private key (64 hex digits): ")
}

fn address(args: &KeyArgs, unlock: bool, report: &Report) -> Result<ExitCode> {
    let source = key::find(args)?;
    let origin = match &source {
        KeySource::Variable { name, .. } => json!({"variable": name}),
        KeySource::File { path, wallet, .. } => json!({"path": path.display().to_string(), "wallet": wallet}),
    };
    let (address, proven) = match (source.address(), &source) {
        (Some(address), KeySource::Variable { .. }) => (address, true),
        (Some(address), _) if !unlock => (address, false),
        // Some programs leave the address out of the file. The key is taken as every other command takes it.
        _ => (key::signer(args, report)?.address(), true),
    };
    if report.is_json() {
        report.document(&json!({"address": address, "proven": proven, "source": origin}));
    } else {
        report.output(format!("{address}\n").as_bytes());
    }
    Ok(ExitCode::SUCCESS)
}

fn list(report: &Report) -> Result<ExitCode> {
    let wallets = config::wallets()?.list()?;
    report.document(&json!({"wallets": wallets.iter().map(entry_json).collect::<Vec<_>>()}));
    if report.is_json() {
        return Ok(ExitCode::SUCCESS);
    }
    if wallets.is_empty() {
        report.say("no wallets yet; make one: lilypad wallet new");
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(["NAME", "ADDRESS"]);
    for wallet in &wallets {
        let address = match &wallet.keystore {
            Ok(keystore) => {
                keystore.address().map_or_else(|| "not in the file".to_owned(), |address| address.to_string())
            }
            Err(error) => format!("damaged: {}", error.message()),
        };
        table.row([wallet.name.clone(), address]);
    }
    for line in table.lines() {
        report.output(format!("{line}\n").as_bytes());
    }
    Ok(ExitCode::SUCCESS)
}

fn entry_json(wallet: &WalletEntry) -> Value {
    let keystore = wallet.keystore.as_ref();
    json!({
        "name": wallet.name,
        "path": wallet.path.display().to_string(),
        "address": keystore.ok().and_then(Keystore::address),
        "kdf": keystore.ok().map(Keystore::kdf),
        "error": keystore.err().map(error_json),
    })
}
