//! Where a passphrase comes from: a file, the environment, or a person at the terminal.

use std::io;
use std::path::Path;

use lilypad_core::config::{environment_passphrase, no_passphrase};
use lilypad_core::signer::Passphrase;
use lilypad_core::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

use crate::report::{Report, watched};

/// The passphrase that opens `what`. Asks a person last, so call it before anything else listens for Ctrl-C.
pub(crate) fn to_open(what: &str, report: &Report) -> Result<Passphrase> {
    match given(report)? {
        Some(passphrase) => Ok(passphrase),
        None => ask(&format!("Passphrase of {what}: ")),
    }
}

/// The passphrase of a new file: asked twice, and never empty unless that was said.
pub(crate) fn for_new(no_passphrase: bool, report: &Report) -> Result<Passphrase> {
    if no_passphrase {
        return none(report);
    }
    let passphrase = match given(report)? {
        Some(passphrase) => passphrase,
        None => {
            let first = ask("New passphrase: ")?;
            check_not_empty(&first)?;
            if !first.equals(&ask("The same again: ")?) {
                return Err(Error::invalid("E_PASSPHRASE_DIFFERS", "the two passphrases are not the same")
                    .with_hint("nothing was written; try again"));
            }
            first
        }
    };
    check_not_empty(&passphrase)?;
    Ok(passphrase)
}

/// No passphrase, and what that means.
pub(crate) fn none(report: &Report) -> Result<Passphrase> {
    report.say("warning: no passphrase: whoever can read the file has the key, and so has whoever gets a copy of the disk");
    Passphrase::new(String::new())
}

pub(crate) fn check_not_empty(passphrase: &Passphrase) -> Result<()> {
    if !passphrase.is_empty() {
        return Ok(());
    }
    Err(Error::invalid("E_PASSPHRASE_EMPTY", "the passphrase is empty: it would protect nothing")
        .with_hint("choose one, or say --no-passphrase"))
}

/// The environment's: the file that it names, else its own variable, which may be empty.
fn given(report: &Report) -> Result<Option<Passphrase>> {
    let Some((passphrase, path)) = environment_passphrase()? else { return Ok(None) };
    if let Some(path) = &path {
        warn_if_open(path, "the passphrase", report);
    }
    Ok(Some(passphrase))
}

/// Says so where a file with a secret can be read by others.
pub(crate) fn warn_if_open(path: &Path, what: &str, report: &Report) {
    #[cfg(unix)]
    if let Ok(metadata) = std::fs::metadata(path) {
        use std::os::unix::fs::PermissionsExt as _;
        if metadata.is_file() && metadata.permissions().mode() & 0o077 != 0 {
            report.say(format!("warning: others can read {what} in {0}: chmod 600 {0}", path.display()));
        }
    }
    #[cfg(not(unix))]
    let _ = (path, what, report);
}

fn ask(prompt: &str) -> Result<Passphrase> {
    Passphrase::new(std::mem::take(&mut *ask_text(prompt)?))
}

/// Asks at the terminal, without showing what is typed.
pub(crate) fn ask_text(prompt: &str) -> Result<Zeroizing<String>> {
    // A program that reads our messages is no person who could answer.
    if !watched() {
        return Err(no_passphrase());
    }
    keep_on_interrupt();
    match rpassword::prompt_password(prompt) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => Err(match error.kind() {
            io::ErrorKind::Interrupted => {
                Error::new(ErrorKind::Cancelled, "E_CANCELLED", "stopped before anything was written")
            }
            // Ctrl-D, or no terminal at all.
            _ => no_passphrase(),
        }),
    }
}

/// While a person types, Ctrl-C must not end the process before the terminal shows letters again: with a handler in
/// place, which stays for the rest of the process, it comes back as an error.
fn keep_on_interrupt() {
    #[cfg(unix)]
    if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
        let _inside = runtime.enter();
        let _ = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt());
    }
}
