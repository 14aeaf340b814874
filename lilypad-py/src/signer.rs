//! Keys: never printed, never handed back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lilypad_core::Result;
use lilypad_core::config::{KeySource, environment_passphrase, no_passphrase, read_keystore};
use lilypad_core::disk::create_private_file;
use lilypad_core::signer::{Keystore, KeystoreCost, LocalSigner, Passphrase, Signer as _};
use pyo3::prelude::*;

use crate::error::raise;

/// A key in this process.
#[pyclass(frozen, module = "lilypad._lilypad")]
pub(crate) struct RawSigner(pub(crate) Arc<LocalSigner>);

#[pymethods]
impl RawSigner {
    /// A new key.
    #[staticmethod]
    fn random(py: Python<'_>) -> PyResult<Self> {
        made(py, LocalSigner::random)
    }

    /// A private key of 64 hex digits.
    #[staticmethod]
    fn from_hex(py: Python<'_>, text: &str) -> PyResult<Self> {
        made(py, || LocalSigner::from_hex(text.trim()))
    }

    /// The key of an encrypted key file.
    #[staticmethod]
    fn from_keystore(py: Python<'_>, path: PathBuf, passphrase: Option<String>) -> PyResult<Self> {
        made(py, || read_keystore(&path)?.decrypt(&self::passphrase(passphrase)?))
    }

    /// The key that the user's environment means: a named wallet or file, a variable, the wallet `default`.
    #[staticmethod]
    fn find(py: Python<'_>, named: Option<PathBuf>, passphrase: Option<String>) -> PyResult<Self> {
        made(py, || found(named.as_deref(), passphrase))
    }

    /// The account.
    #[getter]
    fn address(&self) -> String {
        self.0.address().to_string()
    }

    /// Writes the key, encrypted, to a file that must be new.
    fn save(&self, py: Python<'_>, path: PathBuf, passphrase: String) -> PyResult<()> {
        let saved = py.detach(|| {
            let file = Keystore::encrypt(&self.0, &Passphrase::new(passphrase)?, KeystoreCost::Standard)?;
            create_private_file(&path, file.to_json().as_bytes())
        });
        saved.map_err(|error| raise(py, &error))
    }
}

fn made(py: Python<'_>, make: impl FnOnce() -> Result<LocalSigner> + Send) -> PyResult<RawSigner> {
    let signer = py.detach(make).map_err(|error| raise(py, &error))?;
    Ok(RawSigner(Arc::new(signer)))
}

/// The key that is meant where a client is given none.
pub(crate) fn found(named: Option<&Path>, given: Option<String>) -> Result<LocalSigner> {
    KeySource::find(named)?.open(|_, _| passphrase(given))
}

fn passphrase(given: Option<String>) -> Result<Passphrase> {
    match given {
        Some(text) => Passphrase::new(text),
        None => environment_passphrase()?.map(|(passphrase, _)| passphrase).ok_or_else(no_passphrase),
    }
}
