//! The routes of providers.

use axum::extract::{Path, Request, State as Shared};
use axum::response::Response;

use super::State;
use super::answer::{archive, done, json};
use super::auth::Asked;
use super::jobs::SMALL;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{DealId, ResourceOfferId};
use crate::signer::Signed;
use crate::wire::auth::{Caller, GrantAction};
use crate::wire::{Body, ExecutorEvents, OfferProposal, ProviderApi, Started, pack_deal, unpack_result};

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
        Ok((asked.headers, pack_deal(&state.solver().notice(deal)?)?))
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
        state.solver().report_all(deal, ExecutorEvents::from_body(&asked.body)?.0)
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
        let result = unpack_result(&asked.body, &state.solver().config().result_limits)?;
        state.solver().deliver(deal, result).await
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
