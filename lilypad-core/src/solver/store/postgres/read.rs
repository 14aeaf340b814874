//! Everything that is there.

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};

use super::super::saved::put_together;
use super::super::{Saved, SavedGrant, SavedJob, SavedNonce};
use super::{LOAD, failed};
use crate::error::Result;
use crate::rt::{Timestamp, within};
use crate::wire::auth::GrantId;

type Read<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

pub(super) async fn everything(connection: &mut PgConnection) -> Result<Saved> {
    match within(LOAD, read(connection)).await {
        Some(saved) => saved.map_err(failed),
        None => Err(failed(format!("it did not give what it holds in {} s", LOAD.as_secs()))),
    }
}

async fn read(connection: &mut PgConnection) -> Read<Saved> {
    let owner = rows(connection, "select line from owner", |row| Ok(row.try_get(0)?)).await?;
    let journal = rows(connection, "select entry from command order by number", |row| {
        Ok(serde_json::from_str(&text(row, 0)?)?)
    });
    let journal = journal.await?;
    let jobs = jobs(connection).await?;
    let nonces = rows(connection, "select signer, nonce, until from nonce order by signer, nonce", |row| {
        let (signer, nonce) = (text(row, 0)?.parse()?, text(row, 1)?.parse()?);
        Ok(SavedNonce { signer, nonce, until: number(row, 2)? })
    });
    let nonces = nonces.await?;
    let grants = rows(connection, "select id, spent, expires from spending order by id", |row| {
        let id = <[u8; 32]>::try_from(row.try_get::<Vec<u8>, _>(0)?.as_slice())?;
        Ok(SavedGrant {
            id: GrantId::new(id),
            spent: serde_json::from_str(&text(row, 1)?)?,
            expires: number(row, 2)?,
        })
    });
    let grants = grants.await?;
    let ended = rows(connection, "select created, id from ended order by created, id collate \"C\"", |row| {
        Ok((Timestamp(number(row, 0)?), text(row, 1)?.parse()?))
    });
    Ok(Saved { owner: owner.into_iter().next(), journal, jobs, nonces, grants, ended: ended.await? })
}

async fn jobs(connection: &mut PgConnection) -> Read<Vec<SavedJob>> {
    let jobs = rows(connection, "select id, seq, ended, document from job order by seq", |row| {
        let ended = row.try_get::<Option<i64>, _>(2)?.map(u64::try_from).transpose()?;
        let (id, seq, document) = (text(row, 0)?.parse()?, number(row, 1)?, text(row, 3)?);
        Ok(SavedJob { id, seq, ended, document, proposal: None, result: None, events: Vec::new() })
    });
    let jobs = jobs.await?;
    let events = rows(connection, "select job, event from event order by job, seq", |row| {
        Ok((text(row, 0)?, text(row, 1)?))
    });
    let events = events.await?;
    let archives = rows(connection, "select job, part, bytes from archive", |row| {
        Ok((text(row, 0)?, text(row, 1)?, row.try_get::<Vec<u8>, _>(2)?))
    });
    Ok(put_together(jobs, events, archives.await?))
}

async fn rows<T>(
    connection: &mut PgConnection,
    sql: &'static str,
    read: impl Fn(&PgRow) -> Read<T>,
) -> Read<Vec<T>> {
    sqlx::query(sql).fetch_all(connection).await?.iter().map(read).collect()
}

fn text(row: &PgRow, place: usize) -> Read<String> {
    Ok(row.try_get(place)?)
}

fn number(row: &PgRow, place: usize) -> Read<u64> {
    Ok(u64::try_from(row.try_get::<i64, _>(place)?)?)
}
