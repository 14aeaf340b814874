//! A PostgreSQL database that several solver processes share: one of them leads and writes, the others wait to.
//!
//! Who leads holds an advisory lock with the very session that writes. The server gives the lock to another only when that
//! session is over, and then it writes nothing more: two processes never write at once, whatever their clocks or networks do.
//! A lost session is never made anew: the solver on it stops, and the process waits to lead again.
//!
//! Layout: `schema` the tables and their versions; `read` everything that is there; `write` changes; `stand` waiting to lead.

mod read;
mod schema;
mod stand;
mod write;

use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};

pub use stand::Standing;

use self::write::Trouble;
use super::writer::{Database, Writer};
use super::{Batch, Done, Saved, Store, failed};
use crate::error::{Error, ErrorKind, Fault, Result};
use crate::rt::{CancelReason, CancelToken, OwnRuntime, within};

/// How long the server may take to answer before the session counts as lost.
const ANSWER: Duration = Duration::from_secs(10);
/// How long everything there is may take to come.
const LOAD: Duration = Duration::from_secs(600);

/// A store in a PostgreSQL database, which this process leads. Each commit is durable before it is reported.
#[derive(Debug)]
pub struct PostgresStore {
    writer: Writer,
    lost: CancelToken,
}

impl PostgresStore {
    /// Opens the database at once; brings its tables up to date. The address is a `postgres://` URL; what it leaves out, the
    /// password above all, is taken from the environment (`PGPASSWORD`…) and from the password file of PostgreSQL's own
    /// programs.
    ///
    /// # Errors
    /// `InvalidInput` (`E_STORE_URL`) for what is no such URL; `Unavailable`: `E_STORE` where the database cannot be used,
    /// `E_STORE_LOCKED` where another process leads; `Unsupported` (`E_STORE_VERSION`) where a newer version of this program
    /// wrote it.
    pub fn open(url: &str) -> Result<Self> {
        let options = options(url)?;
        let lost = CancelToken::new();
        let token = lost.clone();
        let writer = Writer::open(move || Session::open(&options, token))?;
        Ok(Self { writer, lost })
    }
}

impl Store for PostgresStore {
    fn load(&self) -> Result<Saved> {
        self.writer.load()
    }

    fn save(&self, batch: Batch) -> Result<()> {
        self.writer.save(batch)
    }

    fn begin(&self, batch: Batch, done: Done) {
        self.writer.begin(batch, done);
    }

    fn lost(&self) -> Option<CancelToken> {
        Some(self.lost.clone())
    }
}

/// The session that leads, and what drives it.
struct Session {
    runtime: OwnRuntime,
    connection: PgConnection,
    lost: CancelToken,
}

impl Session {
    fn open(options: &PgConnectOptions, lost: CancelToken) -> Result<Self> {
        let runtime = OwnRuntime::new()?;
        let connection = runtime.wait(async {
            let mut connection = stand::connect(options).await?;
            let free: bool = answer(
                ANSWER,
                sqlx::query_scalar("select pg_try_advisory_lock('owner'::regclass::oid::bigint)")
                    .fetch_one(&mut connection),
            )
            .await?;
            if free { Ok(connection) } else { Err(locked()) }
        })?;
        Ok(Self { runtime, connection, lost })
    }
}

impl Database for Session {
    const IDLE: Duration = Duration::from_secs(2);

    fn load(&mut self) -> Result<Saved> {
        let Self { runtime, connection, .. } = self;
        runtime.wait(read::everything(connection))
    }

    fn save(&mut self, batches: &[&Batch]) -> Result<()> {
        if self.lost.is_cancelled() {
            return Err(failed("the session is over"));
        }
        match self.runtime.wait(write::all(&mut self.connection, batches)) {
            Ok(()) => Ok(()),
            Err(Trouble::Refused(error)) => Err(error),
            Err(Trouble::Lost(error)) => {
                self.lost.cancel(CancelReason::Shutdown);
                Err(error)
            }
        }
    }

    /// Whoever leads and is asked nothing must notice all the same that it does not lead any more.
    fn idle(&mut self) -> bool {
        let Self { runtime, connection, lost } = self;
        let here = runtime.wait(answer(ANSWER, sqlx::query("select").execute(connection)));
        if let Err(error) = &here {
            tracing::error!(%error, "the solver's database is out of reach: another process may lead now");
            lost.cancel(CancelReason::Shutdown);
        }
        here.is_ok()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.lost.cancel(CancelReason::Shutdown);
    }
}

fn options(url: &str) -> Result<PgConnectOptions> {
    // What was got may hold a password: it is not shown.
    let refuse = |why: &dyn std::fmt::Display| {
        Error::invalid("E_STORE_URL", format!("this is no address of a PostgreSQL database: {why}"))
            .with_hint("write postgres://USER@HOST/DATABASE, and the password in PGPASSWORD")
    };
    if !is_address(url) {
        return Err(refuse(&"it does not begin with postgres://"));
    }
    let options = PgConnectOptions::from_str(url).map_err(|error| refuse(&error))?;
    Ok(options.application_name("lilypad-solver"))
}

/// True for what is the address of a PostgreSQL database, and no path of a file.
#[must_use]
pub fn is_address(text: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme))
}

/// An answer of the server within a time.
async fn answer<T>(time: Duration, asked: impl Future<Output = sqlx::Result<T>>) -> Result<T> {
    match within(time, asked).await {
        Some(answer) => answer.map_err(failed),
        None => Err(failed(format!("the database did not answer in {} s", time.as_secs()))),
    }
}

fn locked() -> Error {
    Error::new(ErrorKind::Unavailable, "E_STORE_LOCKED", "another process leads on the solver's database")
        .with_fault(Fault::User)
        .with_hint("stop it, or wait to lead after it")
}
