//! Where a passphrase comes from: a file, the environment, or a person at the terminal.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use lilypad_core::disk::io_error;
use lilypad_core::signer::{PASSPHRASE_BYTES, Passphrase};
use lilypad_core::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

use crate::config::variable;
use crate::report::{Report, watched};
use crate::secret::LILYPAD_PASSPHRASE;

/// Names the file that holds the passphrase.
const LILYPAD_PASSPHRASE_FILE: &str = "LILYPAD_PASSPHRASE_FILE";

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
    if let Some(path) = variable(LILYPAD_PASSPHRASE_FILE) {
        return from_file(Path::new(&path), report).map(Some);
    }
    match std::env::var(LILYPAD_PASSPHRASE) {
        Ok(text) => Passphrase::new(text).map(Some),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Error::invalid("E_PASSPHRASE_TEXT", format!("{LILYPAD_PASSPHRASE} is not UTF-8 text"))
                .with_hint("set it again"))
        }
    }
}

/// The one line of a file, without the end of the line.
fn from_file(path: &Path, report: &Report) -> Result<Passphrase> {
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
    warn_if_open(path, "the passphrase", report);
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if line.contains('\n') {
        return Err(refused("E_PASSPHRASE_TEXT", "more than one line"));
    }
    Passphrase::new(line.to_owned())
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
        return Err(nobody());
    }
    keep_on_interrupt();
    match rpassword::prompt_password(prompt) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => Err(match error.kind() {
            io::ErrorKind::Interrupted => {
                Error::new(ErrorKind::Cancelled, "E_CANCELLED", "stopped before anything was written")
            }
            // Ctrl-D, or no terminal at all.
            _ => nobody(),
        }),
    }
}

fn nobody() -> Error {
    Error::new(
        ErrorKind::Unauthorized,
        "E_PASSPHRASE_MISSING",
        "no passphrase was given, and nobody can be asked",
    )
    .with_hint(format!(
        "name a file that holds it with {LILYPAD_PASSPHRASE_FILE}, or set {LILYPAD_PASSPHRASE}"
    ))
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
