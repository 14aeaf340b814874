//! Changes as statements.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::super::{Batch, Write};

type Done = std::result::Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Applies batches in one transaction.
pub(super) fn all<'a>(connection: &mut Connection, batches: impl IntoIterator<Item = &'a Batch>) -> Done {
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for write in batches.into_iter().flat_map(Batch::writes) {
        one(&change, write)?;
    }
    change.commit()?;
    Ok(())
}

fn one(change: &Transaction<'_>, write: &Write) -> Done {
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| change.prepare(sql)?.execute(values);
    match write {
        Write::Owner(line) => run("insert or replace into owner values (1, ?1)", params![line])?,
        Write::Job { id, seq, ended, document } => run(
            "insert into job values (?1, ?2, ?3, ?4) on conflict (id) do update set seq = excluded.seq, \
             ended = excluded.ended, document = excluded.document",
            params![id.to_string(), number(*seq)?, ended.map(number).transpose()?, document],
        )?,
        Write::Event { job, seq, event } => {
            run("insert into event values (?1, ?2, ?3)", params![job.to_string(), number(*seq)?, event])?
        }
        Write::Archive { job, part, bytes } => run(
            "insert into archive values (?1, ?2, ?3) on conflict do update set bytes = excluded.bytes",
            params![job.to_string(), part.as_str(), &bytes[..]],
        )?,
        Write::ForgetJob(job) => run("delete from job where id = ?1", params![job.to_string()])?,
        Write::Ended { id, created } => run(
            "insert or replace into ended values (?1, ?2)",
            params![id.to_string(), number(created.as_millis())?],
        )?,
        Write::ForgetEnded(before) => {
            run("delete from ended where created < ?1", params![number(before.as_millis())?])?
        }
        Write::Command(entry) => run(
            "insert into command values (?1, ?2)",
            params![number(entry.number)?, serde_json::to_string(entry)?],
        )?,
        Write::Nonce { signer, nonce, until } => run(
            "insert or replace into nonce values (?1, ?2, ?3)",
            params![signer.to_string(), nonce.to_string(), number(*until)?],
        )?,
        Write::ForgetNonces(until) => run("delete from nonce where until <= ?1", params![number(*until)?])?,
        Write::Grant { id, spent, expires } => run(
            "insert or replace into spending values (?1, ?2, ?3)",
            params![&id.as_bytes()[..], serde_json::to_string(spent)?, number(*expires)?],
        )?,
        Write::ForgetGrants(until) => {
            run("delete from spending where expires <= ?1", params![number(*until)?])?
        }
    };
    Ok(())
}

/// SQLite counts with a sign. A second beyond that is as good as never.
fn number(number: u64) -> std::result::Result<i64, std::num::TryFromIntError> {
    i64::try_from(number)
}
