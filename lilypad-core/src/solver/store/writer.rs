//! A thread of its own that alone speaks to a database, and puts what waits into one commit.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SendError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Batch, Done, Saved, failed};
use crate::error::{Error, Result};

/// Most batches that wait for the writer; who brings one more waits for a place.
const QUEUE: usize = 1_024;
/// Most batches in one commit.
const GROUP: usize = 256;

/// A database as its writer sees it.
pub(super) trait Database {
    /// Everything that is there.
    fn load(&mut self) -> Result<Saved>;
    /// Commits these batches together, whole or not at all.
    fn save(&mut self, batches: &[&Batch]) -> Result<()>;
    /// True for a failure to save that is not the batch's own.
    fn is_broken(_: &Error) -> bool {
        false
    }
    /// Called where nothing was asked for this long ([`Database::IDLE`]); false ends the writer.
    fn idle(&mut self) -> bool {
        true
    }
    /// How long nothing may be asked before [`Database::idle`] is called.
    const IDLE: Duration = Duration::from_secs(3_600);
}

/// The orders of all who use a database, and the thread that carries them out.
#[derive(Debug)]
pub(super) struct Writer {
    orders: Mutex<Option<SyncSender<Order>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Order {
    Load(SyncSender<Result<Saved>>),
    Save(Batch, Done),
}

impl Writer {
    /// Opens a database on the writer's own thread, and waits until that is done.
    pub(super) fn open<D: Database>(open: impl FnOnce() -> Result<D> + Send + 'static) -> Result<Self> {
        let (made, opened) = sync_channel(1);
        let writer = Self::start(move || {
            let (database, how) =
                open().map_or_else(|error| (None, Err(error)), |database| (Some(database), Ok(())));
            let _ = made.send(how);
            database
        })?;
        opened.recv().map_err(failed)??;
        Ok(writer)
    }

    /// Starts the thread. It makes the database itself, and serves what is then asked; without one it ends.
    pub(super) fn start<D: Database>(make: impl FnOnce() -> Option<D> + Send + 'static) -> Result<Self> {
        let (orders, waiting) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new().name("lilypad-store".to_owned());
        let thread = thread.spawn(move || {
            if let Some(mut database) = make() {
                serve(&mut database, &waiting);
            }
        });
        let thread = thread.map_err(failed)?;
        Ok(Self { orders: Mutex::new(Some(orders)), thread: Mutex::new(Some(thread)) })
    }

    pub(super) fn load(&self) -> Result<Saved> {
        self.ask(Order::Load)
    }

    pub(super) fn save(&self, batch: Batch) -> Result<()> {
        self.ask(|answer| Order::Save(batch, Box::new(move |saved| drop(answer.send(saved)))))
    }

    pub(super) fn begin(&self, batch: Batch, done: Done) {
        let orders = self.orders.lock().ok().and_then(|orders| orders.clone());
        let Some(orders) = orders else { return done(Err(failed("it is closed"))) };
        if let Err(SendError(Order::Save(_, done))) = orders.send(Order::Save(batch, done)) {
            done(Err(failed("its writer has ended")));
        }
    }

    fn ask<T>(&self, order: impl FnOnce(SyncSender<Result<T>>) -> Order) -> Result<T> {
        let (answer, answered) = sync_channel(1);
        let orders = self.orders.lock().map_err(failed)?.clone().ok_or_else(|| failed("it is closed"))?;
        orders.send(order(answer)).map_err(|_| failed("its writer has ended"))?;
        answered.recv().map_err(|_| failed("its writer has ended"))?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The writer ends when nobody can ask any more; another store may open the same after it.
        if let Ok(mut orders) = self.orders.lock() {
            drop(orders.take());
        }
        if let Ok(Some(thread)) = self.thread.lock().map(|mut thread| thread.take()) {
            let _ = thread.join();
        }
    }
}

fn serve<D: Database>(database: &mut D, orders: &Receiver<Order>) {
    let mut group = Vec::new();
    loop {
        let mut next = match orders.recv_timeout(D::IDLE) {
            Ok(order) => Some(order),
            Err(RecvTimeoutError::Timeout) if database.idle() => continue,
            Err(_) => return,
        };
        while let Some(order) = next.take() {
            match order {
                Order::Save(batch, answer) => {
                    group.push((batch, answer));
                    if group.len() < GROUP {
                        next = orders.try_recv().ok();
                    }
                }
                Order::Load(answer) => {
                    commit(database, &mut group);
                    let _ = answer.send(database.load());
                }
            }
        }
        commit(database, &mut group);
    }
}

/// Commits all of a group at once; where that fails, each on its own, so that one bad batch does not take others along. Where the
/// disk fails nothing is tried again: what a disk says after it has failed once is not to be believed.
fn commit<D: Database>(database: &mut D, group: &mut Vec<(Batch, Done)>) {
    let group = std::mem::take(group);
    if group.is_empty() {
        return;
    }
    let batches: Vec<&Batch> = group.iter().map(|(batch, _)| batch).collect();
    let together = database.save(&batches);
    let broken = together.as_ref().is_err_and(D::is_broken);
    let why = together.err().map(|error| error.message().to_owned());
    for (batch, done) in group {
        done(match &why {
            None => Ok(()),
            Some(why) if broken => Err(failed(why)),
            Some(_) => database.save(&[&batch]),
        });
    }
}
