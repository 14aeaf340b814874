//! One SQLite file: a writer thread that gathers what waits into one commit.
//!
//! Layout: `schema` the tables and their versions; `read` everything that is there; `write` one change.

mod read;
mod schema;
mod write;

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use super::writer::{Database, Writer};
use super::{Batch, Done, Saved, Store, failed};
use crate::disk::create_private;
use crate::error::{Error, ErrorKind, Fault, Result};

/// What an error says of a disk, and not of what should be saved.
const BROKEN: &str = "sqlite";

/// A store in one SQLite file (and two that SQLite keeps beside it). Each commit is on the disk before it is reported. One
/// process has the file to itself.
#[derive(Debug)]
pub struct SqliteStore(Writer);

impl SqliteStore {
    /// Opens the file, or makes it, for its owner alone; brings its tables up to date.
    ///
    /// # Errors
    /// `Unavailable`: `E_STORE` where it cannot be used, `E_STORE_LOCKED` where another process has it; `Unsupported`
    /// (`E_STORE_VERSION`) where a newer version of this program wrote it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        Writer::open(move || open(&path)).map(Self)
    }
}

impl Store for SqliteStore {
    fn load(&self) -> Result<Saved> {
        self.0.load()
    }

    fn save(&self, batch: Batch) -> Result<()> {
        self.0.save(batch)
    }

    fn begin(&self, batch: Batch, done: Done) {
        self.0.begin(batch, done);
    }
}

impl Database for Connection {
    fn load(&mut self) -> Result<Saved> {
        read::everything(self).map_err(failed)
    }

    fn save(&mut self, batches: &[&Batch]) -> Result<()> {
        write::all(self, batches.iter().copied()).map_err(|error| {
            let code = error.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
            let error = failed(error);
            match code {
                // The batch does not fit what is there.
                None | Some(ErrorCode::ConstraintViolation) => error,
                Some(code) => error.with(BROKEN, format!("{code:?}")),
            }
        })
    }

    fn is_broken(error: &Error) -> bool {
        error.context().any(|(key, _)| key == BROKEN)
    }
}

fn open(path: &Path) -> Result<Connection> {
    make(path).map_err(|error| failed(&error).with("path", path.display()))?;
    let mut connection = connect(path).map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => locked(path),
        _ => failed(&error).with("path", path.display()),
    })?;
    schema::bring_up_to_date(&mut connection)?;
    Ok(connection)
}

/// Makes a file that is not there: SQLite would let everybody read it, and gives its own files beside it the same mode.
fn make(path: &Path) -> std::io::Result<()> {
    match create_private(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_millis(500))?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Takes the lock now, and not only with the first commit.
    connection.execute_batch("begin immediate; commit")?;
    Ok(connection)
}

fn locked(path: &Path) -> Error {
    let message = format!("another process uses the solver's store {}", path.display());
    Error::new(ErrorKind::Unavailable, "E_STORE_LOCKED", message)
        .with_fault(Fault::User)
        .with_hint("stop the other solver, or give this one a folder of its own")
}
