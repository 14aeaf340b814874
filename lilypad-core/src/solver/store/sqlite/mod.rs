//! One SQLite file: a writer thread that gathers what waits into one commit.
//!
//! Layout: `schema` the tables and their versions; `read` everything that is there; `write` one change.

mod read;
mod schema;
mod write;

use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use super::{Batch, Saved, Store, failed};
use crate::disk::create_private;
use crate::error::{Error, ErrorKind, Fault, Result};

/// Most batches that wait for the writer; who brings one more waits for a place.
const QUEUE: usize = 1_024;
/// Most batches in one commit.
const GROUP: usize = 256;

/// A store in one SQLite file (and two that SQLite keeps beside it). Each commit is on the disk before it is reported. One
/// process has the file to itself.
#[derive(Debug)]
pub struct SqliteStore {
    orders: Mutex<Option<SyncSender<Order>>>,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
}

enum Order {
    Load(SyncSender<Result<Saved>>),
    Save(Batch, SyncSender<Result<()>>),
}

impl SqliteStore {
    /// Opens the file, or makes it, for its owner alone; brings its tables up to date.
    ///
    /// # Errors
    /// `Unavailable`: `E_STORE` where it cannot be used, `E_STORE_LOCKED` where another process has it; `Unsupported`
    /// (`E_STORE_VERSION`) where a newer version of this program wrote it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        make(path).map_err(|error| failed(&error).with("path", path.display()))?;
        let connection = connect(path).map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => locked(path),
            _ => failed(&error).with("path", path.display()),
        })?;
        let mut connection = connection;
        schema::bring_up_to_date(&mut connection)?;
        let (orders, waiting) = sync_channel(QUEUE);
        let writer = std::thread::Builder::new().name("lilypad-store".to_owned());
        let writer = writer.spawn(move || serve(&mut connection, &waiting)).map_err(failed)?;
        Ok(Self { orders: Mutex::new(Some(orders)), writer: Mutex::new(Some(writer)) })
    }

    fn ask<T>(&self, order: impl FnOnce(SyncSender<Result<T>>) -> Order) -> Result<T> {
        let (answer, answered) = sync_channel(1);
        let orders = self.orders.lock().map_err(failed)?.clone().ok_or_else(|| failed("it is closed"))?;
        orders.send(order(answer)).map_err(|_| failed("its writer has ended"))?;
        answered.recv().map_err(|_| failed("its writer has ended"))?
    }
}

impl Store for SqliteStore {
    fn load(&self) -> Result<Saved> {
        self.ask(Order::Load)
    }

    fn save(&self, batch: Batch) -> Result<()> {
        self.ask(|answer| Order::Save(batch, answer))
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // The writer ends when nobody can ask any more; another store may open the file after it.
        if let Ok(mut orders) = self.orders.lock() {
            drop(orders.take());
        }
        if let Ok(Some(writer)) = self.writer.lock().map(|mut writer| writer.take()) {
            let _ = writer.join();
        }
    }
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

fn serve(connection: &mut Connection, orders: &Receiver<Order>) {
    let mut group = Vec::new();
    while let Ok(order) = orders.recv() {
        let mut next = Some(order);
        while let Some(order) = next.take() {
            match order {
                Order::Save(batch, answer) => {
                    group.push((batch, answer));
                    if group.len() < GROUP {
                        next = orders.try_recv().ok();
                    }
                }
                Order::Load(answer) => {
                    commit(connection, &mut group);
                    let _ = answer.send(read::everything(connection).map_err(failed));
                }
            }
        }
        commit(connection, &mut group);
    }
}

/// Commits all of a group at once; where that fails, each on its own, so that one bad batch does not take others along.
fn commit(connection: &mut Connection, group: &mut Vec<(Batch, SyncSender<Result<()>>)>) {
    let group = std::mem::take(group);
    let together = write::all(connection, group.iter().map(|(batch, _)| batch)).is_ok();
    for (batch, answer) in group {
        let saved = if together { Ok(()) } else { write::all(connection, [&batch]).map_err(failed) };
        // Who does not wait for the answer any more does not need it.
        let _ = answer.send(saved);
    }
}
