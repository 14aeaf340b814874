//! The routes of providers.

use axum::extract::{Path, Request, State as Shared};
use axum::response::Response;

use super::State;
use super::answer::{Archive, archive, done, json};
use super::auth::Asked;
use super::jobs::SMALL;
use super::uploads::{Brought, unknown};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{DealId, ResourceOfferId};
use crate::signer::Signed;
use crate::wire::auth::{Caller, GrantAction};
use crate::wire::{Body, ExecutorEvents, OfferProposal, ProviderApi, Started, pack_deal};

pub(super) async fn offer(Shared(state): Shared<State>, request: Request) -> Response {
    let answer = async {
        let asked = state.asked(request, GrantAction::Offer, state.config().max_json).await?;
        let offer = Signed::<OfferProposal>::from_body(&asked.body)?;
        state.own(&asked.caller, &offer.body.offer.resource_provider)?;
        state.solver().offer(offer).await
    };
    json(answer.await)
}

pub(super) async fn withdraw(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let answer = async {
        let asked = state.asked(request, GrantAction::Offer, SMALL).await?;
        let offer: ResourceOfferId = id.parse()?;
        state.solver().owns_offer(offer, asked.caller.account)?;
        state.solver().withdraw(offer).await
    };
    done(answer.await)
}

pub(super) async fn notice(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let answer = async {
        let (deal, asked) = state.own_deal(request, &id, SMALL).await?;
        Ok((asked.headers, Archive::Here(pack_deal(&state.solver().notice_without_files(deal)?)?)))
    };
    archive(answer.await)
}

pub(super) async fn files(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let answer = async {
        let (deal, asked) = state.own_deal(request, &id, SMALL).await?;
        let kept = state.solver().files_of_deal(deal)?;
        Ok((asked.headers, Archive::Kept(state.solver().shelf().clone(), kept)))
    };
    archive(answer.await)
}

pub(super) async fn started(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let answer = async {
        let (deal, asked) = state.own_deal(request, &id, SMALL).await?;
        let Started { executor } = Started::from_body(&asked.body)?;
        state.solver().started(deal, &executor);
        Ok(())
    };
    done(answer.await)
}

pub(super) async fn report(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let answer = async {
        let (deal, asked) = state.own_deal(request, &id, state.config().max_json).await?;
        let ExecutorEvents { batch, events } = ExecutorEvents::from_body(&asked.body)?;
        state.solver().report_all(deal, &batch, events)
    };
    done(answer.await)
}

pub(super) async fn deliver(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let answer = async {
        let (deal, asked) = state.own_deal(request, &id, state.config().max_archive).await?;
        let (parcel, upload) = match state.archive_of(&asked).await? {
            Brought::Here(parcel) => (parcel, None),
            Brought::Uploaded(id, parcel) => (parcel, Some(id)),
            // Who did not hear the answer asks again.
            Brought::Unknown(id) if state.solver().has_delivery(deal, id) => return Ok(()),
            Brought::Unknown(id) => return Err(unknown(id)),
        };
        let result = state.solver().look_at_result(parcel).await?;
        state.solver().take_result(deal, result).await?;
        state.taken(asked.caller.account, &upload);
        Ok(())
    };
    done(answer.await)
}

pub(super) async fn refuse(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let answer = async {
        let (deal, asked) = state.own_deal(request, &id, state.config().max_json).await?;
        state.solver().refuse(deal, Error::from_body(&asked.body)?).await
    };
    done(answer.await)
}

impl State {
    /// The deal that a request of its provider is about.
    async fn own_deal(&self, request: Request, id: &str, most: usize) -> Result<(DealId, Asked)> {
        let asked = self.asked(request, GrantAction::Deliver, most).await?;
        let deal: DealId = id.parse()?;
        self.solver().is_provider(deal, asked.caller.account)?;
        Ok((deal, asked))
    }

    /// Passes where what is sent names the caller as its maker.
    pub(super) fn own(&self, caller: &Caller, named: &str) -> Result<()> {
        if named == caller.account.to_string() {
            return Ok(());
        }
        let shown: String = named.chars().take(60).collect();
        let message = format!("the offer is of account {shown:?}, the request of {}", caller.account);
        Err(Error::new(ErrorKind::Unauthorized, "E_NOT_PARTY", message)
            .with_hint("send it with the key that signed it"))
    }
}
