//! Everything that is there.

use rusqlite::{Connection, Row};

use super::super::saved::put_together;
use super::super::{Saved, SavedGrant, SavedJob, SavedNonce};
use crate::rt::Timestamp;
use crate::wire::auth::GrantId;

type Read<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

pub(super) fn everything(connection: &Connection) -> Read<Saved> {
    let owner = rows(connection, "select line from owner", |row| Ok(row.get(0)?))?;
    Ok(Saved {
        owner: owner.into_iter().next(),
        journal: rows(connection, "select entry from command order by number", |row| {
            Ok(serde_json::from_str(&text(row, 0)?)?)
        })?,
        jobs: jobs(connection)?,
        nonces: rows(connection, "select signer, nonce, until from nonce order by signer, nonce", |row| {
            let (signer, nonce) = (text(row, 0)?.parse()?, text(row, 1)?.parse()?);
            Ok(SavedNonce { signer, nonce, until: number(row, 2)? })
        })?,
        grants: rows(connection, "select id, spent, expires from spending order by id", |row| {
            let (id, spent) = (GrantId::new(row.get(0)?), serde_json::from_str(&text(row, 1)?)?);
            Ok(SavedGrant { id, spent, expires: number(row, 2)? })
        })?,
        ended: rows(connection, "select created, id from ended order by created, id", |row| {
            Ok((Timestamp(number(row, 0)?), text(row, 1)?.parse()?))
        })?,
    })
}

fn jobs(connection: &Connection) -> Read<Vec<SavedJob>> {
    let jobs = rows(connection, "select id, seq, ended, document from job order by seq", |row| {
        let ended = row.get::<_, Option<i64>>(2)?.map(u64::try_from).transpose()?;
        let (id, seq, document) = (text(row, 0)?.parse()?, number(row, 1)?, text(row, 3)?);
        Ok(SavedJob { id, seq, ended, document, proposal: None, result: None, events: Vec::new() })
    })?;
    let events = rows(connection, "select job, event from event order by job, seq", |row| {
        Ok((text(row, 0)?, text(row, 1)?))
    })?;
    let archives = rows(connection, "select job, part, bytes from archive", |row| {
        Ok((text(row, 0)?, text(row, 1)?, row.get::<_, Vec<u8>>(2)?))
    })?;
    Ok(put_together(jobs, events, archives))
}

fn rows<T>(connection: &Connection, sql: &str, read: impl Fn(&Row<'_>) -> Read<T>) -> Read<Vec<T>> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}

fn text(row: &Row<'_>, place: usize) -> Read<String> {
    Ok(row.get(place)?)
}

fn number(row: &Row<'_>, place: usize) -> Read<u64> {
    Ok(u64::try_from(row.get::<_, i64>(place)?)?)
}
