//! Changes as rows of one call.

use std::time::Duration;

use sqlx::postgres::PgConnection;

use super::super::{Batch, Write};
use super::failed;
use crate::error::Error;
use crate::rt::within;

/// How long a commit may take before the session counts as lost.
const COMMIT: Duration = Duration::from_secs(30);

type Made = std::result::Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// The arguments of `apply_changes`, a column each.
#[derive(Default)]
struct Rows {
    kinds: Vec<&'static str>,
    names: Vec<Option<String>>,
    parts: Vec<Option<String>>,
    numbers: Vec<Option<i64>>,
    others: Vec<Option<i64>>,
    texts: Vec<Option<String>>,
    blobs: Vec<Option<Vec<u8>>>,
}

/// One row.
#[derive(Default)]
struct Change {
    kind: &'static str,
    name: Option<String>,
    part: Option<String>,
    number: Option<i64>,
    other: Option<i64>,
    text: Option<String>,
    blob: Option<Vec<u8>>,
}

/// Why batches were not applied.
pub(super) enum Trouble {
    /// They do not fit what is there: the session goes on.
    Refused(Error),
    /// The session may be over, and whether they were applied is not known.
    Lost(Error),
}

/// Applies batches in one transaction.
pub(super) async fn all(
    connection: &mut PgConnection,
    batches: &[&Batch],
) -> std::result::Result<(), Trouble> {
    let mut rows = Rows::default();
    for write in batches.iter().flat_map(|batch| batch.writes()) {
        rows.add(write).map_err(|error| Trouble::Refused(failed(error)))?;
    }
    if rows.kinds.is_empty() {
        return Ok(());
    }
    let Rows { kinds, names, parts, numbers, others, texts, blobs } = rows;
    // A statement on its own is a transaction on its own.
    let apply = sqlx::query("select apply_changes($1, $2, $3, $4, $5, $6, $7)")
        .bind(kinds)
        .bind(names)
        .bind(parts)
        .bind(numbers)
        .bind(others)
        .bind(texts)
        .bind(blobs);
    match within(COMMIT, apply.execute(connection)).await {
        Some(Ok(_)) => Ok(()),
        Some(Err(error @ sqlx::Error::Database(_))) => Err(Trouble::Refused(failed(error))),
        Some(Err(error)) => Err(Trouble::Lost(failed(error))),
        None => Err(Trouble::Lost(failed(format!("no commit in {} s", COMMIT.as_secs())))),
    }
}

impl Rows {
    fn add(&mut self, write: &Write) -> Made {
        let change = change(write)?;
        self.kinds.push(change.kind);
        self.names.push(change.name);
        self.parts.push(change.part);
        self.numbers.push(change.number);
        self.others.push(change.other);
        self.texts.push(change.text);
        self.blobs.push(change.blob);
        Ok(())
    }
}

fn change(write: &Write) -> std::result::Result<Change, Box<dyn std::error::Error + Send + Sync>> {
    let none = Change::default();
    Ok(match write {
        Write::Owner(line) => Change { kind: "owner", text: Some(line.clone()), ..none },
        Write::Job { id, seq, ended, document } => Change {
            kind: "job",
            name: Some(id.to_string()),
            number: Some(number(*seq)?),
            other: ended.map(number).transpose()?,
            text: Some(document.clone()),
            ..none
        },
        Write::Event { job, seq, event } => Change {
            kind: "event",
            name: Some(job.to_string()),
            number: Some(number(*seq)?),
            text: Some(event.clone()),
            ..none
        },
        Write::Archive { job, part, bytes } => Change {
            kind: "archive",
            name: Some(job.to_string()),
            part: Some(part.as_str().to_owned()),
            blob: Some(bytes.to_vec()),
            ..none
        },
        Write::ForgetJob(job) => Change { kind: "forget job", name: Some(job.to_string()), ..none },
        Write::Ended { id, created } => Change {
            kind: "ended",
            name: Some(id.to_string()),
            number: Some(number(created.as_millis())?),
            ..none
        },
        Write::ForgetEnded(before) => {
            Change { kind: "forget ended", number: Some(number(before.as_millis())?), ..none }
        }
        Write::Command(entry) => Change {
            kind: "command",
            number: Some(number(entry.number)?),
            text: Some(serde_json::to_string(entry)?),
            ..none
        },
        Write::Nonce { signer, nonce, until } => Change {
            kind: "nonce",
            name: Some(signer.to_string()),
            part: Some(nonce.to_string()),
            number: Some(number(*until)?),
            ..none
        },
        Write::ForgetNonces(until) => Change { kind: "forget nonces", number: Some(number(*until)?), ..none },
        Write::Grant { id, spent, expires } => Change {
            kind: "grant",
            blob: Some(id.as_bytes().to_vec()),
            text: Some(serde_json::to_string(spent)?),
            number: Some(number(*expires)?),
            ..none
        },
        Write::ForgetGrants(until) => Change { kind: "forget grants", number: Some(number(*until)?), ..none },
    })
}

/// PostgreSQL counts with a sign. A second beyond that is as good as never.
fn number(number: u64) -> std::result::Result<i64, std::num::TryFromIntError> {
    i64::try_from(number)
}
