//! The tables, and how an older file becomes one of today.

use rusqlite::{Connection, TransactionBehavior};

use super::failed;
use crate::error::Result;

/// What brings a file from each version to the next, in order; the first makes an empty file one of version 1. What is
/// written here never changes: a new version is a new line.
const STEPS: &[&str] = &[include_str!("schema.sql"), include_str!("schema_2.sql")];

/// Brings the tables up to date, whole or not at all.
///
/// # Errors
/// `Unsupported` (`E_STORE_VERSION`), `Unavailable` (`E_STORE`).
pub(super) fn bring_up_to_date(connection: &mut Connection) -> Result<()> {
    let version: u32 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    let known = u32::try_from(STEPS.len()).unwrap_or(u32::MAX);
    if version > known {
        return Err(super::super::newer(version, known));
    }
    for (next, step) in (1_u32..).zip(STEPS).skip(usize::try_from(version).unwrap_or(usize::MAX)) {
        let change = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        change.execute_batch(step).map_err(failed)?;
        change.pragma_update(None, "user_version", next).map_err(failed)?;
        change.commit().map_err(failed)?;
    }
    Ok(())
}
