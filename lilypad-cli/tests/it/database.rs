//! A database of one's own on the PostgreSQL server that the environment names.

use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, raw_sql};

/// A database that is dropped when it is told so.
pub(crate) struct Database {
    server: PgConnectOptions,
    name: String,
}

impl Database {
    /// An empty one; `None` where `LILYPAD_POSTGRES` names no server.
    pub(crate) async fn new(name: &str) -> Option<Self> {
        static COUNTER: AtomicUsize = AtomicUsize::new(0);
        let url = std::env::var("LILYPAD_POSTGRES").ok()?;
        let server = PgConnectOptions::from_str(&url).expect("the address of a server");
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let database = Self { server, name: format!("{name}_{}_{count}", std::process::id()) };
        database.run(&format!("create database {}", database.name)).await;
        Some(database)
    }

    pub(crate) fn url(&self) -> String {
        self.server.clone().database(&self.name).to_url_lossy().to_string()
    }

    async fn run(&self, sql: &str) {
        let mut connection = PgConnection::connect_with(&self.server).await.expect("a server");
        raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect("a statement");
    }

    pub(crate) async fn drop(self) {
        self.run(&format!("drop database {} with (force)", self.name)).await;
    }
}
