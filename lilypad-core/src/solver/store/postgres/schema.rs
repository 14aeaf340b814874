//! The tables, and how those of an older program become those of today.

use sqlx::postgres::PgConnection;
use sqlx::{Connection, raw_sql};

use super::failed;
use crate::error::Result;

/// What brings a database from each version to the next, in order; the first makes an empty one of version 1. What is written
/// here never changes: a new version is a new line.
const STEPS: &[&str] = &[include_str!("schema.sql"), include_str!("schema_2.sql")];

/// Only one process at a time brings the tables up to date; the number is this program's own.
const LOCK: &str = "select pg_advisory_xact_lock(7811895117)";

/// Brings the tables up to date, whole or not at all.
///
/// # Errors
/// `Unsupported` (`E_STORE_VERSION`), `Unavailable` (`E_STORE`).
pub(super) async fn bring_up_to_date(connection: &mut PgConnection) -> Result<()> {
    let mut change = connection.begin().await.map_err(failed)?;
    raw_sql(LOCK).execute(&mut *change).await.map_err(failed)?;
    let make = "create table if not exists store_version (only_row int primary key check (only_row = 1), version int not null)";
    raw_sql(make).execute(&mut *change).await.map_err(failed)?;
    let version = sqlx::query_scalar("select version from store_version").fetch_optional(&mut *change);
    let version = version.await.map_err(failed)?.unwrap_or(0_i32);
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    if version > STEPS.len() {
        return Err(super::super::newer(version, STEPS.len()));
    }
    for step in STEPS.iter().skip(version) {
        raw_sql(*step).execute(&mut *change).await.map_err(failed)?;
    }
    if version < STEPS.len() {
        let known = i32::try_from(STEPS.len()).unwrap_or(i32::MAX);
        let note =
            "insert into store_version values (1, $1) on conflict (only_row) do update set version = $1";
        sqlx::query(note).bind(known).execute(&mut *change).await.map_err(failed)?;
    }
    change.commit().await.map_err(failed)
}
