//! Waiting to lead, and knowing who does.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgListener, PgPoolOptions};
use sqlx::{ConnectOptions, Executor, Row, raw_sql};
use tokio::sync::oneshot;

use super::super::super::lead::{Leader, Leaders};
use super::{ANSWER, PostgresStore, Session, Writer, answer, failed, options, schema};
use crate::error::Result;
use crate::rt::{CancelReason, CancelToken, OwnRuntime, within};

/// How long to wait for the lock in one statement: a statement that waits for hours would keep the server from clearing up
/// what was deleted meanwhile.
const ONE_WAIT: &str = "set lock_timeout = '5s'";
/// The state of a statement that waited long enough.
const WAITED: &str = "55P03";
/// A pause before a database is tried again that was there and is not now.
const AGAIN: Duration = Duration::from_secs(1);
/// Where a new leader makes itself known.
const CHANNEL: &str = "lilypad_leader";

/// A process that waits to lead. It gives up when this is dropped.
#[derive(Debug)]
pub struct Standing {
    leaders: Leaders,
    won: oneshot::Receiver<()>,
    store: Option<PostgresStore>,
    stop: CancelToken,
}

impl PostgresStore {
    /// Waits to lead on a database, which is there by now; the tables are brought up to date. `me` is what the others are
    /// told once this process leads. The address is as for [`PostgresStore::open`].
    ///
    /// # Errors
    /// As [`PostgresStore::open`], but it waits where another leads.
    pub fn stand(url: &str, me: Leader) -> Result<Standing> {
        let options = options(url)?;
        let (leaders, stop, lost) = (Leaders::default(), CancelToken::new(), CancelToken::new());
        let (told, won) = oneshot::channel();
        let (made, began) = std::sync::mpsc::sync_channel(1);
        let wait = Wait { options, me, leaders: leaders.clone(), stop: stop.clone() };
        let token = lost.clone();
        let writer = Writer::start(move || {
            let runtime = match OwnRuntime::new() {
                Ok(runtime) => runtime,
                Err(error) => {
                    let _ = made.send(Err(error));
                    return None;
                }
            };
            // A database that is not there at all is a mistake that its operator should see.
            let mut connection = match runtime.wait(connect(&wait.options)) {
                Ok(connection) => Some(connection),
                Err(error) => {
                    let _ = made.send(Err(error));
                    return None;
                }
            };
            let _ = made.send(Ok(()));
            let connection = runtime.wait(wait.lead(&mut connection))?;
            let _ = told.send(());
            Some(Session { runtime, connection, lost: token })
        })?;
        began.recv().map_err(failed)??;
        Ok(Standing { leaders, won, store: Some(PostgresStore { writer, lost }), stop })
    }
}

impl Standing {
    /// Who leads meanwhile.
    #[must_use]
    pub fn leaders(&self) -> Leaders {
        self.leaders.clone()
    }

    /// Waits until this process leads; the store is its own then.
    ///
    /// # Errors
    /// `Unavailable` (`E_STORE`) where waiting has ended otherwise.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn won(&mut self) -> Result<PostgresStore> {
        (&mut self.won).await.map_err(|_| failed("nothing waits to lead any more"))?;
        self.store.take().ok_or_else(|| failed("the store was given away already"))
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        self.stop.cancel(CancelReason::Shutdown);
    }
}

/// Connects, and brings the tables up to date.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    let mut connection = answer(ANSWER, options.connect()).await.map_err(|error| {
        error.with_hint(
            "is the database running, and may this user use it? see its address, PGPASSWORD and its log",
        )
    })?;
    // A leader that fell off the network must not keep the lock for hours; whatever a commit is told must be on the disk.
    let set = "set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3; \
               set tcp_user_timeout = 20000; set synchronous_commit = on; set client_min_messages = warning";
    answer(ANSWER, raw_sql(set).execute(&mut connection)).await?;
    match within(ANSWER * 6, schema::bring_up_to_date(&mut connection)).await {
        Some(done) => done.map(|()| connection),
        None => Err(failed("its tables could not be brought up to date in a minute")),
    }
}

/// What waiting needs.
struct Wait {
    options: PgConnectOptions,
    me: Leader,
    leaders: Leaders,
    stop: CancelToken,
}

impl Wait {
    /// The session that leads; `None` where waiting was given up.
    async fn lead(&self, connection: &mut Option<PgConnection>) -> Option<PgConnection> {
        loop {
            let tried = tokio::select! {
                _ = self.stop.cancelled() => return None,
                tried = self.wait(connection.take()) => tried,
            };
            match tried {
                Ok(connection) => return Some(connection),
                Err(error) => tracing::warn!(%error, "the solver's database is out of reach; trying again"),
            }
            tokio::select! {
                _ = self.stop.cancelled() => return None,
                _ = within(AGAIN, std::future::pending::<()>()) => {}
            }
        }
    }

    async fn wait(&self, connection: Option<PgConnection>) -> Result<PgConnection> {
        let mut connection = match connection {
            Some(connection) => connection,
            None => connect(&self.options).await?,
        };
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(self.options.clone());
        let mut listener = answer(ANSWER, PgListener::connect_with(&pool)).await?;
        answer(ANSWER, listener.listen(CHANNEL)).await?;
        self.look(&mut listener).await?;
        {
            let lock = lock(&mut connection);
            tokio::pin!(lock);
            loop {
                tokio::select! {
                    locked = &mut lock => {
                        locked?;
                        break;
                    }
                    told = listener.recv() => {
                        told.map_err(failed)?;
                        self.look(&mut listener).await?;
                    }
                }
            }
        }
        let note = "with known as (insert into leader values (1, $1, $2) on conflict (only_row) do update \
                    set address = $1, key = $2 returning 1) select pg_notify($3, '') from known";
        let note = sqlx::query(note).bind(&self.me.address).bind(&self.me.key).bind(CHANNEL);
        answer(ANSWER, note.execute(&mut connection)).await?;
        self.leaders.set(Some(self.me.clone()));
        Ok(connection)
    }

    async fn look(&self, by: &mut PgListener) -> Result<()> {
        let row = answer(ANSWER, by.fetch_optional("select address, key from leader")).await?;
        let leader = row.map(|row| Ok(Leader { address: row.try_get(0)?, key: row.try_get(1)? }));
        self.leaders.set(leader.transpose().map_err(|error: sqlx::Error| failed(error))?);
        Ok(())
    }
}

/// Waits for the lock of whoever leads.
async fn lock(connection: &mut PgConnection) -> Result<()> {
    answer(ANSWER, raw_sql(ONE_WAIT).execute(&mut *connection)).await?;
    loop {
        let lock =
            raw_sql("select pg_advisory_lock('owner'::regclass::oid::bigint)").execute(&mut *connection);
        match within(ANSWER, lock).await {
            Some(Ok(_)) => break,
            Some(Err(sqlx::Error::Database(error))) if error.code().as_deref() == Some(WAITED) => {}
            Some(Err(error)) => return Err(failed(error)),
            None => return Err(failed("the database did not answer")),
        }
    }
    answer(ANSWER, raw_sql("set lock_timeout = 0").execute(connection)).await.map(|_| ())
}
