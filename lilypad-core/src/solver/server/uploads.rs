//! Archives that come in parts, each part signed for itself: what has come is kept over a break and over a restart.

use axum::extract::{Path, Request, State as Shared};
use axum::response::Response;

use super::State;
use super::answer::json;
use super::auth::Asked;
use super::jobs::SMALL;
use super::spool::Part;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Address;
use crate::solver::files::Parcel;
use crate::wire::auth::GrantAction;
use crate::wire::{ArchiveId, Body as _, UPLOAD_PART, Uploaded};

/// Who hands in archives: with a job, or as the result of one.
const ACTIONS: [GrantAction; 2] = [GrantAction::Submit, GrantAction::Deliver];

/// How much of an upload is there.
pub(super) async fn state(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let answer = async {
        let asked = state.asked_one(request, &ACTIONS, SMALL).await?;
        let id: ArchiveId = id.parse()?;
        state
            .0
            .spool
            .state((asked.caller.account, id), state.solver().clock().now())
            .ok_or_else(|| unknown(id))
    };
    json(answer.await)
}

/// Takes a part.
pub(super) async fn part(Shared(state): Shared<State>, Path(id): Path<String>, request: Request) -> Response {
    let answer = async {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let asked = state.asked_one(request, &ACTIONS, UPLOAD_PART).await?;
        let (id, account): (ArchiveId, Address) = (id.parse()?, asked.caller.account);
        let part =
            Part { at: number(&query, "offset")?, length: number(&query, "length")?, bytes: asked.body };
        state.0.spool.add((account, id), part, state.solver().clock().now()).await
    };
    json(answer.await)
}

impl State {
    /// The archive that a request brings: its body, or the upload that it names.
    pub(super) async fn archive_of(&self, asked: &Asked) -> Result<Brought> {
        if !asked.is_json() {
            return Ok(Brought::Here(asked.body.clone().into()));
        }
        let Uploaded { archive } = Uploaded::from_body(&asked.body)?;
        let now = self.solver().clock().now();
        Ok(match self.0.spool.parcel((asked.caller.account, archive), now).await? {
            Some(parcel) => Brought::Uploaded(archive, parcel),
            None => Brought::Unknown(archive),
        })
    }

    /// Gives up an upload whose archive was taken.
    pub(super) fn taken(&self, account: Address, brought: &Option<ArchiveId>) {
        if let Some(id) = brought {
            self.0.spool.remove((account, *id));
        }
    }
}

/// What a request brings.
#[derive(Debug)]
pub(super) enum Brought {
    Here(Parcel),
    Uploaded(ArchiveId, Parcel),
    /// An upload that is not there whole: it may have been taken before.
    Unknown(ArchiveId),
}

pub(super) fn unknown(id: ArchiveId) -> Error {
    Error::new(ErrorKind::NotFound, "E_UPLOAD_UNKNOWN", format!("archive {id} is not here whole"))
        .with_hint("send its parts, then hand it in again")
        .with("archive", id)
}

fn number(query: &str, name: &str) -> Result<u64> {
    let mut values = query.split('&').filter_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let number = values.next().and_then(|value| value.parse().ok());
    number.filter(|_| values.next().is_none()).ok_or_else(|| {
        Error::invalid("E_UPLOAD", format!("a part of an upload has one `{name}` in its query, a number"))
            .with("field", name)
    })
}
