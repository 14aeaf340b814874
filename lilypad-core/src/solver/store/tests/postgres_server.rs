//! New databases on the server that `LILYPAD_POSTGRES` names.

use std::process::id;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, raw_sql};

/// A database of its own; dropped with this.
pub(in crate::solver) struct Fresh {
    url: String,
    name: String,
}

impl Fresh {
    pub(in crate::solver) fn url(&self) -> &str {
        &self.url
    }

    /// Runs statements by another session.
    pub(in crate::solver) fn run(&self, sql: &str) {
        run(PgConnectOptions::from_str(&self.url).unwrap(), sql);
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        run(server().unwrap(), &format!("drop database if exists {} with (force)", self.name));
    }
}

/// `None`, and a line that says so, where there is no server.
pub(in crate::solver) fn fresh(test: &str) -> Option<Fresh> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let Some(options) = server() else {
        println!("SKIP {test}: LILYPAD_POSTGRES is not set");
        return None;
    };
    let name = format!("lilypad_test_{}_{}", id(), NEXT.fetch_add(1, Ordering::Relaxed));
    run(options.clone(), &format!("create database {name}"));
    let url = options.database(&name).to_url_lossy().to_string();
    Some(Fresh { url, name })
}

fn server() -> Option<PgConnectOptions> {
    std::env::var("LILYPAD_POSTGRES").ok().map(|url| PgConnectOptions::from_str(&url).unwrap())
}

fn run(options: PgConnectOptions, sql: &str) {
    // Of its own thread: the caller may be on a runtime.
    let sql = sql.to_owned();
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut connection = PgConnection::connect_with(&options).await.unwrap();
            raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        });
    };
    std::thread::spawn(work).join().unwrap();
}
